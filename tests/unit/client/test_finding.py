"""Finding: pages, double items, an API that overlooks conditions, plans and OS types."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.errors import ResourceError, UnusableAnswerError
from sakura_fleet.model.server.os_types import OS_TYPES
from tests.unit.client import samples
from tests.unit.client.wire import Wire, found, ok


def servers(*ids: int) -> list[dict[str, Any]]:
    return [{**samples.SERVER, "ID": item_id, "Name": f"web{item_id}", "Tags": ["t"]} for item_id in ids]


def test_pages_until_the_total_is_reached() -> None:
    wire = Wire(
        found("Servers", *servers(1, 2), total=5),
        found("Servers", *servers(3, 4), total=5),
        found("Servers", *servers(5), total=5),
    )
    assert [server.id for server in wire.client().servers.find("is1a", tags=["t"])] == ["1", "2", "3", "4", "5"]
    assert len(wire.requests) == 3
    assert wire.query == {"From": 4, "Count": 0, "Filter": {"Tags.Name": [["t"]]}}


def test_one_page_is_one_request() -> None:
    wire = Wire(found("Servers", *servers(1, 2)))
    wire.client().servers.find("is1a")
    assert len(wire.requests) == 1


def test_a_total_that_is_never_reached_is_no_end() -> None:
    for last in ((), servers(1)):
        wire = Wire(found("Servers", *servers(1), total=9), found("Servers", *last, total=9))
        with pytest.raises(UnusableAnswerError, match="Servers has 1 of 9 objects, and no more come"):
            wire.client().servers.find("is1a")
        assert len(wire.requests) == 2


def test_what_is_deleted_between_two_pages_is_not_waited_for() -> None:
    wire = Wire(found("Servers", *servers(1, 2), total=3), found("Servers", total=2))
    assert [server.id for server in wire.client().servers.find("is1a")] == ["1", "2"]


def test_a_list_that_is_shorter_than_it_says_is_unusable() -> None:
    """Its total alone would end the find: what is not listed would be made a second time."""
    body = {"Servers": servers(1, 2), "Total": 2, "Count": 3, "From": 0}
    with pytest.raises(UnusableAnswerError, match="Servers has 2 objects, and counts 3"):
        Wire(ok(**body)).client().servers.find("is1a")
    for uncounted in ({**body, "Count": 2}, {**body, "Count": 0}, {**body, "Count": None}):
        assert len(Wire(ok(**uncounted)).client().servers.find("is1a")) == 2


@pytest.mark.parametrize("key", ["Servers", "Total"])
def test_a_find_without_its_list_or_its_total(key: str) -> None:
    body = {"Servers": servers(1), "Total": 1}
    for answer in ({name: value for name, value in body.items() if name != key}, {**body, key: None}):
        with pytest.raises(UnusableAnswerError, match=key):
            Wire(ok(**answer)).client().servers.find("is1a")


@pytest.mark.parametrize(("key", "asked"), [("Tags", {"tags": ["t"]}), ("Name", {"name": "web"}), ("ID", {})])
def test_what_may_be_the_one_that_is_asked_for_is_not_left_out(key: str, asked: dict[str, Any]) -> None:
    bare = {name: value for name, value in servers(1)[0].items() if name != key}
    with pytest.raises(UnusableAnswerError, match=rf"Servers\[0\].{key} is missing"):
        Wire(found("Servers", bare)).client().servers.find("is1a", **asked)


def test_items_of_another_class_are_dropped() -> None:
    wire = Wire(found("CommonServiceItems", samples.ELB, samples.DNS_ZONE))
    assert [zone.name for zone in wire.client().dns_zones.find()] == ["example.com"]


def test_an_item_that_moved_to_the_next_page_comes_once() -> None:
    wire = Wire(found("Servers", *servers(1, 2), total=3), found("Servers", *servers(2, 3), total=3))
    assert [server.id for server in wire.client().servers.find("is1a")] == ["1", "2", "3"]


def test_what_an_overlooked_condition_lets_through_is_dropped() -> None:
    names = {7: ("db", []), 8: ("myweb", ["t", "u"])}
    others = [{**samples.SERVER, "ID": key, "Name": name, "Tags": tags} for key, (name, tags) in names.items()]
    wire = Wire(found("Servers", *servers(1), *others))
    assert [server.id for server in wire.client().servers.find("is1a", tags=["t"])] == ["1", "8"]
    assert [server.id for server in wire.client().servers.find("is1a", name="WEB")] == ["1", "8"]
    assert [server.id for server in wire.client().servers.find("is1a", name="web", tags=["u", "t"])] == ["8"]


def plan(**changes: object) -> dict[str, Any]:
    return {**samples.SERVER_PLAN, **changes}


@pytest.mark.parametrize(
    ("plans", "found_id"),
    [
        ([plan(ID=1), plan(ID=2, Generation=200)], "2"),
        ([plan(ID=1), plan(ID=2, Generation=200, Availability="discontinued")], "1"),
        ([plan(ID=1, GPU=1), plan(ID=2, ConfidentialVM=True)], None),
        ([plan(ID=1, CPU=4), plan(ID=2, MemoryMB=8192), plan(ID=3, Commitment="dedicatedcpu")], None),
        ([], None),
    ],
)
def test_server_plan_lookup(plans: list[dict[str, Any]], found_id: str | None) -> None:
    found_plan = Wire(found("ServerPlans", *plans)).client().server_plans.lookup("is1a", 2, 4)
    assert (found_plan and found_plan.id) == found_id


def test_prices_are_told_apart_by_their_own_id() -> None:
    prices = [samples.PRICE, {**samples.PRICE, "ServiceClassID": 50051, "ServiceClassPath": "cloud/plan/2core-4gb"}]
    assert len(Wire(found("ServiceClasses", *prices)).client().prices.find("is1a")) == 2


def test_os_type() -> None:
    wire = Wire(found("Archives", {**samples.ARCHIVE, "ID": 1, "Availability": "migrating"}, samples.ARCHIVE))
    assert wire.client().archives.find_by_os_type("is1b", "almalinux9").id == "113601000001"
    assert wire.query["Filter"] == {"Scope": ["shared"], "Tags.Name": [["alma-9-latest"]]}


def test_an_archive_of_somebody_else_is_no_os_type() -> None:
    wire = Wire(found("Archives", {**samples.ARCHIVE, "Scope": "user"}))
    with pytest.raises(ResourceError, match="zone is1b has no public archive for OS type 'almalinux9'"):
        wire.client().archives.find_by_os_type("is1b", "almalinux9")


def test_an_unknown_os_type_names_those_that_are_known() -> None:
    wire = Wire(found("Archives"))
    with pytest.raises(ResourceError, match="no OS type 'windows'; known are almalinux, "):
        wire.client().archives.find_by_os_type("is1b", "windows")
    assert not wire.requests


@pytest.mark.parametrize("os_type", sorted(OS_TYPES))
def test_os_types_have_tags(os_type: str) -> None:
    assert OS_TYPES[os_type]
    assert all(OS_TYPES[os_type])


def test_of_what_has_another_description_nothing_else_is_read() -> None:
    own = {**samples.SSH_KEY, "ID": 1, "Description": "deploys\nsf:one"}
    theirs = {**samples.SSH_KEY, "ID": 2, "Description": None, "PublicKey": None}
    keys = Wire(ok(SSHKeys=[own, theirs], Total=2, Count=2, From=0)).client().ssh_keys
    assert [key.id for key in keys.find(description="sf:one")] == ["1"]
    with pytest.raises(UnusableAnswerError, match="PublicKey"):
        keys.find()
    odd = {**samples.PACKET_FILTER, "ID": 3, "Description": "", "ExpressionHash": None}
    filters = Wire(ok(PacketFilters=[odd], Total=1, Count=1, From=0)).client().packet_filters
    assert filters.find("is1a", description="sf:one") == []
