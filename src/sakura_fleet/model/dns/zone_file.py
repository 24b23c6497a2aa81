"""Zone files (RFC 1035, section 5): records out and in.

The appliance makes SOA and the zone's own NS itself. A file that is written has them all the same, so that other name
servers can load it; in a file that is read they are passed over. Its own type ALIAS is a line of
that type, as PowerDNS writes it; other name servers refuse that line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.nsbase
import dns.tokenizer
import dns.zonefile

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.dns.merge import Record, ttl_of
from sakura_fleet.model.dns.names import DEFAULT_TTL, relative_name
from sakura_fleet.model.dns.rdata import SVCB_TYPES, TYPES
from sakura_fleet.model.dns.svcb import Svcb, keys
from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import value_text
from sakura_fleet.model.yaml_lines import one_line

ALIAS_TYPE: Final = 65401
"""PowerDNS's number for ALIAS, of the range for private use (RFC 6895, 3.1). Nothing sends it."""
_ENDS_A_NAME: Final = re.compile(r"[\s;\"()\\$\x00-\x20\x7f-\xa0]")
"""What would be read as the end of a name, or of its line."""
_STRING: Final = 255
"""Octets of one character-string."""
_SOA: Final = "hostmaster 1 3600 600 604800 300"
_NAMED_EVERYWHERE: Final = keys.IPV6HINT
"""Name servers in use know the SvcParam keys up to this one by name; a number is understood by all of them."""


class _Alias(dns.rdtypes.nsbase.NSBase):
    """ALIAS: one name."""


dns.rdata.register_type(_Alias, ALIAS_TYPE, "ALIAS")


def write_zone_file(
    zone: str, name_servers: Sequence[str], records: Sequence[Record], skipped: Callable[[Record], None]
) -> str:
    """The zone as a file that name servers load; `skipped` is told of each record whose data nobody can read."""
    primary = name_servers[0] if name_servers else "ns." + zone
    lines = [
        f"; {zone} on SAKURA Cloud's DNS appliance, which makes SOA and the NS of @ itself",
        f"$ORIGIN {zone}.",
        f"$TTL {DEFAULT_TTL}",
        f"@ {DEFAULT_TTL} IN SOA {primary}. {_SOA}",
        *(f"@ {DEFAULT_TTL} IN NS {server}." for server in name_servers),
    ]
    for record in records:
        ttl = ttl_of(record)
        try:
            name, data = _name(record), record_data(record)
        except ValueError as error:
            lines.append(one_line(f"; left out: {record.name} {ttl} IN {record.type}: {error}"))
            skipped(record)
        else:
            lines.append(f"{name} {ttl} IN {record.key[1]} {data}")
    return "\n".join(lines) + "\n"


def read_zone_file(text: str, zone: str, *, source: str) -> list[Record]:
    """The file's records, in its order, without SOA and the zone's own NS.

    Only what the file's grammar asks for is judged here. Raises `InputError`, for the first line that is not of the
    grammar, or for all records that no zone of the appliance can have.
    """
    collector = _Collector()
    tokens = dns.tokenizer.Tokenizer(io.StringIO(text), source, dns.name.IDNA_2008_Practical)
    reader = dns.zonefile.Reader(
        tokens,
        dns.rdataclass.IN,
        collector,  # type: ignore[arg-type]  # the few methods of a transaction that the reader calls
        allow_directives=("$ORIGIN", "$TTL"),
        default_ttl=DEFAULT_TTL,
    )
    # The reader drops names outside the zone without a word, so its zone is the root, and the file begins in this one.
    reader.current_origin = reader.last_name = dns.name.from_text(zone)
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        raise InputError([_refusal(error)], source=source) from None
    problems: list[Problem] = []
    records = list(_records(collector.found, zone, problems))
    if problems:
        raise InputError(problems, source=source)
    return records


