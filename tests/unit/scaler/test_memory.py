"""The scaling memory: to JSON and back, and what cannot be read is not taken for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sakura_fleet.model.scaling import Backoff, ScalingArgs
from sakura_fleet.scaler.memory import LastAction, ScalingMemory, SizeJob
from tests.unit.scaler.situations import NOW, STAMP, after

FULL = ScalingMemory(
    changed_up_at=after(1),
    changed_down_at=after(2),
    last_action=LastAction(action="up", size_before=2, size_after=3, at=NOW, succeeded=False),
    failures=2,
    retry_at=after(3),
    written_size=3,
    last_stamp=STAMP,
    unknown_ticks=1,
    unanswered_ticks=2,
    unhealthy={"web-002": 1},
)


@pytest.mark.parametrize("memory", [FULL, ScalingMemory()])
def test_to_json_and_back(memory: ScalingMemory) -> None:
    assert ScalingMemory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"failures": "many"},
        {"failures": -1},
        {"retry_at": "soon"},
        {"retry_at": "2021-09-27T10:00:02"},
        {"changed_at": None},
        {"last_action": {"action": "up"}},
        {"last_action": []},
        {"written_size": []},
        {"unhealthy": []},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        ScalingMemory.from_json({**FULL.to_json(), **change})


@pytest.mark.parametrize("document", [{}, {"v": 1}])
def test_half_a_document(document: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        ScalingMemory.from_json(document)


def test_a_change_starts_the_cooldown_at_its_end_in_both_directions() -> None:
    memory = FULL.succeeded(action="down", before=3, after=2, now=NOW)
    assert (memory.changed_up_at, memory.changed_down_at) == (NOW, NOW)
    assert (memory.failures, memory.retry_at, memory.written_size) == (0, None, 2)


def test_a_failure_keeps_what_was_tried_and_the_cooldown() -> None:
    scaling = ScalingArgs(backoff=Backoff(first=10, longest=15))
    first = ScalingMemory().failed(scaling, action="up", before=2, after=3, now=NOW)
    assert (first.failures, first.retry_at, first.written_size) == (1, after(10), 3)
    again = first.failed(scaling, action="converge", before=3, after=3, now=after(20))
    assert (again.failures, again.retry_at) == (2, after(35))
    assert again.last_action == LastAction(action="up", size_before=2, size_after=3, at=after(20), succeeded=False)
    assert (again.changed_up_at, again.changed_down_at) == (None, None)


def test_no_wait_is_longer_than_one_that_begins_now() -> None:
    scaling, ahead = ScalingArgs(), after(30 * 86_400)
    memory = ScalingMemory(written_size=3).cooling(ahead)
    memory = memory.failed(scaling, action="up", before=3, after=4, now=ahead)
    capped = memory.capped(scaling, NOW)
    assert (capped.changed_up_at, capped.changed_down_at, capped.retry_at) == (NOW, NOW, after(300))
    assert capped.capped(scaling, after(100)) == capped, "it is no new wait at each tick"


def test_without_a_memory_the_newest_change_begins_the_cooldown() -> None:
    memory = ScalingMemory().begun(changed=after(-40), now=NOW)
    assert (memory.changed_up_at, memory.changed_down_at) == (after(-40), NOW)
    assert ScalingMemory().begun(changed=None, now=NOW).changed_up_at is None
    assert FULL.begun(changed=NOW, now=NOW) == FULL


def test_a_declared_size_has_a_cooldown_before_it_is_made_so() -> None:
    memory = ScalingMemory(written_size=3).declared(4, NOW)
    assert (memory.written_size, memory.changed_up_at, memory.changed_down_at) == (4, NOW, NOW)


def test_ticks_in_a_row_that_found_a_server_unhealthy() -> None:
    memory = ScalingMemory().with_unhealthy(["a", "b"]).with_unhealthy(["b", "c"])
    assert memory.unhealthy == {"b": 2, "c": 1}
    assert memory.with_unhealthy([]).unhealthy == {}


def test_a_persons_job_begins_a_cooldown_once_and_its_size_is_nobody_elses() -> None:
    memory = ScalingMemory(written_size=2).cooling(after(-900))
    job = SizeJob(4, after(-60))
    caught_up = memory.caught_up(job, size=4, now=NOW)
    assert (caught_up.written_size, caught_up.changed_up_at, caught_up.changed_down_at) == (4, job.ended, job.ended)
    later = caught_up.cooling(after(600))
    assert later.caught_up(job, size=4, now=after(700)) == later, "what is known already"
    assert memory.caught_up(job, size=5, now=NOW).written_size == 2, "the file was edited after the job"
    assert memory.caught_up(SizeJob(4, after(60)), size=4, now=NOW) == memory, "the clock was wrong"
    assert memory.caught_up(None, size=4, now=NOW) == memory
