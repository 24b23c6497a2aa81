"""A template's network interfaces as one server gets them, and the packet filters before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from sakura_fleet.model.server.template import NetworkInterface
from sakura_fleet.resources import PacketFilter
from sakura_fleet.resources.server.server import ServerInterface

ZoneIds = Mapping[str, pulumi.Input[str]]
"""One object per zone, as packet filters live in a zone."""


def packet_filters(
    resource_name: str,
    name: str,
    zones: Sequence[str],
    interfaces: Sequence[NetworkInterface],
    opts: pulumi.ResourceOptions,
) -> list[ZoneIds]:
    """For each interface with rules, one packet filter per zone, made or taken over, for all servers of the
    template."""
    return [
        {
            zone: PacketFilter(
                f"{resource_name}-nic{index}-{zone}",
                name=f"{name}-nic{index}",
                zone=zone,
                rules=interface.packet_filter,
                adopt=interface.adopt_packet_filter.get(zone, ""),
                opts=opts,
            ).id
            for zone in (zones if interface.packet_filter else ())
        }
        for index, interface in enumerate(interfaces)
    ]


def server_interfaces(interfaces: Sequence[NetworkInterface], filters: Sequence[ZoneIds]) -> list[ServerInterface]:
    """The interfaces of each server of the template."""
    return [
        ServerInterface(
            upstream=interface.upstream,
            packet_filter=packet_filter or "",
            assign_cidr_block=interface.assign_cidr_block,
            default_route=interface.default_route,
        )
        for interface, packet_filter in zip(interfaces, filters, strict=True)
    ]
