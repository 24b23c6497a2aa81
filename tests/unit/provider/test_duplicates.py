"""Which of several objects with one resource's owner tag is the resource: one rule, for servers, ELBs and all else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sakura_fleet.client import Client, Credentials, Elb, Server
from sakura_fleet.errors import NotFoundError
from sakura_fleet.inventory.owned import Kind, duplicates, everything
from sakura_fleet.model.elb import ElbSettings
from sakura_fleet.model.reference import ElbReference, ServerReference
from sakura_fleet.provider.idempotent_create import FOUND_AGAIN_DEADLINE
from sakura_fleet.provider.lifecycle import Lifecycle
from sakura_fleet.provider.references import find_elb, find_server
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.elb.elb_lifecycle import ElbLifecycle
from sakura_fleet.resources.server import observation
from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.ssh_key_lifecycle import SshKeyLifecycle
from sakura_fleet.resources.server.startup_script_lifecycle import StartupScriptLifecycle
from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle
from tests.lies.lie import WRITE_LIES, Lie, Rule
from tests.lies.proxy import LyingProxy, lying
from tests.unit.world import OWNER_TAGS, PUBLIC_KEY, ZONE, World, server_inputs

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


def test_of_the_disks_of_a_server_one_of_the_same_name_is_a_second_one(world: World) -> None:
    def disk(number: int, server_id: str | None = None) -> str:
        name, tags = f"web-001-disk00{number}", OWNER_TAGS.tag(())
        return world.client.disks.create(ZONE, name=name, size_gb=20, plan="ssd", tags=tags, server_id=server_id).id

    owner = twin(world)
    ids = [disk(number, owner.id) for number in (1, 2)]
    assert second_ones(world) == {}
    assert second_ones(world, owner.id) == {}
    connected = disk(1, owner.id)
    loose = disk(2)
    assert second_ones(world, owner.id) == {connected: ids[0], loose: ids[1]}


def test_a_server_whose_creation_a_gateway_lost_is_made_once(world: World) -> None:
    page = httpx.Response(503, text="<html>503 Service Unavailable</html>")
    world.wire.answer = lambda call, response: page if call in ("POST server", "POST disk") else response
    LIFE.create(world.session, server_inputs())
    assert (world.count("server"), world.count("disk")) == (1, 1)


# Calls that were carried out, while the answer says otherwise


@dataclass(frozen=True)
class Made:
    """What a life cycle makes, and the calls that make it."""

    life: Lifecycle
    inputs: dict[str, Any]
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return type(self.life).__name__


def made(life: Lifecycle, *paths: str, **inputs: Any) -> Made:
    complete = {**life.defaults, "owner_tags": dict(OWNER_TAGS.inputs()), **inputs}
    return Made(life, complete, paths)


MADE = [
    Made(LIFE, server_inputs(), ("/server", "/disk")),
    made(StartupScriptLifecycle(), "/note", name="boot", content="#!/bin/sh\n"),
    made(SwitchLifecycle(), "/switch", name="back", zone=ZONE),
    made(PacketFilterLifecycle(), "/packetfilter", name="web", zone=ZONE),
    made(SshKeyLifecycle(), "/sshkey", name="alice", public_key=PUBLIC_KEY),
    made(ElbLifecycle(), "/commonserviceitem", name="elb", settings=ElbSettings().inputs()),
]
POINTS = [
    (made, path, lie, looks)
    for made in MADE
    for path in made.paths
    for lie in WRITE_LIES
    for looks in (0, 3)
    if (path, lie, looks) != ("/disk", Lie.API_503, 3)  # refused with the first one unseen: the next run goes on
]


@pytest.fixture
def lies(world: World) -> Iterator[LyingProxy]:
    with lying(world.emulator.url) as proxy:
        yield proxy


def lied_to(world: World, lies: LyingProxy) -> Session:
    """A run whose calls go through the proxy."""
    pace = world.pace
    client = Client(lies.api_root, Credentials("token", "secret"), rate_limit=0, sleep=pace.sleep, clock=pace.clock)
    return Session(SessionSettings(api_root=lies.api_root), env={}, client=client, clock=pace.clock, sleep=pace.sleep)


@pytest.mark.parametrize(("made", "path", "lie", "looks"), POINTS, ids=lambda value: str(value).strip("/"))
def test_no_second_object_goes_unsaid(
    world: World, lies: LyingProxy, made: Made, path: str, lie: Lie, looks: int
) -> None:
    """`looks` is in how many finds what was made does not show."""
    lies.tell(*([Rule("POST", path, Lie.HIDDEN, looks=looks)] if looks else []), Rule("POST", path, lie))
    with closing(lied_to(world, lies)) as session:
        object_id, _ = made.life.create(session, made.inputs)
    assert lies.told
    second = second_ones(world, object_id)
    objects = [item for item in everything(world.client, TAG) if item.kind is not Kind.DISK]
    surplus = len(objects) - 1 + max(0, len(world.disks()) - 1)
    assert len(second) == surplus
    # Where the API itself says that it made none, or makes two, nobody can know better; a server that boots takes no
    # second disk.
    assert surplus == (lie in (Lie.API_503, Lie.TWICE) and path != "/disk")
    assert world.pace.since(1000.0) < FOUND_AGAIN_DEADLINE
