"""What a server is to be: a resource's inputs, typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sakura_fleet.model.server.addresses import AddressBlock
from sakura_fleet.model.server.template import DiskTemplate, EditParameter, MachinePlan
from sakura_fleet.ownership import OwnerTags

ByZone = str | Mapping[str, str]
"""One ID for all zones, or one per zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSpec:
    """One network interface: where it is connected, the block from which the server takes an address on a switch, and
    that address once it is chosen."""

    upstream: ByZone
    assign_cidr_block: str = ""
    default_route: str = ""
    ip_address: str = ""

    @property
    def netmask_len(self) -> int:
        """The block's; 0 where there is none."""
        return AddressBlock.of(self.assign_cidr_block).netmask_len if self.assign_cidr_block else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSpec:
    """One startup script, by its ID in the cloud; `uses_name` for one that takes the server's name as a variable."""

    note_id: str
    digest: str = ""
    uses_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """One server as declared. In a preview, texts may be `Unknown`."""

    name: str
    zones: tuple[str, ...]
    slot: int
    owner_tags: OwnerTags
    machine_plan: MachinePlan
    disks: tuple[DiskTemplate, ...]
    network_interfaces: tuple[InterfaceSpec, ...]
    packet_filters: tuple[ByZone, ...]
    edit_parameter: EditParameter
    startup_scripts: tuple[ScriptSpec, ...]
    password: str | None = field(repr=False)
    description: str
    tags: tuple[str, ...]
    icon_id: str
    interface_driver: str

    @classmethod
    def from_inputs(cls, inputs: Mapping[str, Any]) -> ServerSpec:
        """The spec of a server's inputs, which are written out in full."""
        edit = inputs["edit_parameter"]
        return cls(
            name=inputs["name"],
            zones=tuple(inputs["zones"]),
            slot=int(inputs["slot"]),
            owner_tags=OwnerTags.from_inputs(inputs["owner_tags"]),
            machine_plan=MachinePlan(**inputs["plan"]),
            disks=tuple(DiskTemplate(**disk) for disk in inputs["disks"]),
            network_interfaces=tuple(InterfaceSpec(**interface) for interface in inputs["network_interfaces"]),
            packet_filters=tuple(inputs["packet_filters"]),
            edit_parameter=EditParameter(**{**edit, "ssh_keys": tuple(edit.get("ssh_keys", ()))}),
            startup_scripts=tuple(ScriptSpec(**script) for script in inputs["startup_scripts"]),
            password=inputs.get("password"),
            description=inputs["description"],
            tags=tuple(inputs["tags"]),
            icon_id=inputs["icon_id"],
            interface_driver=inputs["interface_driver"],
        )

    @property
    def home(self) -> str:
        """The zone in which a new server is made."""
        return self.zones[self.slot % len(self.zones)]

    @property
    def addresses(self) -> list[str]:
        """For each interface the address that the guest is told; empty where it is told none."""
        return [interface.ip_address for interface in self.network_interfaces]

    def told(self, addresses: Sequence[str]) -> ServerSpec:
        """The spec of a server whose guest was told these addresses."""
        pairs = zip(self.network_interfaces, addresses, strict=False)
        interfaces = tuple(replace(interface, ip_address=address) for interface, address in pairs)
        return replace(self, network_interfaces=(*interfaces, *self.network_interfaces[len(interfaces) :]))

    def labels(self) -> dict[str, Any]:
        """Name, description, tags and icon as the cloud takes them."""
        return {
            "name": self.name,
            "description": self.description,
            "tags": self.owner_tags.tag(self.tags),
            "icon_id": self.icon_id or None,
        }


def in_zone(setting: ByZone, zone: str) -> str:
    """What a setting says for one zone; what a preview cannot know yet stays."""
    return setting.get(zone, "") if isinstance(setting, Mapping) else setting
