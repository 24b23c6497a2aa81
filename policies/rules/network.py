"""Rules about what reaches a server from the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from policies.levels import EVERYWHERE, HINT
from policies.properties import UNKNOWN, holds_unknown, items, mapping, text
from policies.rule import Breach, Context, Resource, Rule, Setting
from sakura_fleet import tokens

SSH: Final = 22
_CARRIES_TCP: Final = ("tcp", "ip")


def ssh_not_open(packet_filter: Resource, context: Context) -> Iterator[Breach]:
    """The first rule that matches SSH from anywhere does not allow it."""
    rules = packet_filter.props.get("rules", [])
    if packet_filter.name in context.settings["private_filters"] or rules is UNKNOWN:
        return
    for index, rule in enumerate(map(mapping, items(rules))):
        if holds_unknown(rule) or not rule:
            return
        if text(rule.get("protocol")) not in _CARRIES_TCP or not _covers(text(rule.get("destination_port")) or "", SSH):
            continue
        length = _prefix_length(rule)
        if text(rule.get("action", "allow")) == "allow":
            if length < context.settings["widest"]:
                yield Breach(f"rules[{index}]", "this rule lets everybody reach SSH (22/tcp)")
                return
        elif length == 0 and not text(rule.get("source_port")):
            return
    yield Breach("rules", "no rule denies what the others do not allow, so SSH (22/tcp) is open to everybody")


def interface_without_filter(server: Resource, _context: Context) -> Iterator[Breach]:
    """An interface on the shared segment has a packet filter."""
    filters = server.props.get("packet_filters", [])
    for index, interface in enumerate(items(server.props.get("network_interfaces"))):
        own = items(filters)[index] if index < len(items(filters)) else ""
        if text(mapping(interface).get("upstream")) == "shared" and filters is not UNKNOWN and own in ("", {}):
            yield Breach(f"packet_filters[{index}]", "everything reaches this interface from the internet")


def _covers(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    try:
        return not ports or int(first) <= port <= int(last or first)
    except ValueError:
        return False


def _prefix_length(rule: Mapping[str, Any]) -> int:
    """How narrow the rule's source is; one that cannot be read is somebody's own, and refused elsewhere."""
    network = text(rule.get("source_network")) or ""
    try:
        return ip_network(network, strict=False).prefixlen if network else 0
    except ValueError:
        return 128


RULES = (
    Rule(
        id="ssh-not-open",
        types=(tokens.PACKET_FILTER,),
        what="No packet filter lets the whole internet reach SSH.",
        why="SSH that everybody reaches is tried day and night, and one flaw in it or one lost key opens every server "
        "of the group. The first rule that matches decides, and what no rule matches is let in.",
        way_out="give the rule for port 22 the source_network that you log in from, and end the list with "
        "{protocol: ip, action: deny}",
        levels=EVERYWHERE,
        settings={
            "widest": Setting(8, "the shortest prefix of a source network that is not yet the whole internet"),
            "private_filters": Setting([], "Pulumi names of packet filters that are on private switches only"),
        },
        check_resource=ssh_not_open,
    ),
    Rule(
        id="interface-without-filter",
        types=(tokens.SERVER,),
        what="An interface on the shared segment has a packet filter.",
        why="Without one, only the server's own firewall is between the internet and whatever listens.",
        way_out="give the interface a packet_filter in template.network_interfaces; HTTP/3 also needs udp 443",
        levels=HINT,
        check_resource=interface_without_filter,
    ),
)
