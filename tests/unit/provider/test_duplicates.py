"""Which of several objects with one resource's owner tag is the resource: one rule, for servers, ELBs and all else."""

from __future__ import annotations

import httpx
import pytest

from sakura_fleet.client import Elb, Server
from sakura_fleet.errors import NotFoundError
from sakura_fleet.inventory.owned import duplicates, everything
from sakura_fleet.model.elb import ElbSettings
from sakura_fleet.model.reference import ElbReference, ServerReference
from sakura_fleet.provider.references import find_elb, find_server
from sakura_fleet.resources.server import observation
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from tests.unit.world import OWNER_TAGS, ZONE, World, server_inputs

LIFE = ServerLifecycle()
TAG = OWNER_TAGS.fleet


def twin(world: World) -> Server:
    """A bare server that a lost create call made, and that is older than any that comes later."""
    return world.client.servers.create(
        ZONE, name="web-001", core=1, memory_gb=2, tags=OWNER_TAGS.tag(["web"]), nics=["shared"]
    )


def whole(world: World) -> str:
    """A server as a run makes it."""
    return LIFE.create(world.next_run(), server_inputs())[0]


def chosen(world: World) -> str:
    """The server that a run finds that knows none."""
    found = observation.find_server(world.next_run(), [ZONE], OWNER_TAGS, since=world.pace.now)
    assert found is not None
    return found.id


def referred(world: World, server_id: str) -> str:
    """The server that a membership or a record finds that refers to one by its ID."""
    reference = ServerReference(OWNER_TAGS.resource, server_id, [ZONE])
    found = find_server(world.next_run(), TAG, reference, since=world.pace.now)
    assert found is not None
    return found.id


def second_ones(world: World, *known: str) -> dict[str, str]:
    """The IDs of what an inventory calls duplicates, with those of the resources."""
    found = duplicates(everything(world.client, TAG), known)
    return {item.id: resource.id for item, resource in found.items()}


def test_the_one_that_the_state_knows_comes_first_even_if_it_is_the_less_complete(world: World) -> None:
    complete = whole(world)
    bare = twin(world)
    assert referred(world, bare.id) == bare.id
    assert referred(world, complete) == complete


def test_else_the_most_complete_one_even_if_it_is_the_younger(world: World) -> None:
    older = world.client.servers.create(ZONE, name="web-001", core=1, memory_gb=2)
    made = whole(world)
    younger = twin(world)
    world.client.servers.update(ZONE, older.id, name="web-001", description="", tags=OWNER_TAGS.tag([]), icon_id=None)
    assert older.id < made < younger.id
    assert chosen(world) == made
    assert referred(world, "") == made


def test_else_the_oldest_one(world: World) -> None:
    first, _ = twin(world), twin(world)
    assert chosen(world) == first.id
    assert referred(world, "") == first.id


def test_of_elbs_the_one_with_entries(world: World) -> None:
    def make() -> Elb:
        return world.client.elbs.create(
            name="elb", description="", tags=OWNER_TAGS.tag([]), icon_id=None, plan=100, settings=ElbSettings()
        )

    first, second = make(), make()
    key = OWNER_TAGS.resource
    assert find_elb(world.next_run(), ElbReference(key, "113899999999")).id == first.id
    assert find_elb(world.next_run(), ElbReference(key, second.id)).id == second.id
    assert second_ones(world, second.id) == {first.id: second.id}
    for elb in (first, second):
        world.client.elbs.delete(elb.id)
    with pytest.raises(NotFoundError):
        find_elb(world.next_run(), ElbReference(key, second.id))


def test_the_inventory_chooses_as_a_run_does(world: World) -> None:
    made = whole(world)
    bare = twin(world)
    assert second_ones(world) == {bare.id: made}
    assert chosen(world) == made
    assert second_ones(world, bare.id) == {made: bare.id}
    assert second_ones(world, bare.id, made) == {}


def test_the_disks_of_a_server_are_no_duplicates(world: World) -> None:
    for number in (1, 2):
        world.client.disks.create(ZONE, name=f"web-001-disk00{number}", size_gb=20, plan="ssd", tags=OWNER_TAGS.tag(()))
    assert second_ones(world) == {}


def test_a_server_whose_creation_a_gateway_lost_is_made_once(world: World) -> None:
    page = httpx.Response(503, text="<html>503 Service Unavailable</html>")
    world.wire.answer = lambda call, response: page if call in ("POST server", "POST disk") else response
    LIFE.create(world.session, server_inputs())
    assert (world.count("server"), world.count("disk")) == (1, 1)
