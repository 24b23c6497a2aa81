"""What a zone file would change in a zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.lint import lint, set_path
from sakura_fleet.model.dns.merge import Key, Record, differing_sets, merge, ttl_of
from sakura_fleet.model.dns.rdata import TYPES
from sakura_fleet.model.dns.record_set import RecordSet, RecordSetArgs
from sakura_fleet.model.dns.record_sets import read_record_sets
from sakura_fleet.model.dns.rules import severity_of
from sakura_fleet.model.dns.svcb import Severity
from sakura_fleet.model.reading import Reader

MOST_CHANGED: Final = 0.3
"""The share of a zone's records that may change or go without being asked twice (octoDNS has the same bound)."""
_PATH: Final = re.compile(r"records\[([0-9]+)\](?:\.values\[([0-9]+)\])?")
FEW_RECORDS: Final = 10
"""In a zone with fewer records any share may."""


@dataclass(frozen=True, slots=True)
class Change:
    """One set as it is and as it will be; None where there is none."""

    key: Key
    before: RecordSet | None
    after: RecordSet | None

    @property
    def lines(self) -> list[str]:
        """The change record by record, as `- …` and `+ …`."""
        before, after = _shown(self.before), _shown(self.after)
        gone = [f"- {text}" for identity, text in before.items() if identity not in after]
        return gone + [f"+ {text}" for identity, text in after.items() if identity not in before]


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """The changes of a zone, the sets that stay although the file does not name them, and the zone as it will be."""

    changes: tuple[Change, ...]
    kept: tuple[RecordSet, ...]
    records: tuple[Record, ...]
    equal: tuple[RecordSet, ...] = ()
    """What the file names and the zone has already."""

    @property
    def lost(self) -> int:
        """How many records of the zone change or go."""
        return sum(len(change.before.values) for change in self.changes if change.before)

    @property
    def counts(self) -> str:
        """How many sets change, in words."""
        new = len([change for change in self.changes if change.before is None])
        gone = len([change for change in self.changes if change.after is None])
        changed = len(self.changes) - new - gone
        return f"{new} sets to add, {changed} to change, {gone} to delete, {len(self.kept)} stay"

    def loses_most(self, existing: int) -> bool:
        """Whether more of the zone's `existing` records change or go than is done without being asked twice."""
        return existing >= FEW_RECORDS and self.lost > MOST_CHANGED * existing

    def beyond(self, shown: ZonePlan) -> list[Change]:
        """The changes that an earlier plan did not show."""
        return [change for change in self.changes if change not in shown.changes]

    def of_a_stack(self, owned: Collection[Key], stack: str) -> list[Problem]:
        """What refuses changes of the sets `owned`, which belong to a stack."""
        message = f"the set belongs to the stack {stack}; change it there, or leave it out of the file"
        changed = [change.key for change in self.changes if change.key in owned]
        return [Problem(" ".join(key), "set-of-a-stack", message) for key in changed]


def _shown(found: RecordSet | None) -> dict[Hashable, str]:
    if found is None:
        return {}
    return {
        (found.ttl, value.identity): f"{found.name} {found.ttl} {found.type} {value.text()}" for value in found.values
    }


def sets_in(records: Iterable[Record]) -> dict[Key, RecordSet]:
    """The sets of a zone, each with the TTL of its first record."""
    return {
        key: RecordSet(*key, tuple(record.data for record in found), ttl_of(found[0]))
        for key, found in _by_set(records).items()
    }


def _by_set(records: Iterable[Record]) -> dict[Key, list[Record]]:
    found: dict[Key, list[Record]] = {}
    for record in records:
        found.setdefault(record.key, []).append(record)
    return found


def equal_sets(existing: Iterable[Record], records: Iterable[Record]) -> set[Key]:
    """The sets of a file that mean what the zone has already, whatever the rules have against them."""
    there = _by_set(existing)
    return {key for key, found in _by_set(records).items() if _meaning(found) == _meaning(there.get(key, ()))}


def _meaning(records: Iterable[Record]) -> Counter[Hashable]:
    return Counter((record.identity, ttl_of(record)) for record in records)


