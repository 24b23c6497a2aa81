"""The server group and its template, written from servers that are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from typing import TYPE_CHECKING, Any

from sakura_fleet.inventory.adoption.numbering import Numbering, numbered
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.inventory.adoption.servers import Servers
from sakura_fleet.model.server.group import DEFAULT_NAME_FORMAT
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.ownership import OwnerTags

if TYPE_CHECKING:
    from sakura_fleet.client import Archive, Client, Disk
    from sakura_fleet.model.server.packet_filter import PacketFilterRule


class GroupWriter:
    """Writes `server_group` for servers that `find_servers` gave."""

    def __init__(self, client: Client, servers: Servers, *, group: str, report: Report) -> None:
        found = servers.found
        self._client = client
        self._report = report
        self._others_filters = servers.others_filters
        self._taken_filters: set[str] = set()
        self.numbering = numbered([member.server.name for member in found], group=group)
        by_number = sorted(zip(self.numbering.numbers, found, strict=True), key=lambda pair: pair[0])
        self.numbers = [number for number, _ in by_number]
        self.found = [member for _, member in by_number]

    def config(self, expose: Mapping[str, Any]) -> dict[str, Any]:
        """The section; `expose` is what the ELB has of the servers."""
        first = self.found[0].server
        group: dict[str, Any] = {"name": self.numbering.group}
        group["zones"] = list(dict.fromkeys(member.server.zone for member in self.found))
        group["min_size"] = group["max_size"] = len(self.found)
        if self.numbering.name_format != DEFAULT_NAME_FORMAT:
            group["name_format"] = self.numbering.name_format
        group["adopt"] = {number: member.server.id for number, member in zip(self.numbers, self.found, strict=True)}
        plan: dict[str, Any] = {"core": first.core, "memory": first.memory_gb}
        template: dict[str, Any] = {"plan": {**plan, "dedicated_cpu": True} if first.dedicated_cpu else plan}
        template["disks"] = self._disks()
        template["network_interfaces"] = [
            self._interface(index, expose if index == 0 else {}) for index in range(len(first.interfaces))
        ]
        template["edit_parameter"] = {"ssh_keys": [], "startup_scripts": []}
        template |= self._labels()
        if first.interface_driver != "virtio":
            template["interface_driver"] = first.interface_driver
        group["template"] = template
        self._say_taken(self.numbering)
        return group

    def _say_taken(self, numbering: Numbering) -> None:
        for number, member in zip(self.numbers, self.found, strict=True):
            self._report.taken.append(f"server {member} as number {number}")
            if member.server.name != numbering.name(number):
                self._report.changes.append(
                    f"server {member} is called {numbering.name(number)} in the control panel; its host name stays"
                )

    # Labels: what most have; the rest changes in place

    def _labels(self) -> dict[str, Any]:
        servers = [member.server for member in self.found]
        description = _most(server.description for server in servers)
        icon = _most(server.icon_id or "" for server in servers)
        common = set.intersection(*(set(OwnerTags.untag(server.tags)) for server in servers))
        for member in self.found:
            for what, value, wanted in (
                ("description", member.server.description, description),
                ("icon", member.server.icon_id or "", icon),
            ):
                if value != wanted:
                    self._report.changes.append(f"server {member}: {what} {value or 'none'} -> {wanted or 'none'}")
            lost = sorted(set(OwnerTags.untag(member.server.tags)) - common)
            if lost:
                self._report.changes.append(f"server {member} loses {', '.join(lost)}: not all have these tags")
        labels = {"description": description, "tags": sorted(common), "icon_id": icon}
        return {key: value for key, value in labels.items() if value}

    # Disks

    def _disks(self) -> list[dict[str, Any]]:
        archives = {
            zone: {archive.id: archive for archive in self._client.archives.find(zone)}
            for zone in {member.server.zone for member in self.found if member.disks}
        }
        return [self._disk(index, archives) for index in range(len(self.found[0].disks))]

    def _disk(self, index: int, archives: Mapping[str, Mapping[str, Archive]]) -> dict[str, Any]:
        sources = {_source(member.disks[index], archives[member.server.zone]) for member in self.found}
        first = self.found[0].disks[index]
        disk: dict[str, Any] = {}
        source = sources.pop() if len(sources) == 1 else None
        if source:
            disk[source[0]] = source[1]
        elif source is None and index == 0:
            self._report.to_do.append(
                "server_group.template.disks[0]: from which archive the disks were copied cannot be told any more, or "
                "not for all; write os_type, or servers made later get a blank disk"
            )
        elif source is None:
            self._report.notes.append(f"server_group.template.disks[{index}]: servers made later get a blank one")
        disk |= {"plan": first.plan, "size": first.size_gb}
        return {**disk, "connection": first.connection} if first.connection != "virtio" else disk

    # Interfaces

    def _interface(self, index: int, expose: Mapping[str, Any]) -> dict[str, Any]:
        upstreams = {member.server.zone: member.upstreams[index] for member in self.found}
        different = set(upstreams.values())
        interface: dict[str, Any] = {"upstream": different.pop() if len(upstreams) == 1 else upstreams}
        if set(upstreams.values()) == {"shared"}:
            interface["upstream"] = "shared"
        else:
            interface |= self._addresses(index)
        rules = self.found[0].rules[index]
        interface |= self._filters(index) if rules else {}
        self._say_filters(index, interface.get("adopt_packet_filter", {}))
        if expose:
            interface["expose"] = dict(expose)
        return interface

    def _filters(self, index: int) -> dict[str, Any]:
        """The rules, and of each zone the packet filter that most have, where nobody else has it."""
        own = [(member.server.zone, found) for member in self.found if (found := member.filters[index])]
        adopt = {}
        for zone in dict.fromkeys(zone for zone, _ in own):
            free = [
                found.id
                for where, found in own
                if where == zone and found.id not in self._others_filters | self._taken_filters
                and not OwnerTags.from_description(found.description)
            ]  # fmt: skip
            if free:
                adopt[zone] = _most(free)
                self._taken_filters.add(adopt[zone])
        rules = [_written(rule) for rule in self.found[0].rules[index]]
        return {"packet_filter": rules, **({"adopt_packet_filter": adopt} if adopt else {})}

    def _say_filters(self, index: int, adopted: Mapping[str, str]) -> None:
        """What becomes of the packet filters before an interface."""
        name = f"{self.numbering.group}-nic{index}"
        pairs = [(member.server.zone, member.filters[index]) for member in self.found]
        attached = {packet_filter.id: (zone, packet_filter) for zone, packet_filter in pairs if packet_filter}
        for _, (zone, packet_filter) in sorted(attached.items()):
            if adopted.get(zone) == packet_filter.id:
                self._report.taken.append(f"packet filter {packet_filter.name} ({packet_filter.id} in {zone})")
                if (packet_filter.name, packet_filter.description) != (name, ""):
                    self._report.changes.append(
                        f"packet filter {packet_filter.name} ({packet_filter.id}) is called {name}"
                    )
                continue
            fate = "the group's, with the same rules," if packet_filter.expressions else "nothing"
            self._report.changes.append(
                f"interface {index}: {fate} takes the place of the packet filter {packet_filter.name} "
                f"({packet_filter.id}), which stays"
            )

    def _addresses(self, index: int) -> dict[str, Any]:
        """The block from which the servers' addresses on a switch come, if they are in it by number."""
        path = f"server_group.template.network_interfaces[{index}]"
        addresses = [member.server.interfaces[index].user_ip_address for member in self.found]
        switches = [
            self._client.switches.read(zone, switch)
            for zone, switch in {member.server.zone: member.upstreams[index] for member in self.found}.items()
        ]
        lengths = {switch.network_mask_len for switch in switches}
        routes = {switch.default_route for switch in switches}
        base = _base(addresses, self.numbers)
        length, route = lengths.pop(), routes.pop()
        if base is None or lengths or routes or not length or (index == 0 and not route):
            self._report.notes.append(
                f"{path}: assign_cidr_block is left out, as the addresses on the switch "
                f"({', '.join(one or 'none noted' for one in addresses)}) and its netmask and default route do not say "
                "it; servers made later get no address there"
            )
            return {}
        inside = route and IPv4Address(route) in IPv4Interface(f"{base}/{length}").network
        return {"assign_cidr_block": f"{base}/{length}", **({"default_route": route} if inside else {})}


