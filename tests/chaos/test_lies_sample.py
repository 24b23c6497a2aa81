"""One lie of each kind; `make chaos` tells every one of them."""

from __future__ import annotations

from pathlib import Path

from tests.calls import Call
from tests.chaos.bench import cleans, opened, verdicts
from tests.chaos.lie_points import lie_points
from tests.chaos.points import Point, sample
from tests.chaos.scenarios import SCENARIOS
from tests.lies.lie import FIELD_LIES, LIST_LIES, READ_LIES, WRITE_LIES, Lie

NAME = "grow-3-5"
SEED = 1
KINDS = (*READ_LIES, *LIST_LIES, *WRITE_LIES)
FOUND: list[Point] = []
"""Points that did not converge once."""


def test_a_lie_does_no_harm_and_the_next_run_puts_all_right(tmp_path: Path) -> None:
    with opened(tmp_path, 2, lies=True) as bays:
        clean = cleans([SCENARIOS[NAME]], bays)
        points = lie_points(NAME, clean[NAME].fields, clean[NAME].calls)
        taken = [*sample(points, len(KINDS), SEED), *FOUND]
        results = list(verdicts(taken, clean, bays))
    assert {verdict.point.kind for verdict in results} == set(KINDS)
    assert not [verdict.report() for verdict in results if not verdict.converged]


def test_every_read_is_lied_about_in_every_way_and_every_field_once() -> None:
    calls = [Call("GET", "/note/*", nth) for nth in range(1, 8)]
    fields = {call: frozenset({"Note", "Note.ID", "Note.Tags", "Note.Novelty"}) for call in calls}
    points = lie_points("any", fields, calls)
    for call in calls:
        assert {point.kind for point in points if point.call == call} == set(READ_LIES)
    assert {point.field for point in points if point.kind is Lie.NULL} == {"Note", "Note.ID", "Note.Tags"}
    finds = [Call("GET", "/note", 1)]
    assert {point.kind for point in lie_points("any", {}, finds)} == set(KINDS) - {*FIELD_LIES, *WRITE_LIES}
    few = lie_points("any", fields, calls[:1])
    assert {point.field for point in few if point.kind is Lie.NULL} == {"Note", "Note.ID", "Note.Tags"}
