"""What a zone file would change in a zone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.lint import lint
from sakura_fleet.model.dns.merge import Key, Record, differing_sets, merge
from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.record_sets import read_record_sets
from sakura_fleet.model.dns.rules import severity_of
from sakura_fleet.model.dns.svcb import Severity
from sakura_fleet.model.reading import Reader

MOST_CHANGED: Final = 0.3
"""The share of a zone's records that may change or go without being asked twice (octoDNS has the same bound)."""
FEW_RECORDS: Final = 10
"""In a zone with fewer records any share may."""


@dataclass(frozen=True, slots=True)
class Change:
    """One set as it is and as it will be; None where there is none."""

    key: Key
    before: RecordSet | None
    after: RecordSet | None


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """The changes of a zone, the sets that stay although the file does not name them, and the zone as it will be."""

    changes: tuple[Change, ...]
    kept: tuple[RecordSet, ...]
    records: tuple[Record, ...]

    @property
    def lost(self) -> int:
        """How many records of the zone change or go."""
        return sum(len(one.before.values) for one in self.changes if one.before)


def sets_in(records: Iterable[Record]) -> dict[Key, RecordSet]:
    """The sets of a zone, each with the TTL of its first record."""
    found: dict[Key, list[Record]] = {}
    for record in records:
        found.setdefault(record.key, []).append(record)
    return {
        key: RecordSet(*key, tuple(one.rdata for one in same), DEFAULT_TTL if same[0].ttl is None else same[0].ttl)
        for key, same in found.items()
    }


def plan_zone(
    existing: Sequence[Record], wanted: Sequence[RecordSet], *, delete: bool, stay: Collection[Key] = ()
) -> ZonePlan:
    """What makes `wanted` so; with `delete` every other set goes, but for those of `stay`."""
    named = {one.key for one in wanted}
    others = [one for key, one in sets_in(existing).items() if key not in named]
    gone = [one for one in others if delete and one.key not in stay]
    now = differing_sets(existing, wanted)
    changes = [Change(one.key, now[one.key], one) for one in wanted if one.key in now]
    changes += [Change(one.key, one, None) for one in gone]
    return ZonePlan(
        tuple(changes), tuple(one for one in others if one not in gone), tuple(merge(existing, gone, wanted))
    )


def read_wanted(
    records: Sequence[Record], *, zone: str, allow: Sequence[str], warnings: list[Problem], problems: list[Problem]
) -> list[RecordSet]:
    """The sets of a file, judged by themselves."""
    sets = [{**one.inputs(), "allow": list(allow)} for one in sets_in(records).values()]
    found: list[Problem] = []
    wanted = read_record_sets(Reader({"records": sets}, "", found), "records", zone=zone, warnings=warnings)
    # A path such as `records[3].values[0]` says nothing about a file; the messages name the set.
    problems += [Problem("", one.rule, one.message) for one in found]
    warnings[:] = [Problem("", one.rule, one.message) for one in warnings]
    problems += [one for one in lint(records, zone=zone, complete=False) if one.rule == "unequal-ttls"]
    problems[:] = [one for one in problems if one.rule not in allow]
    return wanted


def judge(plan: ZonePlan, *, zone: str, allow: Sequence[str]) -> tuple[list[Problem], list[Problem]]:
    """What refuses the zone as it will be, and what is only worth a look: of the sets that change, and as a whole."""
    changing = [one.key for one in plan.changes if one.after]
    joining = [one.key for one in plan.changes if one.after and not one.before]
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for one in lint(plan.records, zone=zone, of=changing, joining=joining):
        if one.rule not in allow:
            (warnings if severity_of(one) is Severity.WARNING else problems).append(one)
    return problems, warnings


def odd_already(plan: ZonePlan, *, zone: str, besides: Collection[Key] = ()) -> list[Problem]:
    """What the rules have against sets that stay as they are, whoever made them; but for those of `besides`."""
    judged = dict.fromkeys(one.key for one in plan.kept if one.key not in besides)  # in the order of the zone
    records = [record for record in plan.records if record.key in judged]
    problems: list[Problem] = []
    warnings: list[Problem] = []
    read_wanted(records, zone=zone, allow=(), warnings=warnings, problems=problems)
    alone = lint(records, zone=zone, complete=False)
    together = [one for one in lint(plan.records, zone=zone, of=judged) if one.path and one not in alone]
    return [*problems, *warnings, *together]
