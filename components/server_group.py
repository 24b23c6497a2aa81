"""`ServerGroup`: servers of one template, spread over zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi

from sakura_fleet.model.server_group import ServerGroupArgs
from sakura_fleet.model.template import NetworkInterface, member_address
from sakura_fleet.resources import PacketFilter, Server, StartupScript
from sakura_fleet.resources.host import refuse
from sakura_fleet.resources.server import ServerInterface
from sakura_fleet.tokens import SERVER_GROUP


@dataclass(frozen=True, slots=True)
class Member:
    """One server of a group. `key` and `name` are known in every preview; `zone` and `address` once the server is
    there."""

    key: pulumi.Output[str]
    name: str
    zone: pulumi.Output[str]
    address: pulumi.Output[str]

    def output(self) -> dict[str, pulumi.Input[str]]:
        """The member as a stack output."""
        return {"key": self.key, "name": self.name, "zone": self.zone, "address": self.address}


class ServerGroup(pulumi.ComponentResource):
    """`args.size` servers of `args.template`, numbered from 001, server `n` in `zones[(n - 1) % len(zones)]`.

    A larger `size` adds servers, a smaller one removes those with the highest numbers. The template's generation is
    part of each member's Pulumi name: a changed template makes new members first and then removes the old ones.
    Startup scripts and packet filters are made once for the group (packet filters: once a zone).

    Output: `members`.
    """

    args: ServerGroupArgs
    members: list[Member]
    servers: list[Server]

    def __init__(
        self,
        name: str,
        args: ServerGroupArgs,
        *,
        password: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse(args.check(), f"server group {name}")
        super().__init__(SERVER_GROUP, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        template = args.template
        scripts = [
            StartupScript(f"{name}-startup-{number}", name=f"{args.name}-startup-{number}", content=content, opts=child)
            for number, content in enumerate(template.edit_parameter.startup_scripts, start=1)
        ]
        filters = [
            _packet_filters(name, args, index, interface, child)
            for index, interface in enumerate(template.network_interfaces)
        ]
        labels: dict[str, str | int] = {
            "stack": pulumi.get_stack(),
            "group": args.name,
            "min_size": args.min_size,
            "max_size": args.max_size,
        }
        self.args = args
        self.members, self.servers = [], []
        for slot in range(args.size):
            server = Server(
                f"{name}-{args.generation}-{slot + 1:03}",
                name=args.server_name(slot),
                zones=args.zones,
                slot=slot,
                plan=template.plan,
                disks=template.disks,
                network_interfaces=[
                    _interface(interface, packet_filter, slot)
                    for interface, packet_filter in zip(template.network_interfaces, filters, strict=True)
                ],
                edit_parameter=template.edit_parameter,
                startup_scripts=scripts,
                password=password,
                description=template.description,
                tags=template.tags,
                icon_id=template.icon_id,
                interface_driver=template.interface_driver,
                shutdown_force=args.shutdown_force,
                labels=labels,
                opts=child,
            )
            self.servers.append(server)
            self.members.append(Member(server.key, args.server_name(slot), server.zone, server.address))
        self.register_outputs({"members": [member.output() for member in self.members]})


def _packet_filters(
    name: str, args: ServerGroupArgs, index: int, interface: NetworkInterface, child: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Input[str]]:
    """One packet filter per zone for an interface with rules, as they live in a zone."""
    if not interface.packet_filter:
        return {}
    return {
        zone: PacketFilter(
            f"{name}-nic{index}-{zone}",
            name=f"{args.name}-nic{index}",
            zone=zone,
            rules=interface.packet_filter,
            opts=child,
        ).id
        for zone in args.zones
    }


def _interface(
    interface: NetworkInterface, packet_filter: Mapping[str, pulumi.Input[str]], slot: int
) -> ServerInterface:
    block = interface.assign_cidr_block
    return ServerInterface(
        upstream=interface.upstream,
        packet_filter=packet_filter or "",
        ip_address=member_address(interface, slot),
        netmask_len=IPv4Network(block, strict=False).prefixlen if block else 0,
        default_route=interface.default_route,
    )
