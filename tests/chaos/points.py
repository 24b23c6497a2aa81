"""Which points there are: every call of a recorded run, every kind of failure or lie, and the ways to recover."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.calls import Call
from tests.chaos.trap import KILLS, Kind
from tests.lies.lie import Lie


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One failure or lie. `other` says that another size is declared before the recovery; `field` is what the lie is
    about, where it is about one."""

    scenario: str
    call: Call
    kind: Kind | Lie
    other: bool = False
    field: str = ""

    def __str__(self) -> str:
        what = f"{self.kind} of {self.field}" if self.field else self.kind
        return f"{self.scenario}: {what} at {self.call}, then {'another' if self.other else 'the same'} size"


def points_of(scenario: str, calls: Iterable[Call]) -> list[Point]:
    """All crash points of a scenario."""
    return [
        Point(scenario, call, kind, other)
        for call in sorted(set(calls))
        for kind in Kind
        if call.is_write or kind not in KILLS
        for other in ((False, True) if _ends_the_run(kind) else (False,))
    ]


def _ends_the_run(kind: Kind) -> bool:
    """Whether there is something to recover from. Other failures are to be absorbed: the run ends well."""
    return kind in (*KILLS, Kind.INTERRUPT)


def sample(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """`count` points, as many of each kind as can be, and of calls that are far from each other."""
    chance = random.Random(seed)
    by_kind = {kind: [p for p in points if p.kind == kind] for kind in type(points[0].kind)}
    for group in by_kind.values():
        chance.shuffle(group)
    taken: list[Point] = []
    kinds = list(by_kind)
    chance.shuffle(kinds)
    while len(taken) < min(count, len(points)):
        for kind in kinds:
            if by_kind[kind] and len(taken) < count:
                new = [point for point in by_kind[kind] if point.call not in {earlier.call for earlier in taken}]
                point = (new or by_kind[kind])[0]
                by_kind[kind].remove(point)
                taken.append(point)
    return sorted(taken)
