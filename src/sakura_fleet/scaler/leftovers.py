"""What jobs that died or were broken off left in the cloud: members of the group that nobody knows.

They are told by owner tag: what else carries the fleet's may be another stack's with the same `fleet_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sakura_fleet.inventory.findings import Finding
from sakura_fleet.inventory.owned import Kind, Owned, duplicates, everything
from sakura_fleet.inventory.removal import remove
from sakura_fleet.model.server.group import MAX_SIZE, ServerGroupArgs
from sakura_fleet.ownership import OwnerTags, fleet_tag
from sakura_fleet.provider.duplicates import completeness
from sakura_fleet.provider.session import Session
from sakura_fleet.tokens import SERVER, SERVER_GROUP


def remove_leftovers(
    session: Session, fleet_id: str, *, known: Collection[str], members: set[str], state: str
) -> Iterator[str]:
    """Remove the servers and disks whose owner tag is one of `members` and not `known` to the state, and so not to the
    program. What is neither, or was made by another state than the one with the owner tag `state`, is only named.
    Yields what was done and found."""
    for item in list(everything(session.client, fleet_tag(fleet_id))):
        if item.kind not in (Kind.SERVER, Kind.DISK) or item.owner_tags.resource in known:
            continue
        if item.owner_tags.resource in members and not item.owner_tags.is_of_another_state(state):
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
    why = f"the state does not know it, so it counts for nothing; `sakura-fleet repair --stack {stack}`"
    return str(Finding("orphan", f"server {name} ({server_id} in {zone})", why))


def orphaned_members(
    session: Session, fleet_id: str, group: ServerGroupArgs, known: Callable[[], Collection[str]]
) -> list[Owned]:
    """Servers with the group's names whose owner tag is not `known` to the state, which is asked only where the number
    of servers is not the group's size, and second ones of a member."""
    tag, names = fleet_tag(fleet_id), {group.server_name(slot) for slot in range(MAX_SIZE)}
    found = [
        Owned(Kind.SERVER, server.id, server.name, zone, owner_tags, completeness=completeness(server))
        for zone in group.zones
        for server in session.client.servers.find(zone, tags=[tag])
        if server.name in names and (owner_tags := OwnerTags.from_tags(server.tags))
    ]
    if len(found) == group.size:
        return []
    tags, second = known(), duplicates(found, ())
    return [item for item in found if item in second or item.owner_tags.resource not in tags]
