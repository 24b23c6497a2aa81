"""What counts as a difference, and which differences need a new object: one table a resource, no cloud."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.provider.lifecycle import Diff, Lifecycle, canonical, plain
from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from sakura_fleet.resources.server.ssh_key_lifecycle import SshKeyLifecycle
from sakura_fleet.resources.server.startup_script_lifecycle import StartupScriptLifecycle
from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle
from tests.unit.world import OTHER_KEY, OWNER_TAGS, PUBLIC_KEY, checked, server_inputs

NOTE = {"note_id": "113800000001", "digest": "d1", "uses_name": True}
RULE = {
    "protocol": "tcp",
    "action": "allow",
    "source_network": "",
    "source_port": "",
    "destination_port": "80",
    "description": "",
}
SERVER = server_inputs(startup_scripts=[NOTE], tags=["a", "b"])
OUTPUTS: dict[type[Lifecycle], dict[str, Any]] = {
    ServerLifecycle: {**SERVER, "zone": "is1b", "address": "192.0.2.1", "disk_ids": ["113800000002"]},
    StartupScriptLifecycle: checked(
        StartupScriptLifecycle(), name="boot", content="#!/bin/sh\n", tags=["a"], owner_tags=dict(OWNER_TAGS.inputs())
    ),
    SwitchLifecycle: checked(
        SwitchLifecycle(), name="back", zone="is1b", tags=["a"], owner_tags=dict(OWNER_TAGS.inputs())
    ),
    SshKeyLifecycle: {
        **checked(SshKeyLifecycle(), name="alice", public_key=PUBLIC_KEY, owner_tags=dict(OWNER_TAGS.inputs())),
        "fingerprint": "aa:bb",
    },
    PacketFilterLifecycle: checked(
        PacketFilterLifecycle(), name="web", zone="is1b", rules=[RULE], owner_tags=dict(OWNER_TAGS.inputs())
    ),
}
OTHER_OWNER_TAGS = {"fleet": OWNER_TAGS.fleet, "resource": "sfr:ffffffffffffffff"}

UPDATE, REPLACE, NOTHING = "update", "replace", "nothing"
TABLE: list[tuple[type[Lifecycle], str, Any, str]] = [
    # server
    (ServerLifecycle, "name", "web-002", UPDATE),
    (ServerLifecycle, "description", "other", UPDATE),
    (ServerLifecycle, "tags", ["a"], UPDATE),
    (ServerLifecycle, "tags", ["b", "a"], NOTHING),
    (ServerLifecycle, "icon_id", "112300511981", UPDATE),
    (ServerLifecycle, "packet_filters", ["113800000005"], UPDATE),
    (ServerLifecycle, "shutdown_force", True, UPDATE),
    (ServerLifecycle, "owner_tags", OTHER_OWNER_TAGS, UPDATE),
    (ServerLifecycle, "plan", {"core": 1.0, "memory": 2.0, "dedicated_cpu": False}, NOTHING),
    (ServerLifecycle, "plan", {"core": 2.0, "memory": 2.0, "dedicated_cpu": False}, REPLACE),
    (ServerLifecycle, "plan", {"core": 1.0, "memory": 2.0, "dedicated_cpu": True}, REPLACE),
    (ServerLifecycle, "disks", [], REPLACE),
    (ServerLifecycle, "disks", [{**SERVER["disks"][0], "size": 20.0}], NOTHING),
    (ServerLifecycle, "disks", [{**SERVER["disks"][0], "size": 40.0}], REPLACE),
    (ServerLifecycle, "network_interfaces", [], REPLACE),
    (ServerLifecycle, "edit_parameter", {**SERVER["edit_parameter"], "ssh_keys": []}, REPLACE),
    (ServerLifecycle, "interface_driver", "e1000", REPLACE),
    (ServerLifecycle, "startup_scripts", [{**NOTE, "note_id": "113800000009"}], NOTHING),
    (ServerLifecycle, "startup_scripts", [{**NOTE, "digest": "d2"}], REPLACE),
    (ServerLifecycle, "startup_scripts", [], REPLACE),
    (ServerLifecycle, "startup_scripts", [NOTE, NOTE], REPLACE),
    (ServerLifecycle, "password", "another", NOTHING),
    (ServerLifecycle, "labels", {"group": "web", "max_size": 5}, NOTHING),
    (ServerLifecycle, "adopt", "113800000003", NOTHING),
    (ServerLifecycle, "slot", 1, NOTHING),
    (ServerLifecycle, "zones", ["is1b"], NOTHING),
    (ServerLifecycle, "zones", ["tk1b", "is1b"], NOTHING),
    (ServerLifecycle, "zones", ["is1c"], REPLACE),
    # startup script
    (StartupScriptLifecycle, "name", "other", UPDATE),
    (StartupScriptLifecycle, "content", "#!/bin/bash\n", UPDATE),
    (StartupScriptLifecycle, "tags", [], UPDATE),
    (StartupScriptLifecycle, "adopt", "113800000003", NOTHING),
    # switch
    (SwitchLifecycle, "name", "other", UPDATE),
    (SwitchLifecycle, "description", "other", UPDATE),
    (SwitchLifecycle, "tags", ["b"], UPDATE),
    (SwitchLifecycle, "zone", "is1c", REPLACE),
    (SwitchLifecycle, "adopt", "113800000003", NOTHING),
    # SSH key
    (SshKeyLifecycle, "name", "other", UPDATE),
    (SshKeyLifecycle, "description", "other", UPDATE),
    (SshKeyLifecycle, "public_key", OTHER_KEY, REPLACE),
    (SshKeyLifecycle, "public_key", PUBLIC_KEY.rpartition(" ")[0] + "  another@host\n", NOTHING),
    (SshKeyLifecycle, "adopt", "113800000003", NOTHING),
    # packet filter
    (PacketFilterLifecycle, "name", "other", UPDATE),
    (PacketFilterLifecycle, "description", "other", UPDATE),
    (PacketFilterLifecycle, "rules", [], UPDATE),
    (PacketFilterLifecycle, "rules", [RULE, {**RULE, "protocol": "udp"}], UPDATE),
    (PacketFilterLifecycle, "zone", "is1c", REPLACE),
    (PacketFilterLifecycle, "adopt", "113800000003", NOTHING),
]


@pytest.mark.parametrize(("kind", "key", "value", "effect"), TABLE)
def test_what_a_changed_property_does(kind: type[Lifecycle], key: str, value: Any, effect: str) -> None:
    olds = OUTPUTS[kind]
    expected = {
        NOTHING: Diff(),
        UPDATE: Diff(changed=(key,)),
        REPLACE: Diff(changed=(key,), replaces=(key,)),
    }[effect]
    assert kind().diff(olds, {**olds, key: value}) == expected


@pytest.mark.parametrize("kind", OUTPUTS)
def test_every_replacing_property_stands_in_the_table(kind: type[Lifecycle]) -> None:
    tried = {key for life, key, _, effect in TABLE if life is kind and effect == REPLACE}
    assert tried == kind.replacing


@pytest.mark.parametrize("kind", OUTPUTS)
def test_every_input_stands_in_the_table(kind: type[Lifecycle]) -> None:
    tried = {key for life, key, _, _ in TABLE if life is kind}
    assert set(kind.defaults) - {"power", "addresses_noted"} <= tried


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_missing_from_an_old_state_counts_as_its_default(kind: type[Lifecycle]) -> None:
    news = {**OUTPUTS[kind], **{key: value for key, value in kind.defaults.items() if key not in ("zone", "zones")}}
    kept = {key: value for key, value in news.items() if key not in kind.defaults or key in ("zone", "zones")}
    assert kind().diff(kept, news) == Diff()


def test_a_new_property_of_a_later_release_is_a_difference_only_when_it_is_set() -> None:
    old_state = {key: value for key, value in OUTPUTS[ServerLifecycle].items() if key != "interface_driver"}
    lifecycle = ServerLifecycle()
    assert lifecycle.diff(old_state, {**old_state, "interface_driver": "virtio"}) == Diff()
    assert lifecycle.diff(old_state, {**old_state, "interface_driver": "e1000"}).replaces == ("interface_driver",)


def test_several_changes_are_all_named_and_only_some_replace() -> None:
    olds = OUTPUTS[ServerLifecycle]
    news = {**olds, "tags": [], "interface_driver": "e1000", "name": "x"}
    assert ServerLifecycle().diff(olds, news) == Diff(
        ("interface_driver", "name", "tags"), replaces=("interface_driver",)
    )


def test_a_server_that_is_off_is_switched_on_in_place() -> None:
    olds = {**OUTPUTS[ServerLifecycle], "power": "down"}
    assert ServerLifecycle().diff(olds, {**olds, "power": "up"}) == Diff(changed=("power",))


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (1, 1.0),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1.0}),
        ({"a": None}, {}),
        ([{"a": 1.0, "b": None}], [{"a": 1}]),
        ((1, 2), [1.0, 2.0]),
    ],
)
def test_equal_in_meaning(value: Any, other: Any) -> None:
    assert canonical(value) == canonical(other)


@pytest.mark.parametrize(
    ("value", "other"),
    [(1, 1.5), (1, "1"), ([1, 2], [2, 1]), ([None], []), ("", None), (0, False), ({"a": ""}, {})],
)
def test_different_in_meaning(value: Any, other: Any) -> None:
    assert canonical(value) != canonical(other)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def as_pulumi_sends(value: Any) -> Any:
    """Numbers as floats, nulls dropped from mappings."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict):
        return {key: as_pulumi_sends(item) for key, item in value.items() if item is not None}
    return [as_pulumi_sends(item) for item in value] if isinstance(value, list) else value


@given(values)
def test_a_trip_through_the_engine_changes_nothing(value: Any) -> None:
    assert canonical(as_pulumi_sends(value)) == canonical(value)
    assert plain(as_pulumi_sends(value)) == plain(value)
    assert plain(plain(value)) == plain(value)
