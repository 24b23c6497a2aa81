"""How record sets get into a zone without touching what is not theirs.

A zone is one list that is written as a whole. Everything here keeps the records of others as they came, in their order;
`source` is what the API sent for a record, and whoever writes the list sends that back unchanged.
"""

from __future__ import annotations

import base64
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.rdata import read_rdata
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.svcb import keys
from sakura_fleet.model.dns.values import Value, svcb_of

Key = tuple[str, str]


@dataclass(frozen=True)
class Record:
    """One record of a zone. `text` is its data as it was found; `source` is None for one that is to be made."""

    name: str
    type: str
    text: str
    ttl: int | None = None
    source: Any = field(default=None, compare=False)

    @classmethod
    def of(cls, declared: RecordSet, value: Value) -> Record:
        """The record of one value of a set."""
        record = cls(declared.name, declared.type, value.text(), declared.ttl)
        record.__dict__["data"] = value  # it is typed already
        return record

    @cached_property
    def data(self) -> Value:
        """Its data, typed; read once, when it is asked for."""
        return read_rdata(self.key[1], self.text)

    @property
    def key(self) -> Key:
        """The set it belongs to."""
        return self.name.casefold() or "@", self.type.upper()

    @property
    def identity(self) -> Hashable:
        """Equal for records of one set that mean the same, whatever their TTL."""
        return self.data.identity

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.text}"


def merge(existing: Sequence[Record], owned_before: Iterable[RecordSet], wanted: Iterable[RecordSet]) -> list[Record]:
    """The zone with exactly the wanted sets, and without those owned before that are wanted no more.

    A set that means the same already stays as it is, byte for byte; a changed one takes the place of its first record;
    a new one comes last. Of a set that is not wanted any more only its own values go: what others have added to it
    stays.
    """
    wanted = list(wanted)
    keep = {declared.key for declared in wanted}
    merged = without(existing, [owned for owned in owned_before if owned.key not in keep])
    present = _by_key(merged, keep)
    changed = {
        declared.key: declared for declared in wanted if not _means_the_same(present.get(declared.key, ()), declared)
    }
    placed: set[Key] = set()
    result: list[Record] = []
    for record in merged:
        if record.key not in changed:
            result.append(record)
        elif record.key not in placed:
            placed.add(record.key)
            result += _records(changed[record.key])
    for key, declared in changed.items():
        if key not in placed:
            result += _records(declared)
    return result


def without(existing: Sequence[Record], sets: Iterable[RecordSet]) -> list[Record]:
    """The zone without the values of `sets`; other values at the same names stay."""
    gone = {owned.key: {value.identity for value in owned.values} for owned in sets}
    return [record for record in existing if record.key not in gone or record.identity not in gone[record.key]]


def differing_sets(existing: Sequence[Record], sets: Iterable[RecordSet]) -> dict[Key, RecordSet | None]:
    """Which sets are not in the zone as they were written: what is there now, None for nothing."""
    sets = list(sets)
    present = _by_key(existing, {written.key for written in sets})
    return {
        written.key: _as_set(written, present.get(written.key, ()))
        for written in sets
        if not _means_the_same(present.get(written.key, ()), written)
    }


def check_takeover(
    existing: Sequence[Record], owned_before: Iterable[RecordSet], wanted: Iterable[RecordSet]
) -> list[Problem]:
    """Which wanted sets are there with other values, made by somebody else. Equal values may be taken over."""
    own = {owned.key for owned in owned_before}
    claimed = [declared for declared in wanted if declared.key not in own]
    present = _by_key(existing, {declared.key for declared in claimed})
    problems = []
    for declared in claimed:
        there = present.get(declared.key, [])
        if there and {record.identity for record in there} != {value.identity for value in declared.values}:
            shown = ", ".join(record.text for record in there[:3]) + (" …" if len(there) > 3 else "")
            message = (
                f"it exists already with other values ({shown}) and is not known to have been made here; "
                "remove it from the zone, leave it out here, or, if an interrupted run made it or it is to be "
                "replaced, set `adopt: true`"
            )
            problems.append(Problem(str(declared), "foreign-set", message))
    return problems


def lost_ech(existing: Iterable[Record], owned_before: Iterable[RecordSet], wanted: Sequence[RecordSet]) -> list[str]:
    """What the wanted sets take out of the zone of Encrypted ClientHello (RFC 9848) that somebody else put there.

    Such keys are made and renewed where TLS ends, often by another tool than the one that declares the set.
    """
    present = _by_key(existing, {declared.key for declared in wanted})
    written = {own.key: _ech(own.values) for own in owned_before}
    lost = []
    for declared in wanted:
        found = _ech([record.data for record in present.get(declared.key, ())])
        for text in sorted(found - _ech(declared.values) - written.get(declared.key, set())):
            lost.append(
                f"{declared}: ech={text}, which was not written here, is no longer in the set: clients send the "
                "server's name in clear text; to keep it, put it into the value"
            )
    return lost


def _ech(values: Iterable[Value]) -> set[str]:
    wires = [svcb.param(keys.ECH) for svcb in map(svcb_of, values) if svcb]
    return {base64.b64encode(wire).decode() for wire in wires if wire}


def ttl_of(record: Record) -> int:
    """The record's TTL in seconds."""
    return DEFAULT_TTL if record.ttl is None else record.ttl


def _means_the_same(records: Sequence[Record], wanted: RecordSet) -> bool:
    return len(records) == len(wanted.values) and {(record.identity, ttl_of(record)) for record in records} == {
        (value.identity, wanted.ttl) for value in wanted.values
    }


def _as_set(wanted: RecordSet, records: Sequence[Record]) -> RecordSet | None:
    if not records:
        return None
    found = tuple(record.data for record in records)
    return RecordSet(wanted.name, wanted.type, found, ttl_of(records[0]), wanted.allow)


def _records(declared: RecordSet) -> list[Record]:
    return [Record.of(declared, value) for value in declared.values]


def _by_key(records: Iterable[Record], keys: set[Key]) -> dict[Key, list[Record]]:
    found: dict[Key, list[Record]] = {}
    for record in records:
        if record.key in keys:
            found.setdefault(record.key, []).append(record)
    return found
