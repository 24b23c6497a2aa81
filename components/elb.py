"""`WebElb`: an ELB with a server group behind it."""

from __future__ import annotations

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.elb import MAX_ENTRIES, NO_PORT, ElbArgs
from sakura_fleet.model.serving import Serving
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.resources import Elb, ElbMembership
from sakura_fleet.tokens import WEB_ELB

from .server_group import ServerGroup


class WebElb(pulumi.ComponentResource):
    """The ELB that `args` describes, takes over or looks up, and the entries of `group` in it.

    The ports and the server group's name come from `expose` of the template's first interface. Members join before
    others leave, and no server goes before its entry has gone and its connections have ended.

    Outputs: `elb_id`, `fqdn` (with VIP failover) or `vip`.
    """

    elb: Elb
    membership: ElbMembership
    serving: Serving

    def __init__(
        self, name: str, args: ElbArgs, group: ServerGroup, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        interfaces = group.args.template.network_interfaces
        ports = interfaces[0].expose.ports if interfaces else ()
        refuse(_check(len(group.servers), ports), f"ELB {name}")
        super().__init__(WEB_ELB, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.serving = args.serving
        self.elb = Elb(
            name,
            name=args.name,
            lookup=args.lookup,
            plan=args.plan,
            region=args.region,
            vip_failover=args.vip_failover,
            settings=None if args.lookup else args.settings,
            description=args.description,
            tags=args.tags,
            icon_id=args.icon_id,
            adopt=args.adopt,
            opts=child,
        )
        self.membership = ElbMembership(
            f"{name}-{group.args.name}",
            elb=self.elb,
            servers=group.servers,
            ports=ports,
            server_group_name=interfaces[0].expose.server_group_name,
            up_deadline=args.up_deadline,
            min_healthy_time=args.min_healthy_time,
            drain_timeout=args.drain_timeout,
            opts=child,
        )
        self.register_outputs({"elb_id": self.elb.elb_id, "fqdn": self.elb.fqdn, "vip": self.elb.vip})


def _check(servers: int, ports: tuple[int, ...]) -> list[Problem]:
    if not ports:
        return [NO_PORT]
    if servers * len(ports) > MAX_ENTRIES:
        message = (
            f"{servers} servers with {len(ports)} ports are {servers * len(ports)} entries; an ELB takes "
            f"{MAX_ENTRIES}: "
            "make the group smaller or expose fewer ports"
        )
        return [Problem(NO_PORT.path, "too-many-entries", message)]
    return []
