"""A spread sample of all crash points; `make chaos` runs every one of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.calls import Call
from tests.chaos.bench import cleans, opened, verdicts
from tests.chaos.points import Point, points_of, sample
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.trap import Kind

POINTS = 8
"""Of each scenario, so 64 in all."""
SEED = 4
FOUND = [
    # The run has taken servers out of the ELB and switched them off, and no state knows it; now one of them is to stay.
    Point("shrink-5-2", Call("DELETE", "/server/*/power", 3), Kind.KILL_AFTER, other=True),
    # The engine says that all is deleted, and nothing is.
    Point("destroy", Call("GET", "/auth-status", 1), Kind.INTERRUPT, other=False),
    # The entries have gone, and their rule with them; the ELB stays, and only its own resource would write a rule.
    Point("destroy", Call("GET", "/commonserviceitem/*", 3), Kind.INTERRUPT, other=True),
]
"""Points that did not converge once."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_next_run_puts_all_right(name: str, tmp_path: Path) -> None:
    with opened(tmp_path, 2) as bays:
        clean = cleans([SCENARIOS[name]], bays)
        points = set(sample(points_of(name, clean[name].calls), POINTS, SEED))
        points |= {point for point in FOUND if point.scenario == name}
        results = list(verdicts(sorted(points), clean, bays))
    assert len(results) >= POINTS
    assert not [verdict.report() for verdict in results if not verdict.converged]


def test_a_sample_has_every_kind_and_is_the_same_for_the_same_seed() -> None:
    calls = [Call(method, "/server", nth) for method in ("GET", "POST") for nth in range(1, 21)]
    points = points_of("any", calls)
    random.Random(1).shuffle(points)
    assert {point.kind for point in sample(points, 9, 1)} == set(Kind)
    assert sample(sorted(points), 9, 1) == sample(sorted(points), 9, 1) != sample(sorted(points), 9, 2)
    assert len({point.call for point in sample(points, 40, 1)}) == 40
