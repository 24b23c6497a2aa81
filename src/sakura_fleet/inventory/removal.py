"""Removing one object that a fleet owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet.errors import ConflictError, NotFoundError, ResourceError
from sakura_fleet.inventory.owned import Kind, Owned
from sakura_fleet.provider.references import elb_again
from sakura_fleet.provider.shared_document import confirm
from sakura_fleet.resources.dns.zone_records import zone_again
from sakura_fleet.resources.server.power import is_down
from sakura_fleet.resources.server.teardown import destroy

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session


def remove(session: Session, item: Owned) -> None:
    """Remove one object; one that is gone already is a success.

    Raises `ResourceError` where it is still in use, an ELB with entries and a zone with records among them.
    """
    client = session.client
    try:
        match item.kind:
            case Kind.ELB:
                elb = client.elbs.read(item.id)
                confirm(str(item), elb, lambda elb: elb_again(session, elb))
                if elb.entries:
                    addresses = ", ".join(str(entry) for entry in elb.entries)
                    raise ResourceError(f"{item} still has entries of others, {addresses}; remove them first")
                client.elbs.delete(item.id)
            case Kind.DNS_ZONE:
                zone = client.dns_zones.read(item.id)
                confirm(str(item), zone, lambda zone: zone_again(session, zone))
                if zone.records:
                    raise ResourceError(
                        f"{item} still has {len(zone.records)} records; remove them first, or adopt the zone"
                    )
                client.dns_zones.delete(item.id)
            case Kind.SERVER:
                # Of disks with its owner tag only those at it: others may be those of a server that carries it, too.
                tagged = client.disks.find(item.zone, tags=[item.owner_tags.resource])
                own = [disk.id for disk in tagged if disk.server_id == item.id]
                destroy(
                    session,
                    item.zone,
                    item.id,
                    disk_ids=own,
                    owner_tags=item.owner_tags,
                    force=True,
                    drain_timeout=0,
                )
            case Kind.DISK:
                _disconnect(session, item)
                client.disks.delete(item.zone, item.id)
            case Kind.SWITCH:
                client.switches.delete(item.zone, item.id)
            case Kind.PACKET_FILTER:
                client.packet_filters.delete(item.zone, item.id)
            case Kind.STARTUP_SCRIPT:
                client.notes.delete(item.id)
            case Kind.SSH_KEY:
                client.ssh_keys.delete(item.id)
    except NotFoundError:
        return
    except ConflictError as error:
        raise ResourceError(f"{item} cannot be removed yet: {error}; run the same command again") from error


def _disconnect(session: Session, item: Owned) -> None:
    """Take a disk off its server, which must be down for that."""
    client = session.client
    server_id = client.disks.read(item.zone, item.id).server_id
    if server_id is None:
        return
    server = client.servers.read(item.zone, server_id)
    if not is_down(server):
        raise ResourceError(
            f"{item} is connected to server {server.name} ({server.id}), which is up; shut that down, then run the "
            "same command again"
        )
    client.disks.disconnect(item.zone, item.id)
