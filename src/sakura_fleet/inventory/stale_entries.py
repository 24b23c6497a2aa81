"""Entries of a fleet's ELBs that get no requests: those that servers left behind that are gone, and disabled ones of
servers that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sakura_fleet import tokens
from sakura_fleet.errors import NotFoundError
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.model.zones import ZONES
from sakura_fleet.provider.elb_entries import Entry, Group, leave
from sakura_fleet.provider.references import find_elb

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Elb, ElbEntry
    from sakura_fleet.provider.session import Session


@dataclass(frozen=True, slots=True)
class StaleEntry:
    """An entry that gets no requests: its address is no server's of the account, or it is disabled."""

    elb_id: str
    elb_name: str
    server_group: str
    entry: Entry

    def __str__(self) -> str:
        return f"entry {self.entry} of the ELB {self.elb_name} ({self.elb_id})"


def stale_entries(session: Session, resources: Sequence[Mapping[str, Any]]) -> list[StaleEntry]:
    """The stale entries of the ELBs that the state knows as the stack's own, and of those that its groups are in.

    In an ELB that a server group of the state is in, only entries under that group's name count: what others entered
    under theirs may point at what is not of this account. Reads only; raises `ApiError`.
    """
    found = [
        StaleEntry(elb.id, elb.name, entry.server_group, Entry.from_elb(entry))
        for elb, names in _elbs(session, resources)
        for entry in elb.entries
        if names is None or entry.server_group in names
    ]
    if not found:
        return []
    addresses = server_addresses(session.client)
    candidates = [stale for stale in found if stale.entry.address not in addresses]
    up = {
        (elb_id, server.ip_address, server.port)
        for elb_id in {stale.elb_id for stale in candidates}
        for server in session.client.elbs.health(elb_id).servers
        if server.up
    }
    return [stale for stale in candidates if (stale.elb_id, *stale.entry.place) not in up]


def disabled_entries(session: Session, resources: Sequence[Mapping[str, Any]]) -> list[StaleEntry]:
    """Entries of the state's own servers that are disabled: a run that takes a server out does so first, and one that
    is broken off then leaves them so. Reads only; raises `ApiError`."""
    own = addresses_in(resources)
    return [
        StaleEntry(elb.id, elb.name, entry.server_group, Entry.from_elb(entry))
        for elb, names in _elbs(session, resources)
        for entry in elb.entries
        if is_disabled(entry, own, names)
    ]


def is_disabled(entry: ElbEntry, own: Collection[str], names: Collection[str] | None) -> bool:
    """Whether an entry of the state's servers, whose addresses are `own`, gets no requests. `names` are those under
    which its groups enter servers; where no group of the state is in the ELB, None, any counts."""
    return not entry.enabled and entry.ip_address in own and (names is None or entry.server_group in names)


def addresses_in(resources: Sequence[Mapping[str, Any]]) -> set[str]:
    """The addresses of the state's servers, those that are about to be deleted aside."""
    servers = (resource for resource in resources if resource.get("type") == tokens.SERVER)
    outputs = (server.get("outputs") or {} for server in servers if not server.get("delete"))
    return {str(output["address"]) for output in outputs if output.get("address")}


def remove_stale_entries(session: Session, entries: Sequence[StaleEntry]) -> None:
    """Take them out, with one write for each ELB and group; one that is gone already is a success."""
    for elb_id, name in dict.fromkeys((stale.elb_id, stale.server_group) for stale in entries):
        group = Group({"elb": {"key": "", "id": elb_id}, "server_group_name": name})
        leavers = [stale.entry for stale in entries if (stale.elb_id, stale.server_group) == (elb_id, name)]
        try:
            leave(session, group, leavers)
        except NotFoundError:
            continue


def server_addresses(client: Client) -> set[str]:
    """Every address that a server of the account has, in any zone."""
    return {
        address
        for zone in ZONES
        for server in client.servers.find(zone)
        for interface in server.interfaces
        for address in (interface.ip_address, interface.user_ip_address)
        if address
    }


def _elbs(session: Session, resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Elb, set[str] | None]]:
    """Each ELB with the names under which the state's memberships enter servers; None where there is no membership."""
    found: dict[str, tuple[Elb, set[str]]] = {}
    for reference, names in _references(resources):
        try:
            elb = find_elb(session, reference)
        except NotFoundError:
            continue
        found.setdefault(elb.id, (elb, set()))[1].update(names)
    yield from ((elb, names or None) for elb, names in found.values())


def _references(resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[ElbReference, set[str]]]:
    for resource in resources:
        outputs = resource.get("outputs") or {}
        if resource.get("type") == tokens.ELB and not outputs.get("lookup"):
            yield ElbReference(outputs["owner_tags"]["resource"], outputs["elb_id"]), set()
        elif resource.get("type") == tokens.ELB_MEMBERSHIP:
            yield ElbReference.of(outputs["elb"]), {str(outputs.get("server_group_name") or "")}
