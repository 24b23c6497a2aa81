"""What every resource's check refuses: all problems at once, and what a preview cannot know passes unjudged."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.ownership import SIGNATURE_LENGTH
from sakura_fleet.provider.lifecycle import Lifecycle, Unknown
from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.ssh_key_lifecycle import SshKeyLifecycle
from sakura_fleet.resources.server.startup_script_lifecycle import StartupScriptLifecycle
from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle
from tests.unit.world import OTHER_ZONE, OWNER_TAGS, PUBLIC_KEY, ZONE, World, server_inputs

UNKNOWN: Any = Unknown()
MARK = {"owner_tags": OWNER_TAGS.inputs()}
GOOD: dict[type[Lifecycle], dict[str, Any]] = {
    ServerLifecycle: server_inputs(),
    StartupScriptLifecycle: {"name": "boot", "content": "#!/bin/sh\n", **MARK},
    SwitchLifecycle: {"name": "back", "zone": ZONE, **MARK},
    SshKeyLifecycle: {"name": "alice", "public_key": PUBLIC_KEY, **MARK},
    PacketFilterLifecycle: {"name": "web", "zone": ZONE, "rules": [PacketFilterRule(protocol="ip").inputs()], **MARK},
}
DISK = GOOD[ServerLifecycle]["disks"][0]


def problems(world: World, kind: type[Lifecycle], **changes: Any) -> list[tuple[str, str]]:
    found = kind().check(world.session, {}, {**GOOD[kind], **changes}).problems
    return [(problem.path, problem.rule) for problem in found]


@pytest.mark.parametrize("kind", GOOD)
def test_good_inputs_get_their_defaults(world: World, kind: type[Lifecycle]) -> None:
    checked = kind().check(world.session, {}, {**GOOD[kind], "description": None})
    assert checked.problems == []
    assert checked.inputs == {**kind.defaults, **GOOD[kind]}


@pytest.mark.parametrize(
    ("kind", "changes", "path", "rule"),
    [
        (ServerLifecycle, {"name": ""}, "name", "shape"),
        (ServerLifecycle, {"name": "w" * 65}, "name", "shape"),
        (ServerLifecycle, {"name": "-web"}, "name", "shape"),
        (ServerLifecycle, {"name": "web_1"}, "name", "shape"),
        (ServerLifecycle, {"zones": []}, "zones", "no-zone"),
        (ServerLifecycle, {"zones": [ZONE, "is9z"]}, "zones[1]", "unknown-zone"),
        (ServerLifecycle, {"tags": [f"t{n}" for n in range(8)]}, "tags", "too-many-tags"),
        (ServerLifecycle, {"tags": ["sf:x"]}, "tags[0]", "reserved-tag"),
        (ServerLifecycle, {"description": "d" * 513}, "description", "length"),
        (ServerLifecycle, {"interface_driver": "rtl"}, "interface_driver", "unknown-value"),
        (ServerLifecycle, {"network_interfaces": [{}] * 11}, "network_interfaces", "too-many-interfaces"),
        (ServerLifecycle, {"plan": {"core": 0, "memory": 1}}, "plan.core", "range"),
        (ServerLifecycle, {"disks": [DISK] * 5}, "disks", "too-many-disks"),
        (StartupScriptLifecycle, {"name": "n" * 65}, "name", "length"),
        (StartupScriptLifecycle, {"name": ""}, "name", "shape"),
        (StartupScriptLifecycle, {"content": "echo"}, "content", "startup-script-shebang"),
        (StartupScriptLifecycle, {"content": ""}, "content", "startup-script-shebang"),
        (SwitchLifecycle, {"name": "n" * 65}, "name", "length"),
        (SwitchLifecycle, {"name": ""}, "name", "shape"),
        (SwitchLifecycle, {"zone": "is9z"}, "zone", "unknown-value"),
        (SwitchLifecycle, {"zone": ""}, "zone", "unknown-value"),
        (SwitchLifecycle, {"tags": ["x" * 33]}, "tags[0]", "tag-length"),
        (SshKeyLifecycle, {"name": "n" * 65}, "name", "length"),
        (SshKeyLifecycle, {"name": ""}, "name", "shape"),
        (SshKeyLifecycle, {"public_key": "ssh-rsa"}, "public_key", "ssh-key-type"),
        (SshKeyLifecycle, {"public_key": ""}, "public_key", "ssh-key-type"),
        (SshKeyLifecycle, {"description": "d" * 478}, "description", "length"),
        (PacketFilterLifecycle, {"name": "n" * 65}, "name", "length"),
        (PacketFilterLifecycle, {"name": ""}, "name", "shape"),
        (PacketFilterLifecycle, {"zone": "is9z"}, "zone", "unknown-value"),
        (PacketFilterLifecycle, {"rules": [{"protocol": "x"}]}, "rules[0].protocol", "unknown-value"),
        (PacketFilterLifecycle, {"description": "d" * 478}, "description", "length"),
    ],
)
def test_a_broken_rule_is_one_problem(
    world: World, kind: type[Lifecycle], changes: dict[str, Any], path: str, rule: str
) -> None:
    assert problems(world, kind, **changes) == [(path, rule)]
    assert world.wire.calls == []  # what is wrong by itself needs no look at the cloud


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (ServerLifecycle, {"name": "w" * 64}),
        (ServerLifecycle, {"name": "w"}),
        (ServerLifecycle, {"zones": ["tk1v"]}),
        (StartupScriptLifecycle, {"name": "n" * 64}),
        (SwitchLifecycle, {"name": "n" * 64}),
        (SshKeyLifecycle, {"name": "n" * 64, "description": "d" * (512 - SIGNATURE_LENGTH)}),
        (PacketFilterLifecycle, {"name": "n" * 64, "description": "d" * (512 - SIGNATURE_LENGTH), "rules": []}),
    ],
)
def test_the_allowed_edges(world: World, kind: type[Lifecycle], changes: dict[str, Any]) -> None:
    assert problems(world, kind, **changes) == []


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *[(ServerLifecycle, key) for key in ("name", "description", "tags", "icon_id", "packet_filters", "password")],
        *[(StartupScriptLifecycle, key) for key in ("name", "content", "tags")],
        *[(SwitchLifecycle, key) for key in ("name", "zone", "description", "tags")],
        *[(SshKeyLifecycle, key) for key in ("name", "public_key", "description")],
        *[(PacketFilterLifecycle, key) for key in ("name", "zone", "description", "rules")],
    ],
)
def test_what_a_preview_cannot_know_passes_unjudged(world: World, kind: type[Lifecycle], key: str) -> None:
    assert problems(world, kind, **{key: UNKNOWN}) == []


def test_an_unknown_tag_among_known_ones_passes_unjudged(world: World) -> None:
    assert problems(world, SwitchLifecycle, tags=["a", UNKNOWN]) == []


def test_all_problems_come_at_once(world: World) -> None:
    found = problems(world, ServerLifecycle, name="-", zones=["is9z"], tags=[""], plan={"core": 0, "memory": 0})
    assert len(found) == 5


# What only the cloud can tell


@pytest.mark.parametrize(
    ("changes", "path", "rule", "words"),
    [
        ({"plan": {"core": 3, "memory": 999}}, "plan", "unknown-plan", "has no plan with 3 cores and 999 GB"),
        (
            {"plan": {"core": 1, "memory": 2, "dedicated_cpu": True}},
            "plan",
            "unknown-plan",
            "has no dedicated plan with 1 cores",
        ),
        ({"disks": [DISK, {**DISK, "size": 33}]}, "disks[1].size", "disk-size", "no ssd disk of 33 GB; it offers 20,"),
    ],
)
def test_what_the_zones_do_not_offer_is_refused_for_each_zone(
    world: World, changes: dict[str, Any], path: str, rule: str, words: str
) -> None:
    found = ServerLifecycle().check(world.session, {}, {**server_inputs(), **changes}).problems
    assert [(problem.path, problem.rule) for problem in found] == [(path, rule)] * 2
    for zone, problem in zip((ZONE, OTHER_ZONE), found, strict=True):
        assert f"zone {zone}" in problem.message
        assert words in problem.message


def test_unchanged_inputs_are_not_asked_about_again(world: World) -> None:
    ServerLifecycle().check(world.session, server_inputs(), server_inputs(name="renamed", tags=["x"]))
    assert world.wire.calls == []
    ServerLifecycle().check(world.session, server_inputs(), server_inputs(plan={"core": 2, "memory": 4}))
    assert world.calls("GET product/server") == 2
