"""Bad input is refused with a path and a way out, before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.program.fleet import Fleet


def refusal(fleet: Fleet) -> str:
    """What plain `pulumi up` says; it must fail without a traceback and without a change."""
    done = fleet.pulumi("up", "--yes", check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0, text
    assert "Traceback" not in text
    assert fleet.count() == {}
    return text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 11}, ["size: 11 is outside min_size 0 .. max_size 10", "pulumi config set size N"]),
        ({"group": {"zones": ["tk9z"]}}, ["server_group.zones[0]: there is no zone 'tk9z'", "tk1b"]),
        ({"template": {"tags": list("abcdefgh")}}, ["server_group.template.tags: 8 tags; at most 6", "remove some"]),
        (
            {"template": {"disks": [{"os_type": "almalinx", "size": 20}]}},
            ["server_group.template.disks[0].os_type", "did you mean almalinux"],
        ),
        (
            {"template": {"edit_parameter": {"startup_scripts": ["#!/bin/sh\necho {{ .Nam }}\n"]}}},
            [
                "server_group.template.edit_parameter.startup_scripts[0]: line 2: unknown variable {{ .Nam }}",
                "{{ .Name }}",
            ],
        ),
        ({"template": {"plan": {"core": 3, "memory": 200}}}, ["plan", "tk1b has no plan with 3 cores and 200 GB"]),
        (
            {"template": {"disks": [{"os_type": "debian", "size": 21}]}},
            ["disks[0].size", "no ssd disk of 21 GB", "20, 40"],
        ),
        ({"account_id": "113000000099"}, ["belongs to account 113000000001", "another stack"]),
        ({"fleet_id": None}, ["fleet_id", "sakura-fleet init"]),
        ({"api_root": "http://192.0.2.1/cloud/zone"}, ["api_root", "unencrypted", "use https"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_refused_before_anything_changes(fleet: Fleet, changes: dict[str, Any], words: list[str]) -> None:
    if "group" in changes:
        changes = {"server_group": {**fleet.settings["server_group"], **changes["group"]}}
    if "template" in changes:
        fleet.template(**changes["template"])
    else:
        fleet.write(**changes)
    text = refusal(fleet)
    assert all(word in text for word in words), text


def test_all_problems_come_together(fleet: Fleet) -> None:
    fleet.template(plan={"cores": 1}, tags=["sf:mine"], disks=[{"size": "twenty"}])
    text = refusal(fleet)
    assert "did you mean core?" in text
    assert "begins like an owner tag" in text
    assert "disks[0].size: 'twenty' is not a whole number" in text


def test_wrong_token(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(token="right", secret="right-secret")
    done = fleet.up(check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "401 unauthorized" in text
    assert "SAKURA_ACCESS_TOKEN" in text
    assert "Traceback" not in text


def test_api_that_is_down(fleet: Fleet) -> None:
    fleet.write(api_root="http://127.0.0.1:1/cloud/zone")
    text = refusal(fleet)
    assert "http://127.0.0.1:1/cloud/zone" in text
    assert "attempts over" in text
    assert "sakura-emulator start" in text


def test_secrets_appear_nowhere(fleet: Fleet) -> None:
    secret = "correct-horse-battery"
    fleet.pulumi("config", "set", "--secret", "server_password", secret)
    done = fleet.up()
    state = fleet.pulumi("stack", "export").stdout
    assert secret not in done.stdout + done.stderr + state
    assert fleet.count()["server"] == 2
