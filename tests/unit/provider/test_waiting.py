"""Waits on a clock that only they move."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sakura_fleet.errors import CancelledError, OperationTimeoutError, WaitTimeoutError
from sakura_fleet.provider.waiting import PHASE_WIDTH, Waiter
from tests.unit.world import Pace


class Waits:
    """A waiter on a fake clock, and the moments that its observations were asked for."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.cancelled = self.interrupted = False
        self.asked: list[float] = []
        self.waiter = Waiter(
            clock=self.pace.clock,
            sleep=self.pace.sleep,
            cancelled=lambda: self.cancelled,
            interrupted=lambda: self.interrupted,
        )

    def observe(self, moment: float) -> float:
        self.asked.append(moment)
        return self.pace.now - 1000.0

    def wait(self, ready_at: float, deadline: float = 60.0, **options: Any) -> float:
        return self.waiter.wait_for_shared(
            "the moon to rise",
            self.observe,
            lambda seconds: seconds >= ready_at,
            **{"deadline": deadline, "way_out": "look out of the window", **options},
        )


def test_what_is_ready_is_not_waited_for() -> None:
    waits = Waits()
    waits.wait(0)
    assert (waits.pace.now, waits.asked) == (1000.0, [1000.0])


@pytest.mark.parametrize("ready_at", [0.1, 3.0, 59.9, 60.0])
def test_a_wait_ends_when_it_is_ready(ready_at: float) -> None:
    waits = Waits()
    waits.wait(ready_at)
    late = waits.pace.now - 1000.0 - ready_at
    assert 0 <= late <= max(0.25, 0.15 * ready_at)


def test_a_deadline_names_what_was_waited_for_and_the_way_out() -> None:
    waits = Waits()
    with pytest.raises(WaitTimeoutError) as caught:
        waits.wait(61.0)
    assert str(caught.value) == "timed out after 60 s waiting for the moon to rise; look out of the window"
    assert waits.pace.now == pytest.approx(1060.0)
    assert waits.asked[-1] > waits.asked[-2]  # one last observation at the deadline itself


def test_polls_become_rarer_and_ask_for_something_fresh() -> None:
    waits = Waits()
    waits.wait(300.0, deadline=600.0)
    assert waits.asked == sorted(waits.asked)
    assert 50 <= len(waits.asked) <= 150


def test_the_last_observation_is_the_result() -> None:
    assert Waits().wait(3.0) >= 3.0


def test_an_observation_that_is_there_already_takes_the_place_of_the_first() -> None:
    waits = Waits()
    waits.wait(0.1, first=0.0)
    assert waits.asked[0] > 1000.0


def test_an_observation_that_is_there_already_may_end_the_wait() -> None:
    waits = Waits()
    assert waits.wait(0.1, first=0.2) == 0.2
    assert (waits.pace.now, waits.asked) == (1000.0, [])


def test_what_is_acted_on_meanwhile_is_every_observation_but_the_last() -> None:
    waits, acted_on = Waits(), list[float]()
    last = waits.wait(3.0, meanwhile=acted_on.append)
    assert len(acted_on) == len(waits.asked) - 1
    assert max(acted_on) < 3.0 <= last


def test_the_way_out_may_depend_on_the_last_observation() -> None:
    with pytest.raises(WaitTimeoutError, match=r"rise; it is 60\.0$"):
        Waits().wait(61.0, way_out=lambda seconds: f"it is {seconds}")


def test_a_state_that_must_be_steady_begins_again_after_each_break() -> None:
    waits = Waits()
    seen = waits.waiter.wait_for(
        "the sea to be calm",
        lambda: waits.observe(waits.pace.now),
        lambda seconds: not 5.0 <= seconds < 6.0,
        steady=10.0,
        deadline=60.0,
        way_out="stay in the harbour",
    )
    assert 16.0 <= seen < 18.0


def test_what_is_refused_is_attempted_again_until_it_is_accepted() -> None:
    waits, attempts = Waits(), list[float]()

    def act() -> bool:
        attempts.append(waits.pace.now)
        return waits.pace.now >= 1003.0

    waits.waiter.attempt("the door to open", act, deadline=60.0, way_out="knock louder")
    assert attempts[-2] < 1003.0 <= attempts[-1]


def test_an_attempt_has_a_deadline_too() -> None:
    with pytest.raises(WaitTimeoutError, match=r"^timed out after 60 s waiting for the door to open; knock louder$"):
        Waits().waiter.attempt("the door to open", lambda: False, deadline=60.0, way_out="knock louder")


def test_cancellation_ends_a_wait_at_once() -> None:
    waits = Waits()

    def cancel(_: float) -> None:
        waits.cancelled = waits.pace.now >= 1020.0

    waits.pace.on_sleep = cancel
    with pytest.raises(CancelledError, match="run `pulumi up` again"):
        waits.wait(1e9, deadline=3600.0)
    assert waits.pace.now <= 1021.0


