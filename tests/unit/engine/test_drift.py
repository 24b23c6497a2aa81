"""Drift: which properties of which resources differ, and how they are called."""

from __future__ import annotations

from typing import Any

from sakura_fleet import tokens
from sakura_fleet.engine.drift import Property, drift_in
from sakura_fleet.engine.plan import SECRET, Step

Inputs = dict[str, Any]


def refreshed(op: str, kind: str, name: str, old: Inputs, new: Inputs, **state: Any) -> Step:
    return Step(op, f"urn:pulumi:s::p::{kind}::{name}", {"type": kind, "inputs": old, **state}, {"type": kind, **new})


def server(name: str, old: Inputs, new: Inputs, op: str = "update", **state: Any) -> Step:
    return refreshed(op, tokens.SERVER, name, old, {"inputs": new}, **state)


def properties(*steps: Step) -> list[Property]:
    return [differs for drift in drift_in(steps) for differs in drift.properties]


def test_what_is_the_same_is_no_drift() -> None:
    assert drift_in([server("web-001", {"power": "up"}, {"power": "up"}, op="same")]) == []


def test_each_property_that_differs() -> None:
    step = server("web-001", {"power": "up", "tags": ["a"], "icon_id": ""}, {"power": "down", "tags": ["b"]})
    assert properties(step) == [
        Property("power", "up", "down"), Property("tags", ["a"], ["b"]), Property("icon_id", "", None)
    ]  # fmt: skip


def test_a_plan_is_one_thing() -> None:
    old, new = {"core": 1, "memory": 1}, {"core": 2, "memory": 4}
    assert properties(server("web-001", {"plan": old}, {"plan": new})) == [Property("plan", old, new)]


def test_parts_are_called_by_their_names() -> None:
    www, mail = {"name": "www", "type": "A", "ttl": 60}, {"name": "mail", "type": "A", "ttl": 60}
    own = {"owner_tags": {"resource": "sfr:1"}}
    found = properties(
        server("web-001", own, own, op="same"),
        refreshed(
            "update", tokens.ELB_MEMBERSHIP, "elb-web", {"members": [{"key": "sfr:1"}]}, {"inputs": {"members": []}}
        ),
        refreshed(
            "update",
            tokens.DNS_RECORD_SETS,
            "records",
            {"record_sets": [www, mail]},
            {"inputs": {"record_sets": [{**www, "ttl": 300}]}},
        ),
    )
    assert found == [
        Property("record_sets[www A].ttl", 60, 300),
        Property("record_sets[mail A]", mail, None),
        Property("members[web-001]", {"key": "sfr:1"}, None),
    ]


def test_items_without_a_name_of_their_own_are_compared_together() -> None:
    rules = [{"protocol": "tcp"}, {"protocol": "ip"}]
    assert properties(server("web-001", {"rules": rules}, {"rules": rules[:1]})) == [
        Property("rules", rules, rules[:1])
    ]
    twins = [{"name": "a"}, {"name": "a"}]
    assert properties(server("web-001", {"nics": twins}, {"nics": [{"name": "a", "mac": "1"}, {"name": "a"}]}))


def test_what_only_the_cloud_decides_counts_where_all_else_is_the_same() -> None:
    old = {"power": "up"}
    step = refreshed(
        "update", tokens.SERVER, "web-001", old,
        {"inputs": old, "outputs": {"address": "192.0.2.2"}}, outputs={"address": "192.0.2.1"},
    )  # fmt: skip
    assert properties(step) == [Property("address", "192.0.2.1", "192.0.2.2")]


def test_a_secret_that_differs_is_said_and_not_told() -> None:
    same = {"password": SECRET}
    assert properties(server("web-001", same, same)) == [Property("a secret", SECRET, SECRET)]


def test_gone_is_only_what_nobody_was_about_to_delete() -> None:
    (gone,) = drift_in(
        [
            server("web-001", {"power": "up"}, {}, op="delete"),
            server("web-002", {"power": "up"}, {}, op="delete", delete=True),
        ]
    )
    assert (gone.name, gone.is_gone) == ("web-001", True)
