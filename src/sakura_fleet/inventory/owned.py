"""Everything in the cloud that carries a fleet's owner tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags

if TYPE_CHECKING:
    from sakura_fleet.client import Client


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
    """One object that carries the fleet's owner tag. `zone` is empty for global ones; `address` is a server's."""

    kind: Kind
    id: str
    name: str
    zone: str
    owner_tags: OwnerTags
    address: str = ""

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


def everything(client: Client, fleet: str) -> Iterator[Owned]:
    """All that the fleet with this owner tag owns, in an order in which it can be removed.

    Disks that are connected to a server go with that, so only the others are listed.
    """
    yield from _tagged(Kind.DNS_ZONE, client.dns_zones.find(tags=[fleet]))
    for zone in ZONES:
        for server in client.servers.find(zone, tags=[fleet]):
            if owner_tags := OwnerTags.from_tags(server.tags):
                yield Owned(Kind.SERVER, server.id, server.name, zone, owner_tags, server.ip_address or "")
        disks = client.disks.find(zone, tags=[fleet])
        yield from _tagged(Kind.DISK, (disk for disk in disks if disk.server_id is None), zone)
        yield from _tagged(Kind.SWITCH, client.switches.find(zone, tags=[fleet]), zone)
        yield from _described(Kind.PACKET_FILTER, client.packet_filters.find(zone), fleet, zone)
    yield from _tagged(Kind.ELB, client.elbs.find(tags=[fleet]))
    yield from _tagged(Kind.STARTUP_SCRIPT, client.notes.find(tags=[fleet]))
    yield from _described(Kind.SSH_KEY, client.ssh_keys.find(), fleet)


def _tagged(kind: Kind, found: Iterable[_Tagged], zone: str = "") -> Iterator[Owned]:
    for item in found:
        if owner_tags := OwnerTags.from_tags(item.tags):
            yield Owned(kind, item.id, item.name, zone, owner_tags)


def _described(kind: Kind, found: Iterable[_Described], fleet: str, zone: str = "") -> Iterator[Owned]:
    """Of objects without tags, those whose description ends with the fleet's owner tag."""
    for item in found:
        owner_tags = OwnerTags.from_description(item.description)
        if owner_tags and owner_tags.is_of(fleet):
            yield Owned(kind, item.id, item.name, zone, owner_tags)
