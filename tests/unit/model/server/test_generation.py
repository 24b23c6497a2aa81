"""The generation is part of every member's name: these literals must hold in every release, or fleets are rebuilt."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from sakura_fleet.model.server.generation import generation_of
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.model.server.template import (
    DiskTemplate,
    EditParameter,
    Expose,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
)
from sakura_fleet.model.server.template_reader import read_template
from sakura_fleet.model.server.template_words import words_of
from tests.unit.model.read import PUBLIC_KEY, SWITCH, read

SEED = {
    "description": "hscale-group",
    "tags": ["web"],
    "plan": {"core": 2, "memory": 4},
    "network_interfaces": [{"upstream": "shared", "expose": {"ports": [80], "server_group_name": "gr1"}}],
    "disks": [{"os_type": "almalinux", "plan": "ssd", "size": 20}],
    "edit_parameter": {
        "disable_pw_auth": True,
        "change_partition_uuid": True,
        "ssh_keys": [PUBLIC_KEY],
        "startup_scripts": [
            "#!/bin/bash\n"
            "# @sacloud-once\n"
            "set -eu\n"
            "dnf install -y nginx\n"
            'echo "server name: {{ .Name }}" > /usr/share/nginx/html/index.html\n'
            'echo "OK" > /usr/share/nginx/html/live\n'
            "systemctl enable --now nginx\n"
            "firewall-cmd --permanent --add-service=http\n"
            "firewall-cmd --reload\n"
        ],
    },
}
NETWORKS = {
    "network_interfaces": [
        {},
        {"upstream": SWITCH, "assign_cidr_block": "192.168.0.16/24", "default_route": "192.168.0.1"},
    ],
    "disks": [{"source_archive": "113600000001", "size": 40}, {"plan": "hdd", "size": 100, "connection": "ide"}],
    "interface_driver": "e1000",
}
BARE = {"disks": [], "network_interfaces": [], "edit_parameter": {"disabled": True}}

FULL = ServerTemplate(
    plan=MachinePlan(core=2, memory=4),
    disks=(DiskTemplate(os_type="debian"), DiskTemplate(size=100)),
    network_interfaces=(
        NetworkInterface(),
        NetworkInterface(upstream=SWITCH, assign_cidr_block="192.168.0.0/24", default_route="192.168.0.254"),
    ),
    edit_parameter=EditParameter(ssh_keys=(PUBLIC_KEY,), startup_scripts=("#!/bin/sh\n",)),
)


def template_of(written: dict[str, Any]) -> ServerTemplate:
    template, problems = read(read_template, written)
    assert problems == []
    return template


@pytest.mark.parametrize(
    ("written", "generation"), [(SEED, "912a4e"), ({}, "6a8f0f"), (NETWORKS, "d7d8c2"), (BARE, "57c677")]
)
def test_golden_generations(written: dict[str, Any], generation: str) -> None:
    assert generation_of(template_of(written)) == generation


def test_words_of_a_template() -> None:
    assert words_of(template_of(NETWORKS)) == {
        "plan": "1 core/1 GB",
        "disks": ["archive 113600000001, ssd, 40 GB, virtio", "blank, hdd, 100 GB, ide"],
        "network_interfaces": ["shared", f"{SWITCH}, 192.168.0.16/24 via 192.168.0.1"],
        "interface_driver": "e1000",
        "edit_parameter": ["disable_pw_auth", "change_partition_uuid"],
        "ssh_keys": [],
        "startup_scripts": [],
    }


def test_golden_generation_of_a_switch_per_zone() -> None:
    upstream = {"is1c": "113800000011", "is1b": SWITCH}
    template = ServerTemplate(network_interfaces=(NetworkInterface(upstream=upstream),))
    turned = ServerTemplate(network_interfaces=(NetworkInterface(upstream=dict(reversed(upstream.items()))),))
    assert generation_of(template) == generation_of(turned) == "e6a7a3"


def test_defaults_count_the_same_written_out_or_left_out() -> None:
    written = {
        "plan": {"core": 1, "memory": 1, "dedicated_cpu": False},
        "disks": [{"os_type": "almalinux", "plan": "ssd", "connection": "virtio", "size": 20}],
        "network_interfaces": [{"upstream": "shared"}],
        "edit_parameter": {"disable_pw_auth": True, "enable_dhcp": False, "ssh_keys": [], "startup_scripts": []},
        "interface_driver": "virtio",
    }
    assert generation_of(template_of(written)) == generation_of(template_of({}))


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ("other",)},
        {"description": "other"},
        {"icon_id": "112300511981"},
        {
            "network_interfaces": (
                replace(FULL.network_interfaces[0], packet_filter=(PacketFilterRule(protocol="ip"),)),
                FULL.network_interfaces[1],
            )
        },
        {
            "network_interfaces": (
                replace(FULL.network_interfaces[0], expose=Expose(ports=(80,), server_group_name="gr1")),
                FULL.network_interfaces[1],
            )
        },
    ],
    ids=str,
)
def test_what_changes_on_a_running_server_does_not_count(change: dict[str, Any]) -> None:
    changed = replace(FULL, **change)
    assert (generation_of(changed), words_of(changed)) == (generation_of(FULL), words_of(FULL))


SHAPING: list[tuple[str, int | None, str, Any]] = [
    ("plan", None, "core", 4),
    ("plan", None, "memory", 8),
    ("plan", None, "dedicated_cpu", True),
    ("disks", 0, "os_type", "ubuntu"),
    ("disks", 1, "source_archive", "113600000001"),
    ("disks", 0, "plan", "hdd"),
    ("disks", 1, "connection", "ide"),
    ("disks", 1, "size", 40),
    ("network_interfaces", 0, "upstream", SWITCH),
    ("network_interfaces", 1, "assign_cidr_block", "192.168.0.16/24"),
    ("network_interfaces", 1, "default_route", "192.168.0.253"),
    ("edit_parameter", None, "disabled", True),
    ("edit_parameter", None, "disable_pw_auth", False),
    ("edit_parameter", None, "enable_dhcp", True),
    ("edit_parameter", None, "change_partition_uuid", False),
    ("edit_parameter", None, "ssh_keys", ()),
    ("edit_parameter", None, "startup_scripts", ("#!/bin/sh\n# changed\n",)),
]


@pytest.mark.parametrize(("part", "index", "key", "value"), SHAPING)
def test_what_shapes_the_inside_counts(part: str, index: int | None, key: str, value: Any) -> None:
    old = getattr(FULL, part)
    if index is None:
        new = replace(old, **{key: value})
    else:
        new = (*old[:index], replace(old[index], **{key: value}), *old[index + 1 :])
    changed = replace(FULL, **{part: new})
    assert generation_of(changed) != generation_of(FULL)
    assert words_of(changed) != words_of(FULL), "a preview says what has changed"


@pytest.mark.parametrize(
    "change",
    [
        {"interface_driver": "e1000"},
        {"disks": FULL.disks[:1]},
        {"disks": FULL.disks[::-1]},
        {"network_interfaces": FULL.network_interfaces[:1]},
        {"edit_parameter": EditParameter(ssh_keys=("#!/bin/sh\n",), startup_scripts=(PUBLIC_KEY,))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_number_order_and_place_count(change: dict[str, Any]) -> None:
    changed = replace(FULL, **change)
    assert generation_of(changed) != generation_of(FULL)
    assert words_of(changed) != words_of(FULL)


@pytest.mark.parametrize(
    ("settings", "outside"),
    [
        (MachinePlan, set()),
        (DiskTemplate, set()),
        (EditParameter, set()),
        (NetworkInterface, {"packet_filter", "adopt_packet_filter", "expose"}),
    ],
)
def test_no_setting_is_missing_from_the_table_above(settings: type, outside: set[str]) -> None:
    covered = {key for _, _, key, _ in SHAPING}
    assert {field.name for field in fields(settings)} - outside <= covered


def test_every_part_of_a_template_is_judged_above() -> None:
    parts = {part for part, _, _, _ in SHAPING} | {"interface_driver", "tags", "description", "icon_id"}
    assert {field.name for field in fields(ServerTemplate)} == parts
