"""`ServerGroup`: servers of one template, spread over zones."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.server.template_words import words_of
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.resources import Server, StartupScript
from sakura_fleet.tokens import SERVER_GROUP

from .network import packet_filters, server_interfaces


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
    Its inputs say in words what the generation is a hash of, so that a preview shows what has changed.
    Startup scripts and packet filters are made once for the group (packet filters: once a zone). A server named in
    `args.adopt` is taken over as it is, instead of one being made.
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
        super().__init__(SERVER_GROUP, name, words_of(args.template), opts)
        child = pulumi.ResourceOptions(parent=self)
        late = sorted(number for number in args.adopt if number > args.size)
        if late:
            pulumi.log.warn(
                f"server_group.adopt: number {', '.join(map(str, late))} is over the size {args.size}, so not taken "
                "over; set size, or remove what was taken over before",
                self,
            )
        template = args.template
        scripts = [
            StartupScript(f"{name}-startup-{number}", name=f"{args.name}-startup-{number}", content=content, opts=child)
            for number, content in enumerate(template.edit_parameter.startup_scripts, start=1)
        ]
        filters = packet_filters(name, args.name, args.zones, template.network_interfaces, child)
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
                args.member_name(name, slot),
                name=args.server_name(slot),
                zones=args.zones,
                slot=slot,
                plan=template.plan,
                disks=template.disks,
                network_interfaces=server_interfaces(template.network_interfaces, filters),
                edit_parameter=template.edit_parameter,
                startup_scripts=scripts,
                password=password,
                description=template.description,
                tags=template.tags,
                icon_id=template.icon_id,
                interface_driver=template.interface_driver,
                shutdown_force=args.shutdown_force,
                labels=labels,
                adopt=args.adopt.get(slot + 1, ""),
                opts=child,
            )
            self.servers.append(server)
            self.members.append(Member(server.key, args.server_name(slot), server.zone, server.address))
        self.register_outputs({})  # the members are resources of their own: said twice, they are most of a large state
