"""Everything in the cloud that carries a fleet's owner tag."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.duplicates import completeness, rank

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Disk, Server


class Kind(StrEnum):
    """What an object is, in words for people."""

    ELB = "ELB"
    DNS_ZONE = "DNS zone"
    SERVER = "server"
    DISK = "disk"
    SWITCH = "switch"
    PACKET_FILTER = "packet filter"
    STARTUP_SCRIPT = "startup script"
    SSH_KEY = "SSH key"


@dataclass(frozen=True, slots=True)
class Owned:
    """One object that carries the fleet's owner tag. `zone` is empty for global ones; `address` is a server's;
    `completeness` tells several with one resource's owner tag apart. All disks of a server share its owner tag, so of a
    disk it is told by its name: a `second_of` one."""

    kind: Kind
    id: str
    name: str
    zone: str
    owner_tags: OwnerTags
    address: str = ""
    completeness: int = field(default=0, compare=False)
    second_of: Owned | None = field(default=None, compare=False)

    def __str__(self) -> str:
        where = f" in {self.zone}" if self.zone else ""
        return f"{self.kind} {self.name} ({self.id}{where})"


class _Object(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class _Tagged(_Object, Protocol):
    @property
    def tags(self) -> tuple[str, ...]: ...


class _Described(_Object, Protocol):
    @property
    def description(self) -> str: ...


@dataclass(frozen=True, slots=True)
class InState:
    """What a stack's state knows: the IDs of its objects (of an ELB whose plan was changed, that of now, too) and their
    resource owner tags."""

    ids: frozenset[str]
    owner_tags: frozenset[str]

    @classmethod
    def of(cls, resources: Iterable[Mapping[str, Any]]) -> InState:
        """From the state's resources, as the engine exports them."""
        resources = list(resources)
        ids = {str(resource.get("id") or "") for resource in resources}
        later = {str((resource.get("outputs") or {}).get("elb_id") or "") for resource in resources}
        owner_tags = [(resource.get("inputs") or {}).get("owner_tags") or {} for resource in resources]
        return cls(
            frozenset((ids | later) - {""}),
            frozenset(str(tags["resource"]) for tags in owner_tags if tags.get("resource")),
        )

    @property
    def is_empty(self) -> bool:
        """Whether no object of the stack is known."""
        return not self.owner_tags

    def knows(self, item: Owned) -> bool:
        """Whether the object is one of the state: also one that lost its owner tag to another, and still has its ID."""
        return item.id in self.ids or item.owner_tags.resource in self.owner_tags

    def unknown(self, owned: Iterable[Owned]) -> list[Owned]:
        """Those that the state does not know, and second ones of what it knows."""
        owned = list(owned)
        seconds = duplicates(owned, self.ids)
        return [item for item in owned if item in seconds or not self.knows(item)]


def owned_server(server: Server, zone: str) -> Owned | None:
    """A server that carries owner tags."""
    if not (owner_tags := OwnerTags.from_tags(server.tags)):
        return None
    return Owned(Kind.SERVER, server.id, server.name, zone, owner_tags, server.ip_address or "", completeness(server))


def everything(client: Client, tag: str) -> Iterator[Owned]:
    """All that carries this owner tag, a fleet's or a state's, in an order in which it can be removed.

    Disks that are connected to a server go with that, so only the others are listed, and second ones.
    """
    yield from _tagged(Kind.DNS_ZONE, client.dns_zones.find(tags=[tag]))
    for zone in ZONES:
        for server in client.servers.find(zone, tags=[tag]):
            if item := owned_server(server, zone):
                yield item
        disks = client.disks.find(zone, tags=[tag])
        yield from _disks(disks, zone)
        yield from _tagged(Kind.SWITCH, client.switches.find(zone, tags=[tag]), zone)
        yield from _described(Kind.PACKET_FILTER, client.packet_filters.find(zone, description=tag), tag, zone)
    yield from _tagged(Kind.ELB, client.elbs.find(tags=[tag]))
    yield from _tagged(Kind.STARTUP_SCRIPT, client.notes.find(tags=[tag]))
    yield from _described(Kind.SSH_KEY, client.ssh_keys.find(description=tag), tag)


def _tagged(kind: Kind, found: Iterable[_Tagged], zone: str = "") -> Iterator[Owned]:
    for item in found:
        if owner_tags := OwnerTags.from_tags(item.tags):
            yield Owned(kind, item.id, item.name, zone, owner_tags, completeness=completeness(item))


def _disks(disks: Iterable[Disk], zone: str) -> Iterator[Owned]:
    """Those that no server has, and those that a server has twice."""
    firsts: dict[tuple[str, str], tuple[str | None, Owned]] = {}
    for disk in sorted(disks, key=lambda disk: rank(disk.id, completeness(disk), False), reverse=True):
        if owner_tags := OwnerTags.from_tags(disk.tags):
            item = Owned(Kind.DISK, disk.id, disk.name, zone, owner_tags)
            server_id, first = firsts.setdefault((owner_tags.resource, disk.name), (disk.server_id, item))
            is_second = first != item and disk.server_id in (server_id, None) and not owner_tags.is_freed
            if disk.server_id is None or is_second:
                yield replace(item, second_of=first if is_second else None)


def _described(kind: Kind, found: Iterable[_Described], tag: str, zone: str = "") -> Iterator[Owned]:
    """Of objects without tags, those whose description ends with this owner tag and others."""
    for item in found:
        owner_tags = OwnerTags.from_description(item.description)
        if owner_tags and tag in (owner_tags.fleet, owner_tags.state):
            yield Owned(kind, item.id, item.name, zone, owner_tags)


def duplicates(owned: Iterable[Owned], known: Collection[str]) -> dict[Owned, Owned]:
    """What a create call without an answer has made beside a resource: each such object, and the one that is the
    resource, by the rule by which every run chooses.

    `known` are the IDs in the state; what is among them is never a duplicate.
    """
    owned = list(owned)
    resources: dict[tuple[Kind, str], list[Owned]] = {}
    for item in owned:
        if item.kind is not Kind.DISK and not item.owner_tags.is_freed:
            resources.setdefault((item.kind, item.owner_tags.resource), []).append(item)
    found = {item: item.second_of for item in owned if item.second_of}
    for items in resources.values():
        best, *others = sorted(items, key=lambda item: rank(item.id, item.completeness, item.id in known), reverse=True)
        found |= {other: best for other in others if other.id not in known}
    return found
