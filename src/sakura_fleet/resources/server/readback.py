"""Reading a server back: the inputs that would make it as it is now, so that drift names its property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, Outputs
from sakura_fleet.resources.server.spec import in_zone

if TYPE_CHECKING:
    from sakura_fleet import client as api


def inputs_of(server: api.Server, last: Outputs) -> Inputs:
    """The inputs that would make the server as it is now; `last` holds what the cloud does not say."""
    zone = server.zone
    interfaces = list(last.get("network_interfaces") or [])
    filters = list(last.get("packet_filters") or [])
    for index, interface in enumerate(server.interfaces):
        upstream = "shared" if interface.shared else interface.switch_id or ""
        known = dict(interfaces[index]) if index < len(interfaces) else {}
        if in_zone(known.get("upstream", ""), zone) != upstream:
            known["upstream"] = upstream
        interfaces[index : index + 1] = [known]
        attached = interface.packet_filter_id or ""
        expected = filters[index] if index < len(filters) else ""
        if in_zone(expected, zone) != attached:
            expected = attached
        filters[index : index + 1] = [expected]
    sizes = {disk.id: disk.size_gb for disk in server.disks}
    disks = [
        {**disk, "size": sizes[disk_id]}
        for disk, disk_id in zip(last.get("disks") or [], last.get("disk_ids") or [], strict=False)
        if disk_id in sizes
    ]
    return {
        "name": server.name,
        "description": server.description,
        "tags": OwnerTags.untag(server.tags),
        "icon_id": server.icon_id or "",
        "interface_driver": server.interface_driver,
        "plan": {"core": server.core, "memory": server.memory_gb, "dedicated_cpu": server.dedicated_cpu},
        "disks": disks,
        "network_interfaces": interfaces[: len(server.interfaces)],
        "packet_filters": filters[: len(server.interfaces)],
        "addresses_noted": _noted(server, last.get("addresses") or []),
        "power": server.status or last.get("power") or "up",  # what the answer does not say is as it was
        "owner_tags": _owner_tags(server, last),
    }


def _noted(server: api.Server, told: Sequence[str]) -> bool:
    """Whether the cloud has the addresses that the guest was told."""
    return all(nic.user_ip_address == address for nic, address in zip(server.interfaces, told, strict=False) if address)


def _owner_tags(server: api.Server, last: Outputs) -> Mapping[str, str]:
    found = OwnerTags.from_tags(server.tags)
    return found.inputs() if found else {**last["owner_tags"], "resource": ""}
