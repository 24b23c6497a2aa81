"""Zones and regions."""

from __future__ import annotations

import functools
import ipaddress

from sakura_emulator.wire import JSON

REGIONS: dict[int, JSON] = {
    region: {"ID": region, "Name": name, "Description": name, "NameServers": servers}
    for region, name, servers in (
        (210, "東京", ["210.188.224.10", "210.188.224.11"]),
        (290, "Sandbox", ["133.242.0.3", "133.242.0.4"]),
        (310, "石狩", ["133.242.0.3", "133.242.0.4"]),
    )
}

_ZONES = (
    (31001, "is1a", "石狩第1ゾーン", 310),
    (31002, "is1b", "石狩第2ゾーン", 310),
    (31003, "is1c", "石狩第3ゾーン", 310),
    (21001, "tk1a", "東京第1ゾーン", 210),
    (21002, "tk1b", "東京第2ゾーン", 210),
    (29001, "tk1v", "Sandbox", 290),
)

SANDBOX = "tk1v"
DEFAULT_ZONE = "is1a"  # where clients ask for what is in no zone

ZONES: dict[str, JSON] = {
    name: {
        "ID": zone,
        "DisplayOrder": order,
        "Name": name,
        "Description": description,
        "IsDummy": name == SANDBOX,
        # A client would send passwords there: no host has such a name (RFC 6761) or address (RFC 5737).
        "VNCProxy": {"HostName": f"vnc-{name}.invalid", "IPAddress": "192.0.2.250"},
        "FTPServer": {"HostName": f"ftp-{name}.invalid", "IPAddress": "192.0.2.251"},
        "Region": REGIONS[region],
    }
    for order, (zone, name, description, region) in enumerate(_ZONES, 1)
}

# Addresses of the shared segments come from the range that is set aside for benchmarks (RFC 2544), so that no client
# of the emulator ever reaches a stranger: 64 networks of 24 bits a zone, and the rest for ELBs and routers.
_RANGE = ipaddress.IPv4Network("198.18.0.0/15")
_PARTS = list(_RANGE.subnets(new_prefix=18))
SEGMENTS = {name: list(part.subnets(new_prefix=24)) for name, part in zip(ZONES, _PARTS, strict=False)}
ROUTER_NETWORK, ELB_NETWORK = _PARTS[6], _PARTS[7]

FIRST_HOST, LAST_HOST = 11, 254
_PER_NETWORK = LAST_HOST - FIRST_HOST + 1


def shared_address(zone: str, number: int) -> str:
    """The nth address of a zone's shared segment; it starts again from the first after some 15,000."""
    network, host = divmod(number, _PER_NETWORK)
    networks = SEGMENTS[zone]
    return str(networks[network % len(networks)][FIRST_HOST + host])


def shared_capacity(zone: str) -> int:
    """How many addresses the shared segment of a zone has."""
    return len(SEGMENTS[zone]) * _PER_NETWORK


@functools.lru_cache(maxsize=65536)
def shared_switch(zone: str, address: str) -> JSON:
    """The `Switch` of an interface on the shared segment."""
    network = ipaddress.IPv4Network(f"{address}/24", strict=False)
    index = SEGMENTS[zone].index(network)
    order = ZONES[zone]["DisplayOrder"]
    return {
        "ID": 100000000100 + order,
        "Name": "スイッチ",
        "Scope": "shared",
        "UserSubnet": {"DefaultRoute": str(network.network_address + 1), "NetworkMaskLen": network.prefixlen},
        "Subnet": {
            "ID": 2000 + order * 100 + index,
            "NetworkAddress": str(network.network_address),
            "NetworkMaskLen": 24,
            "DefaultRoute": str(network.network_address + 1),
            "Internet": {"BandWidthMbps": 100},
        },
    }
