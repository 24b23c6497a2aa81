"""Rules about what reaches a server from the internet."""

from __future__ import annotations

from typing import Any

import pytest

from policies.properties import UNKNOWN
from sakura_fleet import tokens
from tests.unit.policies.support import broken, resource, server

DENY = {"protocol": "ip", "action": "deny", "source_network": "", "source_port": "", "destination_port": ""}
HOME = "192.0.2.0/24"


def tcp(ports: str = "22", source: Any = "", action: str = "allow", **more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "destination_port": ports, "source_network": source, "action": action, **more}


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ([tcp("80"), tcp("22", HOME), DENY], []),
        ([DENY], []),
        ([tcp("22"), DENY], ["rules[0]"]),
        ([tcp(""), DENY], ["rules[0]"]),
        ([tcp("20-30"), DENY], ["rules[0]"]),
        ([tcp("22-22"), DENY], ["rules[0]"]),
        ([tcp("23-30"), DENY], []),
        ([tcp("1-21"), DENY], []),
        ([{"protocol": "ip"}, DENY], ["rules[0]"]),
        ([{"protocol": "udp"}, {"protocol": "icmp"}, {"protocol": "https"}, DENY], []),
        ([tcp("22", "0.0.0.0/0"), DENY], ["rules[0]"]),
        ([tcp("22", "0.0.0.0/1"), tcp("22", "128.0.0.0/1"), DENY], ["rules[0]"]),
        ([tcp("22", "128.0.0.0/7"), DENY], ["rules[0]"]),
        ([tcp("22", "10.0.0.0/8"), DENY], []),
        ([tcp("22", "192.0.2.7"), DENY], []),
        ([tcp("22", source_port="1024-65535"), DENY], ["rules[0]"]),
        ([tcp("22", action="deny"), tcp("22")], []),
        ([tcp("22", HOME, action="deny"), tcp("22"), DENY], ["rules[1]"]),
        ([tcp("22", action="deny", source_port="123"), tcp("22"), DENY], ["rules[1]"]),
        ([DENY, tcp("22")], []),
        ([], ["rules"]),
        ([tcp("80"), tcp("22", HOME)], ["rules"]),
        ([tcp("22", "not a network"), DENY], []),
        ([tcp("not a port"), DENY], []),
        (UNKNOWN, []),
        ([UNKNOWN], []),
        ([tcp("22", UNKNOWN), tcp("22")], []),
        ([{**tcp("22"), "action": UNKNOWN}], []),
    ],
)
def test_ssh(rules: Any, paths: list[str]) -> None:
    assert broken("ssh-not-open", resource(tokens.PACKET_FILTER, "web-nic0-is1b", rules=rules)) == paths


def test_filters_of_private_switches_can_be_left_out() -> None:
    inner = resource(tokens.PACKET_FILTER, "web-nic1-is1b", rules=[])
    assert broken("ssh-not-open", inner) == ["rules"]
    assert broken("ssh-not-open", inner, private_filters=["web-nic1-is1b"]) == []


def test_how_wide_is_the_world() -> None:
    filter_ = resource(tokens.PACKET_FILTER, "web-nic0-is1b", rules=[tcp("22", "10.0.0.0/8"), DENY])
    assert broken("ssh-not-open", filter_, widest=16.0) == ["rules[0]"]


@pytest.mark.parametrize(
    ("interfaces", "filters", "paths"),
    [
        (["shared"], [{"is1b": "113000000001"}], []),
        (["shared"], [{"is1b": UNKNOWN}], []),
        (["shared"], ["113000000001"], []),
        (["shared"], [UNKNOWN], []),
        (["shared"], UNKNOWN, []),
        (["shared"], [""], ["packet_filters[0]"]),
        (["shared"], [{}], ["packet_filters[0]"]),
        (["shared"], [], ["packet_filters[0]"]),
        (["113000000009", "shared"], ["", ""], ["packet_filters[1]"]),
        (["113000000009"], [""], []),
        ([UNKNOWN], [""], []),
    ],
)
def test_shared_interface(interfaces: list[Any], filters: Any, paths: list[str]) -> None:
    judged = server(network_interfaces=[{"upstream": upstream} for upstream in interfaces], packet_filters=filters)
    assert broken("interface-without-filter", judged) == paths


def test_interfaces_that_are_not_known() -> None:
    assert broken("interface-without-filter", server(network_interfaces=UNKNOWN)) == []
