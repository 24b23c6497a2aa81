"""Measuring against the emulator: by prefix and by owner tag, with gaps, booting servers and a health that knows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from sakura_emulator.clock import JST
from sakura_emulator.server import Running
from sakura_fleet.client import Client, Credentials, ElbHealth, ElbServerHealth, RetryPolicy
from sakura_fleet.errors import FleetError, UnavailableError
from sakura_fleet.model.scaling import ScalingArgs
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.scaler.decision import decide
from sakura_fleet.scaler.memory import ScalingMemory
from sakura_fleet.scaler.metrics import fetch_by_prefix, fetch_group
from sakura_fleet.scaler.reasons import Action
from sakura_fleet.scaler.situation import GroupSettings, Situation
from tests.unit.scaler.farm import FLEET, Farm
from tests.waiting import PATIENCE

GROUP = ServerGroupArgs(name="web", zones=("is1b", "is1c"), size=2, min_size=2, max_size=5)


@pytest.fixture
def farm(emulator: Running, client: Client) -> Farm:
    return Farm(emulator, client)


def test_by_prefix(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.3)
    farm.load("web-002", 0.5)
    for name in ("web-002", "web-001", "old-web-001", "db"):
        farm.server(name)
    farm.advance(1500)
    usage = fetch_by_prefix(client, ["web-"], ["is1b", "is1c"], samples=2, now=farm.now)
    assert {(server.name, server.avg) for server in usage.servers} == {("web-001", 30.0), ("web-002", 50.0)}
    assert all(len(server.points) == 2 and server.zone == "is1b" and server.is_on for server in usage.servers)
    assert not usage.whole
    assert usage.stamp == usage.clock == farm.now.replace(second=0, microsecond=0) - farm.past_step()


def test_cores_divide(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.3)
    farm.server("web-001", core=2, memory_gb=4)
    farm.advance(900)
    (server,) = fetch_by_prefix(client, ["web-"], ["is1b"], now=farm.now).servers
    assert (server.cores, server.points[0].cpu_time, server.avg) == (2, 0.6, 30.0)


def test_order_is_by_prefix_and_zone_and_two_prefixes_count_twice(farm: Farm, client: Client) -> None:
    farm.server("web-002", zone="is1c")
    farm.server("web-001")
    usage = fetch_by_prefix(client, ["web-00", "web-"], ["is1c", "is1b"], now=farm.now)
    assert [server.name for server in usage.servers] == ["web-002", "web-001"] * 2


def test_gaps_are_passed_over_and_a_young_server_has_no_samples(farm: Farm, client: Client) -> None:
    farm.server("web-001")
    farm.samples("web-", [0.9, 0.1, None, 0.3, None])  # it boots within the first five minutes
    farm.advance(1500)
    farm.server("web-002")
    usage = fetch_by_prefix(client, ["web-"], ["is1b"], samples=3, now=farm.now)
    assert [[point.cpu_time for point in server.points] for server in usage.servers] == [[0.1, 0.3], []]
    assert [server.avg for server in usage.servers] == [20.0, None]


def test_without_now_the_clouds_own_clock_counts(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.3)
    farm.server("web-001")
    farm.advance(90 * 86_400)
    assert fetch_by_prefix(client, ["web-"], ["is1b"], now=datetime.now(JST)).servers[0].points == ()
    for samples in (1, 12, 40):
        (server,) = fetch_by_prefix(client, ["web-"], ["is1b"], samples=samples).servers
        assert len(server.points) == samples
        assert farm.now - server.points[-1].time < timedelta(minutes=10)


def test_a_failure_is_no_half_result(farm: Farm, emulator: Running) -> None:
    for number in range(5):
        farm.server(f"web-{number:03}")
    farm.fault(kind="status", status=503, path="/monitor$", nth=[3, 4, 5, 6, 7, 8, 9])
    quick = RetryPolicy(attempts=2, wait_min=0.01)
    with (
        Client(emulator.api_root, Credentials("t", "s"), rate_limit=0, retry=quick) as client,
        pytest.raises(UnavailableError),
    ):
        fetch_by_prefix(client, ["web-"], ["is1b"], now=farm.now)


def test_servers_are_asked_at_the_same_time(farm: Farm, emulator: Running) -> None:
    for number in range(4):
        farm.server(f"web-{number:03}")
    together = threading.Barrier(4, timeout=PATIENCE)
    wire = Wire(lambda path: together.wait() if path.endswith("/monitor") else None)
    with Client(emulator.api_root, Credentials("t", "s"), rate_limit=0, transport=wire) as client:
        assert len(fetch_by_prefix(client, ["web-"], ["is1b"], now=farm.now).servers) == 4


def test_a_server_that_goes_meanwhile_is_left_out(farm: Farm, client: Client, emulator: Running) -> None:
    farm.server("web-001")
    gone = farm.server("web-002")
    farm.off(gone)

    def on_request(path: str) -> None:
        if path.endswith(f"{gone.id}/monitor"):
            client.servers.delete("is1b", gone.id)

    with Client(emulator.api_root, Credentials("t", "s"), rate_limit=0, transport=Wire(on_request)) as other:
        usage = fetch_by_prefix(other, ["web-"], ["is1b"], now=farm.now)
    assert [server.name for server in usage.servers] == ["web-001"]


class Wire(httpx.BaseTransport):
    """Real HTTP; somebody is told of every request before it leaves."""

    def __init__(self, on_request: Callable[[str], Any]) -> None:
        self._on_request = on_request
        self._http = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._on_request(request.url.path)
        return self._http.handle_request(request)

    def close(self) -> None:
        self._http.close()


# A group's own servers


def test_a_groups_own_servers_by_owner_tag(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.3)
    farm.member("web-002", zone="is1c")
    farm.member("web-001")
    farm.member("www")  # of the fleet, not of the group
    farm.server("web-003")  # a stranger's
    farm.member("web-004", fleet="somebody-elses")
    farm.advance(1800)
    usage = fetch_group(client, FLEET, GROUP, now=farm.now)
    assert [(server.name, server.zone, server.avg, server.booting) for server in usage.servers] == [
        ("web-001", "is1b", 30.0, False),
        ("web-002", "is1c", 30.0, False),
    ]
    assert usage.whole


def test_owner_tags_from_the_state_decide_where_they_are_known(farm: Farm, client: Client) -> None:
    own = farm.member("any-name")
    farm.member("web-001")
    owner_tags = OwnerTags.from_tags(own.tags)
    assert owner_tags is not None
    usage = fetch_group(client, FLEET, GROUP, now=farm.now, owner_tags=[owner_tags.resource])
    assert [server.name for server in usage.servers] == ["any-name"]
    assert fetch_group(client, FLEET, GROUP, now=farm.now, owner_tags=[]).servers == ()


def test_a_zone_that_left_the_list_is_read_when_it_is_named(farm: Farm, client: Client) -> None:
    farm.member("web-001", zone="tk1b")
    assert fetch_group(client, FLEET, GROUP, now=farm.now).servers == ()
    assert len(fetch_group(client, FLEET, GROUP, now=farm.now, zones=["is1b", "tk1b"]).servers) == 1


def test_booting_then_serving_then_dead(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.3)
    server = farm.member("web-001", power=False)

    def seen() -> tuple[bool, bool, bool]:
        (found,) = fetch_group(client, FLEET, GROUP, now=farm.now, cloud_clock=True).servers
        return found.booting, found.failed, found.avg is not None

    assert seen() == (True, False, False)
    client.servers.power_on("is1b", server.id)
    assert seen() == (True, False, False), "on, but not measured yet"
    farm.advance(700)
    assert seen() == (False, False, True)
    farm.off(server)
    assert seen() == (True, False, True), "young and off: it may be a restart"
    farm.advance(900)
    assert seen()[:2] == (False, True)


def test_an_emulators_clock_that_is_far_ahead_tells_the_age(farm: Farm, client: Client) -> None:
    farm.advance(90 * 86_400)
    farm.member("web-001", power=False)
    for age, booting in ((0, True), (1500, False)):
        farm.advance(age)
        (server,) = fetch_group(client, FLEET, GROUP, now=datetime.now(JST), cloud_clock=True).servers
        assert (server.booting, server.failed) == (booting, not booting)


def health(*entries: tuple[str, bool]) -> ElbHealth:
    servers = tuple(ElbServerHealth(address, 80, up, 0, 0) for address, up in entries)
    return ElbHealth(0, 0, None, servers)


def test_the_load_balancers_word(farm: Farm, client: Client) -> None:
    first, second, third = (farm.member(f"web-00{number}") for number in (1, 2, 3))
    farm.advance(3600)
    told = health(
        (str(first.ip_address), True), (str(second.ip_address), True), (str(second.ip_address), False)
    )  # two ports
    usage = fetch_group(client, FLEET, GROUP, now=farm.now, health=told)
    assert [server.healthy for server in usage.servers] == [True, False, None]
    assert [server.failed for server in usage.servers] == [False, True, False], "not listed is not DOWN"
    assert third.name == "web-003"
    for nothing in (health(), None):
        usage = fetch_group(client, FLEET, GROUP, now=farm.now, health=nothing)
        assert [server.healthy for server in usage.servers] == [None, None, None]


def test_a_young_server_that_is_up_for_the_load_balancer_has_booted(farm: Farm, client: Client) -> None:
    server = farm.member("web-001")
    for up, booting in ((True, False), (False, True)):
        told = health((str(server.ip_address), up))
        (found,) = fetch_group(client, FLEET, GROUP, now=farm.now, health=told).servers
        assert (found.booting, found.failed) == (booting, False)


def test_from_load_to_decision(farm: Farm, client: Client) -> None:
    farm.load("web-", 0.6)
    for number in (1, 2):
        farm.member(f"web-00{number}")
    farm.advance(1800)
    limits = GroupSettings.of(GROUP, ScalingArgs())
    decision = decide(Situation(limits, ScalingMemory(), fetch_group(client, FLEET, GROUP, now=farm.now), farm.now))
    assert (decision.action, decision.size, decision.metric.rounded) == (Action.UP, 3, 60)
    farm.load("web-", 0.05)
    farm.advance(900)
    decision = decide(Situation(limits, ScalingMemory(), fetch_group(client, FLEET, GROUP, now=farm.now), farm.now))
    assert (decision.action, decision.metric.rounded) == (Action.NONE, 5)


def test_an_api_that_is_down_is_an_error_and_not_an_empty_group() -> None:
    quick = RetryPolicy(attempts=1)
    root = "http://127.0.0.1:9/cloud/zone"
    with Client(root, Credentials("t", "s"), retry=quick) as client, pytest.raises(FleetError):
        fetch_group(client, FLEET, GROUP, now=datetime.now(JST))


def test_a_second_server_of_a_member_is_none_itself(farm: Farm, client: Client) -> None:
    twin = farm.member("web-001", power=False)
    member = farm.member("web-001")
    farm.advance(900)
    tags = {OwnerTags.of(FLEET, "urn:web-001").resource}
    for owner_tags in (None, tags):
        usage = fetch_group(client, FLEET, GROUP, now=farm.now, owner_tags=owner_tags)
        assert [server.id for server in usage.servers] == [member.id]
    assert twin.id < member.id
