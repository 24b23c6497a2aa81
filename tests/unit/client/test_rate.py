"""The rate limiter: spacing with some slack, over threads, without a limit, and interruptible."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sakura_fleet.client import RetryPolicy
from sakura_fleet.client._rate import RateLimiter
from sakura_fleet.errors import CancelledError
from tests.unit.client import samples
from tests.unit.client.wire import FakeTime, Wire, failed, ok
from tests.waiting import PATIENCE


def limiter(rate: float, time: FakeTime) -> RateLimiter:
    return RateLimiter(rate, clock=time.clock, pause=time.sleep)


def test_slots_are_spaced_evenly() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    at = []
    for _ in range(6):
        limit.wait()
        at.append(time.now - 1000)
    assert at == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize(("idle", "at_once"), [(0.2, 1), (1.0, 5), (2.0, 10), (60, 11), (3_600, 11)])
def test_an_idle_time_saves_up_ten_calls_at_most(idle: float, at_once: int) -> None:
    time = FakeTime()
    limit = limiter(5, time)
    limit.wait()
    time.now += idle + 0.001
    for _ in range(at_once):
        limit.wait()
    assert time.total < 0.001
    limit.wait()
    limit.wait()
    assert 0.19 < time.total < 0.41


def test_what_is_saved_up_is_had_once() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    time.now += 60
    for _ in range(11 + 100):
        limit.wait()
    assert time.total == pytest.approx(100 / 5)


def test_the_queue_is_the_time_until_a_slot_is_free() -> None:
    wire = Wire(ok(Server=samples.SERVER))
    client, time = wire.client(rate_limit=5), wire.time
    assert client.queue() == 0
    client.servers.read("is1a", "1")
    assert client.queue() == pytest.approx(0.2)
    time.now += 0.15
    assert client.queue() == pytest.approx(0.05)
    time.now += 60
    assert client.queue() == 0


@pytest.mark.parametrize("rate", [0, 0.0])
def test_zero_is_no_limit(rate: float) -> None:
    time = FakeTime()
    limit = limiter(rate, time)
    for _ in range(100):
        limit.wait()
    assert not time.slept


def test_none_is_no_limit_for_a_client() -> None:
    wire = Wire(ok(Server=samples.SERVER))
    client = wire.client(rate_limit=None)
    for _ in range(20):
        client.servers.read("is1a", "1")
    assert not wire.time.slept


def test_threads_share_the_slots() -> None:
    waits: list[float] = []
    limit = RateLimiter(10, clock=lambda: 1000.0, pause=waits.append)
    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(limit.wait) for _ in range(64)]:
            done.result()
    assert sorted(waits) == pytest.approx([slot / 10 for slot in range(1, 64)])


# The API says that it gets too many calls


def test_a_hold_is_for_all_and_spacing_goes_on_behind_it() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    limit.wait()
    limit.hold(30)
    at = []
    for _ in range(3):
        limit.wait()
        at.append(time.now - 1000)
    assert at == pytest.approx([30, 30.2, 30.4])


def test_a_hold_spends_what_was_saved_up() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    time.now += 60
    limit.hold(30)
    for _ in range(3):
        limit.wait()
    assert time.total == pytest.approx(30.4)


def test_a_hold_works_without_a_limit() -> None:
    time = FakeTime()
    limit = limiter(0, time)
    limit.hold(30)
    limit.wait()
    limit.wait()
    assert time.slept == pytest.approx([30])


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    limit.hold(30)
    limit.hold(1)
    limit.wait()
    assert time.now == pytest.approx(1030)


def test_who_waits_for_a_slot_when_the_hold_begins_waits_on() -> None:
    time = FakeTime()
    limit = limiter(1, time)
    limit.wait()
    holds = [30.0]
    time.on_sleep = lambda: limit.hold(holds.pop()) if holds else None  # while the second caller waits its second
    limit.wait()
    assert time.now == pytest.approx(1031)


SLOWING = [failed(429), failed(503, "too_many_request"), failed(503, "busy"), failed(503, "odd", Retry_After="1")]


@pytest.mark.parametrize("reply", SLOWING, ids=["429", "too_many_request", "busy", "Retry-After"])
def test_one_answer_slows_down_all_callers(reply: httpx.Response) -> None:
    assert second_call_during_first_ones_wait(reply) == [0, 1, 1]


@pytest.mark.parametrize("reply", [failed(503, "disk_stock_run_out"), failed(423, Retry_After="1")], ids=["503", "423"])
def test_what_is_about_one_call_slows_down_nobody_else(reply: httpx.Response) -> None:
    assert second_call_during_first_ones_wait(reply) == [0, 0, 1]


def test_a_time_longer_than_any_call_waits_holds_up_nobody_for_ever() -> None:
    wire = Wire(failed(429, Retry_After="86400"), ok(Server=samples.SERVER))
    client = wire.client()
    client.servers.read("is1a", "1")
    assert wire.time.total == pytest.approx(RetryPolicy().wait_max)


def second_call_during_first_ones_wait(reply: httpx.Response) -> list[float]:
    """When the requests arrived: the first, one of another thread while that waits, and the first once more."""
    wire = Wire(reply, ok(Server=samples.SERVER))
    client = wire.client()
    asleep, go_on = threading.Event(), threading.Event()
    first = threading.Thread(target=lambda: client.servers.read("is1a", "1"), daemon=True)
    sleep, now = wire.time.sleep, wire.time.now

    def stand_still(seconds: float) -> None:
        if threading.current_thread() is first:
            asleep.set()
            assert go_on.wait(PATIENCE)
        if wire.time.now == now or threading.current_thread() is not first:
            sleep(seconds)

    client._transport._sleep = stand_still
    first.start()
    assert asleep.wait(PATIENCE)
    client.servers.read("is1a", "1")
    go_on.set()
    first.join(PATIENCE)
    return [at - 1000 for at in wire.asked_at]


def test_cancelled_in_the_queue() -> None:
    wire = Wire(ok(Server=samples.SERVER))
    client = wire.client(rate_limit=0.1)
    client.servers.read("is1a", "1")

    def cancel() -> None:
        wire.cancelled = wire.time.total >= 3

    wire.time.on_sleep = cancel
    with pytest.raises(CancelledError):
        client.servers.read("is1a", "1")
    assert wire.time.total == 3
    assert len(wire.requests) == 1
