"""What name servers and resolvers answer for one set, and whether that is what it should be.

Sets are compared by wire bytes, names in them in lower case (RFC 4034, 6.2): programs quote, reorder and re-spell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from sakura_fleet.model.dns.merge import Record
from sakura_fleet.model.dns.rdata import SVCB_TYPES
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.svcb import Svcb, read_svcb
from sakura_fleet.model.dns.zone_file import record_data

NO_ERROR: Final = 0
NX_DOMAIN: Final = 3
_CNAME: Final = int(dns.rdatatype.CNAME)
_SOA: Final = int(dns.rdatatype.SOA)


@dataclass(frozen=True, slots=True)
class Value:
    """One value as a person reads it, and the bytes that it is compared by."""

    text: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answers for a name and type. `ttl` is in seconds; without values it is that of the absence.

    `cnames` are the names that the answer went on to. With `error` nothing else is meant.
    """

    source: str
    values: tuple[Value, ...] = ()
    ttl: int | None = None
    cnames: tuple[str, ...] = ()
    exists: bool = True
    error: str = ""

    @property
    def wires(self) -> frozenset[bytes]:
        """The set for comparing."""
        return frozenset(value.wire for value in self.values)

    @property
    def shown(self) -> str:
        """The answer in one line."""
        chain = "".join(f"CNAME {name} " for name in self.cnames)
        if self.values:
            return chain + " | ".join(sorted(value.text for value in self.values))
        return chain or ("no such record" if self.exists else "no such name")


