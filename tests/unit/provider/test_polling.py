"""One find serves everybody who waits at the same time, and is never older than they ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.provider.polling import LONGEST_DELAY, SHORTEST_DELAY, SharedFind, next_poll
from tests.waiting import PATIENCE

CALLERS = 20


class Finds:
    """A find that counts, and takes as long as the test wants."""

    def __init__(self) -> None:
        self.now = 100.0
        self.count = 0
        self.at_once = 0
        self.most_at_once = 0
        self.before_answer: Callable[[int], None] = lambda _: None
        self._lock = threading.Lock()

    def __call__(self) -> Sequence[int]:
        with self._lock:
            self.count += 1
            number = self.count
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.before_answer(number)
        finally:
            with self._lock:
                self.at_once -= 1
        return [number]

    def clock(self) -> float:
        return self.now


def submit(call: Callable[..., Sequence[int]], *arguments: Any) -> Future[Sequence[int]]:
    """Call in a thread that nobody waits for at the end, should it hang."""
    future: Future[Sequence[int]] = Future()

    def work() -> None:
        try:
            future.set_result(call(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


@pytest.fixture
def finds() -> Finds:
    return Finds()


@pytest.fixture
def shared(finds: Finds) -> SharedFind[int]:
    return SharedFind(finds, finds.clock)


def test_a_result_that_is_fresh_enough_is_given_again(finds: Finds, shared: SharedFind[int]) -> None:
    assert list(shared.newer_than(100.0)) == [1]
    finds.now = 105.0
    assert list(shared.newer_than(100.0)) == [1]
    assert list(shared.newer_than(99.0)) == [1]
    assert list(shared.newer_than(100.1)) == [2]
    assert list(shared.newer_than(105.0)) == [2]


def test_age_counts_from_when_the_find_began(finds: Finds, shared: SharedFind[int]) -> None:
    def slow(_: int) -> None:
        finds.now += 10

    finds.before_answer = slow
    shared.newer_than(100.0)  # began at 100, ended at 110
    assert list(shared.newer_than(105.0)) == [2]


def test_callers_who_come_at_once_share_one_find(finds: Finds, shared: SharedFind[int]) -> None:
    everybody = threading.Barrier(CALLERS)

    def call() -> list[int]:
        everybody.wait(PATIENCE)
        return list(shared.newer_than(100.0))

    callers = [submit(call) for _ in range(CALLERS)]
    assert [caller.result(PATIENCE) for caller in callers] == [[1]] * CALLERS
    assert finds.count == 1


def test_callers_who_need_it_fresher_wait_for_the_next_one_and_share_that(
    finds: Finds, shared: SharedFind[int]
) -> None:
    running, go_on = threading.Event(), threading.Event()

    def hold(number: int) -> None:
        if number == 1:
            running.set()
            assert go_on.wait(PATIENCE)

    finds.before_answer = hold
    first = submit(shared.newer_than, 100.0)
    assert running.wait(PATIENCE)
    finds.now = 101.0
    later = [submit(shared.newer_than, 101.0) for _ in range(CALLERS - 1)]
    go_on.set()
    assert list(first.result(PATIENCE)) == [1]
    assert {tuple(caller.result(PATIENCE)) for caller in later} == {(2,)}
    assert (finds.count, finds.most_at_once) == (2, 1)


def test_a_failed_find_is_the_failure_of_its_caller_only(finds: Finds, shared: SharedFind[int]) -> None:
    running, go_on = threading.Event(), threading.Event()

    def fail_first(number: int) -> None:
        if number == 1:
            running.set()
            assert go_on.wait(PATIENCE)
            raise RuntimeError("lost")

    finds.before_answer = fail_first
    first = submit(shared.newer_than, 100.0)
    assert running.wait(PATIENCE)
    others = [submit(shared.newer_than, 100.0) for _ in range(CALLERS - 1)]
    go_on.set()
    with pytest.raises(RuntimeError, match="lost"):
        first.result(PATIENCE)
    assert {tuple(caller.result(PATIENCE)) for caller in others} == {(2,)}
    assert finds.most_at_once == 1


def test_after_a_failure_the_next_caller_finds_again(finds: Finds, shared: SharedFind[int]) -> None:
    def fail(number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt

    finds.before_answer = fail
    with pytest.raises(KeyboardInterrupt):
        shared.newer_than(100.0)
    assert list(shared.newer_than(100.0)) == [2]


moments = st.floats(min_value=0, max_value=1e6)


@given(moments, moments)
def test_the_next_poll_is_neither_at_once_nor_far_away(now: float, waited: float) -> None:
    assert 0.09 * SHORTEST_DELAY <= next_poll(now, waited) <= 1.1 * LONGEST_DELAY


@given(moments, st.floats(min_value=0, max_value=100), st.floats(min_value=0, max_value=100))
def test_a_poll_waits_until_the_calls_before_it_are_through(now: float, waited: float, queue: float) -> None:
    delay = next_poll(now, waited, queue)
    assert queue < delay <= queue + 1.1 * LONGEST_DELAY
    assert delay - queue == pytest.approx(next_poll(now + queue, waited))


@pytest.mark.parametrize(
    ("waited", "tick"), [(0, 0.2), (3.9, 0.2), (4, 0.4), (10, 0.8), (30, 1.6), (50, 3.2), (3600, 3.2)]
)
def test_polls_become_rarer_with_the_wait(waited: float, tick: float) -> None:
    now, polls = 100.0, []
    for _ in range(20):
        now += next_poll(now, waited)
        polls.append(now)
    assert [later - earlier for earlier, later in pairwise(polls)] == pytest.approx([tick] * 19)


@given(st.lists(moments, min_size=2, max_size=10), st.floats(min_value=0, max_value=100))
def test_those_who_wait_equally_long_poll_together(starts: list[float], waited: float) -> None:
    """Wherever in a tick each began, a tick later they all poll at its end."""
    tick = next_poll(0.0, waited)
    polls = [start % tick + next_poll(start % tick, waited) for start in starts]
    assert {round(poll / tick, 6) for poll in polls} <= {1.0, 2.0}
