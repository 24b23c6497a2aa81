"""When a call is repeated, how long it waits, and when it gives up."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from itertools import pairwise

import httpx
import pytest

from sakura_fleet.client import RetryPolicy
from sakura_fleet.client._retry import Attempt, is_retryable, retry_after
from sakura_fleet.errors import (
    ApiError,
    CancelledError,
    ConflictError,
    InputError,
    UnavailableError,
    UnreachableError,
)
from tests.unit.client import samples
from tests.unit.client.wire import LOCAL_ROOT, ROOT, Reply, Wire, failed, ok

METHODS = ("GET", "POST", "PUT", "DELETE")
ALWAYS = dict.fromkeys(METHODS, True)
NEVER = dict.fromkeys(METHODS, False)
NOT_POST = {**ALWAYS, "POST": False}

OUTCOMES: list[tuple[str, Attempt, dict[str, bool]]] = [
    ("200", Attempt(200), NEVER),
    ("400", Attempt(400), NEVER),
    ("401", Attempt(401), NEVER),
    ("403", Attempt(403), NEVER),
    ("404", Attempt(404), NEVER),
    ("409", Attempt(409), NEVER),
    ("423", Attempt(423), ALWAYS),
    ("429", Attempt(429), ALWAYS),
    ("500", Attempt(500), NOT_POST),
    ("501", Attempt(501), NEVER),
    ("502", Attempt(502), NOT_POST),
    ("503", Attempt(503), ALWAYS),
    ("504", Attempt(504), NOT_POST),
    ("no connection", Attempt(sent=False), ALWAYS),
    ("answer lost", Attempt(sent=True), NOT_POST),
    ("untrusted certificate", Attempt(sent=False, hopeless=True), NEVER),
    ("423 of a gateway", Attempt(423, from_api=False), NOT_POST),
    ("429 of a gateway", Attempt(429, from_api=False), NOT_POST),
    ("503 of a gateway", Attempt(503, from_api=False), NOT_POST),
    ("503 of what was begun", Attempt(503, "operation_timeout"), NOT_POST),
    ("503 of what was not begun", Attempt(503, "disk_stock_run_out"), ALWAYS),
    ("200 that is no JSON", Attempt(200, from_api=False), NOT_POST),
    ("404 of a gateway", Attempt(404, from_api=False), NEVER),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("attempt", "expected"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_is_retryable(method: str, attempt: Attempt, expected: dict[str, bool]) -> None:
    assert is_retryable(method, attempt) is expected[method]


def send(wire: Wire, method: str, retry: RetryPolicy | None = None, root: str = ROOT) -> None:
    """One call of each method."""
    with wire.client(root, retry=retry) as client:
        if method == "GET":
            client.servers.read("is1a", "1")
        elif method == "POST":
            client.ssh_keys.create(name="k", public_key="ssh-ed25519 AAAA")
        elif method == "PUT":
            client.servers.power_on("is1a", "1")
        else:
            client.servers.delete("is1a", "1")


SUCCESS = ok(Server=samples.SERVER, SSHKey=samples.SSH_KEY)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (failed(423), ALWAYS),
        (failed(429), ALWAYS),
        (failed(503), ALWAYS),
        (failed(500), NOT_POST),
        (failed(502), NOT_POST),
        (failed(504), NOT_POST),
        (httpx.ConnectError("refused"), ALWAYS),
        (httpx.ConnectTimeout("slow"), ALWAYS),
        (httpx.PoolTimeout("full"), ALWAYS),
        (httpx.ReadTimeout("slow"), NOT_POST),
        (httpx.ReadError("reset"), NOT_POST),
        (httpx.WriteError("reset"), NOT_POST),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), NOT_POST),
        (failed(409), NEVER),
        (failed(400), NEVER),
        (httpx.Response(423, text="<html>locked</html>"), NOT_POST),
        (httpx.Response(429, text="<html>slow down</html>"), NOT_POST),
        (httpx.Response(503, text="<html>503 Service Unavailable</html>"), NOT_POST),
        (httpx.Response(503, json={"error_code": "busy"}), NOT_POST),
        (httpx.Response(503, json={"message": "no healthy upstream"}), NOT_POST),
        (httpx.Response(503), NOT_POST),
        (httpx.Response(200, text="<html>Please sign in</html>"), NOT_POST),
        (httpx.Response(200, content=b'{"Server": {"ID": 1}, "SSHKey": {"ID"'), NOT_POST),
    ],
    ids=lambda value: getattr(value, "status_code", type(value).__name__),
)
def test_one_failure_then_success(method: str, reply: Reply, expected: dict[str, bool]) -> None:
    wire = Wire(reply, SUCCESS)
    if expected[method]:
        send(wire, method)
        assert [request.method for request in wire.requests] == [method, method]
        assert wire.requests[0].content == wire.requests[1].content
    else:
        with pytest.raises((ApiError, UnreachableError)):
            send(wire, method)
        assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 64), (8, 64), (50, 64), (5000, 64)]
)
def test_delay_doubles_up_to_its_bound(attempt: int, seconds: float) -> None:
    assert RetryPolicy().delay(attempt) == seconds
    assert RetryPolicy(jitter=0.5).delay(attempt, share=1.0) == seconds * 1.5


def test_waits_between_attempts() -> None:
    wire = Wire(failed(503))
    with pytest.raises(UnavailableError):
        send(wire, "POST")
    assert [later - earlier for earlier, later in pairwise(wire.asked_at)] == [1, 2, 4, 8, 16, 32, 64, 64, 64]


def test_attempts_are_bounded() -> None:
    wire = Wire(failed(503, "busy"))
    with pytest.raises(UnavailableError) as caught:
        send(wire, "GET", RetryPolicy(attempts=3, jitter=0.0))
    assert len(wire.requests) == 3
    assert wire.time.total == 3
    assert caught.value.error_code == "busy"
    assert not caught.value.maybe_done


def test_no_attempt_begins_after_the_deadline() -> None:
    wire = Wire(httpx.ConnectError("refused"))
    with pytest.raises(UnreachableError, match=r"in 3 attempts over 3\.0 s"):
        send(wire, "GET", RetryPolicy(deadline=6.9, jitter=0.0))
    assert wire.time.total == 3  # the next wait, 4 s, would end at 7 s


@pytest.mark.parametrize(
    ("value", "waited"),
    [
        ("7", 7.0),
        ("soon", 1.0),
        ("Thu, 01 Jan 1970 00:16:47 GMT", 7.0),
        ("0", 1.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0),
        ("3600", 64.0),
        ("9" * 400, 64.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 64.0),
    ],
)
def test_retry_after_is_honoured_within_bounds(value: str, waited: float) -> None:
    wire = Wire(failed(503, Retry_After=value), SUCCESS)
    send(wire, "POST", RetryPolicy(jitter=0.0))
    assert wire.time.total == waited


def test_a_retry_after_that_is_no_ascii_is_of_no_use() -> None:
    busy = failed(503)
    wire = Wire(httpx.Response(503, content=busy.content, headers=[(b"Retry-After", "\u00b2".encode())]), SUCCESS)
    send(wire, "POST")
    assert wire.time.total == 1.0


def test_a_retry_after_of_nothing_is_no_hot_loop() -> None:
    wire = Wire(failed(503, "busy", Retry_After="0"))
    with pytest.raises(UnavailableError):
        send(wire, "GET")
    assert [later - earlier for earlier, later in pairwise(wire.asked_at)] == [1, 2, 4, 8, 16, 32, 64, 64, 64]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("-3", None),
        ("Sat, 01 Aug 2026 00:00:30 GMT", 30.0),
        ("Fri, 31 Jul 2026 00:00:00 GMT", 0.0),
        ("tomorrow", None),
        ("\u00b2", None),
        ("\u0663", None),
        ("1e3", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_retry_after_values(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=datetime(2026, 8, 1, tzinfo=UTC)) == seconds


def refused() -> httpx.ConnectError:
    """What httpx raises where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with pytest.raises(httpx.ConnectError) as caught, httpx.Client(trust_env=False) as client:
        client.get(f"http://127.0.0.1:{port}/")
    return caught.value


