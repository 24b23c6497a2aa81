"""The template's rules, with both edges of every range."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.errors import Problem
from sakura_fleet.model.server.template import (
    DiskTemplate,
    EditParameter,
    Expose,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
    exposed_ports,
)
from sakura_fleet.model.server.template_reader import read_template
from tests.unit.model.read import PUBLIC_KEY, SWITCH, read, rules

ON_SWITCH = {"upstream": SWITCH, "assign_cidr_block": "192.168.0.0/24", "default_route": "192.168.0.254"}


def problems_of(**template: Any) -> list[Problem]:
    return read(read_template, template)[1]


def test_an_empty_template_is_the_default_one() -> None:
    assert read(read_template, {}) == (ServerTemplate(), [])
    assert ServerTemplate().disks == (DiskTemplate(os_type="almalinux", size=20, plan="ssd"),)


def test_a_full_template_is_read_as_written() -> None:
    template, problems = read(
        read_template,
        {
            "plan": {"core": 2, "memory": 4, "dedicated_cpu": True},
            "disks": [{"os_type": "debian", "plan": "hdd", "connection": "ide", "size": 40}, {"size": 100}],
            "network_interfaces": [
                {"upstream": "shared", "expose": {"ports": [80, 443], "server_group_name": "gr1"}},
                {**ON_SWITCH, "packet_filter": [{"protocol": "tcp", "destination_port": "80"}]},
            ],
            "edit_parameter": {
                "disable_pw_auth": False,
                "enable_dhcp": True,
                "change_partition_uuid": False,
                "ssh_keys": [PUBLIC_KEY],
                "startup_scripts": ["#!/bin/sh\n"],
            },
            "description": "d",
            "tags": ["web"],
            "icon_id": "112300511981",
            "interface_driver": "e1000",
        },
    )
    assert problems == []
    assert template.plan == MachinePlan(core=2, memory=4, dedicated_cpu=True)
    assert template.disks == (
        DiskTemplate(os_type="debian", plan="hdd", connection="ide", size=40),
        DiskTemplate(size=100),
    )
    shared, private = template.network_interfaces
    assert shared == NetworkInterface(expose=Expose(ports=(80, 443), server_group_name="gr1"))
    assert (private.upstream, private.assign_cidr_block, private.default_route) == tuple(ON_SWITCH.values())
    assert private.packet_filter[0].destination_port == "80"
    assert template.edit_parameter == EditParameter(
        disable_pw_auth=False,
        enable_dhcp=True,
        change_partition_uuid=False,
        ssh_keys=(PUBLIC_KEY,),
        startup_scripts=("#!/bin/sh\n",),
    )
    assert (template.tags, template.icon_id, template.interface_driver) == (("web",), "112300511981", "e1000")


@pytest.mark.parametrize(
    "template",
    [
        {"tags": [f"t{n}" for n in range(6)]},
        {"tags": ["x", "y" * 32]},
        {"description": "d" * 512},
        {"disks": []},
        {"disks": [{}] * 4},
        {"disks": [{"size": 20}, {"size": 32_768}]},
        {"disks": [{"source_archive": "113600000001"}]},
        {"plan": {"core": 1, "memory": 1}},
        {"plan": {"core": 256, "memory": 1024}},
        {"network_interfaces": []},
        {"network_interfaces": [{}, *[{"upstream": str(int(SWITCH) + number)} for number in range(9)]]},
        {"network_interfaces": [{"expose": {"ports": [1, 65_535]}}]},
        {"network_interfaces": [{"expose": {"server_group_name": "a" * 10}}]},
        {"network_interfaces": [{"upstream": SWITCH}]},
        {"network_interfaces": [ON_SWITCH]},
        {"network_interfaces": [{}, {"upstream": SWITCH, "assign_cidr_block": "192.168.0.0/24"}]},
        {"edit_parameter": {"disabled": True}},
    ],
    ids=str,
)
def test_the_allowed_edges(template: dict[str, Any]) -> None:
    assert problems_of(**template) == []


@pytest.mark.parametrize(
    ("template", "path", "rule"),
    [
        ({"tags": [f"t{n}" for n in range(8)]}, "tags", "too-many-tags"),
        ({"tags": [""]}, "tags[0]", "tag-length"),
        ({"tags": ["ok", "y" * 33]}, "tags[1]", "tag-length"),
        ({"tags": ["sf:mine"]}, "tags[0]", "reserved-tag"),
        ({"tags": ["sfr:mine"]}, "tags[0]", "reserved-tag"),
        ({"tags": ["a", "b", "a"]}, "tags[2]", "duplicate-tag"),
        ({"description": "d" * 513}, "description", "length"),
        ({"disks": [{}] * 5}, "disks", "too-many-disks"),
        ({"disks": [{"size": 19}]}, "disks[0].size", "range"),
        ({"disks": [{"size": 32_769}]}, "disks[0].size", "range"),
        ({"disks": [{"os_type": "windows"}]}, "disks[0].os_type", "unknown-value"),
        ({"disks": [{"source_archive": "12"}]}, "disks[0].source_archive", "shape"),
        ({"disks": [{"plan": "nvme"}]}, "disks[0].plan", "unknown-value"),
        ({"disks": [{"connection": "scsi"}]}, "disks[0].connection", "unknown-value"),
        (
            {"disks": [{}, {"os_type": "debian", "source_archive": "113600000001"}]},
            "disks[1].source_archive",
            "one-source",
        ),
        ({"plan": {"core": 0}}, "plan.core", "range"),
        ({"plan": {"core": 257}}, "plan.core", "range"),
        ({"plan": {"memory": 0}}, "plan.memory", "range"),
        ({"plan": {"memory": 1025}}, "plan.memory", "range"),
        (
            {"network_interfaces": [{}, *[{"upstream": str(int(SWITCH) + number)} for number in range(10)]]},
            "network_interfaces",
            "too-many-interfaces",
        ),
        (
            {"network_interfaces": [{}, {"upstream": SWITCH}, {"upstream": SWITCH}]},
            "network_interfaces[2].upstream",
            "same-switch",
        ),
        (
            {"network_interfaces": [{"upstream": {"is1b": SWITCH}}, {"upstream": {"is1c": "1" * 12, "is1b": SWITCH}}]},
            "network_interfaces[1].upstream",
            "same-switch",
        ),
        ({"network_interfaces": [{"upstream": "internet"}]}, "network_interfaces[0].upstream", "shape"),
        ({"network_interfaces": [{}, {}]}, "network_interfaces[1].upstream", "shared-first"),
        (
            {"network_interfaces": [{"assign_cidr_block": "192.168.0.0/24"}]},
            "network_interfaces[0].assign_cidr_block",
            "shared-address",
        ),
        (
            {"network_interfaces": [{"default_route": "192.168.0.1"}]},
            "network_interfaces[0].default_route",
            "shared-address",
        ),
        (
            {"network_interfaces": [{**ON_SWITCH, "assign_cidr_block": "192.168.0.0/33"}]},
            "network_interfaces[0].assign_cidr_block",
            "cidr",
        ),
        (
            {"network_interfaces": [{**ON_SWITCH, "default_route": "10.0.0.1"}]},
            "network_interfaces[0].default_route",
            "route-outside",
        ),
        (
            {"network_interfaces": [{**ON_SWITCH, "default_route": "gateway"}]},
            "network_interfaces[0].default_route",
            "address",
        ),
        # The cloud takes an address for the first interface only together with a default route.
        (
            {"network_interfaces": [{"upstream": SWITCH, "assign_cidr_block": "192.168.0.0/24"}]},
            "network_interfaces[0].default_route",
            "route-missing",
        ),
        (
            {"network_interfaces": [{"expose": {"ports": [0]}}]},
            "network_interfaces[0].expose.ports[0]",
            "port-range",
        ),
        (
            {"network_interfaces": [{"expose": {"ports": [80, 65_536]}}]},
            "network_interfaces[0].expose.ports[1]",
            "port-range",
        ),
        (
            {"network_interfaces": [{"expose": {"ports": [80, 80]}}]},
            "network_interfaces[0].expose.ports[1]",
            "duplicate-port",
        ),
        (
            {"network_interfaces": [{"expose": {"server_group_name": "a" * 11}}]},
            "network_interfaces[0].expose.server_group_name",
            "shape",
        ),
        (
            {"network_interfaces": [{"packet_filter": [{"protocol": "sctp"}]}]},
            "network_interfaces[0].packet_filter[0].protocol",
            "unknown-value",
        ),
        ({"edit_parameter": {"password": "hunter22"}}, "edit_parameter.password", "plain-password"),
        ({"edit_parameter": {"ssh_keys": ["x"]}}, "edit_parameter.ssh_keys[0]", "ssh-key-type"),
        (
            {"edit_parameter": {"startup_scripts": ["#!/bin/sh\n", "echo"]}},
            "edit_parameter.startup_scripts[1]",
            "startup-script-shebang",
        ),
        (
            {"edit_parameter": {"disabled": True, "ssh_keys": [PUBLIC_KEY]}},
            "edit_parameter.disabled",
            "edit-disabled",
        ),
        ({"icon_id": "112300"}, "icon_id", "shape"),
        ({"interface_driver": "rtl8139"}, "interface_driver", "unknown-value"),
        ({"disk": []}, "disk", "unknown-key"),
        ({"plan": {"cores": 1}}, "plan.cores", "unknown-key"),
        ({"disks": [{"os": "debian"}]}, "disks[0].os", "unknown-key"),
        ({"network_interfaces": [{"port": 1}]}, "network_interfaces[0].port", "unknown-key"),
        ({"network_interfaces": [{"expose": {"port": 1}}]}, "network_interfaces[0].expose.port", "unknown-key"),
        ({"edit_parameter": {"ssh_key": ""}}, "edit_parameter.ssh_key", "unknown-key"),
    ],
    ids=str,
)
def test_one_step_too_far_is_one_problem(template: dict[str, Any], path: str, rule: str) -> None:
    assert rules(problems_of(**template)) == [(path, rule)]


def test_a_password_is_refused_without_being_repeated() -> None:
    (problem,) = problems_of(edit_parameter={"password": "hunter22"})
    assert "hunter22" not in problem.message
    assert "pulumi config set --secret server_password" in problem.message


def test_all_problems_of_a_template_come_together() -> None:
    found = rules(problems_of(tags=[""], disks=[{"size": 1}], icon_id="x", zone="tk1b"))
    assert {rule for _, rule in found} == {"tag-length", "range", "shape", "unknown-key"}


def test_exposed_ports_are_listed_once_in_order() -> None:
    interfaces = [NetworkInterface(expose=Expose(ports=ports)) for ports in ((443, 80), (), (80, 8080))]
    assert exposed_ports(interfaces) == (443, 80, 8080)
