"""A server from create to delete, against the emulator over real HTTP."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from typing import Any

import httpx
import pytest

from sakura_emulator.server import Running, running
from sakura_fleet.client import DiskConfig, Server
from sakura_fleet.errors import (
    ApiError,
    AuthenticationError,
    CredentialsError,
    FleetError,
    NotFoundError,
    OperationTimeoutError,
    WaitTimeoutError,
)
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.model.server.template import DiskTemplate
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from tests.local_http import HTTP
from tests.unit.resources.elb.support import die, somebody
from tests.unit.world import FLEET, FOREIGN, OTHER_ZONE, OWNER_TAGS, ZONE, World, server_inputs, world

LIFE = ServerLifecycle()
CROWD = 12


def create(world: World, **changes: Any) -> tuple[str, dict[str, Any]]:
    return LIFE.create(world.session, server_inputs(**changes))


def only_server(world: World, zone: str = ZONE) -> Server:
    (server,) = world.servers(zone)
    return server


def disk_config(world: World) -> dict[str, Any]:
    """What the cloud was told to write onto the first disk."""
    disk = world.emulator.cloud.store.get("disk", int(world.disks()[0].id))
    assert disk is not None
    return dict(disk["config"] or {})


# create


def test_a_created_server_is_up_and_as_declared(world: World) -> None:
    object_id, outputs = create(world, description="d")
    server = only_server(world)
    (disk,) = world.disks()
    assert (server.id, server.name, server.description, server.is_up) == (object_id, "web-001", "d", True)
    assert set(server.tags) == {"web", OWNER_TAGS.fleet, OWNER_TAGS.resource}
    assert (server.core, server.memory_gb, [nic.shared for nic in server.interfaces]) == (1, 2, [True])
    assert (disk.name, disk.size_gb, disk.plan, disk.server_id) == ("web-001-disk001", 20, "ssd", object_id)
    assert OwnerTags.from_tags(disk.tags) == OWNER_TAGS
    assert outputs == {
        **server_inputs(description="d"),
        "zone": ZONE,
        "address": server.ip_address,
        "disk_ids": [disk.id],
    }
    assert server.ip_address


@pytest.mark.parametrize(("slot", "zone"), [(0, ZONE), (1, OTHER_ZONE), (2, ZONE), (3.0, OTHER_ZONE)])
def test_the_slot_chooses_the_zone(world: World, slot: float, zone: str) -> None:
    _, outputs = create(world, slot=slot)
    assert (outputs["zone"], only_server(world, zone).zone) == (zone, zone)


def test_the_first_disk_is_prepared_and_scripts_get_the_servers_name(world: World) -> None:
    named = world.client.notes.create(name="a", content="#!/bin/sh\n# @sacloud-text SERVER_NAME\n")
    plain = world.client.notes.create(name="b", content="#!/bin/sh\n")
    create(
        world,
        password="hunter22-hunter22",
        startup_scripts=[
            {"note_id": named.id, "digest": "1", "uses_name": True},
            {"note_id": plain.id, "digest": "2", "uses_name": False},
        ],
    )
    config = disk_config(world)
    assert config["HostName"] == "web-001"
    assert config["Password"] == "***"  # kept like that by the emulator
    assert config["DisablePWAuth"] is True
    assert config["SSHKeys"] == [{"PublicKey": server_inputs()["edit_parameter"]["ssh_keys"][0]}]
    assert config["Notes"] == [
        {"ID": int(named.id), "Variables": {"SERVER_NAME": "web-001"}},
        {"ID": int(plain.id)},
    ]


def test_a_disabled_edit_parameter_leaves_the_disk_alone(world: World) -> None:
    create(world, edit_parameter={"disabled": True})
    assert disk_config(world) == {}


def test_a_server_on_a_switch_has_its_address_there(world: World) -> None:
    switch = world.client.switches.create(ZONE, name="back")
    nic = {
        "upstream": {ZONE: switch.id},
        "assign_cidr_block": "192.168.0.0/24",
        "default_route": "192.168.0.254",
    }
    _, outputs = create(world, network_interfaces=[nic])
    server = only_server(world)
    assert (server.interfaces[0].switch_id, outputs["address"]) == (switch.id, "192.168.0.1")
    assert disk_config(world)["UserIPAddress"] == "192.168.0.1"
    assert disk_config(world)["UserSubnet"] == {"DefaultRoute": "192.168.0.254", "NetworkMaskLen": 24}


def test_packet_filters_are_connected_zone_by_zone(world: World) -> None:
    rules = [PacketFilterRule(protocol="ip")]
    here = world.client.packet_filters.create(ZONE, name="pf", expressions=rules)
    create(world, packet_filters=[{ZONE: here.id, OTHER_ZONE: "113899999999"}])
    assert only_server(world).interfaces[0].packet_filter_id == here.id


@pytest.mark.parametrize("count", [0, 1, 3])
def test_disks_blank_and_copied(world: World, count: int) -> None:
    disks = [
        {"os_type": "almalinux", "source_archive": "", "plan": "ssd", "connection": "virtio", "size": 20},
        {"os_type": "", "source_archive": "", "plan": "hdd", "connection": "virtio", "size": 40},
        {"os_type": "", "source_archive": "", "plan": "ssd", "connection": "ide", "size": 100},
    ][:count]
    _, outputs = create(world, disks=disks)
    made = sorted(world.disks(), key=lambda disk: disk.name)
    assert [(disk.name, disk.plan, disk.size_gb, disk.connection) for disk in made] == [
        ("web-001-disk001", "ssd", 20, "virtio"),
        ("web-001-disk002", "hdd", 40, "virtio"),
        ("web-001-disk003", "ssd", 100, "ide"),
    ][:count]
    assert outputs["disk_ids"] == [disk.id for disk in made]
    assert [bool(disk.source_archive_id) for disk in made] == [True, False, False][:count]


def test_creating_waits_as_long_as_the_cloud_takes() -> None:
    with world(latency="seed") as slow:
        create(slow)
        assert only_server(slow).is_up
        assert 68 + 27 <= slow.pace.since(1000) <= 1.3 * (68 + 27)
        assert slow.calls("GET server") < 140  # polls become rarer


def test_a_boot_that_fails_hits_the_deadline_with_a_way_out(world: World) -> None:
    world.fault(kind="boot_failure", path="/power|^/disk$")
    with pytest.raises(
        WaitTimeoutError, match="timed out after 600 s waiting for server web-001 to be up; open"
    ) as caught:
        create(world)
    assert "console" in str(caught.value)
    assert "it goes on from here" in str(caught.value)
    assert world.pace.now == pytest.approx(1600, abs=1)
    assert 20 <= len([call for call in world.changes() if call.endswith("/power")]) <= 31  # ordered again and again
    world.emulator.cloud.faults.clear()
    create(world)
    assert (len(world.servers()), len(world.disks()), only_server(world).is_up) == (1, 1, True)


def test_the_cloud_boots_a_server_with_one_disk_by_itself(world: World) -> None:
    create(world)
    assert world.changes() == ["POST server", "POST disk"]
    assert only_server(world).is_up


def test_a_server_with_more_disks_is_switched_on_when_all_are_there() -> None:
    disks = [asdict(DiskTemplate(os_type="almalinux")), asdict(DiskTemplate(size=40))]
    with world(latency="seed") as slow:
        _, outputs = create(slow, disks=disks)
        power = f"PUT server/{only_server(slow).id}/power"
        first, *later = slow.changes()[2:]
        assert first == "POST disk"
        assert set(later) == {power}  # ordered again, as this cloud boots slowly
        assert len(outputs["disk_ids"]) == 2


def test_a_server_that_the_cloud_did_not_boot_by_itself_is_switched_on(world: World) -> None:
    world.fault(kind="boot_failure", method="POST", path="^/disk$")
    create(world)
    assert only_server(world).is_up
    assert [call.rpartition("/")[2] for call in world.changes()] == ["POST server", "POST disk", "power"]
    assert 20 <= world.pace.since(1000) <= 30


def test_many_servers_at_once_take_two_calls_each_and_few_to_observe_all() -> None:
    owner_tags = [OwnerTags.of(FLEET, f"web-{number:03}") for number in range(CROWD)]
    inputs = [server_inputs(name=f"web-{n:03}", owner_tags=dict(tags.inputs())) for n, tags in enumerate(owner_tags)]
    # Real time, quick enough, as a clock that moves with every sleep cannot be shared by threads.
    with (
        running(latency="baseline", time_scale=100) as emulator,
        closing(Session(SessionSettings(api_root=emulator.api_root, rate_limit=0), env={})) as session,
        ThreadPoolExecutor(CROWD) as pool,
    ):
        made = list(pool.map(lambda wanted: ServerLifecycle().create(session, wanted), inputs))
        calls = Counter(f"{request['method']} {request['path']}" for request in log(emulator))
        assert (calls["POST /server"], calls["POST /disk"]) == (CROWD, CROWD)
        reads = {call: count for call, count in calls.items() if not call.startswith("POST")}
        assert reads.keys() == {"GET /auth-status", "GET /archive", "GET /server", "GET /disk"}
        assert reads["GET /archive"] == reads["GET /auth-status"] == 1
        assert reads["GET /disk"] < CROWD
        before = len(log(emulator))
        list(pool.map(lambda server: ServerLifecycle().delete(session, *server), made))
        gone = Counter(request["method"] for request in log(emulator)[before:])
        assert gone["DELETE"] == 2 * CROWD  # off, and away with the disk
        reads = Counter(request["path"] for request in log(emulator)[before:] if request["method"] == "GET")
        assert reads.keys() == {"/server", "/commonserviceitem"}
        assert reads["/commonserviceitem"] < CROWD, "one find of the ELBs for many"


def test_a_disk_that_could_not_be_prepared_is_named_and_made_again() -> None:
    with world(latency="baseline") as slow:
        slow.wire.answer = with_config_error
        with pytest.raises(FleetError, match=r"disk \d+ of server web-001 .* invalid: no such key; correct"):
            create(slow)
        assert not only_server(slow).is_up  # else the next run would take it for a finished one
        made_again(slow, slow.disks()[0].id)


def test_a_run_that_died_before_it_could_switch_off_a_server_with_an_unprepared_disk(world: World) -> None:
    create(world)
    failed = world.disks()[0].id
    made_again(world, failed)


def made_again(world: World, failed: str) -> None:
    """The next run sees that the disk could not be prepared, and replaces that disk alone."""
    world.wire.answer = lambda call, response: with_config_error(call, response, failed)
    _, outputs = LIFE.create(world.next_run(), server_inputs())
    assert failed not in outputs["disk_ids"]
    assert [disk.id for disk in world.disks()] == outputs["disk_ids"]
    assert only_server(world).is_up


def with_config_error(call: str, response: httpx.Response, only: str = "") -> httpx.Response:
    """The answer, with what a disk says whose parameters the cloud could not write."""
    if call != "GET disk":
        return response
    body = json.loads(response.read())
    for disk in body["Disks"]:
        if only in ("", str(disk["ID"])):
            disk["JobStatus"] = {"ConfigError": {"ErrorCode": "invalid", "ErrorMsg": "no such key", "Status": "400"}}
    return httpx.Response(response.status_code, json=body)


def log(emulator: Running) -> list[dict[str, Any]]:
    """What the emulator was asked, oldest first."""
    answer = HTTP.get(f"{emulator.url}/_emulator/log?since=0").raise_for_status().json()
    return list(answer["requests"])


@pytest.mark.slow
def test_a_disk_that_never_ends_hits_the_deadline() -> None:
    with world(latency="seed") as slow:
        slow.fault(kind="stuck_disk", method="POST", path="^/disk$")
        with pytest.raises(
            WaitTimeoutError, match=r"after 3600 s waiting for the disks of server web-001 .* to be copied; run"
        ):
            create(slow)


# read


def test_read_gives_back_what_was_created(world: World) -> None:
    object_id, outputs = create(world)
    found = LIFE.read(world.session, object_id, outputs)
    assert found is not None
    assert (found.id, found.outputs) == (object_id, outputs)
    assert LIFE.diff(found.outputs, server_inputs()) == Diff()
    assert {key: found.inputs[key] for key in server_inputs()} == server_inputs()


def test_a_server_that_is_gone_is_reported_gone(world: World) -> None:
    object_id, outputs = create(world)
    world.client.servers.power_off(ZONE, object_id, force=True)
    world.client.servers.delete(ZONE, object_id)
    assert LIFE.read(world.next_run(), object_id, outputs) is None


def test_a_server_under_a_new_id_is_followed_by_its_owner_tags(world: World) -> None:
    object_id, outputs = create(world)
    other = world.client.servers.create(
        ZONE, name="replanned", core=2, memory_gb=4, tags=OWNER_TAGS.tag(["web"]), nics=["shared"]
    )
    world.client.servers.power_off(ZONE, object_id, force=True)
    world.client.servers.delete(ZONE, object_id)
    found = LIFE.read(world.next_run(), object_id, outputs)
    assert found is not None
    assert (found.id, found.outputs["plan"]["core"]) == (other.id, 2)


def rename(world: World, server: Server) -> None:
    world.client.servers.update(
        ZONE, server.id, name="renamed", description="", tags=server.tags, icon_id=server.icon_id
    )


def retag(world: World, server: Server) -> None:
    tags = [*server.tags, "by-hand"]
    world.client.servers.update(ZONE, server.id, name=server.name, description="", tags=tags, icon_id=None)


def describe(world: World, server: Server) -> None:
    world.client.servers.update(ZONE, server.id, name=server.name, description="x", tags=server.tags, icon_id=None)


def lose_owner_tags(world: World, server: Server) -> None:
    world.client.servers.update(ZONE, server.id, name=server.name, description="", tags=["web"], icon_id=None)


def switch_off(world: World, server: Server) -> None:
    world.client.servers.power_off(ZONE, server.id, force=True)


def filter_packets(world: World, server: Server) -> None:
    made = world.client.packet_filters.create(ZONE, name="pf", expressions=[])
    world.client.interfaces.connect_packet_filter(ZONE, server.interfaces[0].id, made.id)


def take_disk(world: World, server: Server) -> None:
    switch_off(world, server)
    world.client.disks.disconnect(ZONE, server.disks[0].id)
    world.client.servers.power_on(ZONE, server.id)


def leave_network(world: World, server: Server) -> None:
    switch_off(world, server)
    world.client.interfaces.disconnect_switch(ZONE, server.interfaces[0].id)
    world.client.servers.power_on(ZONE, server.id)


@pytest.mark.parametrize(
    ("drift", "changed", "replaces"),
    [
        (rename, "name", False),
        (retag, "tags", False),
        (describe, "description", False),
        (lose_owner_tags, "owner_tags", False),
        (switch_off, "power", False),
        (filter_packets, "packet_filters", False),
        (take_disk, "disks", True),
        (leave_network, "network_interfaces", True),
    ],
)
def test_drift_is_named_by_its_property(world: World, drift: Any, changed: str, replaces: bool) -> None:
    object_id, outputs = create(world)
    drift(world, only_server(world))
    found = LIFE.read(world.next_run(), object_id, outputs)
    assert found is not None
    assert LIFE.diff(found.outputs, server_inputs()) == Diff((changed,), (changed,) if replaces else ())
    assert found.inputs[changed] != server_inputs()[changed]


def test_a_disk_that_others_connected_is_no_drift(world: World) -> None:
    object_id, outputs = create(world)
    connect_foreign_disk(world, object_id)
    found = LIFE.read(world.next_run(), object_id, outputs)
    assert found is not None
    assert LIFE.diff(found.outputs, server_inputs()) == Diff()
    assert found.outputs["disk_ids"] == outputs["disk_ids"]


# update


@pytest.mark.parametrize("drift", [rename, retag, describe, lose_owner_tags, switch_off, filter_packets])
def test_an_update_undoes_drift(world: World, drift: Any) -> None:
    object_id, outputs = create(world)
    drift(world, only_server(world))
    session = world.next_run()
    found = LIFE.read(session, object_id, outputs)
    assert found is not None
    assert LIFE.update(session, object_id, found.outputs, server_inputs()) == outputs
    again = LIFE.read(world.next_run(), object_id, outputs)
    assert again is not None
    assert LIFE.diff(again.outputs, server_inputs()) == Diff()


def test_an_update_changes_labels_and_filters_in_place_and_returns_all_outputs(world: World) -> None:
    icon = world.client.icons.find()[0].id
    made = world.client.packet_filters.create(ZONE, name="pf", expressions=[])
    object_id, outputs = create(world)
    news = server_inputs(name="renamed", description="new", tags=["x"], icon_id=icon, packet_filters=[made.id])
    updated = LIFE.update(world.session, object_id, outputs, news)
    assert updated == {**news, **{key: outputs[key] for key in ("zone", "address", "disk_ids")}}
    server = only_server(world)
    assert (server.id, server.name, server.description, server.icon_id) == (object_id, "renamed", "new", icon)
    assert set(server.tags) == {"x", OWNER_TAGS.fleet, OWNER_TAGS.resource}
    assert server.interfaces[0].packet_filter_id == made.id
    assert server.is_up


def test_an_update_that_changes_nothing_writes_nothing(world: World) -> None:
    object_id, outputs = create(world)
    before = world.changes()
    LIFE.update(world.session, object_id, outputs, server_inputs(shutdown_force=True))
    assert world.changes() == before


# delete


def connect_foreign_disk(world: World, server_id: str) -> str:
    disk = world.client.disks.create(ZONE, name="theirs", size_gb=20, plan="ssd")
    world.client.servers.power_off(ZONE, server_id, force=True)
    world.client.disks.connect(ZONE, disk.id, server_id)
    world.client.servers.power_on(ZONE, server_id)
    return disk.id


def test_delete_leaves_nothing(world: World) -> None:
    object_id, outputs = create(world)
    LIFE.delete(world.session, object_id, outputs)
    assert (world.servers(), world.disks(), world.count("interface")) == ([], [], 0)


@pytest.mark.parametrize(("seconds", "reads"), [(0.5, []), (1.5, ["GET server"])])
def test_those_who_leave_at_once_are_observed_together(world: World, seconds: float, reads: list[str]) -> None:
    object_id, outputs = create(world)
    world.session.servers(ZONE, OWNER_TAGS.fleet, since=world.pace.now)
    world.pace.sleep(seconds)
    before = len(world.wire.calls)
    LIFE.delete(world.session, object_id, outputs)
    away = [f"DELETE server/{object_id}/power", "GET server", f"DELETE server/{object_id}"]
    assert world.wire.calls[before:] == [*reads, "GET commonserviceitem", *away]


def test_a_server_that_went_up_since_the_last_observation_is_deleted_all_the_same(world: World) -> None:
    object_id, outputs = create(world)
    world.client.servers.power_off(ZONE, object_id, force=True)
    world.session.servers(ZONE, OWNER_TAGS.fleet, since=world.pace.now)
    world.client.servers.power_on(ZONE, object_id)
    LIFE.delete(world.session, object_id, outputs)
    assert (world.servers(), world.disks()) == ([], [])


def test_deleting_twice_is_a_success(world: World) -> None:
    object_id, outputs = create(world)
    LIFE.delete(world.session, object_id, outputs)
    LIFE.delete(world.next_run(), object_id, outputs)
    assert world.servers() == []


def test_a_disk_that_others_connected_is_kept(world: World) -> None:
    object_id, outputs = create(world)
    theirs = connect_foreign_disk(world, object_id)
    LIFE.delete(world.session, object_id, outputs)
    assert [(disk.id, disk.server_id) for disk in world.disks()] == [(theirs, None)]


def test_own_disks_go_too_when_the_server_is_gone_already(world: World) -> None:
    object_id, outputs = create(world)
    world.client.servers.power_off(ZONE, object_id, force=True)
    world.client.servers.delete(ZONE, object_id)
    assert len(world.disks()) == 1
    LIFE.delete(world.next_run(), object_id, outputs)
    assert world.disks() == []


def test_an_own_disk_that_was_given_away_is_kept(world: World) -> None:
    object_id, outputs = create(world)
    (disk,) = world.disks()
    world.client.servers.power_off(ZONE, object_id, force=True)
    world.client.disks.disconnect(ZONE, disk.id)
    world.client.disks.update(ZONE, disk.id, name="kept", description="", tags=[])
    LIFE.delete(world.next_run(), object_id, outputs)
    assert [kept.name for kept in world.disks()] == ["kept"]


def test_a_guest_gets_its_time_to_shut_down() -> None:
    with world(latency="seed") as slow:
        object_id, outputs = create(slow)
        before = slow.pace.now
        LIFE.delete(slow.session, object_id, outputs)
        assert slow.servers() == []
        assert 15 <= slow.pace.since(before) <= 25


def test_a_guest_that_does_not_shut_down_loses_its_power() -> None:
    with world(latency="seed") as slow:
        object_id, outputs = create(slow)
        slow.fault(kind="ignored_shutdown", method="DELETE", path="/power")
        before = slow.pace.now
        LIFE.delete(slow.session, object_id, outputs)
        assert slow.servers() == []
        assert 180 <= slow.pace.since(before) <= 200


def test_a_custom_timeout_does_not_cut_the_power_of_a_guest_sooner() -> None:
    with world(latency="seed") as slow:
        object_id, outputs = create(slow)
        slow.fault(kind="ignored_shutdown", method="DELETE", path="/power")
        with (
            slow.session.waiter.within(60.0),
            pytest.raises(OperationTimeoutError, match=r"server web-001 .* to be down"),
        ):
            LIFE.delete(slow.session, object_id, outputs)
        (server,) = slow.servers()
        assert server.is_up


def test_a_forced_shutdown_does_not_ask_the_guest() -> None:
    with world(latency="seed") as slow:
        object_id, outputs = create(slow, shutdown_force=True)
        slow.fault(kind="ignored_shutdown", method="DELETE", path="/power")
        before = slow.pace.now
        LIFE.delete(slow.session, object_id, outputs)
        assert slow.servers() == []
        assert slow.pace.since(before) <= 10


def test_a_server_that_is_just_booting_can_be_deleted() -> None:
    with world(latency="seed") as slow:
        object_id, outputs = create(slow)
        slow.client.servers.power_off(ZONE, object_id, force=True)
        slow.pace.sleep(60)
        slow.client.servers.power_on(ZONE, object_id)  # not up yet
        LIFE.delete(slow.next_run(), object_id, outputs)
        assert (slow.servers(), slow.disks()) == ([], [])


# adopt


def made_elsewhere(world: World, **changes: Any) -> Server:
    disk = world.client.disks.create(
        ZONE,
        name="d",
        size_gb=20,
        plan="ssd",
        source_archive_id=world.client.archives.find_by_os_type(ZONE, "almalinux").id,
        config=DiskConfig(host_name="old"),
    )
    server = world.client.servers.create(
        ZONE, **{"name": "old", "core": 1, "memory_gb": 2, "tags": ["theirs"], "nics": ["shared"], **changes}
    )
    world.client.disks.connect(ZONE, disk.id, server.id)
    return server


def test_a_server_made_elsewhere_is_adopted_by_its_id(world: World) -> None:
    server = made_elsewhere(world)
    object_id, outputs = create(world, adopt=server.id)
    adopted = only_server(world)
    assert (object_id, adopted.name, adopted.is_up) == (server.id, "web-001", True)
    assert OwnerTags.from_tags(adopted.tags) == OWNER_TAGS
    assert outputs["disk_ids"] == [disk.id for disk in adopted.disks]
    assert LIFE.create(world.next_run(), server_inputs(adopt=server.id)) == (object_id, outputs)  # after a crash


def test_an_adopted_server_gets_its_packet_filters(world: World) -> None:
    made = world.client.packet_filters.create(ZONE, name="pf", expressions=[])
    create(world, adopt=made_elsewhere(world).id, packet_filters=[made.id])
    assert only_server(world).interfaces[0].packet_filter_id == made.id


def refused(world: World, olds: dict[str, Any] | None = None, **changes: Any) -> str:
    """The one problem that a preview shows."""
    (problem,) = LIFE.check(world.next_run(), olds or {}, server_inputs(**changes)).problems
    return f"{problem.path}: {problem.message} [{problem.rule}]"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plan": {"core": 2, "memory": 4}}, "has 1 cores and 2 GB instead of 2 cores and 4 GB"),
        ({"disks": []}, "has a disk of 20 GB (virtio) instead of no disk"),
        ({"disks": [{"size": 40, "connection": "virtio"}]}, "instead of a disk of 40 GB (virtio)"),
        ({"disks": [{"size": 20, "connection": "ide"}]}, "instead of a disk of 20 GB (ide)"),
        ({"interface_driver": "e1000"}, "has the interface driver virtio instead of e1000"),
        ({"network_interfaces": []}, "has 1 network interfaces instead of 0"),
        ({"network_interfaces": [{"upstream": "113800000001"}]}, "has interface 0 on shared instead of 113800000001"),
    ],
)
def test_a_server_that_would_have_to_be_another_is_not_adopted(
    world: World, changes: dict[str, Any], message: str
) -> None:
    server = made_elsewhere(world)
    assert message in refused(world, adopt=server.id, **changes)
    with pytest.raises(FleetError, match=re.escape(message)):
        create(world, adopt=server.id, **changes)
    assert (only_server(world).name, only_server(world).tags) == ("old", ("theirs",))


def test_an_adopted_server_keeps_the_address_that_is_noted_down_for_it(world: World) -> None:
    switch = world.client.switches.create(ZONE, name="back")
    server = made_elsewhere(world, nics=[switch.id])
    nic = {"upstream": switch.id, "assign_cidr_block": "192.168.0.0/24", "default_route": "192.168.0.254"}
    message = "has no address noted at interface 0, so what its guest uses there is not known: note it down"
    assert message in refused(world, adopt=server.id, network_interfaces=[nic])
    world.client.interfaces.set_user_ip(ZONE, server.interfaces[0].id, "192.168.0.7")
    _, outputs = create(world, adopt=server.id, network_interfaces=[nic])
    assert (outputs["address"], outputs["addresses"]) == ("192.168.0.7", ["192.168.0.7"])


def test_a_plan_that_the_zone_no_longer_offers_can_be_adopted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    server = made_elsewhere(world)
    monkeypatch.setattr(Session, "has_plan", lambda *_: False)
    monkeypatch.setattr(Session, "disk_sizes", lambda *_: ())
    inputs = server_inputs(adopt=server.id)
    assert LIFE.check(world.session, {}, inputs).problems == []
    assert LIFE.check(world.session, inputs, server_inputs()).problems == []
    assert LIFE.check(world.session, {}, server_inputs()).problems != []


@pytest.mark.parametrize(
    ("owner_tags", "message"),
    [
        (FOREIGN, "belongs to another fleet"),
        (OwnerTags(OWNER_TAGS.fleet, FOREIGN.resource), "is another resource of this fleet already"),
    ],
)
def test_a_server_that_somebody_owns_is_not_adopted(world: World, owner_tags: OwnerTags, message: str) -> None:
    server = made_elsewhere(world, tags=owner_tags.tag(()))
    assert message in refused(world, adopt=server.id)
    with pytest.raises(FleetError, match=message):
        create(world, adopt=server.id)
    assert OwnerTags.from_tags(only_server(world).tags) == owner_tags


def test_an_error_of_the_api_is_no_refusal_to_adopt(world: World) -> None:
    inputs = server_inputs(adopt=made_elsewhere(world, tags=FOREIGN.tag(())).id)
    (problem,) = LIFE.check(world.session, {}, inputs).problems
    assert (problem.path, problem.rule) == ("adopt", "not-owned")
    with pytest.raises(CredentialsError, match="no API key"):
        LIFE.check(Session(SessionSettings(api_root="https://127.0.0.1:1/cloud/zone"), env={}), {}, inputs)
    world.wire.answer = lambda _call, _answer: httpx.Response(401, json={})
    with pytest.raises(AuthenticationError):
        LIFE.check(world.next_run(), {}, inputs)


def test_one_resource_does_not_adopt_two_servers(world: World) -> None:
    create(world, adopt=made_elsewhere(world).id)
    second = made_elsewhere(world)
    assert "already is this resource" in refused(world, adopt=second.id)
    with pytest.raises(FleetError, match="already is this resource"):
        create(world, adopt=second.id)


def test_adopting_an_unknown_id_says_so(world: World) -> None:
    message = "there is no server 113899999999 in is1b, is1c; check ID and zones"
    assert message in refused(world, adopt="113899999999")
    with pytest.raises(FleetError, match=f"adopt: {message}"):
        create(world, adopt="113899999999")
    assert world.changes() == []


def test_after_a_crash_and_another_plan_the_adopted_server_is_known_by_its_owner_tags(world: World) -> None:
    server = made_elsewhere(world)
    create(world, adopt=server.id)
    api = somebody(world.emulator.url).at(ZONE)
    api.call("DELETE", f"server/{server.id}/power", {"Force": True})
    moved = api.call("PUT", f"server/{server.id}/plan", {"CPU": 2, "MemoryMB": 4096})["Server"]["ID"]
    inputs = server_inputs(adopt=server.id, plan={"core": 2, "memory": 4, "dedicated_cpu": False})
    assert LIFE.create(world.next_run(), inputs)[0] == str(moved)


def test_what_adopting_does_to_a_server(world: World) -> None:
    made_elsewhere(world)
    server = only_server(world)
    world.client.servers.power_on(ZONE, server.id)
    before = only_server(world)
    calls = len(world.changes())
    create(world, adopt=server.id)
    assert world.changes()[calls:] == [f"PUT server/{server.id}"]
    after = only_server(world)
    assert (after.disks, after.interfaces, after.core) == (before.disks, before.interfaces, before.core)
    assert after.tags == tuple(OWNER_TAGS.tag(["web"]))


def test_adopting_that_dies_at_any_call_is_finished_by_the_next_run(world: World) -> None:
    for at in range(1, 30):
        world.emulator.cloud.reset()
        world.emulator.cloud.clock.freeze()
        rules = world.client.packet_filters.create(ZONE, name="pf", expressions=[])
        server = made_elsewhere(world)
        disks = [disk.id for disk in only_server(world).disks]
        inputs = server_inputs(adopt=server.id, packet_filters=[rules.id])
        died = die(world, at, LIFE.create, world.next_run(), inputs)
        object_id, outputs = LIFE.create(world.next_run(), inputs)
        adopted = only_server(world)
        assert (object_id, outputs["disk_ids"], adopted.is_up) == (server.id, disks, True)
        assert (OwnerTags.from_tags(adopted.tags), adopted.interfaces[0].packet_filter_id) == (OWNER_TAGS, rules.id)
        assert [disk.id for disk in world.disks()] == disks
        if not died:
            return
    raise AssertionError("it never came to its end")


def test_a_preview_says_what_adopting_will_do(world: World) -> None:
    server = made_elsewhere(world, description="old one")
    (said,) = LIFE.check(world.session, {}, server_inputs(adopt=server.id, packet_filters=[Unknown()])).notices
    assert f"server old ({server.id} in {ZONE}) is taken over, not made: name old -> web-001" in said
    assert "description old one -> none" in said
    assert f"tag +{OWNER_TAGS.fleet}, tag +{OWNER_TAGS.resource}, tag +web, tag -theirs" in said
    assert "packet filter of interface 0 none -> the group's, switched on" in said
    create(world, adopt=server.id)
    (said,) = LIFE.check(world.next_run(), {}, server_inputs(adopt=server.id)).notices
    assert "nothing changes" in said


def test_the_line_may_stay_and_go_but_not_outlive_the_server(world: World) -> None:
    server = made_elsewhere(world)
    adopting = server_inputs(adopt=server.id)
    object_id, outputs = create(world, adopt=server.id)
    assert LIFE.diff(outputs, server_inputs()) == Diff()
    assert LIFE.check(world.session, adopting, server_inputs(adopt=server.id, name="web-9")).problems == []
    wider = server_inputs(adopt=server.id, zones=["tk1a", ZONE, OTHER_ZONE])
    assert LIFE.check(world.session, adopting, wider).problems == []
    moved = refused(world, adopting, adopt=server.id, zones=[OTHER_ZONE])
    assert "a changed zones needs a new one: remove `adopt` [adopt-done]" in moved
    LIFE.delete(world.session, object_id, outputs)
    assert "remove `adopt` where it was taken over before and is gone since" in refused(world, adopt=server.id)
    assert (world.servers(), world.disks()) == ([], [])


def test_an_adopted_server_that_is_off_keeps_its_disks(world: World) -> None:
    server = made_elsewhere(world)
    create(world, adopt=server.id)
    disks = [disk.id for disk in only_server(world).disks]
    world.client.servers.power_off(ZONE, server.id, force=True)
    object_id, outputs = LIFE.create(world.next_run(), server_inputs())  # the run had crashed, and the line is gone
    assert (object_id, outputs["disk_ids"]) == (server.id, disks)
    assert [disk.id for disk in world.disks()] == disks


# errors


def test_an_update_of_a_server_that_is_gone_fails_with_the_apis_words(world: World) -> None:
    object_id, outputs = create(world)
    LIFE.delete(world.session, object_id, outputs)
    with pytest.raises(NotFoundError, match=object_id):
        LIFE.update(world.session, object_id, outputs, server_inputs(name="x"))


def test_what_the_api_refuses_is_raised_with_its_status(world: World) -> None:
    with pytest.raises(ApiError) as caught:
        create(world, plan={"core": 3, "memory": 999, "dedicated_cpu": False})
    assert caught.value.status == 400
    assert world.servers() == []


def test_the_default_disk_is_the_seeds() -> None:
    assert server_inputs()["disks"] == [
        {"os_type": "almalinux", "source_archive": "", "plan": "ssd", "connection": "virtio", "size": 20}
    ]
    assert DiskTemplate().size == 20
