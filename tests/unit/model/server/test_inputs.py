"""Servers' properties in full and in short: nothing is lost, and nothing that differs from its default is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.model.server.inputs import DEFAULTS, full, short

INTERFACE = {"upstream": "shared", "assign_cidr_block": "", "default_route": ""}
SMALL = {
    "name": "web-001",
    "zones": ["is1b"],
    "plan": {"core": 2, "memory": 4},
    "disks": [{"os_type": "almalinux", "size": 20}],
    "network_interfaces": [{"upstream": "shared"}],
    "edit_parameter": {"ssh_keys": ["ssh-ed25519 AAAA"]},
    "tags": [],
    "power": "up",
}
LONG = {
    # Every default is part of the state's format: what a state leaves out means this for ever.
    "slot": 0,
    "startup_scripts": [],
    "description": "",
    "tags": [],
    "icon_id": "",
    "interface_driver": "virtio",
    "shutdown_force": False,
    "labels": {},
    "adopt": "",
    "power": "up",
    "addresses_noted": True,
    "name": "web-001",
    "zones": ["is1b"],
    "plan": {"core": 2, "memory": 4, "dedicated_cpu": False},
    "disks": [{"os_type": "almalinux", "source_archive": "", "plan": "ssd", "connection": "virtio", "size": 20}],
    "network_interfaces": [INTERFACE],
    "packet_filters": [""],
    "edit_parameter": {
        "disabled": False,
        "disable_pw_auth": True,
        "enable_dhcp": False,
        "change_partition_uuid": True,
        "ssh_keys": ["ssh-ed25519 AAAA"],
    },
}


def test_in_short_and_in_full() -> None:
    assert short(LONG) == SMALL
    assert full(SMALL) == LONG
    assert full({"name": "web-001"})["plan"] == {"core": 1, "memory": 1, "dedicated_cpu": False}


@pytest.mark.parametrize(
    "changed",
    [
        {"slot": 1},
        {"plan": {"core": 2, "memory": 4, "dedicated_cpu": True}},
        {"disks": []},
        {"packet_filters": ["112233445566"]},
        {"packet_filters": [{"is1b": "112233445566"}]},
        {"network_interfaces": [INTERFACE, INTERFACE], "packet_filters": ["", ""]},
        {"network_interfaces": [INTERFACE, INTERFACE], "packet_filters": ["", "112233445566"]},
        {"edit_parameter": {**LONG["edit_parameter"], "disable_pw_auth": False, "ssh_keys": []}},
        {"description": "front"},
        {"power": "down"},
        {"addresses_noted": False},
        {"address": "192.0.2.1", "disk_ids": []},
    ],
    ids=str,
)
def test_what_is_not_its_default_comes_through(changed: dict[str, Any]) -> None:
    there = {**LONG, **changed}
    assert full(short(there)) == there
    assert short(there) != short(LONG)


def test_only_what_differs_is_there_of_a_mapping() -> None:
    changed = {**LONG, "edit_parameter": {**LONG["edit_parameter"], "disable_pw_auth": False}}
    assert short(changed)["edit_parameter"] == {"disable_pw_auth": False, "ssh_keys": ["ssh-ed25519 AAAA"]}


class Later:
    """What a preview does not know."""


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_what_is_not_known_yet_stays(key: str) -> None:
    later = Later()
    assert full(short({**LONG, key: later}))[key] is later


def test_nothing_stays_nothing() -> None:
    assert full({}) == {}
    assert short({}) == {}


def test_what_comes_in_is_not_changed() -> None:
    before = repr((LONG, SMALL))
    full(SMALL)["edit_parameter"]["disabled"] = True
    short(LONG)["edit_parameter"]["disabled"] = True
    assert repr((LONG, SMALL)) == before


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
bags = st.dictionaries(st.sampled_from([*DEFAULTS, "zone", "owner_tags"]), values)


@given(bags)
def test_any_state_comes_through(state: dict[str, Any]) -> None:
    """Whatever a state says is kept, and short is short for the same server."""
    state["name"] = "web-001"
    assert {key: full(state)[key] for key in state} == state
    assert full(short(state)) == full(state)
    assert short(short(state)) == short(state)
