"""Servers that are there: which of them are meant, which can be taken over, and whether they are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from sakura_fleet.errors import AdoptionError
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.model.server.template import DISK_PLANS, MAX_DISKS, MAX_NETWORK_INTERFACES
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.server.adoption import beyond_templates

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Disk, PacketFilter, Server
    from sakura_fleet.model.server.packet_filter import PacketFilterRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which servers are meant: those with `prefix` and all `tags`, and those that `servers` names (names or IDs)."""

    prefix: str = ""
    tags: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    zones: tuple[str, ...] = tuple(ZONES)

    def __bool__(self) -> bool:
        return bool(self.prefix or self.tags or self.servers)

    def fits(self, server: Server) -> bool:
        """Whether prefix and tags choose the server."""
        chosen = bool(self.prefix or self.tags)
        return chosen and server.name.startswith(self.prefix) and set(self.tags) <= set(server.tags)


@dataclass(frozen=True, slots=True)
class Found:
    """A server, with what the server itself does not say of its disks and packet filters."""

    server: Server
    disks: tuple[Disk, ...]
    filters: tuple[PacketFilter | None, ...]
    """The packet filter before each interface."""

    def __str__(self) -> str:
        return f"{self.server.name} ({self.server.id} in {self.server.zone})"

    @property
    def upstreams(self) -> tuple[str, ...]:
        """What each interface is connected to; empty for nothing."""
        return tuple("shared" if nic.shared else nic.switch_id or "" for nic in self.server.interfaces)

    @property
    def rules(self) -> tuple[tuple[PacketFilterRule, ...], ...]:
        """The packet filter rules before each interface."""
        return tuple(found.expressions if found else () for found in self.filters)

    def shape(self) -> dict[str, str]:
        """What would need another server, or is before it, in words. Switches are compared zone by zone."""
        server = self.server
        disks = ", ".join(f"{disk.size_gb} GB {disk.plan} {disk.connection}" for disk in self.disks)
        filters = ["; ".join(map(_rule, rules)) or "none" for rules in self.rules]
        return {
            "plan": f"{server.core} core {server.memory_gb} GB{' dedicated' * server.dedicated_cpu}",
            "disks": disks or "none",
            "interfaces": ", ".join("shared" if upstream == "shared" else "switch" for upstream in self.upstreams)
            or "none",
            "driver": server.interface_driver,
            "packet filters": " | ".join(filters) or "none",
        }


@dataclass(frozen=True, slots=True)
class Servers:
    """Servers that are alike, and the IDs of the packet filters that others have, too."""

    found: list[Found]
    others_filters: frozenset[str] = frozenset()


def find_servers(client: Client, selection: Selection, *, fleet: str, report: Report) -> Servers:
    """The servers that can be taken over, all alike; `fleet` is the owner tag of the own fleet, where there is one.

    Who was chosen by prefix or tag and cannot be taken is left out; who was named is refused. Raises `AdoptionError`.
    """
    listed = [server for zone in selection.zones for server in client.servers.find(zone)]
    named = [_named(listed, word, selection.zones) for word in selection.servers]
    chosen = [server for server in listed if server in named or selection.fits(server)]
    if not chosen:
        raise AdoptionError(
            f"no server in {', '.join(selection.zones)} has {_words(selection)}; the account has "
            f"{', '.join(sorted(server.name for server in listed)) or 'none'}"
        )
    taken, refused = [], []
    for candidate in _with_parts(client, chosen):
        reasons = list(_reasons(candidate, fleet))
        if not reasons:
            taken.append(candidate)
        elif candidate.server in named:
            refused.append(f"  {candidate}: {'; '.join(reasons)}")
        else:
            report.left_out.append(f"server {candidate}: {'; '.join(reasons)}")
    if refused:
        raise AdoptionError("\n".join(["these servers cannot be taken over; nothing was written:", *refused]))
    if not taken:
        reasons = [f"  {line}" for line in report.left_out]
        raise AdoptionError("\n".join(["none of the servers can be taken over; nothing was written:", *reasons]))
    _check_alike(taken)
    chosen_ids = {candidate.server.id for candidate in taken}
    others = {nic.packet_filter_id for server in listed if server.id not in chosen_ids for nic in server.interfaces}
    return Servers(taken, frozenset(filter_id for filter_id in others if filter_id))


