"""Packet filter rules, both edges of every range."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.model.server.packet_filter import ACTIONS, PROTOCOLS, PacketFilterRule, read_rules
from tests.unit.model.read import read, rules


def read_list(*written: Any) -> tuple[tuple[PacketFilterRule, ...], list[tuple[str, str]]]:
    found, problems = read(lambda reader: read_rules(reader, "rules"), {"rules": list(written)})
    return found, rules(problems)


def test_a_rule_is_read_as_written_and_given_back_whole() -> None:
    written = {
        "protocol": "tcp",
        "action": "deny",
        "source_network": "192.0.2.0/24",
        "source_port": "1024-65535",
        "destination_port": "80",
        "description": "web",
    }
    found, problems = read_list(written, {"protocol": "ip"})
    assert problems == []
    assert [rule.inputs() for rule in found] == [
        written,
        {
            "protocol": "ip",
            "action": "allow",
            "source_network": "",
            "source_port": "",
            "destination_port": "",
            "description": "",
        },
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_protocol_and_action_is_known(protocol: str, action: str) -> None:
    assert read_list({"protocol": protocol, "action": action})[1] == []


@pytest.mark.parametrize("ports", ["1", "65535", "1-65535", "80-80", "80-90"])
@pytest.mark.parametrize("side", ["source_port", "destination_port"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_ports_within_range(protocol: str, side: str, ports: str) -> None:
    assert read_list({"protocol": protocol, side: ports})[1] == []


@pytest.mark.parametrize(
    "ports", ["0", "65536", "0-80", "80-65536", "90-80", "80-", "-80", "80,90", "http", "80 ", "٨٠"]
)
@pytest.mark.parametrize("side", ["source_port", "destination_port"])
def test_ports_outside_range(side: str, ports: str) -> None:
    assert read_list({"protocol": "tcp", side: ports})[1] == [(f"rules[0].{side}", "port-range")]


@pytest.mark.parametrize("protocol", ["http", "https", "icmp", "fragment", "ip"])
def test_ports_belong_to_tcp_and_udp(protocol: str) -> None:
    assert read_list({"protocol": protocol, "destination_port": "80"})[1] == [("rules[0].destination_port", "ports")]


@pytest.mark.parametrize("network", ["192.0.2.1", "192.0.2.0/24", "0.0.0.0/0"])
def test_networks(network: str) -> None:
    assert read_list({"protocol": "ip", "source_network": network})[1] == []


@pytest.mark.parametrize("network", ["192.0.2.1/24", "192.0.2.0/33", "example.com", "192.0.2"])
def test_what_is_no_network(network: str) -> None:
    assert read_list({"protocol": "ip", "source_network": network})[1] == [("rules[0].source_network", "network")]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({}, ("rules[0].protocol", "required")),
        ({"protocol": "sctp"}, ("rules[0].protocol", "unknown-value")),
        ({"protocol": "tcp", "action": "drop"}, ("rules[0].action", "unknown-value")),
        ({"protocol": "tcp", "port": "80"}, ("rules[0].port", "unknown-key")),
        ({"protocol": "tcp", "description": "d" * 513}, ("rules[0].description", "length")),
        ({"protocol": "tcp", "destination_port": True}, ("rules[0].destination_port", "type")),
    ],
)
def test_one_broken_rule_is_one_problem(written: dict[str, Any], problem: tuple[str, str]) -> None:
    assert read_list(written)[1] == [problem]


@pytest.mark.parametrize(("count", "problems"), [(0, []), (30, []), (31, [("rules", "too-many-rules")])])
def test_how_many_rules(count: int, problems: list[tuple[str, str]]) -> None:
    assert read_list(*[{"protocol": "ip"}] * count)[1] == problems
