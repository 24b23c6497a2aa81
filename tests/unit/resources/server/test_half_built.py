"""Creating again after a crash at any point, and answers that got lost: nothing is made twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sakura_fleet.client import Server
from sakura_fleet.errors import CancelledError, ConflictError, FleetError, OwnershipError, UnreachableError
from sakura_fleet.inventory.owned import everything
from sakura_fleet.inventory.removal import remove
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.session import RECENT
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.teardown import release
from tests.unit.world import FOREIGN, OTHER_ZONE, OWNER_TAGS, ZONE, World, server_inputs, world

LIFE = ServerLifecycle()
TWO_DISKS = [
    {"os_type": "almalinux", "source_archive": "", "plan": "ssd", "connection": "virtio", "size": 20},
    {"os_type": "", "source_archive": "", "plan": "ssd", "connection": "virtio", "size": 40},
]


def bare_server(world: World, zone: str = ZONE, **changes: Any) -> Server:
    """What a crash right after `POST server` leaves."""
    shape = {"name": "web-001", "core": 1, "memory_gb": 2, "tags": OWNER_TAGS.tag(["web"]), "nics": ["shared"]}
    return world.client.servers.create(zone, **{**shape, **changes})


def add_disk(world: World, server_id: str | None, *, number: int = 1, zone: str = ZONE) -> str:
    source = world.client.archives.find_by_os_type(zone, "almalinux").id if number == 1 else None
    disk = world.client.disks.create(
        zone,
        name=f"web-001-disk{number:03}",
        size_gb=20 * number,
        plan="ssd",
        source_archive_id=source,
        server_id=server_id,
        tags=OWNER_TAGS.tag(()),
    )
    return disk.id


def let_calls_take_time(world: World) -> None:
    def late(_: str, response: httpx.Response) -> httpx.Response:
        world.pace.sleep(0.01)
        return response

    world.wire.answer = late


def create(world: World, **changes: Any) -> dict[str, Any]:
    """Create in another run; afterwards there must be one server, up, with its disks."""
    inputs = server_inputs(**changes)
    object_id, outputs = LIFE.create(world.next_run(), inputs)
    servers = [*world.servers(ZONE), *world.servers(OTHER_ZONE)]
    (server,) = [server for server in servers if OWNER_TAGS.resource in server.tags]
    assert (server.id, server.is_up, server.name) == (object_id, True, "web-001")
    assert OwnerTags.from_tags(server.tags) == OWNER_TAGS
    own = [disk for disk in world.disks(server.zone) if OWNER_TAGS.resource in disk.tags]
    assert sorted(outputs["disk_ids"]) == sorted(disk.id for disk in own)
    assert len(own) == len(inputs["disks"])
    assert {(disk.availability, disk.server_id) for disk in own} <= {("available", object_id)}
    return {**outputs, "id": object_id}


def test_creating_twice_gives_the_same_server(world: World) -> None:
    assert create(world) == create(world)
    assert world.calls("POST server") == 1


def test_a_server_without_a_disk_is_finished(world: World) -> None:
    server = bare_server(world)
    assert create(world)["id"] == server.id
    assert world.calls("POST server") == 1


def test_a_server_in_another_zone_of_the_list_is_finished_there(world: World) -> None:
    server = bare_server(world, OTHER_ZONE)
    outputs = create(world)
    assert (outputs["id"], outputs["zone"]) == (server.id, OTHER_ZONE)
    assert world.servers(ZONE) == []


def test_a_disk_that_is_still_copying_is_waited_for() -> None:
    with world(latency="seed") as slow:
        server = bare_server(slow)
        disk_id = add_disk(slow, server.id)
        before = slow.pace.now
        assert create(slow)["disk_ids"] == [disk_id]
        assert slow.pace.since(before) >= 68 + 27
        assert slow.calls("POST disk") == 1


def test_only_the_missing_disk_is_made(world: World) -> None:
    server = bare_server(world)
    disk_id = add_disk(world, server.id, number=2)
    outputs = create(world, disks=TWO_DISKS)
    assert disk_id in outputs["disk_ids"]
    assert world.calls("POST disk") == 2


@pytest.mark.parametrize("numbers", [(1,), (2,), (1, 2)])
def test_a_disk_that_is_no_longer_connected_is_connected_again(world: World, numbers: tuple[int, ...]) -> None:
    bare_server(world)
    disk_ids = {add_disk(world, None, number=number) for number in numbers}
    assert disk_ids <= set(create(world, disks=TWO_DISKS)["disk_ids"])


def test_a_disk_whose_copy_failed_is_made_again(world: World) -> None:
    world.fault(kind="failed_disk", method="POST", path="^/disk$", nth=1)
    server = bare_server(world)
    failed = add_disk(world, server.id)
    assert failed not in create(world)["disk_ids"]


def test_a_copy_that_fails_while_it_is_waited_for_says_what_to_do() -> None:
    with world(latency="seed") as slow:
        slow.fault(kind="failed_disk", method="POST", path="^/disk$", nth=1)
        with pytest.raises(FleetError, match=r"disk \d+ of server web-001 in is1b failed .* run `pulumi up` again"):
            LIFE.create(slow.session, server_inputs())
        create(slow)


def test_a_failed_disk_that_a_crash_left_unconnected_is_removed(world: World) -> None:
    world.fault(kind="failed_disk", method="POST", path="^/disk$", nth=1)
    bare_server(world)
    add_disk(world, None)
    create(world)
    assert len(world.disks()) == 1


def test_a_server_that_is_off_is_switched_on(world: World) -> None:
    outputs = create(world)
    world.client.servers.power_off(ZONE, outputs["id"], force=True)
    assert create(world) == outputs


def test_a_server_that_is_just_booting_is_waited_for() -> None:
    with world(latency="seed") as slow:
        server = bare_server(slow)
        add_disk(slow, server.id)
        slow.pace.sleep(70)
        slow.client.servers.power_on(ZONE, server.id)
        create(slow)


def test_labels_that_a_crash_left_from_an_earlier_program_are_written(world: World) -> None:
    bare_server(world, name="old-name", description="old", tags=OWNER_TAGS.tag(["old"]))
    create(world)
    (server,) = world.servers()
    assert (server.description, set(server.tags)) == ("", {"web", OWNER_TAGS.fleet, OWNER_TAGS.resource})


def test_of_two_servers_with_the_owner_tags_the_oldest_is_taken(world: World) -> None:
    first, second = bare_server(world), bare_server(world)
    object_id, _ = LIFE.create(world.session, server_inputs())
    assert object_id == min(first.id, second.id)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"core": 2, "memory_gb": 4}, "has 2 cores and 4 GB instead of 1 cores and 2 GB"),
        ({"core": 2, "memory_gb": 4, "dedicated_cpu": True}, "has 2 cores and 4 GB dedicated"),
        ({"nics": []}, "has 0 network interfaces instead of 1"),
    ],
)
def test_a_server_of_another_template_is_refused_and_not_touched(
    world: World, shape: dict[str, Any], words: str
) -> None:
    bare_server(world, **shape)
    before = world.changes()
    with pytest.raises(FleetError, match=words) as caught:
        LIFE.create(world.session, server_inputs())
    assert "sakura-fleet repair" in str(caught.value)
    assert world.changes() == before


def test_a_dedicated_server_is_not_taken_for_a_shared_one(world: World) -> None:
    bare_server(world, core=2, memory_gb=4, dedicated_cpu=True)
    with pytest.raises(FleetError, match="4 GB dedicated instead of 2 cores and 4 GB"):
        LIFE.create(world.session, server_inputs(plan={"core": 2, "memory": 4, "dedicated_cpu": False}))


# What belongs to others


@pytest.mark.parametrize("tags", [[], ["web"], FOREIGN.tag(["web"]), [OWNER_TAGS.fleet], [OWNER_TAGS.resource]])
def test_a_server_of_the_same_name_of_somebody_else_is_never_touched(world: World, tags: list[str]) -> None:
    theirs = world.client.servers.create(ZONE, name="web-001", core=1, memory_gb=2, tags=tags, nics=["shared"])
    object_id, outputs = LIFE.create(world.session, server_inputs())
    assert object_id != theirs.id
    assert world.client.servers.read(ZONE, theirs.id) == theirs
    LIFE.delete(world.session, object_id, outputs)
    assert world.servers() == [theirs]


def test_a_disk_of_the_same_name_of_somebody_else_is_never_touched(world: World) -> None:
    theirs = world.client.disks.create(ZONE, name="web-001-disk001", size_gb=20, plan="ssd", tags=FOREIGN.tag(()))
    bare_server(world)
    outputs = create(world)
    LIFE.delete(world.session, outputs["id"], outputs)
    assert world.disks() == [theirs]


# Answers that got lost


@pytest.mark.parametrize("path", ["^/server$", "^/disk$"])
@pytest.mark.parametrize("kind", ["cut_after", "cut_before"])
def test_a_lost_answer_to_a_create_makes_nothing_twice(world: World, path: str, kind: str) -> None:
    world.fault(kind=kind, method="POST", path=path, nth=1)
    LIFE.create(world.session, server_inputs())
    assert world.calls(f"POST {path.strip('^/$')}") == (1 if kind == "cut_after" else 2)
    create(world)
    assert (world.count("server"), world.count("disk"), world.count("interface")) == (1, 1, 1)


@pytest.mark.parametrize("path", ["server", "disk"])
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_create_that_is_answered_by_a_broken_gateway_makes_nothing_twice(
    world: World, path: str, status: int
) -> None:
    def broken_once(call: str, response: httpx.Response) -> httpx.Response:
        if call == f"POST {path}" and world.calls(call) == 1:
            return httpx.Response(status, text="bad gateway")
        return response

    world.wire.answer = broken_once
    create(world)
    assert (world.count("server"), world.count("disk")) == (1, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/power"),
        ("GET", "^/server$"),
        ("GET", "^/disk$"),
        ("GET", "^/archive$"),
        ("PUT", "^/server/[0-9]+$"),
    ],
)
@pytest.mark.parametrize("kind", ["cut_after", "cut_before"])
def test_other_lost_answers_are_asked_for_again(world: World, method: str, path: str, kind: str) -> None:
    bare_server(world, name="old-name")
    world.fault(kind=kind, method=method, path=path, nth=1)
    create(world)


@pytest.mark.parametrize("status", [503, 429, 423])
@pytest.mark.parametrize("path", ["^/server$", "^/disk$", "/power$", ""])
def test_a_busy_cloud_is_waited_for(world: World, status: int, path: str) -> None:
    world.fault(kind="status", status=status, path=path, nth=[1, 3])
    create(world)
    assert (world.count("server"), world.count("disk")) == (1, 1)


@pytest.mark.parametrize("path", ["^/server/[0-9]+$", "/power$"])
@pytest.mark.parametrize("kind", ["cut_after", "cut_before"])
def test_a_lost_answer_while_deleting(world: World, path: str, kind: str) -> None:
    outputs = create(world)
    world.fault(kind=kind, method="DELETE", path=path, nth=1)
    LIFE.delete(world.session, outputs["id"], outputs)
    assert (world.count("server"), world.count("disk")) == (0, 0)


def test_a_cloud_that_never_answers_is_named(world: World) -> None:
    world.fault(kind="cut_before", method="GET")
    with pytest.raises(UnreachableError, match="is the emulator running"):
        LIFE.create(world.session, server_inputs())


# Cancellation


@pytest.mark.parametrize("after", [1, 50, 80, 90])
def test_a_run_that_is_cancelled_ends_at_once_and_the_next_goes_on(after: int) -> None:
    with world(latency="seed") as slow:
        session = slow.next_run()
        start = slow.pace.now
        session.cancelled = lambda: slow.pace.since(start) >= after
        with pytest.raises(CancelledError):
            LIFE.create(session, server_inputs())
        assert slow.pace.since(start) <= after + 2
        create(slow)
        assert (slow.calls("POST server"), slow.calls("POST disk")) == (1, 1)


CRASH_POINTS: list[Callable[[str], bool]] = [
    lambda call: call == "POST server",
    lambda call: call == "POST disk",
    lambda call: call.endswith("/power"),
]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("crash_after", CRASH_POINTS, ids=["server", "disk", "power"])
def test_a_process_killed_right_after_a_call_loses_nothing(world: World, crash_after: Callable[[str], bool]) -> None:
    def kill(call: str, response: httpx.Response) -> httpx.Response:
        if crash_after(call):
            raise Killed
        return response

    world.wire.answer = kill
    with pytest.raises(Killed):
        LIFE.create(world.session, server_inputs(disks=TWO_DISKS))
    world.wire.answer = lambda _, response: response
    create(world, disks=TWO_DISKS)
    assert (world.count("server"), world.count("disk")) == (1, 2)


# A server whose place another takes while it is still there


def test_a_server_that_was_released_is_replaced_beside_itself(world: World) -> None:
    first = create(world)
    old = world.client.servers.read(first["zone"], first["id"])
    release(world.next_run(), old)
    second_id, second = LIFE.create(world.next_run(), server_inputs())
    assert second_id != first["id"]
    assert set(first["disk_ids"]).isdisjoint(second["disk_ids"])
    LIFE.delete(world.next_run(), first["id"], first)
    (left,) = world.servers()
    assert (left.id, [disk.id for disk in world.disks()]) == (second_id, second["disk_ids"])


@pytest.mark.parametrize("away", ["released", "deleted"])
def test_what_this_run_has_taken_away_is_not_taken_for_the_replacement(world: World, away: str) -> None:
    let_calls_take_time(world)
    first, run = create(world), world.next_run()
    assert LIFE.create(run, server_inputs())[0] == first["id"]  # the run knows the server from a find
    if away == "deleted":
        LIFE.delete(run, first["id"], first)
    else:
        release(run, world.client.servers.read(first["zone"], first["id"]))
    second_id, second = LIFE.create(run, server_inputs())
    assert second_id != first["id"]
    assert set(first["disk_ids"]).isdisjoint(second["disk_ids"])


def test_a_create_that_is_tried_again_in_the_same_run_finds_what_it_made(world: World) -> None:
    let_calls_take_time(world)
    run = world.next_run()
    world.fault(kind="status", status=409, method="POST", path="^/disk$", nth=1)
    with pytest.raises(ConflictError):
        LIFE.create(run, server_inputs())
    LIFE.create(run, server_inputs())
    assert (world.count("server"), world.count("disk")) == (1, 1)


def test_the_creates_of_a_run_share_what_they_find_first(world: World) -> None:
    several = [
        server_inputs(zones=[ZONE], owner_tags=OwnerTags.of("fleet", f"urn:{number}").inputs()) for number in range(6)
    ]
    there = [LIFE.create(world.session, inputs)[0] for inputs in several]
    run, before = world.next_run(), world.calls("GET server")
    for inputs, object_id in zip(several[:5], there[:5], strict=True):
        world.pace.sleep(1.0)
        assert LIFE.create(run, inputs)[0] == object_id
    assert world.calls("GET server") == before + 1
    world.pace.sleep(RECENT)
    assert LIFE.create(run, several[5])[0] == there[5]
    assert world.calls("GET server") == before + 2


def test_what_was_released_is_an_orphan_with_its_disks(world: World) -> None:
    first = create(world)
    server = world.client.servers.read(first["zone"], first["id"])
    release(world.session, server)
    release(world.session, world.client.servers.read(first["zone"], first["id"]))
    (orphan,) = [item for item in everything(world.client, OWNER_TAGS.fleet) if item.kind == "server"]
    assert orphan.owner_tags.is_freed
    assert orphan.owner_tags != OWNER_TAGS
    remove(world.session, orphan)
    assert (world.servers(), world.disks()) == ([], [])


def test_a_replacement_that_was_cut_short_is_finished_after_a_refresh(world: World) -> None:
    first = create(world)
    release(world.session, world.client.servers.read(first["zone"], first["id"]))
    half = bare_server(world)
    found = LIFE.read(world.next_run(), first["id"], first)
    assert found is not None
    news = LIFE.check(world.session, found.inputs, server_inputs()).inputs
    assert LIFE.diff(found.outputs, news).replaces == ("owner_tags",)
    LIFE.delete(world.next_run(), first["id"], found.outputs)
    assert create(world)["id"] == half.id


def test_owner_tags_that_somebody_took_off_are_only_put_back(world: World) -> None:
    first = create(world)
    server = world.client.servers.read(first["zone"], first["id"])
    labels = {"name": server.name, "description": server.description, "icon_id": None}
    world.client.servers.update(server.zone, server.id, tags=[], **labels)
    found = LIFE.read(world.next_run(), first["id"], first)
    assert found is not None
    news = LIFE.check(world.session, found.inputs, server_inputs()).inputs
    diff = LIFE.diff(found.outputs, news)
    assert ("owner_tags" in diff.changed, diff.replaces) == (True, ())


def test_a_server_with_an_address_of_its_own_is_off_before_another_takes_it(world: World) -> None:
    switch = world.client.switches.create(ZONE, name="lan", description="", tags=[])
    nic = {"upstream": switch.id, "assign_cidr_block": "192.168.0.10/24", "default_route": "192.168.0.1"}
    made, outputs = LIFE.create(world.session, server_inputs(network_interfaces=[nic]))
    release(world.session, world.client.servers.read(outputs["zone"], made))
    assert not world.client.servers.read(outputs["zone"], made).is_up


def test_an_observation_from_before_it_was_up_does_not_show_that_it_is_off() -> None:
    with world(latency="seed") as slow:
        made, _ = LIFE.create(slow.session, server_inputs())
        slow.client.servers.power_off(ZONE, made, force=True)
        slow.pace.sleep(60)
        assert not slow.session.servers(ZONE, OWNER_TAGS.fleet, since=slow.pace.now)[0].is_up
        slow.client.servers.power_on(ZONE, made)
        slow.pace.sleep(60)
        server = slow.client.servers.read(ZONE, made)
        slow.client.interfaces.set_user_ip(ZONE, server.interfaces[0].id, "192.168.0.7")
        release(slow.session, slow.client.servers.read(ZONE, made))
        assert slow.client.servers.read(ZONE, made).status == "down"


def test_a_server_of_another_state_is_not_taken_over(world: World) -> None:
    theirs = replace(OWNER_TAGS, state="sfs:aaaaaaaaaa")
    bare_server(world, tags=theirs.tag(["web"]))
    inputs = server_inputs(owner_tags={**OWNER_TAGS.inputs(), "state": "sfs:bbbbbbbbbb"})
    with pytest.raises(OwnershipError, match="belongs to another state of this stack, sfs:aaaaaaaaaa"):
        LIFE.create(world.next_run(), inputs)
    (server,) = world.servers(ZONE)
    assert (server.is_up, OwnerTags.from_tags(server.tags)) == (False, theirs)
    create(world, owner_tags={**OWNER_TAGS.inputs(), "state": theirs.state})
