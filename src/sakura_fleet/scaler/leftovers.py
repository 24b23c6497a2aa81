"""What jobs that died or were broken off left in the cloud: members of the group that nobody knows.

They are told by owner tag: what else carries the fleet's may be another stack's with the same `fleet_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sakura_fleet.inventory.findings import Finding, serving_in
from sakura_fleet.inventory.owned import InState, Kind, everything, owned_server
from sakura_fleet.inventory.removal import remove
from sakura_fleet.model.server.group import MAX_SIZE, ServerGroupArgs
from sakura_fleet.ownership import OwnerTags, fleet_tag
from sakura_fleet.provider.session import Session
from sakura_fleet.tokens import SERVER, SERVER_GROUP

if TYPE_CHECKING:
    from sakura_fleet.client import Server

Members = list[tuple[str, "Server"]]
"""Servers with their zones."""


def remove_leftovers(
    session: Session, fleet_id: str, *, known: InState, members: set[str], state: str
) -> Iterator[str]:
    """Remove the servers and disks whose owner tag is one of `members` and that are not `known` to the state, and so
    not to the program. What is neither, was made by another state than the one with the owner tag `state`, or serves in
    an ELB, is only named. Yields what was done and found."""
    kinds = (Kind.SERVER, Kind.DISK)
    left = [
        item for item in everything(session.client, fleet_tag(fleet_id)) if item.kind in kinds and not known.knows(item)
    ]
    serving = dict(serving_in(session.client, {item.address for item in left if item.address}))
    for item in left:
        is_own = item.owner_tags.resource in members and not item.owner_tags.is_of_another_state(state)
        if item.address in serving:
            why = f"the state does not know it, and it serves in the ELB {serving[item.address]}"
            yield str(Finding("orphan", str(item), f"{why}; see `sakura-fleet repair`"))
        elif is_own:
            remove(session, item)
            yield f"removed  {item}, left by a job that died"
        else:
            yield str(Finding("orphan", str(item), "the state does not know it; see `sakura-fleet repair`"))


def member_owner_tags(fleet_id: str, urn_prefix: str, group: ServerGroupArgs) -> set[str]:
    """The owner tags of all members that the stack's group can have, as its template is now."""
    parent = f"{urn_prefix}{SERVER_GROUP}${SERVER}::"
    names = (group.member_name(group.name, slot) for slot in range(MAX_SIZE))
    return {OwnerTags.of(fleet_id, parent + name).resource for name in names}


def orphan_note(name: str, server_id: str, zone: str, stack: str) -> str:
    """How every output names a server with one of the group's names that the state does not know."""
    why = "the state does not know it, so it counts for nothing"
    way_out = f"`sakura-fleet repair --stack {stack}` has the command that removes it"
    return str(Finding("orphan", f"server {name} ({server_id} in {zone})", f"{why}; {way_out}"))


def without_orphans(found: Iterable[tuple[str, Server]], state: InState) -> tuple[Members, Members]:
    """Servers with the group's names, with their zones: those that the state knows, and the orphans.

    They are told by ID and owner tag and never by their number: an orphan may make up for a member that is missing.
    """
    found = list(found)
    owned = [item for zone, server in found if (item := owned_server(server, zone))]
    unknown = {item.id for item in state.unknown(owned)}
    members = [(zone, server) for zone, server in found if server.id not in unknown]
    return members, [(zone, server) for zone, server in found if server.id in unknown]
