"""What is in the cloud of one server: read once, before it is decided what to do.

All servers of a zone come from the fleet's shared list, so that fifty that are made at once are observed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sakura_fleet.errors import UnusableAnswerError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.adoption import refuse_another_state
from sakura_fleet.provider.duplicates import choose

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session
    from sakura_fleet.resources.server.spec import ServerSpec

STATUS_DEADLINE: Final = 60.0
"""Seconds for the API to say what it has left out."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A server, or none, and the disks with its owner tags, connected or not."""

    server: api.Server | None = None
    disks: tuple[api.Disk, ...] = ()

    def disk(self, disk_id: str) -> api.Disk:
        """The disk of that ID, which is known to be there."""
        return next(disk for disk in self.disks if disk.id == disk_id)


def observe(session: Session, spec: ServerSpec, *, since: float) -> Observation:
    """The spec's server and its disks, the server from a list that was asked for at or after `since`.

    Raises `OwnershipError` where another state knows the server.
    """
    server = find_server(session, spec.zones, spec.owner_tags, since=since)
    if server is None:
        return Observation()
    refuse_another_state(
        f"server {server.name} ({server.id} in {server.zone})", OwnerTags.from_tags(server.tags), spec.owner_tags
    )
    server = with_status(session, server, spec.owner_tags)
    if server.is_up:
        disk_ids = {disk.id for disk in server.disks}
        return Observation(server, tuple(listed_disks(session, server.zone, spec.owner_tags, disk_ids)))
    return Observation(server, tuple(find_disks(session, server.zone, spec.owner_tags)))


def find_server(
    session: Session, zones: Sequence[str], owner_tags: OwnerTags, *, since: float, known: str = ""
) -> api.Server | None:
    """The server with these owner tags in any of the zones; should there be several, the `known` ID before others."""
    found = [
        server
        for zone in dict.fromkeys(zones)
        for server in session.servers(zone, owner_tags.fleet, since=since)
        if owner_tags.are_among(server.tags)
    ]
    return choose(session, "server", found, known=known)


def find_disks(session: Session, zone: str, owner_tags: OwnerTags) -> list[api.Disk]:
    """The disks with these owner tags, read now."""
    return session.client.disks.find(zone, tags=[owner_tags.resource])


def listed_disks(session: Session, zone: str, owner_tags: OwnerTags, disk_ids: set[str]) -> list[api.Disk]:
    """The disks with these owner tags from the fleet's shared list.

    What was asked for another server's sake will do if it shows all of `disk_ids` ready.
    """
    listed: list[api.Disk] = []
    for since in (None, session.clock()):
        listed = session.disks(zone, owner_tags.fleet, since=since)
        if disk_ids <= {disk.id for disk in listed if disk.availability == "available"}:
            break
    return [disk for disk in listed if owner_tags.are_among(disk.tags)]


def listed_server(
    session: Session, zone: str, server_id: str, owner_tags: OwnerTags, since: float | None
) -> api.Server | None:
    """The server in the fleet's shared list of `since` (or of any time, with None); None while it is not in it."""
    listed = session.servers(zone, owner_tags.fleet, since=since)
    return next((server for server in listed if server.id == server_id), None)


def current_server(session: Session, zone: str, server_id: str, owner_tags: OwnerTags, since: float) -> api.Server:
    """The server as it is: from the fleet's shared list, or read by itself where that does not have it.

    Raises `NotFoundError`.
    """
    listed = listed_server(session, zone, server_id, owner_tags, since)
    return listed or session.client.servers.read(zone, server_id)


def with_status(session: Session, server: api.Server, owner_tags: OwnerTags) -> api.Server:
    """The server with its power known: observed again where the answer does not say, as that does not mean "off".

    Raises `NotFoundError`, and what waits raise.
    """
    if server.status:
        return server
    return session.waiter.wait_for_shared(
        f"the API to say whether server {server.name} ({server.id} in {server.zone}) is up",
        lambda since: current_server(session, server.zone, server.id, owner_tags, since),
        lambda server: bool(server.status),
        deadline=STATUS_DEADLINE,
        way_out="nothing of it was changed; run the same command again",
    )


def confirm_parts(session: Session, server: api.Server, *, upstreams: Sequence[str], disk_ids: Sequence[str]) -> None:
    """Find the server by another call where its answer lacks a part that the state has, as that would replace it.

    `upstreams` and `disk_ids` are the state's, of interfaces and disks. Raises `UnusableAnswerError` where the two
    answers contradict each other.
    """
    if not _lacks_parts(server, upstreams, disk_ids):
        return
    listed = session.client.servers.find(server.zone, name=server.name)
    second = next((found for found in listed if found.id == server.id), None)
    if second is not None and _parts(second) != _parts(server):
        raise UnusableAnswerError(
            f"server {server.name} ({server.id} in {server.zone}): two answers differ in interfaces or disks",
            method="GET",
            path=f"server/{server.id}",
        )


def _lacks_parts(server: api.Server, upstreams: Sequence[str], disk_ids: Sequence[str]) -> bool:
    unconnected = any(
        upstream and not interface.shared and not interface.switch_id
        for interface, upstream in zip(server.interfaces, upstreams, strict=False)
    )
    return unconnected or len(server.interfaces) < len(upstreams) or not set(disk_ids) <= {d.id for d in server.disks}


def _parts(server: api.Server) -> tuple[object, ...]:
    networks = tuple((interface.id, interface.shared, interface.switch_id) for interface in server.interfaces)
    return networks, {disk.id for disk in server.disks}


def index_of(disk_name: str) -> int:
    """Which disk of its server this is, from 0, by the number at the end of its name; -1 where there is none."""
    digits = disk_name.rpartition("-disk")[2]
    return int(digits) - 1 if digits.isdecimal() else -1
