"""`Server`: one server with its disks and network interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pulumi

from sakura_fleet.model.reference import ServerReference
from sakura_fleet.model.server import inputs as server_inputs
from sakura_fleet.model.server.template import DiskTemplate, EditParameter, MachinePlan
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle
from sakura_fleet.resources.server.startup_script import StartupScript


class ServerProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle

        return ServerLifecycle()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInterface:
    """One network interface of a server.

    `upstream` is `shared`, the ID of a switch, or one ID per zone; `packet_filter` an ID, or one per zone. On a switch
    the server takes the lowest free address of `assign_cidr_block` (`192.168.0.16/24`: from .17 on), the block's
    netmask, and `default_route`.
    """

    upstream: pulumi.Input[str] | Mapping[str, pulumi.Input[str]] = "shared"
    packet_filter: pulumi.Input[str] | Mapping[str, pulumi.Input[str]] = ""
    assign_cidr_block: str = ""
    default_route: str = ""


class Server(FleetResource, module="sakura", name="Server"):
    """A server that is up, with its disks copied and its startup scripts handed over.

    It is made in `zones[slot % len(zones)]` and stays there; only a zone that leaves the list moves it. Name,
    description, tags, icon, packet filters and power change in place; all else needs a new server, and the old one
    goes first, as both would carry the same owner tag (a `ServerGroup` gives every template its own members, so there
    the new ones come first). `password` is only used when the first disk is prepared; a later change of it does not
    touch the server. `labels` say what the server is for; policies read them, the cloud never sees them, and a change
    of them is no change of the server.

    Outputs: `zone`, `address` (IPv4 of the first interface), `disk_ids`. API: `server`, `disk`, `interface`.
    """

    name: pulumi.Output[str]
    zone: pulumi.Output[str]
    address: pulumi.Output[str]
    disk_ids: pulumi.Output[Sequence[str]]
    tags: pulumi.Output[Sequence[str]]

    allowed_zones: tuple[str, ...]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        zones: Sequence[str],
        slot: int = 0,
        plan: MachinePlan | None = None,
        disks: Sequence[DiskTemplate] = (DiskTemplate(os_type="almalinux"),),
        network_interfaces: Sequence[ServerInterface] = (ServerInterface(),),
        edit_parameter: EditParameter | None = None,
        startup_scripts: Sequence[StartupScript] = (),
        password: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        tags: Sequence[str] = (),
        icon_id: pulumi.Input[str] = "",
        interface_driver: str = "virtio",
        shutdown_force: bool = False,
        labels: Mapping[str, str | int] | None = None,
        adopt: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.allowed_zones = tuple(zones)  # plain, beside the output `zones`
        edit = asdict(edit_parameter or EditParameter())
        del edit["startup_scripts"]
        props: dict[str, Any] = {
            "name": name,
            "zones": list(zones),
            "slot": slot,
            "plan": asdict(plan or MachinePlan()),
            "disks": [asdict(disk) for disk in disks],
            "network_interfaces": [
                {
                    "upstream": interface.upstream,
                    "assign_cidr_block": interface.assign_cidr_block,
                    "default_route": interface.default_route,
                }
                for interface in network_interfaces
            ],
            "packet_filters": [interface.packet_filter for interface in network_interfaces],
            "edit_parameter": {**edit, "ssh_keys": list(edit["ssh_keys"])},
            "startup_scripts": [
                {"note_id": script.id, "digest": script.digest, "uses_name": script.uses_name}
                for script in startup_scripts
            ],
            "description": description,
            "tags": list(tags),
            "icon_id": icon_id,
            "interface_driver": interface_driver,
            "shutdown_force": shutdown_force,
            "labels": dict(labels or {}),
            "adopt": adopt,
            "zone": None,
            "address": None,
            "disk_ids": None,
        }
        if password is not None:
            props["password"] = pulumi.Output.secret(password)
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["password"]))
        super().__init__(ServerProvider(), resource_name, server_inputs.short(props), opts)

    @property
    def reference(self) -> ServerReference:
        """How other resources name this server without waiting for its outputs."""
        return ServerReference(self.key, self.id, list(self.allowed_zones))
