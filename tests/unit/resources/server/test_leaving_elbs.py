"""A server that is destroyed leaves every ELB, and takes nothing of another's with it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.teardown import release
from tests.unit.resources.elb.support import FOREIGN, Document
from tests.unit.world import FLEET, OTHER_ZONE, ZONE, World, server_inputs

LIFE = ServerLifecycle()


@pytest.fixture
def switch(world: World) -> str:
    return world.client.switches.create(ZONE, name="lan").id


def entry(address: str, group: str = "web") -> dict[str, Any]:
    return {"IPAddress": address, "Port": 80, "ServerGroup": group, "Enabled": True, "ProxySSL": False}


def make(world: World, switch: str, name: str = "web-1") -> tuple[str, dict[str, Any]]:
    """A server whose block has two addresses, one of them the router's."""
    nic = {"upstream": switch, "assign_cidr_block": "192.168.0.16/30", "default_route": "192.168.0.17"}
    owner_tags = OwnerTags.of(FLEET, f"urn:{name}").inputs()
    return LIFE.create(world.next_run(), server_inputs(name=name, network_interfaces=[nic], owner_tags=owner_tags))


def test_an_entry_of_its_own_goes(world: World, switch: str) -> None:
    object_id, outputs = make(world, switch)
    elb = Document.new(world, servers=[*FOREIGN, entry(outputs["address"])])
    LIFE.delete(world.next_run(), object_id, outputs)
    assert elb.servers == FOREIGN


def test_the_one_that_took_its_place_and_its_address_keeps_the_entry(world: World, switch: str) -> None:
    object_id, outputs = make(world, switch)
    elb = Document.new(world, servers=[entry(outputs["address"])])
    release(world.next_run(), world.client.servers.read(ZONE, object_id))
    successor, its = make(world, switch)
    assert (successor != object_id, its["address"]) == (True, outputs["address"])
    LIFE.delete(world.next_run(), object_id, outputs)
    assert elb.servers == [entry(outputs["address"])]


def test_a_server_of_another_network_with_the_same_address_keeps_its_entry(world: World, switch: str) -> None:
    object_id, outputs = make(world, switch)
    elsewhere = world.client.switches.create(OTHER_ZONE, name="lan").id
    theirs = world.client.servers.create(OTHER_ZONE, name="theirs", core=1, memory_gb=1, nics=[elsewhere])
    world.client.interfaces.set_user_ip(OTHER_ZONE, theirs.interfaces[0].id, outputs["address"])
    elb = Document.new(world, servers=[entry(outputs["address"], "theirs")])
    LIFE.delete(world.next_run(), object_id, outputs)
    assert elb.servers == [entry(outputs["address"], "theirs")]


def test_a_rule_that_names_its_group_is_not_lost(world: World, switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    object_id, outputs = make(world, switch)
    rule = {"Path": "/a", "Action": "forward", "ServerGroup": "else"}
    elb = Document.new(world, servers=[entry(outputs["address"], "else")], Rules=[rule])
    LIFE.delete(world.next_run(), object_id, outputs)
    assert elb.rules == [rule]
    assert any("sakura-fleet repair" in warning for warning in warnings)
