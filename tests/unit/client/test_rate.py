"""The rate limiter: even spacing, over threads, without a limit, and interruptible."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sakura_fleet.client._rate import RateLimiter
from sakura_fleet.errors import CancelledError
from tests.unit.client.wire import FakeTime, Wire, ok


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


def test_an_idle_time_is_not_saved_up() -> None:
    time = FakeTime()
    limit = limiter(5, time)
    limit.wait()
    time.now += 60
    limit.wait()
    limit.wait()
    assert time.slept == pytest.approx([0.2])


@pytest.mark.parametrize("rate", [0, 0.0])
def test_zero_is_no_limit(rate: float) -> None:
    time = FakeTime()
    limit = limiter(rate, time)
    for _ in range(100):
        limit.wait()
    assert not time.slept


def test_none_is_no_limit_for_a_client() -> None:
    wire = Wire(ok(Server={"ID": 1}))
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


def test_cancelled_in_the_queue() -> None:
    wire = Wire(ok(Server={"ID": 1}))
    client = wire.client(rate_limit=0.1)
    client.servers.read("is1a", "1")

    def cancel() -> None:
        wire.cancelled = wire.time.total >= 3

    wire.time.on_sleep = cancel
    with pytest.raises(CancelledError):
        client.servers.read("is1a", "1")
    assert wire.time.total == 3
    assert len(wire.requests) == 1
