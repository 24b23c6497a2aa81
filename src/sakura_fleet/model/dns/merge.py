"""How record sets get into a zone without touching what is not theirs.

A zone is one list that is written as a whole. Everything here keeps the records of others as they came, in their order;
`source` is what the API sent for a record, and whoever writes the list sends that back unchanged.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.rdata import identity
from sakura_fleet.model.dns.record_set import RecordSet

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone. `source` is None for one that is to be made."""

    name: str
    type: str
    rdata: str
    ttl: int | None = None
    source: Any = field(default=None, compare=False)

    @property
    def key(self) -> Key:
        """The set it belongs to."""
        return self.name.casefold() or "@", self.type.upper()

    @property
    def identity(self) -> Hashable:
        """Equal for records of one set that mean the same, whatever their TTL."""
        return identity(self.key[1], self.rdata)

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.rdata}"


def merge(existing: Sequence[Record], owned_before: Iterable[RecordSet], wanted: Iterable[RecordSet]) -> list[Record]:
    """The zone with exactly the wanted sets, and without those owned before that are wanted no more.

    A set that means the same already stays as it stands, byte for byte; a changed one takes the place of its first
    record; a new one comes last. Of a set that is not wanted any more only its own values go: what others have added to
    it stays.
    """
    wanted = list(wanted)
    keep = {one.key for one in wanted}
    merged = without(existing, [one for one in owned_before if one.key not in keep])
    present = _by_key(merged, keep)
    changed = {one.key: one for one in wanted if not _means_the_same(present.get(one.key, ()), one)}
    placed: set[Key] = set()
    result: list[Record] = []
    for record in merged:
        if record.key not in changed:
            result.append(record)
        elif record.key not in placed:
            placed.add(record.key)
            result += _records(changed[record.key])
    for key, one in changed.items():
        if key not in placed:
            result += _records(one)
    return result


def without(existing: Sequence[Record], sets: Iterable[RecordSet]) -> list[Record]:
    """The zone without the values of `sets`; other values at the same names stay."""
    gone = {one.key: {identity(one.type, value) for value in one.values} for one in sets}
    return [record for record in existing if record.key not in gone or record.identity not in gone[record.key]]


def differing_sets(existing: Sequence[Record], sets: Iterable[RecordSet]) -> dict[Key, RecordSet | None]:
    """Which sets are not in the zone as they were written: what stands there now, None for nothing."""
    sets = list(sets)
    present = _by_key(existing, {one.key for one in sets})
    return {
        one.key: _as_set(one, present.get(one.key, ()))
        for one in sets
        if not _means_the_same(present.get(one.key, ()), one)
    }


def check_takeover(
    existing: Sequence[Record], owned_before: Iterable[RecordSet], wanted: Iterable[RecordSet]
) -> list[Problem]:
    """Which wanted sets are there with other values, made by somebody else. Equal values may be taken over."""
    own = {one.key for one in owned_before}
    claimed = [one for one in wanted if one.key not in own]
    present = _by_key(existing, {one.key for one in claimed})
    problems = []
    for one in claimed:
        there = present.get(one.key, [])
        if there and {record.identity for record in there} != {identity(one.type, value) for value in one.values}:
            shown = ", ".join(record.rdata for record in there[:3]) + (" …" if len(there) > 3 else "")
            message = (
                f"{one} exists already with other values ({shown}) and is not known to have been made here; remove it "
                "from the zone, leave it out here, or, if an interrupted run made it or it is to be replaced, set "
                "adopt=True"
            )
            problems.append(Problem(str(one), "foreign-set", message))
    return problems


def _means_the_same(records: Sequence[Record], wanted: RecordSet) -> bool:
    return len(records) == len(wanted.values) and {(record.identity, _ttl(record)) for record in records} == {
        (identity(wanted.type, value), wanted.ttl) for value in wanted.values
    }


def _as_set(wanted: RecordSet, records: Sequence[Record]) -> RecordSet | None:
    if not records:
        return None
    return RecordSet(
        wanted.name, wanted.type, tuple(record.rdata for record in records), _ttl(records[0]), wanted.allow
    )


def _records(one: RecordSet) -> list[Record]:
    return [Record(one.name, one.type, value, one.ttl) for value in one.values]


def _by_key(records: Iterable[Record], keys: set[Key]) -> dict[Key, list[Record]]:
    found: dict[Key, list[Record]] = {}
    for record in records:
        if record.key in keys:
            found.setdefault(record.key, []).append(record)
    return found


def _ttl(record: Record) -> int:
    return DEFAULT_TTL if record.ttl is None else record.ttl
