"""Why a plan changes what it changes, in words."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet import tokens
from sakura_fleet.engine.plan import read_plan
from sakura_fleet.engine.plan_check import check_plan
from sakura_fleet.engine.reasons import differences, generation_lines
from sakura_fleet.scaler.size_change import SizeChange, unexpected
from tests.unit.plans import document, member, members, step

OLD = {"plan": "1 core/1 GB", "disks": ["almalinux, ssd, 20 GB, virtio"]}


def group(**changed: Any) -> dict[str, Any]:
    new = {"inputs": {**OLD, **changed}}
    return step("update", tokens.SERVER_GROUP, "web", custom=False, old={"inputs": OLD}, new=new)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"plan": "1 core/1 GB"}, {"plan": "2 cores/4 GB"}, "plan 1 core/1 GB → 2 cores/4 GB"),
        ({"plan": {"core": 1.0, "memory": 1.0}}, {"plan": {"core": 2.0, "memory": 1.0}}, "plan.core 1 → 2"),
        ({"disks": ["a"]}, {"disks": ["b"]}, "disks a → b"),
        ({"disks": ["a"]}, {"disks": ["a", "b"]}, "disks with b"),
        ({"flags": ["a", "b"]}, {"flags": []}, "flags without a and without b"),
        ({"keys": ["a", "b"]}, {"keys": ["b", "a"]}, "keys in another order"),
        ({"sets": [{"name": "a"}]}, {"sets": [{"name": "b"}]}, "sets"),
        ({"content": "x" * 100}, {"content": "y"}, "content"),
        ({"password": "[secret]"}, {"password": "[secret] "}, "password"),
        ({"name": "", "on": True}, {"name": "a", "on": False}, "name none → a, on true → false"),
        ({"a": 1}, {"a": 1.0}, ""),
        ({}, {"a": 1}, ""),
    ],
    ids=["text", "nested", "item", "added", "removed", "order", "deep", "long", "secret", "empty", "same", "no-old"],
)
def test_what_differs(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    [changed] = read_plan(document(step("update", "t", "x", old={"inputs": old}, new={"inputs": new})))
    assert differences(changed) == words


def test_what_a_servers_inputs_leave_out_is_its_default() -> None:
    old, new = {"zones": ["is1b"]}, {"zones": ["is1b"], "plan": {"core": 2, "memory": 1}}
    [changed] = read_plan(document(step("replace", tokens.SERVER, "www", old={"inputs": old}, new={"inputs": new})))
    assert differences(changed) == "plan.core 1 → 2"


def test_a_new_generation_says_why() -> None:
    plan = [group(plan="2 cores/4 GB"), *members("create", 1, 2, "bbbbbb"), *members("delete", 1, 2)]
    why = "plan 1 core/1 GB → 2 cores/4 GB"
    assert generation_lines(read_plan(document(*plan))) == [
        f"web: 2 servers are replaced by new ones; what changes in the template: {why}"
    ]
    blocked = unexpected(read_plan(document(*plan)), SizeChange(group="web", before=2, after=3))
    assert {finding.message for finding in blocked} == {f"it would be deleted (the template: {why})"}


def test_a_group_of_an_older_release_says_nothing_of_a_template_that_did_not_change() -> None:
    told = step("update", tokens.SERVER_GROUP, "web", custom=False, new={"inputs": OLD})
    assert generation_lines(read_plan(document(told, *members("same", 1, 2)))) == []


def test_a_replaced_server_is_one_finding_that_says_why() -> None:
    steps = [member(op, 1) for op in ("create-replacement", "replace", "delete-replaced")]
    for entry in steps:
        for state, core in (("oldState", 1), ("newState", 2)):
            if state in entry:
                entry[state]["inputs"] = {"plan": {"core": core, "memory": 1}}
    [finding] = check_plan(read_plan(document(*steps)))
    assert finding.message == "the server would be deleted, and then made again (plan.core 1 → 2)"
