"""One run's session: whose account it is, what is asked once a run, and what is shared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sakura_emulator.server import Running, running
from sakura_fleet.client import Client, RetryPolicy
from sakura_fleet.errors import (
    AccountMismatchError,
    AuthenticationError,
    CancelledError,
    FleetError,
    InputError,
    UnreachableError,
)
from sakura_fleet.provider import session as session_module
from sakura_fleet.provider.session import Session, session_for
from sakura_fleet.provider.settings import SessionSettings
from tests.unit.world import ZONE, World, new_session
from tests.waiting import PATIENCE

LOCAL = "http://127.0.0.1:18080/cloud/zone"
ENV = {"SAKURA_ACCESS_TOKEN": "env-token", "SAKURA_ACCESS_TOKEN_SECRET": "env-secret"}
CALLERS = 16


def test_a_root_that_is_no_url_is_an_error_with_a_message() -> None:
    session = Session(SessionSettings(api_root="http://[::1"), env=ENV)
    with pytest.raises(InputError, match="API root"):
        _ = session.client


# The account


def test_the_account_is_checked_once_for_many_callers(world: World) -> None:
    session = new_session(world.emulator, world.client, world.pace, account_id="113000000001")
    barrier = threading.Barrier(CALLERS)

    def call(_: int) -> Client:
        barrier.wait(PATIENCE)
        return session.client

    with ThreadPoolExecutor(CALLERS) as pool:
        assert set(pool.map(call, range(CALLERS))) == {world.client}
    assert world.calls("GET auth-status") == 1


def test_another_account_stops_before_any_other_call(world: World) -> None:
    session = new_session(world.emulator, world.client, world.pace, account_id="113000000009")
    errors: list[FleetError] = []

    def call(_: int) -> None:
        try:
            session.servers(ZONE, "sf:x", since=session.clock())
        except FleetError as error:
            errors.append(error)

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(call, range(CALLERS)))
    assert [type(error) for error in errors] == [AccountMismatchError] * CALLERS
    assert "113000000001" in str(errors[0])
    assert "113000000009" in str(errors[0])
    assert "Nothing was changed" in str(errors[0])
    assert world.wire.calls == ["GET auth-status"]


def test_a_wrong_key_is_refused_once() -> None:
    with running(token="right", secret="right") as emulator:
        session = Session(SessionSettings(api_root=emulator.api_root), env={})
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                _ = session.client
        assert emulator.cloud.log.total <= 1


def test_a_root_without_an_answer_is_reported_soon_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "FIRST_CONTACT", RetryPolicy(attempts=1))
    session = Session(SessionSettings(api_root="http://127.0.0.1:9/cloud/zone"), env={})
    with pytest.raises(UnreachableError, match="is the emulator running") as first:
        _ = session.client
    with pytest.raises(UnreachableError) as second:
        _ = session.client
    assert second.value is first.value


def test_being_cancelled_at_first_is_no_refusal_for_good(world: World) -> None:
    cancelled = [True]
    settings = SessionSettings(api_root=world.emulator.api_root)
    session = Session(settings, env={}, cancelled=lambda: cancelled[0])
    with pytest.raises(CancelledError):
        _ = session.client
    cancelled[0] = False
    assert session.client.auth_status().account_id == "113000000001"
    session.client.close()


def test_the_session_makes_its_client_with_the_stacks_settings(emulator: Running) -> None:
    session = Session(SessionSettings(api_root=emulator.api_root, account_id="113000000001"), env=ENV)
    with session.client as client:
        assert client.api_root == emulator.api_root
        assert client.servers.find(ZONE) == []


def test_one_session_for_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_sessions", {})
    session = session_for(SessionSettings(api_root=LOCAL))
    assert session_for(SessionSettings(api_root=LOCAL)) is session
    assert session_for(SessionSettings(api_root=LOCAL, account_id="113000000001")) is not session


# What is asked once a run


@pytest.mark.parametrize(
    ("ask", "expected", "call"),
    [
        (lambda s: s.has_plan(ZONE, 1, 2, False), True, "GET product/server"),
        (lambda s: s.has_plan(ZONE, 3, 999, False), False, "GET product/server"),
        (lambda s: 20 in s.disk_sizes(ZONE, "ssd"), True, "GET product/disk"),
        (lambda s: s.disk_sizes(ZONE, "nvme"), (), "GET product/disk"),
        (lambda s: len(s.archive_id(ZONE, "almalinux")), 12, "GET archive"),
    ],
)
def test_the_catalogue_is_asked_once(world: World, ask: Callable[[Session], Any], expected: Any, call: str) -> None:
    assert [ask(world.session) for _ in range(3)] == [expected] * 3
    assert world.calls(call) == 1


def test_finds_of_one_zone_are_shared_and_zones_are_not(world: World) -> None:
    now = world.session.clock()
    for zone in (ZONE, ZONE, "is1c", ZONE, "is1c"):
        assert world.session.servers(zone, "sf:x", since=now) == []
    assert world.calls("GET server") == 2
