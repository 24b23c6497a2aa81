"""Which steps of a plan come from a change of the size, and which go beyond it."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet import tokens
from sakura_fleet.engine.plan import read_plan
from sakura_fleet.scaler.plan_limits import PlanLimits
from sakura_fleet.scaler.size_change import SizeChange, unexpected
from tests.unit.plans import PREFIX, document, member, members, step

Plan = list[dict[str, Any]]


def beyond(*steps: dict[str, Any], before: int, after: int, **more: Any) -> list[str]:
    """The names of the resources with unexpected steps."""
    change = SizeChange(group="web", before=before, after=after, **more)
    return [finding.name for finding in unexpected(read_plan(document(*steps)), change)]


def urn(entry: dict[str, Any]) -> str:
    return str(entry["urn"])


def key(number: int) -> str:
    return f"sfr:{number}"


def reference(number: int, server: str = "unknown") -> dict[str, Any]:
    return {"key": key(number), "id": server, "zones": ["is1b"]}


def tagged(op: str, number: int, generation: str = "aaaaaa", **inputs: Any) -> dict[str, Any]:
    """A step of a member with its owner tag."""
    made = member(op, number, generation)
    for state in ("oldState", "newState"):
        if state in made:
            made[state]["inputs"] = {"owner_tags": {"fleet": "sf:1", "resource": key(number)}, **inputs}
    return made


def membership(op: str, before: list[int], after: list[int], **changed: Any) -> dict[str, Any]:
    old = {"members": [reference(number, "1") for number in before], "drain_timeout": 60}
    new = {**old, "members": [reference(number, "2") for number in after], **changed}
    return step(op, tokens.ELB_MEMBERSHIP, "elb-web", tokens.WEB_ELB, old={"inputs": old}, new={"inputs": new})


def differing(op: str, token: str, name: str, around: str, before: Any, after: Any) -> dict[str, Any]:
    return step(op, token, name, around, old={"inputs": {"value": before}}, new={"inputs": {"value": after}})


def other_tags(number: int) -> dict[str, Any]:
    made = member("update", number)
    made["oldState"]["inputs"], made["newState"]["inputs"] = {"tags": ["a"]}, {"tags": ["b"]}
    return made


@pytest.mark.parametrize(
    ("steps", "before", "after"),
    [
        ([*members("same", 1, 2), *members("create", 3, 4)], 2, 4),
        ([*members("same", 1, 2), *members("delete", 3, 4)], 4, 2),
        ([*members("create", 1, 2)], 2, 2),
        ([*members("same", 1, 2), *members("delete", 3, 3)], 2, 2),
        ([*members("delete", 1, 2)], 2, 0),
        ([step("update", "pulumi:providers:pulumi-python", "default")], 1, 2),
        ([step("update", tokens.WEB_ELB, "elb", custom=False)], 1, 2),
        ([step("create", tokens.PACKET_FILTER, "web-filter", tokens.SERVER_GROUP)], 0, 1),
    ],
    ids=["up", "down", "missing", "too-many", "to-none", "the-engines-own", "component", "for-new-members"],
)
def test_a_change_of_the_size(steps: Plan, before: int, after: int) -> None:
    assert beyond(*steps, before=before, after=after) == []


@pytest.mark.parametrize(
    ("steps", "before", "after", "names"),
    [
        ([other_tags(1)], 1, 2, ["web-aaaaaa-001"]),
        ([member("replace", 1)], 1, 1, ["web-aaaaaa-001"]),
        ([*members("create", 1, 3, "bbbbbb"), *members("delete", 1, 2)], 2, 3, ["web-aaaaaa-001", "web-aaaaaa-002"]),
        ([*members("create", 1, 1, "bbbbbb"), *members("delete", 1, 2)], 2, 1, ["web-aaaaaa-001"]),
        ([*members("same", 1, 4), *members("delete", 5, 5)], 3, 4, ["web-aaaaaa-005"]),
        ([differing("update", tokens.STARTUP_SCRIPT, "web-1", tokens.SERVER_GROUP, 1, 2)], 1, 2, ["web-1"]),
        ([step("create", tokens.ELB, "elb", tokens.WEB_ELB)], 1, 2, ["elb"]),
        ([step("create", tokens.SERVER, "www", tokens.CADDY_HOST)], 1, 2, ["www"]),
        ([step("delete", tokens.DNS_RECORD_SETS, "r", tokens.DNS_RECORDS)], 2, 1, ["r"]),
        ([differing("update", tokens.DNS_RECORD_SETS, "r", tokens.DNS_RECORDS, 1, 2)], 2, 1, ["r"]),
        ([differing("update", tokens.REMOTE_COMMAND, "c", tokens.CADDY_HOST, "[secret]", "[secret]")], 2, 1, ["c"]),
    ],
    ids=[
        *("tags", "plan-by-hand", "template-up", "template-down", "up-never-removes", "script", "elb", "host"),
        *("records-gone", "record", "secret"),
    ],
)
def test_what_goes_beyond_it(steps: Plan, before: int, after: int, names: list[str]) -> None:
    assert beyond(*steps, before=before, after=after) == names
    assert beyond(*steps, before=before, after=after, repair=True) == names, "no part of it was brought up before"


def test_another_groups_members_are_none_of_this_one() -> None:
    other = step("create", tokens.SERVER, "web-db-aaaaaa-001", tokens.SERVER_GROUP)
    other["newState"]["parent"] = f"{PREFIX}{tokens.SERVER_GROUP}::web-db"
    assert beyond(other, before=1, after=2) == ["web-db-aaaaaa-001"]


def test_entries_follow_members() -> None:
    grown = [tagged("same", 1), tagged("create", 2)]
    assert beyond(*grown, membership("update", [1], [1, 2]), before=1, after=2) == []
    shrunk = [tagged("same", 1), tagged("delete", 2)]
    assert beyond(*shrunk, membership("update", [1, 2], [1]), before=2, after=1) == []
    changed = membership("update", [1, 2], [1], drain_timeout=5)
    assert beyond(*shrunk, changed, before=2, after=1) == ["elb-web"]
    foreign = membership("update", [1, 2], [1, 9])
    assert beyond(*shrunk, foreign, before=2, after=1) == ["elb-web"], "9 is no member"


def test_records_that_lead_to_members_follow_them() -> None:
    def sets(*numbers: int, ttl: int = 300) -> dict[str, Any]:
        return {"name": "www", "type": "A", "ttl": ttl, "values": [{"server": reference(number)} for number in numbers]}

    def records(before: list[Any], after: list[Any]) -> dict[str, Any]:
        return differing("update", tokens.DNS_RECORD_SETS, "r", tokens.DNS_RECORDS, before, after)

    grown = [tagged("same", 1), tagged("create", 2)]
    assert beyond(*grown, records([sets(1)], [sets(1, 2)]), before=1, after=2) == []
    assert beyond(*grown, records([sets(1)], [sets(1, 2, ttl=60)]), before=1, after=2) == ["r"]
    assert beyond(*grown, records([sets(1)], [sets(1, 2), {"name": "x"}]), before=1, after=2) == ["r"]


def test_only_what_was_named_is_replaced() -> None:
    sick = [member(op, 2) for op in ("create-replacement", "replace", "delete-replaced")]
    assert beyond(*members("same", 1, 1), *sick, before=2, after=2, replaced=frozenset({urn(sick[0])})) == []
    assert beyond(*sick, before=2, after=2) == ["web-aaaaaa-002"]
    healthy = [member("delete-replaced", 1), *sick]
    assert beyond(*healthy, before=2, after=2, replaced=frozenset({urn(sick[0])})) == ["web-aaaaaa-001"]


def test_a_replacement_that_an_earlier_job_began_is_finished() -> None:
    begun = [member(op, 2) for op in ("delete-replaced", "replace", "create-replacement")]
    for entry in begun:
        entry.get("oldState", {})["inputs"] = {"owner_tags": {"fleet": "sf:1", "resource": "sfr:0000113800000007"}}
    assert beyond(*members("same", 1, 1), *begun, before=2, after=2) == []
    assert rules(*members("same", 1, 1), *begun, before=2, after=2) == []


def test_what_an_earlier_run_replaced_may_go() -> None:
    left = member("delete-replaced", 2)
    left["oldState"]["delete"] = True
    assert beyond(left, before=2, after=2) == []


def refreshed(entry: dict[str, Any], recorded: dict[str, Any]) -> Plan:
    """A step after the state was compared with the cloud; it had held `recorded` before."""
    before = {**entry.get("newState", {}), "inputs": recorded}
    return [{"op": "refresh", "urn": entry["urn"], "oldState": before, "newState": entry.get("oldState")}, entry]


def test_members_go_back_to_what_was_brought_up() -> None:
    by_hand = member("update", 1)
    by_hand["oldState"]["inputs"], by_hand["newState"]["inputs"] = {"tags": ["x"]}, {"tags": ["a"]}
    assert beyond(*refreshed(by_hand, {"tags": ["a"]}), before=1, after=1) == []
    assert beyond(*refreshed(by_hand, {"tags": ["b"]}), before=1, after=1) == ["web-aaaaaa-001"], "edited in the file"
    replaced = {**by_hand, "op": "replace"}
    assert beyond(*refreshed(replaced, {"tags": ["a"]}), before=1, after=1, repair=True) == ["web-aaaaaa-001"]


def test_a_power_state_is_no_setting() -> None:
    off = member("update", 1)
    off["oldState"]["inputs"], off["newState"]["inputs"] = {"power": "down", "slot": 1}, {"slot": 1}
    assert beyond(off, before=1, after=1) == []
    off["newState"]["inputs"] = {"slot": 2}
    assert beyond(off, before=1, after=1) == ["web-aaaaaa-001"]


def test_all_else_goes_back_only_where_repair_was_asked_for() -> None:
    record = differing("update", tokens.DNS_RECORD_SETS, "r", tokens.DNS_RECORDS, "by hand", "declared")
    script = step("create", tokens.STARTUP_SCRIPT, "s", tokens.CADDY_HOST, new={"inputs": {"content": "x"}})
    plan = [*refreshed(record, {"value": "declared"}), *refreshed(script, {"content": "x"})]
    assert beyond(*plan, before=1, after=1) == ["r", "s"]
    assert beyond(*plan, before=1, after=1, repair=True) == []
    edited = [*refreshed(record, {"value": "older"}), *refreshed(script, {"content": "y"})]
    assert beyond(*edited, before=1, after=1, repair=True) == ["r", "s"]


def test_a_certificate_that_ends_soon_is_renewed() -> None:
    def certificate(after: list[str]) -> dict[str, Any]:
        old = {"lets_encrypt_names": ["a.example.com"], "certificates": "[secret]"}
        new = {**old, "lets_encrypt_names": after}
        return step("update", tokens.ELB_CERTIFICATE, "elb", old={"inputs": old}, new={"inputs": new})

    assert beyond(certificate(["a.example.com"]), before=1, after=2) == []
    assert beyond(certificate(["b.example.com"]), before=1, after=2) == ["elb"]


def rules(*steps: dict[str, Any], before: int, after: int, **limits: Any) -> list[str]:
    change = SizeChange(group="web", before=before, after=after)
    return [finding.rule for finding in PlanLimits(**limits).findings(read_plan(document(*steps)), change)]


def test_plan_checks_rules_hold_besides() -> None:
    shrunk = [*members("same", 1, 1), *members("delete", 2, 5)]
    assert rules(*shrunk, before=5, after=1) == [], "somebody asked for it"
    assert rules(*shrunk, before=1, after=1) == ["group-shrinks"], "the file says 1, and the cloud has 5"
    elb = step("delete", tokens.ELB, "elb", tokens.WEB_ELB)
    assert rules(elb, before=1, after=2) == ["beyond-the-size"]
    assert rules(elb, before=1, after=2, size_only=False) == ["elb-deleted"]
    assert rules(elb, before=1, after=2, size_only=False, allow_delete=("elb",)) == []
    assert rules(other_tags(1), before=1, after=2, size_only=False) == []