def _refusal(error: Exception) -> Problem:
    """What the reader says; it has often gone on to the next line when it notices."""
    placed = re.fullmatch(r".*:(\d+): (.*)", str(error), re.DOTALL)
    where = f"line {placed[1]}, or the one before" if placed else ""
    return Problem(where, "zone-file", placed[2] if placed else str(error) or type(error).__name__)


class _Collector:
    """What the zone file's reader wants of a transaction: it takes every record as it comes, with its own TTL."""

    def __init__(self) -> None:
        self.found: list[tuple[dns.name.Name, int, dns.rdata.Rdata]] = []
        self.manager = self

    def origin_information(self) -> tuple[dns.name.Name, bool, dns.name.Name]:
        return dns.name.root, False, dns.name.root

    def check_put_rdataset(self, _: Any) -> None:
        """What may be beside a CNAME is judged by the rules of record sets, all at once."""

    def _set_origin(self, _: dns.name.Name) -> None: ...

    def add(self, name: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata) -> None:
        self.found.append((name, ttl, rdata))


def _records(
    found: Iterable[tuple[dns.name.Name, int, dns.rdata.Rdata]], zone: str, problems: list[Problem]
) -> Iterable[Record]:
    for name, ttl, rdata in found:
        full = name.to_text()
        kind = "ALIAS" if rdata.rdtype == ALIAS_TYPE else dns.rdatatype.to_text(rdata.rdtype)
        relative = relative_name(full, zone)
        path = f"{full} {kind}"
        if relative is None:
            problems.append(Problem(path, "outside-zone", f"the name is not in the zone {zone}"))
        elif kind == "SOA" or (kind == "NS" and relative == "@"):
            continue
        elif kind not in TYPES:
            problems.append(Problem(path, "unknown-type", f"the appliance has no type {kind}, but {', '.join(TYPES)}"))
        else:
            try:
                yield Record(relative, kind, _record_text(kind, rdata), ttl)
            except BrokenRuleError as error:
                problems.append(Problem(path, error.rule, str(error)))
            except UnicodeDecodeError:
                problems.append(Problem(path, "txt-value", "the text is not UTF-8, and the API takes nothing else"))


def _record_text(kind: str, rdata: Any) -> str:
    """Record data of a file in the appliance's words."""
    if kind in SVCB_TYPES:
        return Svcb.from_wire(rdata.to_wire()).text()
    if kind == "TXT":
        return b"".join(rdata.strings).decode()
    if kind == "CAA":
        return f'{rdata.flags} {rdata.tag.decode()} "{rdata.value.decode()}"'
    return str(rdata.to_text())


def _name(record: Record) -> str:
    """A record's name in a file. Raises `ValueError` for one that would be read as more than a name."""
    if _ENDS_A_NAME.search(record.name):
        raise ValueError(f"{record.name!r} is no name")
    return record.name or "@"


def record_data(record: Record) -> str:
    """A record's data in a file's words: names in it keep their letter case. Raises `ValueError`."""
    kind, text, data = record.key[1], record.text, record.data
    if isinstance(data, Svcb):
        return " ".join([str(data.priority), data.target.text(), *(_param(*param) for param in data.params)])
    if kind in SVCB_TYPES:
        raise ValueError(f"{text!r} cannot be read")
    if kind == "TXT":
        octets = text.encode()
        parts = [octets[at : at + _STRING] for at in range(0, len(octets), _STRING)] or [b""]
        return " ".join(_quoted(part) for part in parts)
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.from_text(kind), text, origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} cannot be read ({error})") from None
    return str(rdata.to_text())


def _param(number: int, wire: bytes) -> str:
    if number > _NAMED_EVERYWHERE:
        return f"key{number}={value_text(wire)}" if wire else f"key{number}"
    name = keys.key_name(number)
    octets = keys.key_format(number).decode(wire, name)
    return f"{name}={value_text(octets)}" if octets else name


def _quoted(octets: bytes) -> str:
    shown = value_text(octets)
    return shown if shown.startswith('"') else f'"{shown}"'
