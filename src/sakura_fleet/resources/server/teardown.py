"""How a server goes: destroyed with its own disks, or released, so that another can take its place first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sakura_fleet.errors import ConflictError, NotFoundError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.elb_entries import leave_all
from sakura_fleet.resources.server.disks import COPY_DEADLINE
from sakura_fleet.resources.server.observation import current_server, find_disks, with_status
from sakura_fleet.resources.server.power import cut_power, is_down, power_off

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session

RECENT_ENOUGH: Final = 1.0
"""Seconds that an observation of a server may be old before it is destroyed: many that leave at once are observed
together. What changes after it, the cloud refuses or takes anyway, as it would a moment after any observation."""


def destroy(
    session: Session,
    zone: str,
    server_id: str,
    *,
    disk_ids: list[str],
    owner_tags: OwnerTags,
    force: bool,
    drain_timeout: float = 60,
) -> None:
    """Shut the server down and delete it with its own disks; disks that others connected are only disconnected.

    It leaves every ELB first: an entry that stays would send requests to whoever gets its address next. Most often it
    has no entry any more, unless a run ended between its joining and the state.
    """
    try:
        server = current_server(session, zone, server_id, owner_tags, session.clock() - RECENT_ENOUGH)
        server = with_status(session, server, owner_tags)
        leave_all(session, server, since=session.clock() - RECENT_ENOUGH, drain_timeout=drain_timeout)
        if not is_down(server):
            server = power_off(session, server, owner_tags, force=force)
        connected = {disk.id for disk in server.disks}
        own = [disk_id for disk_id in disk_ids if disk_id in connected]
        _delete(session, server, own, owner_tags, force=force)
    except NotFoundError:
        pass  # gone already; its disks may still be there
    else:
        disk_ids = [disk_id for disk_id in disk_ids if disk_id not in connected]
    for disk_id in disk_ids:
        _delete_own_disk(session, zone, disk_id, owner_tags)
    session.departed()


def release(session: Session, server: api.Server) -> None:
    """Free a server's owner tag, so that another can be made in its place while it is still there.

    Its disks go with it. All keep the fleet's tag and get one of no resource, so that `sakura-fleet repair`
    finds them should the replacement never end. A server with an address of its own is switched off, as the next one
    gets the same.
    """
    owner_tags = OwnerTags.from_tags(server.tags)
    if owner_tags is None:
        return
    server = with_status(session, server, owner_tags)
    client, zone = session.client, server.zone
    freed = owner_tags.freed(server.id)

    def labels(item: api.Server | api.Disk) -> dict[str, Any]:
        return {"name": item.name, "description": item.description, "tags": freed.tag(OwnerTags.untag(item.tags))}

    for disk in find_disks(session, zone, owner_tags):
        client.disks.update(zone, disk.id, **labels(disk))
    if server.is_up and any(interface.user_ip_address for interface in server.interfaces):
        power_off(session, server, owner_tags, force=True)
    client.servers.update(zone, server.id, icon_id=server.icon_id, **labels(server))
    session.departed()


def _delete(session: Session, server: api.Server, disk_ids: list[str], owner_tags: OwnerTags, *, force: bool) -> None:
    """Delete the server; one that is booting, or whose disk is being copied, as soon as the cloud allows it.

    One that has come up since it was seen is shut down as any other.
    """

    def deleted() -> bool:
        try:
            session.client.servers.delete(server.zone, server.id, disk_ids=disk_ids)
        except ConflictError:
            now = current_server(session, server.zone, server.id, owner_tags, session.clock())
            if now.is_up:
                power_off(session, now, owner_tags, force=force)
            else:
                cut_power(session, server)  # which ends a boot, too
            return False
        return True

    session.waiter.attempt(
        f"server {server.name} ({server.id} in {server.zone}) to be deleted",
        deleted,
        deadline=COPY_DEADLINE,
        way_out="run the same command again: it goes on from here",
    )


def _delete_own_disk(session: Session, zone: str, disk_id: str, owner_tags: OwnerTags) -> None:
    """Delete a disk that is connected to nothing, unless somebody has taken the owner tag off it."""
    try:
        disk = session.client.disks.read(zone, disk_id)
        if disk.server_id is None and OwnerTags.from_tags(disk.tags) == owner_tags:
            session.client.disks.delete(zone, disk_id)
    except NotFoundError:
        return
