"""`PacketFilter`: rules for what may reach a server's network interface, in one zone."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class PacketFilterProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle

        return PacketFilterLifecycle()


class PacketFilter(FleetResource, module="sakura", name="PacketFilter"):
    """Rules in order; the first that matches decides. Rules change in place, also for running servers.

    Packet filters have no tags on the wire: the owner tags are the last line of the description. API:
    `packetfilter`.
    """

    name: pulumi.Output[str]
    zone: pulumi.Output[str]
    description: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        zone: pulumi.Input[str],
        rules: Sequence[PacketFilterRule],
        description: pulumi.Input[str] = "",
        adopt: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "zone": zone,
            "rules": [rule.inputs() for rule in rules],
            "description": description,
            "adopt": adopt,
        }
        super().__init__(PacketFilterProvider(), resource_name, props, opts)