@pytest.mark.parametrize("method", METHODS)
def test_an_emulator_that_is_not_running_is_reported_within_three_seconds(method: str) -> None:
    wire = Wire(refused())
    with pytest.raises(UnreachableError, match=r"`sakura-emulator start`, or `make up`"):
        send(wire, method, RetryPolicy(), LOCAL_ROOT)
    assert (len(wire.requests), wire.time.total <= 3.0) == (2, True)


def test_an_emulator_that_is_just_starting_is_waited_for() -> None:
    wire = Wire(refused(), SUCCESS)
    send(wire, "POST", RetryPolicy(), LOCAL_ROOT)
    assert len(wire.requests) == 2


def test_a_refusal_of_a_real_network_is_waited_out() -> None:
    wire = Wire(refused())
    with pytest.raises(UnreachableError, match="check the network"):
        send(wire, "GET", RetryPolicy(jitter=0.0))
    assert wire.time.total > 100


def test_unreachable_names_url_tries_time_and_way_out() -> None:
    wire = Wire(httpx.ConnectError("[Errno 111] Connection refused"))
    with pytest.raises(UnreachableError) as caught:
        send(wire, "POST", RetryPolicy(attempts=2, jitter=0.0), LOCAL_ROOT)
    assert str(caught.value) == (
        "no answer to POST http://127.0.0.1:8080/cloud/zone/is1a/api/cloud/1.1/sshkey in 2 attempts over 1.0 s "
        "(ConnectError: [Errno 111] Connection refused); is the emulator running? Start it with "
        "`sakura-emulator start`, or `make up` in this project's folder; the API root is http://127.0.0.1:8080/cloud/zone"
    )
    assert not caught.value.maybe_done


