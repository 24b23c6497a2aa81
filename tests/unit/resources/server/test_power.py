"""Switching off: an order counts once the cloud has taken it on; the power is cut after that, or after the deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pulumi
import pytest

from sakura_fleet.errors import WaitTimeoutError
from sakura_fleet.resources.server.power import FORCED_DEADLINE, SHUTDOWN_DEADLINE, power_off
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from tests.unit.client.wire import failed
from tests.unit.world import OWNER_TAGS, ZONE, World, server_inputs, world

LIFE = ServerLifecycle()


@pytest.fixture
def slow() -> Iterator[World]:
    with world(latency="seed") as made:
        yield made


@pytest.fixture
def server(slow: World) -> tuple[str, dict[str, Any]]:
    return LIFE.create(slow.session, server_inputs())


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


def orders(made: World, refuse: Callable[[bool, int], bool]) -> list[bool]:
    """Orders to switch off as they reach the cloud: whether each is forced. Those that `refuse` names by that and
    their number are answered 409, and not carried out."""
    given: list[bool] = []
    pass_on = made.wire.handle_request

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and request.url.path.endswith("/power"):
            forced = b"Force" in request.read()
            given.append(forced)
            if refuse(forced, len(given)):
                return failed(409, "conflict")
        return pass_on(request)

    made.wire.handle_request = handle  # type: ignore[method-assign]
    return given


def off(made: World, server_id: str) -> float:
    """Switch off gently; the seconds that it took."""
    began = made.pace.now
    down = power_off(made.session, made.client.servers.read(ZONE, server_id), OWNER_TAGS, force=False)
    assert down.status == "down"
    return made.pace.now - began


def test_a_passing_conflict_is_no_consent(slow: World, server: tuple[str, dict[str, Any]], warned: list[str]) -> None:
    given = orders(slow, lambda _, number: number <= 3)
    assert off(slow, server[0]) < SHUTDOWN_DEADLINE
    assert given == [False] * 4  # asked until it was taken on, then no more, and no power was cut
    assert warned == []


def test_the_guest_has_its_time_from_when_the_order_was_taken_on(
    slow: World, server: tuple[str, dict[str, Any]], warned: list[str]
) -> None:
    slow.fault(kind="ignored_shutdown", method="DELETE", path="/power")
    refused_until = slow.pace.now + 100
    given = orders(slow, lambda _, __: slow.pace.now < refused_until)
    took = off(slow, server[0])
    assert 100 + SHUTDOWN_DEADLINE <= took < 100 + SHUTDOWN_DEADLINE + FORCED_DEADLINE
    assert given[-2:] == [False, True]
    (words,) = warned
    assert "timed out after 180 s waiting for server web-001" in words
    assert "to be down; its power is cut now" in words


def test_a_conflict_that_does_not_pass_is_reported_before_the_power_is_cut(
    slow: World, server: tuple[str, dict[str, Any]], warned: list[str]
) -> None:
    given = orders(slow, lambda forced, _: not forced)
    took = off(slow, server[0])
    assert SHUTDOWN_DEADLINE <= took < SHUTDOWN_DEADLINE + FORCED_DEADLINE
    assert given.count(False) > 10
    assert given[-1] is True
    assert given.count(True) == 1
    (words,) = warned
    assert "waiting for the cloud to take on that server web-001" in words
    assert "is to shut down; its power is cut now" in words


def test_a_server_that_goes_by_itself_needs_no_order(
    slow: World, server: tuple[str, dict[str, Any]], warned: list[str]
) -> None:
    slow.client.servers.power_off(ZONE, server[0])
    given = orders(slow, lambda _, __: False)  # the cloud itself refuses: the guest is going already
    off(slow, server[0])
    assert True not in given
    assert warned == []


def test_a_conflict_on_cutting_the_power_is_no_consent_either(slow: World, server: tuple[str, dict[str, Any]]) -> None:
    given = orders(slow, lambda _, number: number <= 3)
    found = slow.client.servers.read(ZONE, server[0])
    power_off(slow.session, found, OWNER_TAGS, force=True)
    assert given == [True] * 4


def test_a_power_that_cannot_be_cut_ends_the_run_with_a_way_out(
    slow: World, server: tuple[str, dict[str, Any]]
) -> None:
    orders(slow, lambda _, __: True)
    found = slow.client.servers.read(ZONE, server[0])
    with pytest.raises(WaitTimeoutError, match=r"after 120 s .* is to lose its power; run the same command again"):
        power_off(slow.session, found, OWNER_TAGS, force=True)


def test_a_server_that_came_up_before_it_was_deleted_is_shut_down_as_any_other(
    slow: World, server: tuple[str, dict[str, Any]]
) -> None:
    given = orders(slow, lambda _, __: False)
    again = iter([True])

    pass_on = slow.wire.handle_request

    def handle(request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path.partition('/api/cloud/1.1/')[2]}"
        if call == f"DELETE server/{server[0]}" and next(again, False):
            slow.client.servers.power_on(ZONE, server[0])
            slow.pace.sleep(120)  # it is up by then
        return pass_on(request)

    slow.wire.handle_request = handle  # type: ignore[method-assign]
    LIFE.delete(slow.session, *server)
    assert given == [False, False]
    assert (slow.servers(), slow.disks()) == ([], [])


def test_the_waits_of_a_server_say_their_phase(slow: World) -> None:
    said: list[str] = []
    with slow.session.waiter.within(0.0, said.append):
        server_id, _ = LIFE.create(slow.session, server_inputs())
    created = len(said)
    with slow.session.waiter.within(0.0, said.append):
        off(slow, server_id)
    copying = [phase for phase in said if phase.startswith("disk copying")]
    assert said[: len(copying)] == copying
    assert len(copying) > 1
    assert all(phase.endswith(" %") for phase in copying)
    assert said[len(copying) : created] == ["booting", ""]
    assert said[created:] == ["shutting down", ""]
