"""Which address a server gets on a switch: one that no other server has, told to the guest and kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sakura_fleet.errors import FleetError, ResourceError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.teardown import release
from tests.unit.world import FLEET, OTHER_ZONE, ZONE, World, server_inputs

LIFE = ServerLifecycle()
BLOCK = "192.168.0.16/28"
"""14 addresses, from .17 to .30."""


def tags(name: str, fleet: str = FLEET) -> OwnerTags:
    return OwnerTags.of(fleet, f"urn:{name}")


def inputs(switch: Any, name: str, block: str = BLOCK, *, fleet: str = FLEET, **changes: Any) -> dict[str, Any]:
    """The inputs of a server whose only interface is on the switch."""
    nic = {"upstream": switch, "assign_cidr_block": block, "default_route": "192.168.0.17"}
    return server_inputs(name=name, network_interfaces=[nic], owner_tags=tags(name, fleet).inputs(), **changes)


def make(session: Session, switch: Any, name: str, **changes: Any) -> dict[str, Any]:
    """A new server's outputs and its ID."""
    made, outputs = LIFE.create(session, inputs(switch, name, **changes))
    return {**outputs, "id": made}


def address(session: Session, switch: Any, name: str, **changes: Any) -> str:
    return str(make(session, switch, name, **changes)["address"])


@pytest.fixture
def switch(world: World) -> str:
    return world.client.switches.create(ZONE, name="lan").id


def told(world: World) -> list[str]:
    """What the guests were told, by the order of their disks."""
    disks = [world.emulator.cloud.store.get("disk", int(disk.id)) for disk in world.disks()]
    return [disk["config"]["UserIPAddress"] for disk in disks if disk]


def test_each_server_gets_the_lowest_free_address_and_is_told_it(world: World, switch: str) -> None:
    made = [make(world.session, switch, f"web-{number}") for number in range(3)]
    assert [outputs["address"] for outputs in made] == ["192.168.0.18", "192.168.0.19", "192.168.0.20"]
    assert told(world) == [outputs["address"] for outputs in made]
    assert [outputs["addresses"] for outputs in made] == [[outputs["address"]] for outputs in made]
    LIFE.delete(world.next_run(), made[1]["id"], made[1])
    session = world.next_run()
    assert [address(session, switch, name) for name in ("new-1", "new-2")] == ["192.168.0.19", "192.168.0.21"]


def test_servers_that_are_made_at_once_get_one_each(world: World, switch: str) -> None:
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda number: address(world.session, switch, f"web-{number}"), range(12)))
    assert len(set(made)) == 12
    assert sorted(told(world)) == sorted(made)


def test_addresses_of_others_on_the_switch_are_taken(world: World, switch: str) -> None:
    theirs = world.client.servers.create(ZONE, name="theirs", core=1, memory_gb=1, nics=[switch])
    world.client.interfaces.set_user_ip(ZONE, theirs.interfaces[0].id, "192.168.0.18")
    elsewhere = world.client.servers.create(ZONE, name="else", core=1, memory_gb=1, nics=["shared"])
    world.client.interfaces.set_user_ip(ZONE, elsewhere.interfaces[0].id, "192.168.0.19")
    assert address(world.session, switch, "web-1") == "192.168.0.19"


def test_the_switches_of_all_zones_count_as_one_network(world: World, switch: str) -> None:
    switches = {ZONE: switch, OTHER_ZONE: world.client.switches.create(OTHER_ZONE, name="lan").id}
    made = [address(world.session, switches, f"web-{number}", slot=number) for number in range(4)]
    assert made == [f"192.168.0.{number}" for number in range(18, 22)]
    assert len(world.servers(OTHER_ZONE)) == 2


def test_what_a_dead_run_noted_down_stays(world: World, switch: str) -> None:
    first = make(world.session, switch, "web-1")
    make(world.session, switch, "web-2")
    LIFE.delete(world.next_run(), first["id"], first)
    assert address(world.next_run(), switch, "web-2") == "192.168.0.19"


def test_a_block_with_too_few_is_refused_by_the_check_and_by_create(world: World, switch: str) -> None:
    small = "192.168.0.16/30"  # .17 is the default route, so one is left
    assert address(world.session, switch, "old", block=small) == "192.168.0.18"
    session = world.next_run()
    (problem,) = LIFE.check(session, {}, inputs(switch, "new", small)).problems
    assert (problem.path, problem.rule) == ("network_interfaces[0].assign_cidr_block", "no-address")
    assert "new gets no address: 192.168.0.16/30 has 1, 1 of them with servers on the switch and 0 with" in str(problem)
    before = world.changes()
    with pytest.raises(ResourceError, match="new gets no address"):
        make(session, switch, "new", block=small)
    assert world.changes() == before, "nothing was made"


def test_checks_of_one_run_share_what_is_left(world: World, switch: str) -> None:
    three = "192.168.0.16/29"  # .18 to .22: five
    found = [LIFE.check(world.session, {}, inputs(switch, f"web-{number}", three)).problems for number in range(7)]
    assert [len(problems) for problems in found] == [0] * 5 + [1] * 2
    assert "0 of them with servers on the switch and 5 with others of this run" in str(found[5][0])
    assert LIFE.check(world.session, {}, inputs(switch, "web-0", three)).problems == [], "its own is promised already"
    assert address(world.session, switch, "web-3", block=three) == "192.168.0.21", "what was promised"


def test_a_preview_before_the_switch_is_there_says_nothing(world: World) -> None:
    assert LIFE.check(world.session, {}, inputs(Unknown(), "web-1", "192.168.0.16/30")).problems == []


def test_two_runs_at_the_same_time_never_keep_one_address(world: World, switch: str) -> None:
    """Each looked before the other noted its address down."""
    one, two = world.next_run(), world.next_run()
    for session, name in ((one, "web-1"), (two, "web-2")):
        assert LIFE.check(session, {}, inputs(switch, name)).problems == []
    assert address(one, switch, "web-1") == "192.168.0.18"
    with pytest.raises(FleetError, match=r"web-2 cannot have the address 192\.168\.0\.18, which web-1"):
        make(two, switch, "web-2")
    assert address(two, switch, "web-2") == "192.168.0.19", "the next attempt takes another one"
    assert sorted(told(world)) == ["192.168.0.18", "192.168.0.19"]


def test_a_server_that_takes_anothers_place_takes_its_address_last(world: World, switch: str) -> None:
    old = make(world.session, switch, "web-1")
    release(world.next_run(), world.client.servers.read(ZONE, old["id"]))
    assert not world.client.servers.read(ZONE, old["id"]).is_up
    assert address(world.next_run(), switch, "web-2") == "192.168.0.19"
    assert address(world.next_run(), switch, "web-3", block="192.168.0.16/30") == "192.168.0.18"


def test_a_note_that_somebody_changed_is_seen_and_put_back(world: World, switch: str) -> None:
    outputs = make(world.session, switch, "web-1")
    nic = world.client.servers.read(ZONE, outputs["id"]).interfaces[0]
    world.client.interfaces.set_user_ip(ZONE, nic.id, "192.168.0.99")
    found = LIFE.read(world.next_run(), outputs["id"], outputs)
    assert found is not None
    news = LIFE.check(world.session, found.inputs, inputs(switch, "web-1")).inputs
    assert LIFE.diff(found.outputs, news) == Diff(("addresses_noted",))
    after = LIFE.update(world.next_run(), outputs["id"], found.outputs, news)
    assert (after["address"], after["addresses"]) == ("192.168.0.18", ["192.168.0.18"])