def _most(values: Iterable[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def _source(disk: Disk, archives: Mapping[str, Archive]) -> tuple[str, str] | tuple[()] | None:
    """The setting that gives a disk like this; empty for a blank one, None where it cannot be told."""
    if not disk.source_archive_id and not disk.source_disk_id:
        return ()
    archive = archives.get(disk.source_archive_id or "")
    if archive is None:
        return None
    if archive.scope != "shared":
        return "source_archive", archive.id
    fitting = [name for name, tags in OS_TYPES.items() if set(tags) <= set(archive.tags)]
    # A name with a version goes on meaning the same; of two that mean the same, the shorter one.
    return ("os_type", min(fitting, key=lambda name: (not name[-1].isdigit(), len(name)))) if fitting else None


def _base(addresses: Sequence[str | None], numbers: Sequence[int]) -> IPv4Address | None:
    """The address before that of number 1; None where the addresses do not follow the numbers."""
    bases = set()
    for address, number in zip(addresses, numbers, strict=True):
        try:
            bases.add(IPv4Address(address or "") - number)
        except AddressValueError:
            return None
    return bases.pop() if len(bases) == 1 else None


def _written(rule: PacketFilterRule) -> dict[str, str]:
    return {key: value for key, value in rule.inputs().items() if value and (key, value) != ("action", "allow")}
