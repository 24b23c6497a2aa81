"""A template's network interfaces as one server gets them, and the packet filters before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi

from sakura_fleet.model.server.template import NetworkInterface, member_address
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


def server_interfaces(
    interfaces: Sequence[NetworkInterface], filters: Sequence[ZoneIds], slot: int
) -> list[ServerInterface]:
    """The interfaces of the server at `slot` (from 0)."""
    return [
        ServerInterface(
            upstream=interface.upstream,
            packet_filter=packet_filter or "",
            ip_address=member_address(interface, slot),
            netmask_len=_prefix_length(interface.assign_cidr_block),
            default_route=interface.default_route,
        )
        for interface, packet_filter in zip(interfaces, filters, strict=True)
    ]


def _prefix_length(block: str) -> int:
    return IPv4Network(block, strict=False).prefixlen if block else 0
