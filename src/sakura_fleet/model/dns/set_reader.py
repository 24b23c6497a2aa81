"""Reading one record set that a person or program wrote: names, numbers and values become typed, once.

A set that a program has built of typed values keeps the same rules (`judge_set`). What a set breaks as a whole is
judged later (`set_rules`), on the typed values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL, MAX_FULL_NAME, MAX_TTL, MIN_TTL, full_name, record_name
from sakura_fleet.model.dns.rdata import (
    HINTS,
    STRUCTURED,
    SVCB_TYPES,
    TYPES,
    Address,
    Txt,
    Unread,
    read_declared,
    read_mapping,
)
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.rules import ALLOWABLE
from sakura_fleet.model.dns.svcb import read_structure
from sakura_fleet.model.dns.values import (
    REFERENCES,
    STAND_IN,
    AddressOf,
    Pending,
    SvcbTemplate,
    Value,
    without_hints,
)
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference, Reference, ServerReference
from sakura_fleet.model.unknown import UnknownType, holds_unknown


def read_set(reader: Reader, zone: str, unknown: UnknownType) -> tuple[RecordSet, list[Problem]]:
    """The set, and what is wrong with its values; what else is wrong goes to the reader."""
    empty = _without_values(reader, zone, unknown)
    raw = reader.structure("values")
    reader.close()
    noted: list[Problem] = []
    values = _values(empty.type, raw, f"{reader.path}.values", unknown, noted) if empty.type in TYPES else ()
    return replace(empty, values=values), noted


def judge_set(built: RecordSet, path: str, zone: str, problems: list[Problem]) -> tuple[RecordSet, list[Problem]]:
    """A set that a program built, with its name as the cloud holds it, and what is wrong with its values.

    Name, type, TTL and `allow` keep the rules of a set that is read; what is wrong with them goes to `problems`.
    """
    stated = {"name": built.name, "type": built.type, "ttl": built.ttl, "allow": built.allow}
    empty = _without_values(Reader(stated, path, problems), zone, ())
    noted: list[Problem] = []
    if empty.type not in TYPES:
        return empty, noted
    values = [_judged(built.type, value, f"{path}.values[{at}]", noted) for at, value in enumerate(built.values)]
    return replace(empty, values=tuple(values)), noted


def _without_values(reader: Reader, zone: str, unknown: UnknownType) -> RecordSet:
    kind = reader.text("type", choices=TYPES)
    name = _name(reader, zone)
    ttl = reader.whole("ttl", DEFAULT_TTL, minimum=MIN_TTL, maximum=MAX_TTL)
    return RecordSet(name, kind, (), ttl, _allow(reader, unknown))


def _judged(kind: str, value: Value, path: str, problems: list[Problem]) -> Value:
    """A typed value; texts that nobody has judged are read as if they were written here."""
    if isinstance(value, Unread | Txt):
        return read_declared(kind, value.text(), path, problems)
    if isinstance(value, Pending):
        problems += [Problem(path, problem.rule, problem.message) for problem in value.problems]
    for address in value.hints if isinstance(value, SvcbTemplate) else (value,):
        if isinstance(address, AddressOf) and not address.reference.is_whole:
            problems.append(_refers_to_nothing(path, address.kind, address.reference.inputs()))
    return value


def _values(kind: str, raw: Any, path: str, unknown: UnknownType, problems: list[Problem]) -> tuple[Value, ...]:
    """The values of a set; one that is refused or not known yet is `Pending`."""
    if isinstance(raw, unknown):
        return (Pending(raw),)
    if isinstance(raw, str | Mapping) or not isinstance(raw, Sequence) or not raw:
        problems.append(Problem(path, "no-values", "the values are missing; list at least one"))
        return ()
    reader = _ValueReader(kind, unknown, problems)
    return tuple(reader.value(item, f"{path}[{index}]") for index, item in enumerate(raw))


def _name(reader: Reader, zone: str) -> str:
    written = reader.text("name")
    try:
        name = record_name(written) if written else ""
    except ValueError as error:
        reader.problem("name", "record-name", str(error))
        return written
    if zone and len(full_name(name, zone)) > MAX_FULL_NAME:
        message = f"{full_name(name, zone)} has more than {MAX_FULL_NAME} characters"
        reader.problem("name", "record-name", message)
    return name


def _allow(reader: Reader, unknown: UnknownType) -> tuple[str | Mapping[str, str], ...]:
    """Rule ids, or `{id: reason}`: a reason is kept beside the rule that it is for."""
    raw = reader.structure("allow")
    if raw is None or isinstance(raw, unknown):
        return ()
    if isinstance(raw, str | Mapping) or not isinstance(raw, Sequence):
        reader.problem("allow", "type", f"{raw!r} is not a list of rules")
        return ()
    allow: list[str | Mapping[str, str]] = []
    for index, entry in enumerate(raw):
        if isinstance(entry, unknown):
            continue
        rule, reason = next(iter(entry.items())) if isinstance(entry, Mapping) and len(entry) == 1 else (entry, "-")
        if not isinstance(rule, str) or not isinstance(reason, str) or not reason.strip():
            reader.problem(f"allow[{index}]", "type", f"{entry!r} is neither a rule nor `rule: reason`")
            continue
        if rule not in ALLOWABLE:
            message = f"{rule!r} is no rule that can be allowed; those are {', '.join(ALLOWABLE)}"
            reader.problem(f"allow[{index}]", "unknown-rule", message)
        allow.append(entry if isinstance(entry, str) else {rule: reason})
    return tuple(allow)


class _ValueReader:
    """Reads the values of one set."""

    def __init__(self, kind: str, unknown: UnknownType, problems: list[Problem]) -> None:
        self._kind = kind
        self._unknown = unknown
        self._problems = problems

    def value(self, item: Any, path: str) -> Value:
        if isinstance(item, self._unknown):
            return Pending(item)
        if isinstance(item, str):
            return read_declared(self._kind, item, path, self._problems)
        if isinstance(item, Mapping):
            for kind in REFERENCES:
                if kind in item:
                    return self._reference(kind, item, path)
            if self._kind in SVCB_TYPES:
                return self._svcb(item, path) or Pending(item)
            if self._kind in STRUCTURED and holds_unknown(item, self._unknown):
                return Pending(item)
            if self._kind in STRUCTURED:
                return read_mapping(self._kind, Reader(item, path, self._problems)) or Pending(item)
        self._problem(path, "type", f"{item!r} is neither a text nor a reference to a server or ELB")
        return Pending(item)

    def _reference(self, kind: str, item: Mapping[str, Any], path: str) -> Value:
        if self._kind not in REFERENCES[kind]:
            allowed = ", ".join(REFERENCES[kind])
            self._problem(path, "reference-type", f"a reference to a {kind} can be in {allowed} only")
            return Pending(item)
        data = item[kind]
        if isinstance(data, self._unknown):
            return Pending(item)
        address = _address_of(kind, data, self._unknown)
        if address is None:
            self._problems.append(_refers_to_nothing(path, kind, data))
        return address or Pending(item)

    def _svcb(self, item: Mapping[str, Any], path: str) -> Value | None:
        bare = without_hints(item)
        if holds_unknown(bare, self._unknown):
            return None
        hints = {name: self._hints(item.get(name), f"{path}.{name}") for name in HINTS}
        if any(found is None for found in hints.values()):
            return None
        texts = {name: [_hint_text(hint) for hint in found or ()] for name, found in hints.items()}
        value = read_structure(Reader(bare, path, self._problems), texts)
        ipv4 = hints["ipv4hint"] or ()
        if value is None or not any(isinstance(hint, AddressOf) for hint in ipv4):
            return value
        typed = [hint if isinstance(hint, AddressOf) else read_declared("A", hint, path, []) for hint in ipv4]
        return SvcbTemplate(value, tuple(hint for hint in typed if isinstance(hint, AddressOf | Address)))

    def _hints(self, written: Any, path: str) -> list[str | AddressOf] | None:
        """The addresses of a list of hints; None where one is not known yet or wrong."""
        if isinstance(written, self._unknown):
            return None
        if written is not None and (isinstance(written, str | Mapping) or not isinstance(written, Sequence)):
            self._problem(path, "type", f"{written!r} is not a list of addresses")
            return None
        found = [self._hint(entry, f"{path}[{index}]") for index, entry in enumerate(written or ())]
        return None if None in found else [hint for hint in found if hint is not None]

    def _hint(self, entry: Any, path: str) -> str | AddressOf | None:
        if isinstance(entry, self._unknown):
            return None
        if isinstance(entry, str):
            return entry
        if isinstance(entry, Mapping) and "elb" in entry:
            message = (
                "an ELB speaks no UDP, and with VIP failover its address changes, so it is no address hint; leave the "
                "hint out: A with alpn h2, or ALIAS with HTTPS without hints"
            )
            self._problem(path, "svcb-elb-hint", message)
            return None
        if isinstance(entry, Mapping) and "server" in entry and path.rpartition(".")[2].startswith("ipv4hint"):
            address = _address_of("server", entry["server"], self._unknown)
            if address:
                return address
        self._problem(path, "type", f"{entry!r} is neither an address nor a reference to a server")
        return None

    def _problem(self, path: str, rule: str, message: str) -> None:
        self._problems.append(Problem(path, rule, message))


def _address_of(kind: str, data: Any, unknown: UnknownType) -> AddressOf | None:
    """What a reference means; None for what refers to nothing."""
    if not isinstance(data, Mapping):
        return None
    reference: Reference = ServerReference.of(data) if kind == ServerReference.kind else ElbReference.of(data)
    known = not holds_unknown(data, unknown)
    return AddressOf(reference, known) if reference.is_whole or not known else None


def _refers_to_nothing(path: str, kind: str, data: Any) -> Problem:
    return Problem(path, "reference", f"{data!r} does not refer to a {kind}")


def _hint_text(hint: str | AddressOf) -> str:
    return STAND_IN if isinstance(hint, AddressOf) else hint
