"""Everything in the cloud that carries a fleet's owner tag, and how to remove one of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import ConflictError, FleetError, NotFoundError
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.elb.entries import Entry, Group, leave
from sakura_fleet.resources.server.teardown import destroy

if TYPE_CHECKING:
    from sakura_fleet.client import Client
    from sakura_fleet.provider.session import Session


@dataclass(frozen=True, slots=True)
class Owned:
    """One object that carries the fleet's owner tag; `address` is a server's."""

    kind: str
    id: str
    name: str
    zone: str
    owner_tags: OwnerTags
    address: str = ""

    def __str__(self) -> str:
        where = f" in {self.zone}" if self.zone else ""
        return f"{self.kind} {self.name} ({self.id}{where})"


def everything(client: Client, fleet: str) -> Iterator[Owned]:
    """All that the fleet owns, in an order in which it can be removed."""
    yield from _tagged("ELB", client.elbs.find(tags=[fleet]))
    yield from _tagged("DNS zone", client.dns_zones.find(tags=[fleet]))
    for zone in ZONES:
        for server in client.servers.find(zone, tags=[fleet]):
            owner_tags = OwnerTags.from_tags(server.tags)
            if owner_tags:
                yield Owned("server", server.id, server.name, zone, owner_tags, server.ip_address or "")
        loose = [disk for disk in client.disks.find(zone, tags=[fleet]) if disk.server_id is None]
        yield from _tagged("disk", loose, zone)
        yield from _tagged("switch", client.switches.find(zone, tags=[fleet]), zone)
        yield from _signed("packet filter", client.packet_filters.find(zone), fleet, zone)
    yield from _tagged("startup script", client.notes.find(tags=[fleet]))
    yield from _signed("SSH key", client.ssh_keys.find(), fleet)


def _tagged(kind: str, found: list[Any], zone: str = "") -> Iterator[Owned]:
    for item in found:
        owner_tags = OwnerTags.from_tags(item.tags)
        if owner_tags:
            yield Owned(kind, item.id, item.name, zone, owner_tags)


def _signed(kind: str, found: list[Any], fleet: str, zone: str = "") -> Iterator[Owned]:
    for item in found:
        owner_tags = OwnerTags.from_description(item.description)
        if owner_tags and owner_tags.fleet == fleet:
            yield Owned(kind, item.id, item.name, zone, owner_tags)


def remove(session: Session, item: Owned) -> None:
    """Remove one object; one that is gone already is a success. Raises `FleetError` where the cloud does not let it
    go."""
    client = session.client
    try:
        match item.kind:
            case "server":
                _leave_elbs(session, item.address)
                own = [disk.id for disk in client.disks.find(item.zone, tags=[item.owner_tags.resource])]
                destroy(session, item.zone, item.id, disk_ids=own, owner_tags=item.owner_tags, force=True)
            case "DNS zone":
                records = client.dns_zones.read(item.id).records
                if records:
                    raise FleetError(f"{item} still has {len(records)} records; remove them first, or adopt the zone")
                client.dns_zones.delete(item.id)
            case "ELB":
                client.elbs.delete(item.id)
            case "disk":
                client.disks.delete(item.zone, item.id)
            case "switch":
                client.switches.delete(item.zone, item.id)
            case "packet filter":
                client.packet_filters.delete(item.zone, item.id)
            case "startup script":
                client.notes.delete(item.id)
            case "SSH key":
                client.ssh_keys.delete(item.id)
    except NotFoundError:
        return
    except ConflictError as error:
        raise FleetError(f"{item} cannot be removed yet: {error}; run the same command again") from error


def _leave_elbs(session: Session, address: str) -> None:
    """Take a server that is about to go out of every ELB of the account."""
    if not address:
        return
    for elb in session.client.elbs.find():
        there = [one for one in elb.settings.get("Servers") or [] if one.get("IPAddress") == address]
        for name in {str(one.get("ServerGroup") or "") for one in there}:
            ports = [int(one["Port"]) for one in there if (one.get("ServerGroup") or "") == name]
            group = Group({"elb": {"key": "", "id": elb.id}, "server_group_name": name})
            leave(session, group, [Entry("", address, port) for port in ports])
