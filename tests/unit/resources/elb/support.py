"""What the tests of ELBs share: an ELB as other people see and change it, servers, inputs, and a run that dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Checked, Inputs, Outputs
from sakura_fleet.resources.elb.elb_lifecycle import ElbLifecycle
from sakura_fleet.resources.elb.membership_lifecycle import ElbMembershipLifecycle
from tests.emulator.support import JSON, Api
from tests.unit.world import EMULATORS, FLEET, ZONE, World, checked

ELB = ElbLifecycle()
MEMBERSHIP = ElbMembershipLifecycle()
PREFIX = "urn:pulumi:test::p::pulumi-python:dynamic/sakura:"
ELB_OWNER_TAGS = OwnerTags.of(FLEET, f"{PREFIX}Elb::web")
MEMBERSHIP_OWNER_TAGS = OwnerTags.of(FLEET, f"{PREFIX}ElbMembership::web")
RULE: JSON = {"Host": "www.example.com", "Action": "forward", "ServerGroup": "web"}
DECLARED_RULE: JSON = {"host": "www.example.com", "action": "forward", "server_group": "web"}
"""`RULE` as inputs and outputs have it."""
OTHER_RULE: JSON = {"Path": "/old", "Action": "redirect", "RedirectLocation": "/new", "RedirectStatusCode": "301"}
BY_HAND: JSON = {"IPAddress": "192.0.2.10", "Port": 80, "ServerGroup": "theirs", "Weight": 3}
DISABLED: JSON = {"IPAddress": "192.0.2.11", "Port": 80, "Enabled": False}
FOREIGN = [BY_HAND, DISABLED]

_APIS: dict[str, Api] = {}


class CrashError(BaseException):
    """The process dies here."""


def somebody(url: str) -> Api:
    """Another client of the emulator at `url`; closed after the last test."""
    if url not in _APIS:
        _APIS[url] = Api(url)
        EMULATORS.callback(_APIS[url].http.close)
    return _APIS[url]


@dataclass
class Document:
    """One ELB on the wire, as other people see and change it."""

    api: Api
    id: str

    @classmethod
    def new(cls, world: World, *, servers: Sequence[JSON] = (), **settings: Any) -> Document:
        """An ELB made elsewhere."""
        api = somebody(world.emulator.url)
        return cls(api, str(api.make_elb("theirs", failover=False, Servers=list(servers), **settings)["ID"]))

    @property
    def settings(self) -> JSON:
        found: JSON = self.api.item(int(self.id))["Settings"]["ProxyLB"]
        return found

    @property
    def servers(self) -> list[JSON]:
        return list(self.settings["Servers"])

    @property
    def rules(self) -> list[JSON]:
        return list(self.settings["Rules"])

    def places(self, group: str = "web") -> list[str]:
        """The enabled entries of a group, in their order."""
        own = [
            entry for entry in self.servers if entry.get("ServerGroup") == group and entry.get("Enabled") is not False
        ]
        return [f"{entry['IPAddress']}:{entry['Port']}" for entry in own]

    def put(self, **settings: Any) -> None:
        """A person changes settings in the control panel."""
        self.api.put_item(int(self.id), Settings={"ProxyLB": {**self.settings, **settings}})

    def put_all(self, settings: JSON) -> None:
        self.api.put_item(int(self.id), Settings={"ProxyLB": settings})


def elb_inputs(world: World, **changes: Any) -> Inputs:
    """The inputs of an ELB as `check` leaves them."""
    return checked_elb(world, **changes).inputs


def checked_elb(world: World, **changes: Any) -> Checked:
    """What `check` makes of an ELB without problems."""
    checked = ELB.check(world.session, {}, {"name": "web", "owner_tags": ELB_OWNER_TAGS.inputs(), **changes})
    assert checked.problems == []
    return checked


@dataclass(frozen=True)
class Member:
    """A server that is up, as the membership refers to it."""

    reference: JSON
    address: str


def add_servers(world: World, count: int, name: str = "web") -> list[Member]:
    """Servers of the fleet."""
    members = []
    for number in range(count):
        owner_tags = OwnerTags.of(FLEET, f"{PREFIX}Server::{name}-{number}")
        made = world.client.servers.create(
            ZONE, name=f"{name}-{number}", core=1, memory_gb=1, tags=owner_tags.tag(()), nics=["shared"]
        )
        world.client.servers.power_on(ZONE, made.id)
        made = world.client.servers.read(ZONE, made.id)
        assert made.ip_address
        members.append(Member({"key": owner_tags.resource, "id": made.id, "zones": [ZONE]}, made.ip_address))
    return members


def member_inputs(elb: Document, members: Sequence[Member], *, key: str = "", **changes: Any) -> Inputs:
    """The inputs of a membership of these servers under the group `web`."""
    given = {
        "elb": {"key": key, "id": elb.id},
        "members": [member.reference for member in members],
        "ports": [80],
        "server_group_name": "web",
        "owner_tags": MEMBERSHIP_OWNER_TAGS.inputs(),
    }
    return checked(MEMBERSHIP, **{**given, **changes})


def places(*members: Member, ports: Sequence[int] = (80,)) -> list[str]:
    return [f"{member.address}:{port}" for member in members for port in ports]


def write_calls(calls: Sequence[str]) -> int:
    """The writes to ELBs among the calls."""
    return sum(is_write(call) for call in calls)


def is_write(call: str) -> bool:
    """Whether a call writes an item, which is answered by the item as it is then."""
    return call.startswith("PUT commonserviceitem/") and call.count("/") == 1


@dataclass
class Watched:
    """What went over the wire during a block."""

    calls: list[str] = field(default_factory=list)
    events: list[tuple[str, Any]] = field(default_factory=list)
    """`("write", {place: enabled})` and `("health", {place: status, connections})`, in order."""

    @property
    def writes(self) -> int:
        return write_calls(self.calls)


@contextmanager
def watched(world: World, *, die_at: int | None = None) -> Iterator[Watched]:
    """Watch the calls of a block; the run dies after call number `die_at`, its answer unread."""
    seen = Watched()

    def answer(call: str, response: httpx.Response) -> httpx.Response:
        seen.calls.append(call)
        body = json.loads(response.read() or b"{}")
        if is_write(call) and response.is_success:
            servers = body["CommonServiceItem"]["Settings"]["ProxyLB"]["Servers"]
            entries = {f"{entry['IPAddress']}:{entry['Port']}": entry.get("Enabled") is not False for entry in servers}
            seen.events.append(("write", entries))
        if call.endswith("/health"):
            health = {
                f"{entry['IPAddress']}:{entry['Port']}": (entry["Status"], entry["ActiveConn"])
                for entry in body["ProxyLB"]["Servers"]
            }
            seen.events.append(("health", health))
        if len(seen.calls) == die_at:
            raise CrashError
        return response

    before = world.wire.answer
    world.wire.answer = answer
    try:
        yield seen
    finally:
        world.wire.answer = before


def between(world: World, elb: Document, *, times: int) -> None:
    """Somebody changes the ELB after each of the next looks at it, before what follows from them can be written."""
    done = 0

    def answer(call: str, response: httpx.Response) -> httpx.Response:
        nonlocal done
        if call == f"GET commonserviceitem/{elb.id}" and done < times:
            done += 1
            elb.put(Theirs=done)
        return response

    world.wire.answer = answer


def die(world: World, at: int, act: Callable[..., object], *given: Any) -> bool:
    """Whether the run died at call number `at`; False where it came to its end before."""
    with watched(world, die_at=at):
        try:
            act(*given)
        except CrashError:
            return True
    return False


def join(world: World, inputs: Inputs) -> Outputs:
    """A run that makes the membership."""
    return MEMBERSHIP.create(world.next_run(), inputs)[1]


def update(world: World, olds: Outputs, news: Inputs) -> Outputs:
    """A run that changes the membership."""
    return MEMBERSHIP.update(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, olds, news)


def refreshed(world: World, outputs: Outputs) -> Outputs:
    """What a refresh leaves as the state's outputs."""
    found = MEMBERSHIP.read(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert found is not None
    return found.outputs


def no_more_than_forty(seen: Watched) -> None:
    """No write went over the limit."""
    for kind, entries in seen.events:
        if kind == "write" and len(entries) > 40:
            pytest.fail(f"{len(entries)} entries")
