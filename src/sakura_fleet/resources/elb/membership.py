"""`ElbMembership`: the entries of one server group in one ELB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle
from sakura_fleet.resources.elb.elb import Elb
from sakura_fleet.resources.server.server import Server


class ElbMembershipProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.elb.membership_lifecycle import ElbMembershipLifecycle

        return ElbMembershipLifecycle()


class ElbMembership(FleetResource, module="sakura", name="ElbMembership"):
    """Which servers an ELB sends requests to, under one server group name.

    A change goes in this order, all before the engine removes any server: enter the new members (one write), wait until
    the ELB calls them UP for `min_healthy_time`, disable those that leave (one write), wait until their connections
    have ended or `drain_timeout` has passed, remove their entries (one write). Entries of other groups and of people in
    the same ELB stay as they are. All times in seconds. `up_deadline` 0 does not wait for UP.

    A rule of the ELB that names the group goes with the group's last entry, as the cloud wants it, and comes back with
    the next one.

    Output: `entries`, as `address:port`.
    """

    entries: pulumi.Output[Sequence[Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        elb: Elb,
        servers: Sequence[Server],
        ports: Sequence[int],
        server_group_name: str = "",
        up_deadline: int = 300,
        min_healthy_time: int = 0,
        drain_timeout: int = 60,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "elb": elb.reference.inputs(),
            "members": [server.reference.inputs() for server in servers],
            "ports": list(ports),
            "server_group_name": server_group_name,
            "up_deadline": up_deadline,
            "min_healthy_time": min_healthy_time,
            "drain_timeout": drain_timeout,
            "rules": [{"at": at, "rule": rule.inputs()} for at, rule in elb.rules_to(server_group_name)],
            "entries": None,
        }
        super().__init__(ElbMembershipProvider(), resource_name, props, opts)
