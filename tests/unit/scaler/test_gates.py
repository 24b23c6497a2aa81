"""The gates, each by itself and in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sakura_fleet.scaler import gates
from sakura_fleet.scaler.gates import GATES, Gate, Hold, held_back
from sakura_fleet.scaler.limits import Recommendation
from sakura_fleet.scaler.memory import ScalingMemory
from sakura_fleet.scaler.reasons import Reason
from sakura_fleet.scaler.situation import Situation
from sakura_fleet.scaler.usage import Usage
from tests.unit.scaler.situations import NOW, after, declared, server, usage

SAME = ScalingMemory(written_size=3)
COOLING = SAME.cooling(NOW)
QUIET = usage(30.0, 30.0, 30.0)
SICK = Usage(tuple(server(30.0, number, healthy=False) for number in range(1, 4)), whole=True)
BOOTING = Usage((server(30.0, 1), server(30.0, 2), server(None, 3, booting=True)), whole=True)


def situation(memory: ScalingMemory = SAME, seen: Usage = QUIET, **settings: Any) -> Situation:
    return Situation(declared(3, **settings), memory, seen, NOW)


HOLDS: Mapping[Gate, tuple[Situation, Recommendation, Reason]] = {
    gates.memory_unavailable: (
        replace(situation(), memory_trouble="it is damaged"),
        Recommendation(3),
        Reason.MEMORY_UNAVAILABLE,
    ),
    gates.size_changed: (situation(ScalingMemory(written_size=4)), Recommendation(3), Reason.SIZE_CHANGED),
    gates.after_failure: (situation(ScalingMemory(failures=1, retry_at=after(60))), Recommendation(3), Reason.BACKOFF),
    gates.scaling_disabled: (
        Situation(declared(0, min_size=0, max_size=0), ScalingMemory(), Usage(whole=True), NOW),
        Recommendation(0),
        Reason.SCALING_DISABLED,
    ),
    gates.above_maximum: (
        situation(seen=usage(*[90.0] * 6)),
        Recommendation(3, keep_all=True),
        Reason.ABOVE_MAXIMUM,
    ),
    gates.cooldown_up: (situation(COOLING), Recommendation(4), Reason.COOLDOWN_UP),
    gates.cooldown_down: (situation(COOLING), Recommendation(2), Reason.COOLDOWN_DOWN),
    gates.brake: (situation(seen=SICK), Recommendation(2), Reason.TOO_MANY_UNHEALTHY),
    gates.booting: (situation(seen=BOOTING), Recommendation(2), Reason.SERVERS_BOOTING),
    gates.servers_differ: (situation(seen=usage(30.0, 30.0)), Recommendation(3), Reason.SERVERS_DIFFER),
}


def name_of(gate: Gate) -> str:
    return gate.__name__


@pytest.mark.parametrize("gate", GATES, ids=name_of)
def test_each_gate_holds_in_its_own_situation_and_no_other_does(gate: Gate) -> None:
    where, target, reason = HOLDS[gate]
    hold = gate(where, target)
    assert hold is not None
    assert hold.reason is reason
    assert [other for other in GATES if other(where, target)] == [gate]
    assert held_back(where, target) == hold


@pytest.mark.parametrize("gate", GATES, ids=name_of)
@pytest.mark.parametrize("target", [2, 3, 4])
def test_each_gate_is_open_where_nothing_is_wrong(gate: Gate, target: int) -> None:
    assert gate(situation(), Recommendation(target)) is None


def test_the_first_gate_that_holds_counts() -> None:
    failed = ScalingMemory(written_size=4, failures=2, retry_at=after(60))
    assert held_back(situation(failed), Recommendation(3)) == gates.size_changed(situation(failed), Recommendation(3))


def test_after_its_wait_a_failed_run_is_tried_again() -> None:
    hold = held_back(situation(ScalingMemory(failures=2, retry_at=NOW)), Recommendation(2))
    message = "after 2 failed runs, the declared size 3 is tried again"
    assert hold == Hold(reason=Reason.RETRY, message=message, converge=True)


def test_servers_that_are_missing_are_made_while_a_gate_holds() -> None:
    hold = held_back(situation(COOLING, usage(90.0, 90.0)), Recommendation(4))
    assert hold == Hold(
        reason=Reason.SERVERS_DIFFER,
        message="3 declared, but 2 in the cloud; cooldown: 4 servers are wanted, in 540 s",
        wait=540,
        converge=True,
        held=Reason.COOLDOWN_UP,
    )


@pytest.mark.parametrize("memory", [COOLING, ScalingMemory(written_size=3, failures=1, retry_at=NOW)])
def test_none_is_removed_while_the_group_is_to_grow(memory: ScalingMemory) -> None:
    five = situation(memory, usage(*[90.0] * 5))
    hold = held_back(five, Recommendation(6, keep_all=True))
    assert hold is None or not hold.converge
    held = held_back(five, Recommendation(4))
    assert held is not None
    assert held.converge, "where nothing says that all are needed, the declared size is made good"


def test_nothing_is_run_at_a_size_that_no_run_accepts() -> None:
    for memory in (SAME, COOLING, ScalingMemory(written_size=3, failures=1, retry_at=NOW)):
        hold = held_back(situation(memory, usage(5.0, 5.0), min_size=4), Recommendation(3))
        assert hold is None or not hold.converge