def plan_zone(
    existing: Sequence[Record],
    wanted: Sequence[RecordSet],
    *,
    delete: bool,
    stay: Collection[Key] = (),
    equal: Collection[Key] = (),
) -> ZonePlan:
    """What makes `wanted` so; with `delete` every other set goes, but for those of `stay`; those of `equal` are as the
    file has them."""
    named = {*equal, *(declared.key for declared in wanted)}
    there = sets_in(existing)
    others = [found for key, found in there.items() if key not in named]
    gone = [found for found in others if delete and found.key not in stay]
    now = differing_sets(existing, wanted)
    changes = [Change(declared.key, now[declared.key], declared) for declared in wanted if declared.key in now]
    changes += [Change(found.key, found, None) for found in gone]
    kept = tuple(found for found in others if found not in gone)
    as_it_is = tuple(found for key, found in there.items() if key in equal)
    return ZonePlan(tuple(changes), kept, tuple(merge(existing, gone, wanted)), as_it_is)


def read_wanted(
    records: Sequence[Record], *, zone: str, allow: Sequence[str], warnings: list[Problem], problems: list[Problem]
) -> list[RecordSet]:
    """The sets of these records, judged by themselves. The path of a problem is the line of a file, or empty."""
    by_set = {key: found for key, found in _by_set(records).items() if key[1] in TYPES}
    for record in records:
        if record.type not in TYPES:
            message = f"{record.name} {record.type}: the appliance has no such type, but {', '.join(TYPES)}"
            problems.append(Problem(_line_of(record), "unknown-type", message))
    sets = [
        RecordSetArgs(*key, [record.text for record in found], ttl_of(found[0]), tuple(allow)).inputs()
        for key, found in by_set.items()
    ]
    found: list[Problem] = []
    noted: list[Problem] = []
    wanted = read_record_sets(Reader({"records": sets}, "", found), "records", zone=zone, warnings=noted)
    places = list(by_set.values())
    problems += [_in_the_file(problem, places) for problem in found]
    warnings += [_in_the_file(warning, places) for warning in noted]
    several = [problem for problem in lint(records, zone=zone, complete=False) if problem.rule == "unequal-ttls"]
    problems += placed(several, records)
    problems[:] = [problem for problem in problems if problem.rule not in allow]
    return wanted


def placed(problems: Iterable[Problem], records: Iterable[Record]) -> list[Problem]:
    """The problems of sets with the lines of a file as their paths; the messages name the sets."""
    first = {set_path(key): _line_of(found[0]) for key, found in _by_set(records).items()}
    return [
        Problem(
            first.get(problem.path, ""),
            problem.rule,
            f"{problem.path}: {problem.message}" if problem.path else problem.message,
        )
        for problem in problems
    ]


def _in_the_file(problem: Problem, sets: Sequence[Sequence[Record]]) -> Problem:
    """A problem of `records[3].values[0]`: a path that says nothing about a file."""
    found = _PATH.match(problem.path)
    if not found:
        return Problem("", problem.rule, problem.message)
    records = sets[int(found[1])]
    name = set_path(records[0].key)
    message = problem.message if problem.message.startswith(f"{name}: ") else f"{name}: {problem.message}"
    return Problem(_line_of(records[int(found[2] or 0)]), problem.rule, message)


def _line_of(record: Record) -> str:
    line = getattr(record, "line", 0)
    return f"line {line}" if line else ""


def judge(plan: ZonePlan, *, zone: str, allow: Sequence[str]) -> tuple[list[Problem], list[Problem]]:
    """What refuses the zone as it will be, and what is only to be known: of the sets that change, and as a whole."""
    changing = [change.key for change in plan.changes if change.after]
    joining = [change.key for change in plan.changes if change.after and not change.before]
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for problem in lint(plan.records, zone=zone, of=changing, joining=joining):
        if problem.rule not in allow:
            (warnings if severity_of(problem) is Severity.WARNING else problems).append(problem)
    return problems, warnings


def odd_already(plan: ZonePlan, *, zone: str, besides: Collection[Key] = ()) -> list[Problem]:
    """What the rules have against sets that stay as they are, whoever made them; but for those of `besides`."""
    stays = {found.key for found in (*plan.kept, *plan.equal)}
    in_order = (record.key for record in plan.records)
    judged = dict.fromkeys(key for key in in_order if key in stays and key not in besides)
    records = [record for record in plan.records if record.key in judged]
    problems: list[Problem] = []
    warnings: list[Problem] = []
    read_wanted(records, zone=zone, allow=(), warnings=warnings, problems=problems)
    alone = lint(records, zone=zone, complete=False)
    all_of_them = lint(plan.records, zone=zone, of=judged)
    together = [problem for problem in all_of_them if problem.path and problem not in alone]
    return [*problems, *warnings, *together]
