"""An outage of the API is waited out once, for all calls of a client."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest

from sakura_fleet.client import Client, RetryPolicy
from sakura_fleet.client._outage import Outage
from sakura_fleet.client._retry import Attempt
from sakura_fleet.errors import ApiError, FleetError, UnavailableError, UnreachableError
from tests.unit.client.wire import Reply, Wire, failed, ok

SERVER = ok(Server={"ID": 1})
GATEWAY = httpx.Response(502, text="<html>502 Bad Gateway</html>")
OUTAGES: list[Reply] = [
    GATEWAY,
    httpx.Response(503, text="<html>maintenance</html>"),
    httpx.Response(200, text="<html>maintenance</html>"),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    failed(503, "busy"),
]


def read(client: Client, count: int = 1) -> None:
    for _ in range(count):
        with pytest.raises(FleetError) as caught:
            client.servers.read("is1a", "1")
        assert isinstance(caught.value, UnavailableError | UnreachableError)


@pytest.mark.parametrize("reply", OUTAGES, ids=str)
def test_it_is_waited_out_once(reply: Reply) -> None:
    wire = Wire(reply)
    client = wire.client()
    read(client)
    waited = wire.time.total
    assert 200 < waited <= 300
    wire.time.now += 100  # its deadline has passed by now
    read(client, 20)
    assert wire.time.total - waited <= 20  # of what says that it is busy, a second each
    assert len(wire.requests) == 10 + 20


def test_another_call_waits_for_what_is_left_of_it_only() -> None:
    wire = Wire(GATEWAY)
    client = wire.client(retry=RetryPolicy(jitter=0.0, attempts=7))
    read(client)
    assert wire.time.total == 1 + 2 + 4 + 8 + 16 + 32
    read(client, 10)
    assert 200 < wire.time.total <= 300


def test_the_error_of_a_call_that_did_not_wait_says_so() -> None:
    wire = Wire(httpx.ConnectError("refused"))
    client = wire.client()
    read(client)
    wire.time.now += 100
    with pytest.raises(UnreachableError, match=r"in 1 attempt .*other calls have had none for 355 s, so it was not"):
        client.servers.read("is1a", "1")


@pytest.mark.parametrize("alive", [SERVER, failed(404, "not_found"), failed(409, "conflict")], ids=str)
def test_an_answer_of_the_api_ends_it(alive: httpx.Response) -> None:
    wire = Wire(*[GATEWAY] * 10, alive, GATEWAY)
    client = wire.client()
    read(client)
    wire.time.now += 100
    with suppress(ApiError):
        client.servers.read("is1a", "1")
    before = wire.time.total
    read(client)
    assert wire.time.total - before > 200


def test_what_is_about_one_call_is_no_outage() -> None:
    outage = Outage()
    for attempt in (
        Attempt(500),
        Attempt(503, "disk_stock_run_out"),
        Attempt(423, "locked"),
        Attempt(409, "conflict"),
        Attempt(404, from_api=False),
        Attempt(sent=False, hopeless=True),
    ):
        outage.note(attempt, 1000.0)
        assert outage.lasted(2000.0) == 0.0


def test_an_untrusted_certificate_does_not_end_it() -> None:
    outage = Outage()
    outage.note(Attempt(502, from_api=False), 1000.0)
    outage.note(Attempt(sent=False, hopeless=True), 1010.0)
    assert outage.lasted(1020.0) == 20.0
