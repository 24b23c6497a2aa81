"""Packet filter rules: evaluated in order, the first that matches decides (API: `packetfilter`, `Expression`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from typing import Final

from sakura_fleet.model.reading import Reader

PROTOCOLS: Final = ("http", "https", "tcp", "udp", "icmp", "fragment", "ip")
ACTIONS: Final = ("allow", "deny")
MAX_RULES: Final = 30
_NAMED: Final = {"http": ("tcp", 80), "https": ("tcp", 443)}
_WITH_PORTS: Final = ("tcp", "udp")
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class PacketFilterRule:
    """One rule; an empty text means any. Ports are a number or a range (`80-90`), for tcp and udp only."""

    protocol: str
    source_network: str = ""
    source_port: str = ""
    destination_port: str = ""
    action: str = "allow"
    description: str = ""

    def inputs(self) -> dict[str, str]:
        """The rule as a resource's inputs carry it."""
        return asdict(self)


def admits(rules: Sequence[PacketFilterRule], protocol: str, port: int) -> bool:
    """Whether packets to a port of a server get through from anywhere at all; what no rule matches gets through."""
    for rule in rules:
        named = _NAMED.get(rule.protocol)
        matches = named == (protocol, port) if named else rule.protocol in (protocol, "ip")
        if not matches or not _covers(rule.destination_port, port):
            continue
        if rule.action == "allow":
            return True
        if not rule.source_port and rule.source_network in ("", "0.0.0.0/0"):
            return False
    return True


def _covers(ports: str, port: int) -> bool:
    match = _PORTS.fullmatch(ports)
    return not ports or bool(match and int(match[1]) <= port <= int(match[2] or match[1]))


def read_rules(reader: Reader, key: str) -> tuple[PacketFilterRule, ...]:
    """The list of rules under `key`; problems go to the reader."""
    rules = tuple(_read_rule(child) for child in reader.children(key))
    if len(rules) > MAX_RULES:
        reader.problem(key, "too-many-rules", f"{len(rules)} rules; a packet filter takes at most {MAX_RULES}")
    return rules


def _read_rule(reader: Reader) -> PacketFilterRule:
    rule = PacketFilterRule(
        protocol=reader.text("protocol", choices=PROTOCOLS),
        action=reader.text("action", "allow", choices=ACTIONS),
        source_network=reader.text("source_network", ""),
        source_port=reader.text("source_port", ""),
        destination_port=reader.text("destination_port", ""),
        description=reader.text("description", "", longest=512),
    )
    if rule.source_network:
        try:
            ip_network(rule.source_network)
        except ValueError:
            reader.problem(
                "source_network", "network", f"{rule.source_network!r} is not a network such as 192.0.2.0/24"
            )
    for name, ports in (("source_port", rule.source_port), ("destination_port", rule.destination_port)):
        if ports and rule.protocol not in _WITH_PORTS:
            reader.problem(name, "ports", f"ports are for {' and '.join(_WITH_PORTS)}, not for {rule.protocol}")
        elif ports and not _valid_ports(ports):
            reader.problem(name, "port-range", f"{ports!r} is not a port or a range within 1..65535, such as 80-90")
    reader.close()
    return rule


def _valid_ports(ports: str) -> bool:
    match = _PORTS.fullmatch(ports)
    if not match:
        return False
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    return 1 <= first <= last <= 65_535