def test_a_cut_post_says_that_it_may_be_done() -> None:
    wire = Wire(httpx.RemoteProtocolError("Server disconnected"), SUCCESS)
    with pytest.raises(UnreachableError, match=r"may have been carried out.*check the network") as caught:
        send(wire, "POST")
    assert caught.value.maybe_done
    assert "1 attempt over" in str(caught.value)


def test_a_post_that_broke_says_that_it_may_be_done() -> None:
    with pytest.raises(UnavailableError, match="may have been carried out") as caught:
        send(Wire(failed(504)), "POST")
    assert caught.value.maybe_done


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(503, text="<html>503 Service Unavailable</html>"),
        httpx.Response(429, text="slow down"),
        failed(503, "operation_timeout"),
        httpx.Response(201, text="<html>Please sign in</html>"),
        httpx.Response(201, content=b'{"SSHKey": {"ID"'),
        httpx.Response(201, content=b""),
        ok(SSHKey=None),
    ],
    ids=lambda reply: str(reply.content[:20]),
)
def test_a_post_whose_answer_does_not_tell_says_that_it_may_be_done(reply: httpx.Response) -> None:
    wire = Wire(reply, SUCCESS)
    with pytest.raises(ApiError) as caught:
        send(wire, "POST")
    assert caught.value.maybe_done
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [423, 429, 503])
def test_a_post_that_the_api_turned_away_is_not_done(status: int) -> None:
    with pytest.raises(UnavailableError) as caught:
        send(Wire(failed(status)), "POST")
    assert not caught.value.maybe_done


def test_a_post_that_was_turned_away_once_and_then_lost_by_a_gateway_may_be_done() -> None:
    wire = Wire(failed(503, "busy"), httpx.Response(503, text="<html>"), SUCCESS)
    with pytest.raises(UnavailableError) as caught:
        send(wire, "POST")
    assert caught.value.maybe_done
    assert len(wire.requests) == 2


@pytest.mark.parametrize(("method", "maybe_done"), [("GET", False), ("PUT", True), ("DELETE", True)])
def test_lost_answers_up_to_the_end(method: str, maybe_done: bool) -> None:
    wire = Wire(httpx.ReadTimeout("slow"))
    with pytest.raises(UnreachableError) as caught:
        send(wire, method, RetryPolicy(attempts=2))
    assert caught.value.maybe_done is maybe_done
    assert len(wire.requests) == 2


def test_a_lost_put_then_no_connection_may_still_be_done() -> None:
    wire = Wire(httpx.ReadTimeout("slow"), httpx.ConnectError("refused"))
    with pytest.raises(UnreachableError) as caught:
        send(wire, "PUT", RetryPolicy(attempts=2))
    assert caught.value.maybe_done


def test_a_repeated_put_may_meet_itself() -> None:
    wire = Wire(httpx.ReadTimeout("slow"), failed(409, "conflict"))
    with pytest.raises(ConflictError):
        send(wire, "PUT")


def test_cancelled_before_anything_is_sent() -> None:
    wire = Wire(SUCCESS)
    wire.cancelled = True
    with pytest.raises(CancelledError):
        send(wire, "GET")
    assert not wire.requests


def test_cancelled_during_a_wait_ends_within_a_second() -> None:
    wire = Wire(failed(503, Retry_After="60"), SUCCESS)

    def cancel() -> None:
        wire.cancelled = wire.time.total >= 5

    wire.time.on_sleep = cancel
    with pytest.raises(CancelledError):
        send(wire, "POST")
    assert wire.time.total == 5
    assert len(wire.requests) == 1


def test_retries_take_slots_of_the_rate_limiter() -> None:
    wire = Wire(failed(500), failed(500), SUCCESS)
    wire.client(rate_limit=0.2, retry=RetryPolicy(wait_max=0.1)).servers.read("is1a", "1")
    assert wire.time.total == pytest.approx(10.0)


def test_a_mistake_of_the_caller_is_not_retried() -> None:
    wire = Wire(SUCCESS)
    with pytest.raises(InputError):
        wire.client().servers.read("is1a", "")
    assert not wire.requests