def test_a_wait_that_is_cancelled_before_it_begins_does_not_sleep() -> None:
    waits = Waits()
    waits.cancelled = True
    with pytest.raises(CancelledError):
        waits.wait(1e9)
    assert waits.pace.now == 1000.0


# Custom timeouts


def test_all_waits_of_an_operation_share_its_time() -> None:
    waits = Waits()
    with waits.waiter.within(50.0):
        waits.wait(40.0)
        with pytest.raises(OperationTimeoutError) as caught:
            waits.wait(80.0)
    assert waits.pace.now == pytest.approx(1050.0, abs=0.01)
    assert str(caught.value).startswith(
        "timed out after the 50 s that custom_timeouts allow for all of it, waiting for the moon to rise"
    )
    waits.wait(80.0)  # the next operation of this thread has none


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_no_wait_gets_longer_than_its_own_deadline(seconds: float) -> None:
    waits = Waits()
    with waits.waiter.within(seconds), pytest.raises(WaitTimeoutError):
        waits.wait(61.0)
    assert waits.pace.now == pytest.approx(1060.0)


def test_the_time_of_one_operation_is_not_that_of_another() -> None:
    waits = Waits()
    with waits.waiter.within(10.0), ThreadPoolExecutor(1) as pool:
        pool.submit(waits.wait, 40.0).result()
    assert waits.pace.now >= 1040.0


def test_a_wait_says_what_it_sees_whenever_that_changes_and_fits_a_column() -> None:
    waits, said = Waits(), list[str]()

    def phase(seconds: float) -> str:
        return "booting" if seconds < 5.0 else "still\nbooting " + "x" * 80

    with waits.waiter.within(0.0, said.append):
        waits.wait(10.0, phase=phase)
    assert said == ["booting", "still booting " + "x" * (PHASE_WIDTH - 15) + "…", ""]


def test_what_was_said_is_taken_back_after_a_failure_too_and_a_silent_operation_takes_nothing_back() -> None:
    waits, said = Waits(), list[str]()
    with pytest.raises(OperationTimeoutError), waits.waiter.within(5.0, said.append):
        waits.wait(10.0, phase=lambda _: "booting")
    with waits.waiter.within(0.0, said.append):
        waits.wait(10.0)
    assert said == ["booting", ""]


def test_nobody_is_told_what_a_wait_sees_outside_of_an_operation() -> None:
    waits, said, asked = Waits(), list[str](), list[float]()

    def phase(seconds: float) -> str:
        asked.append(seconds)
        return "booting"

    with waits.waiter.within(0.0, said.append):
        assert waits.waiter.is_heard
    waits.wait(10.0, phase=phase)
    assert not waits.waiter.is_heard
    assert (said, asked) == ([], [])


# Ctrl-C


def test_an_interrupt_ends_a_wait_that_may_end_and_says_how_things_are() -> None:
    waits = Waits()
    waits.interrupted = True
    with pytest.raises(CancelledError) as caught:
        waits.waiter.wait_for(
            "the moon to rise", lambda: 0, bool, deadline=60.0, way_out="look", remains="the sun has set"
        )
    assert waits.pace.now == 1000.0
    assert str(caught.value) == (
        "the run was interrupted while it was waiting for the moon to rise; the sun has set; run `pulumi up` again to "
        "go on"
    )
    with pytest.raises(CancelledError, match="for the tide; the sun has set;"):
        waits.waiter.pause(10.0, "the tide", "the sun has set")


def test_any_other_wait_goes_on_and_says_that_it_is_finishing() -> None:
    waits, said = Waits(), list[str]()

    def phase(seconds: float) -> str:
        waits.interrupted = waits.interrupted or seconds > 5.0
        return "copying" if seconds < 20.0 else "booting"

    with waits.waiter.within(0.0, said.append):
        waits.wait(40.0, phase=phase)
        waits.wait(50.0)
    assert said == ["copying", "finishing: copying", "finishing: booting", ""]
    said.clear()
    with waits.waiter.within(0.0, said.append):
        waits.wait(60.0)
    assert said == ["finishing: waiting for the moon to rise", ""]
    waits.wait(70.0, deadline=100.0)  # nobody hears it


def test_a_wait_that_ends_does_not_say_that_it_is_finishing() -> None:
    waits, said = Waits(), list[str]()
    waits.interrupted = True
    with pytest.raises(CancelledError), waits.waiter.within(0.0, said.append):
        waits.waiter.wait_for(
            "the moon", lambda: 0, bool, deadline=60.0, way_out="look", remains="it is dark", phase=lambda _: "dark"
        )
    assert said == ["dark", ""]
