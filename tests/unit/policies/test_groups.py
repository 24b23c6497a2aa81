"""Rules about server groups."""

from __future__ import annotations

from typing import Any

import pytest

from policies.properties import UNKNOWN
from policies.rule import Resource
from sakura_fleet import tokens
from tests.unit.policies.support import GROUP, breaches, broken, server


def stack(members: int, **changes: Any) -> list[Resource]:
    """A group, its members, and a host that is none."""
    servers = [server(f"web-abc123-{slot + 1:03}", slot=slot, **changes) for slot in range(members)]
    return [Resource(GROUP, tokens.SERVER_GROUP), server("www", around=tokens.CADDY_HOST, zones=["is1b"]), *servers]


@pytest.mark.parametrize(
    ("zones", "paths"),
    [
        (["is1b", "is1c"], []),
        (["is1b"], ["zones"]),
        (["is1b", "is1b"], ["zones"]),
        (["is1b", UNKNOWN], []),
        (UNKNOWN, []),
    ],
)
def test_two_zones(zones: Any, paths: list[str]) -> None:
    assert broken("production-two-zones", server(zones=zones)) == paths


def test_a_host_is_in_one_zone() -> None:
    assert broken("production-two-zones", server(around=tokens.CADDY_HOST, zones=["is1b"])) == []
    assert broken("production-two-zones", server(around="", zones=["is1b"])) == []


@pytest.mark.parametrize(("members", "paths"), [(0, ["size"]), (1, ["size"]), (2, []), (3, [])])
def test_two_members(members: int, paths: list[str]) -> None:
    found = breaches("production-two-members", declared=stack(members))
    assert [breach.path for breach in found] == paths
    assert {breach.urn for breach in found} <= {GROUP}


def test_a_stack_without_a_group_has_no_members_to_count() -> None:
    assert broken("production-two-members", declared=[server("www", around=tokens.CADDY_HOST)]) == []


@pytest.mark.parametrize(
    ("slot", "labels", "paths"),
    [
        (3.0, {"max_size": 4.0}, []),
        (4.0, {"max_size": 4.0}, ["labels.max_size"]),
        (0, {"max_size": 0}, ["labels.max_size"]),
        (4, {}, []),
        (4, None, []),
        (4, UNKNOWN, []),
        (4, {"max_size": UNKNOWN}, []),
        (UNKNOWN, {"max_size": 4}, []),
    ],
)
def test_within_limits(slot: Any, labels: Any, paths: list[str]) -> None:
    assert broken("size-within-limits", server(slot=slot, labels=labels)) == paths


@pytest.mark.parametrize(
    ("members", "labels", "paths"),
    [
        (2, {"min_size": 2.0}, []),
        (1, {"min_size": 2.0}, ["labels.min_size"]),
        (1, {}, []),
        (1, UNKNOWN, []),
        (1, {"min_size": UNKNOWN}, []),
    ],
)
def test_not_below_minimum(members: int, labels: Any, paths: list[str]) -> None:
    assert broken("size-not-below-minimum", declared=stack(members, labels=labels)) == paths