def _named(listed: Sequence[Server], word: str, zones: Sequence[str]) -> Server:
    found = [server for server in listed if word in (server.id, server.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"{server.id} in {server.zone}" for server in found)
        raise AdoptionError(f"--server: {len(found)} servers are called {word!r} ({ids}); name it by its ID")
    names = ", ".join(sorted(server.name for server in listed)) or "none"
    raise AdoptionError(f"--server: no server in {', '.join(zones)} has the ID or name {word!r}; there are {names}")


def _words(selection: Selection) -> str:
    words = [f"the prefix {selection.prefix!r}"] if selection.prefix else []
    return " and ".join(words + [f"the tag {tag!r}" for tag in selection.tags])


def _with_parts(client: Client, servers: Sequence[Server]) -> Iterator[Found]:
    for zone, here in groupby(servers, key=lambda server: server.zone):
        in_zone = list(here)
        disks = {disk.id: disk for disk in client.disks.find(zone)}
        filtered = any(nic.packet_filter_id for server in in_zone for nic in server.interfaces)
        filters = {found.id: found for found in client.packet_filters.find(zone)} if filtered else {}
        for server in in_zone:
            yield Found(
                server,
                tuple(disks[disk.id] for disk in server.disks if disk.id in disks),
                tuple(filters.get(nic.packet_filter_id or "") for nic in server.interfaces),
            )


def _reasons(candidate: Found, fleet: str) -> Iterator[str]:
    """Why a server cannot be taken over."""
    server = candidate.server
    owner_tags = OwnerTags.from_tags(server.tags)
    if owner_tags:
        whose = "this fleet already" if owner_tags.is_of(fleet) else f"another fleet, {owner_tags.fleet}"
        yield f"it belongs to {whose}"
    if not server.is_up:
        yield "it is off, and `pulumi up` would switch it on: switch it on first"
    yield from beyond_templates(server)
    if len(candidate.disks) != len(server.disks) or any(disk.availability != "available" for disk in candidate.disks):
        yield "a disk of it is not available"
    for disk in candidate.disks:
        if disk.plan not in DISK_PLANS:
            yield f"disk {disk.id} has the plan {disk.plan}, which cannot be declared ({' or '.join(DISK_PLANS)})"
    if len(candidate.disks) > MAX_DISKS:
        yield f"it has {len(candidate.disks)} disks; {MAX_DISKS} can be declared"
    if len(candidate.upstreams) > MAX_NETWORK_INTERFACES:
        yield f"it has {len(candidate.upstreams)} interfaces; {MAX_NETWORK_INTERFACES} can be declared"
    for index, upstream in enumerate(candidate.upstreams):
        if not upstream:
            yield f"interface {index} is connected to nothing, which cannot be declared"
        if upstream == "shared" and index:
            yield f"interface {index} is on the shared segment, which only the first can be"


def _check_alike(found: Sequence[Found]) -> None:
    """One group has one template: refuse servers that differ, with what differs."""
    shapes = [candidate.shape() for candidate in found]
    differing = [key for key in shapes[0] if len({shape[key] for shape in shapes}) > 1]
    switches: dict[str, set[tuple[str, ...]]] = {}
    for candidate in found:
        switches.setdefault(candidate.server.zone, set()).add(candidate.upstreams)
    if "interfaces" not in differing and any(len(upstreams) > 1 for upstreams in switches.values()):
        differing.append("interfaces")
        pairs = zip(shapes, found, strict=True)
        shapes = [{**shape, "interfaces": ", ".join(candidate.upstreams)} for shape, candidate in pairs]
    if differing:
        lines = [
            f"  {candidate}: {'; '.join(f'{key} {shape[key]}' for key in differing)}"
            for candidate, shape in zip(found, shapes, strict=True)
        ]
        message = (
            f"the servers differ in {', '.join(differing)}, and a group has one template; choose those that are alike "
            "with --server, or make them alike. Nothing was written:"
        )
        raise AdoptionError("\n".join([message, *lines]))


def _rule(rule: PacketFilterRule) -> str:
    return " ".join(value for value in rule.inputs().values() if value)