class Verdict(Enum):
    """How an answer compares with what is expected."""

    OK = "ok"
    DIFFERS = "differs"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer and what is to be said about it."""

    answer: Answer
    verdict: Verdict
    note: str = ""
    resolver: bool = False


def expected_answer(source: str, written: RecordSet) -> Answer:
    """The answer that a set asks for."""
    records = [Record.of(written, value) for value in written.values]
    return Answer(source, tuple(_expected(record) for record in records), written.ttl)


def _expected(record: Record) -> Value:
    return _of_svcb(record.data) if isinstance(record.data, Svcb) else read_value(record.type, record_data(record))


def compare(expected: Answer, authoritative: Iterable[Answer], resolvers: Iterable[Answer]) -> list[Finding]:
    """Every answer beside the expected one."""
    found = [_of_name_server(expected, answer) for answer in authoritative]
    return found + [_of_resolver(expected, answer) for answer in resolvers]


def _of_name_server(expected: Answer, answer: Answer) -> Finding:
    if answer.error:
        return Finding(answer, Verdict.NO_ANSWER, answer.error)
    if not _same(expected, answer):
        return Finding(answer, Verdict.DIFFERS, _difference(expected, answer))
    if expected.values and answer.ttl != expected.ttl:
        return Finding(answer, Verdict.DIFFERS, f"the TTL is {answer.ttl}, not {expected.ttl}")
    return Finding(answer, Verdict.OK)


def _of_resolver(expected: Answer, answer: Answer) -> Finding:
    if answer.error:
        return Finding(answer, Verdict.NO_ANSWER, answer.error, resolver=True)
    if not _same(expected, answer):
        hold = "a while" if answer.ttl is None else f"{answer.ttl} s"
        note = f"{_difference(expected, answer)}; it may hold this for {hold} more, as may other caches"
        return Finding(answer, Verdict.DIFFERS, note, resolver=True)
    if expected.values and expected.ttl is not None and answer.ttl is not None and answer.ttl > expected.ttl:
        note = f"it holds the set for {answer.ttl} s more, longer than the TTL of {expected.ttl}"
        return Finding(answer, Verdict.DIFFERS, note, resolver=True)
    return Finding(answer, Verdict.OK, resolver=True)


def _same(expected: Answer, answer: Answer) -> bool:
    if answer.cnames[: len(expected.cnames)] != expected.cnames:
        return False
    if expected.cnames and not expected.values:
        return True  # the chain leaves the zone: what is there is not the zone's to say
    return expected.wires == answer.wires


def _difference(expected: Answer, answer: Answer) -> str:
    missing = [value.text for value in expected.values if value.wire not in answer.wires]
    extra = [value.text for value in answer.values if value.wire not in expected.wires]
    parts = []
    if answer.cnames != expected.cnames:
        there = " -> ".join(answer.cnames) or "no CNAME"
        parts.append(f"leads to {there}, not to {' -> '.join(expected.cnames) or 'a set at the name'}")
    if missing:
        parts.append("missing: " + " | ".join(sorted(missing)))
    if extra:
        parts.append("not expected: " + " | ".join(sorted(extra)))
    return "; ".join(parts)


def read_value(kind: str, text: str) -> Value:
    """A value in a text of a zone file or of a DoH resolver: unquoted, quoted, or `\\# length hex` (RFC 3597).

    Raises `ValueError`.
    """
    if kind == "TXT" and not text.startswith(('"', "\\#")):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind in SVCB_TYPES and not text.lstrip().startswith("\\#"):
        value = read_svcb(text, "", [])
        if value is None:
            raise ValueError(f"{text!r} is no {kind} record")
        return _of_svcb(value)
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.from_text(kind), text, origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} is no {kind} record: {error}") from None
    return value_of(kind, rdata)


def value_of(kind: str, rdata: dns.rdata.Rdata) -> Value:
    """A value of an answer. Raises `ValueError`."""
    if kind in SVCB_TYPES:
        return _of_svcb(Svcb.from_wire(rdata.to_wire() or b""))
    return Value(rdata.to_text(), rdata.to_digestable())


def _of_svcb(value: Svcb) -> Value:
    return Value(value.text(), value.identity)


def read_doh_json(source: str, name: str, kind: str, document: Any) -> Answer:
    """The answer in the JSON of Google's and Cloudflare's resolvers, which no RFC defines."""
    if not isinstance(document, Mapping) or not isinstance(document.get("Status"), int):
        return Answer(source, error="the answer is not the JSON of a DNS resolver")
    status = document["Status"]
    if status not in (NO_ERROR, NX_DOMAIN):
        return Answer(source, error=f"it answers with the code {status}{' (SERVFAIL)' if status == 2 else ''}")
    entries = [entry for entry in _list(document.get("Answer")) if isinstance(entry.get("data"), str)]
    here, cnames = _absolute(name), list[str]()
    targets = {_absolute(str(entry.get("name"))): entry["data"] for entry in entries if entry.get("type") == _CNAME}
    while kind != "CNAME" and here in targets and len(cnames) < len(targets):
        here = _absolute(targets[here])
        cnames.append(here)
    number = int(dns.rdatatype.from_text(kind))
    found = [entry for entry in entries if entry.get("type") == number and _absolute(str(entry.get("name"))) == here]
    try:
        values = tuple(read_value(kind, entry["data"]) for entry in found)
    except ValueError as error:
        return Answer(source, error=f"its answer cannot be read: {error}")
    ttls = [entry["TTL"] for entry in found if isinstance(entry.get("TTL"), int)]
    if not found:
        ttls = list(_negative(_list(document.get("Authority"))))
    return Answer(source, values, min(ttls, default=None), tuple(cnames), status != NX_DOMAIN)


def _negative(authority: Sequence[Mapping[str, Any]]) -> Iterable[int]:
    """How long an absence may be kept (RFC 2308, 5): the SOA's own TTL, and its last number."""
    for entry in authority:
        if entry.get("type") == _SOA and isinstance(entry.get("TTL"), int):
            last = str(entry.get("data")).split()[-1:]
            yield min([entry["TTL"], *(int(number) for number in last if number.isdecimal())])


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _absolute(name: str) -> str:
    return name.casefold().removesuffix(".") + "."
