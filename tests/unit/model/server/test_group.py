"""A server group's own rules, and those that only show when its settings are seen together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sakura_fleet.errors import Problem
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.group import ServerGroupArgs, SizePreset, read_server_group
from sakura_fleet.model.server.template import NetworkInterface, ServerTemplate
from tests.unit.model.read import SWITCH, rules

GROUP = {"name": "web", "zones": ["is1b", "is1c"], "max_size": 5}


def group(**changes: Any) -> ServerGroupArgs:
    values: dict[str, Any] = {"name": "web", "zones": ("is1b",), "size": 2, "max_size": 5}
    return ServerGroupArgs(**{**values, **changes})


def read_group(data: Any = None, size: Any = 2, **changes: Any) -> tuple[ServerGroupArgs, list[Problem]]:
    problems: list[Problem] = []
    written = {**GROUP, **changes} if data is None else data
    reader, stack = Reader(written, "server_group", problems), Reader({"size": size}, "", problems)
    return read_server_group(reader, stack=stack), problems


def on_switch(**changes: Any) -> ServerTemplate:
    interface = {"upstream": SWITCH, "assign_cidr_block": "192.168.0.0/24", "default_route": "192.168.0.254"}
    return ServerTemplate(network_interfaces=(NetworkInterface(**{**interface, **changes}),))


def test_a_small_group_is_read_with_its_defaults() -> None:
    args, problems = read_group()
    assert problems == []
    assert args == ServerGroupArgs(name="web", zones=("is1b", "is1c"), size=2, min_size=0, max_size=5)
    assert [args.server_name(slot) for slot in range(2)] == ["web-001", "web-002"]


def test_a_full_group_is_read_as_written() -> None:
    args, problems = read_group(
        min_size=1,
        presets=[{"name": "small", "size": 1}, {"name": "large", "size": 5}],
        name_format="{group}{number}",
        shutdown_force=True,
        template={"plan": {"core": 2}},
    )
    assert problems == []
    assert args.presets == (SizePreset(name="small", size=1), SizePreset(name="large", size=5))
    assert (args.min_size, args.shutdown_force, args.template.plan.core) == (1, True, 2)
    assert args.server_name(9) == "web10"


def test_presets_may_be_called_plans() -> None:
    plans = [{"name": "small", "size": 1}, {"name": "large", "size": 5}]
    args, problems = read_group(plans=plans)
    assert problems == []
    assert args == read_group(presets=plans)[0]


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"name": None}, "server_group.name", "required"),
        ({"name": "Web"}, "server_group.name", "shape"),
        ({"name": "1web"}, "server_group.name", "shape"),
        ({"name": "web-"}, "server_group.name", "shape"),
        ({"name": "w" * 29}, "server_group.name", "shape"),
        ({"zones": None}, "server_group.zones", "required"),
        ({"zones": []}, "server_group.zones", "no-zone"),
        ({"zones": ["is1b", "is9z"]}, "server_group.zones[1]", "unknown-zone"),
        ({"zones": ["is1b", "is1c", "is1b"]}, "server_group.zones[2]", "duplicate-zone"),
        ({"max_size": None}, "server_group.max_size", "required"),
        ({"max_size": 1001}, "server_group.max_size", "range"),
        ({"min_size": -1}, "server_group.min_size", "range"),
        ({"presets": [{"name": "a"}]}, "server_group.presets[0].size", "required"),
        ({"presets": [{"name": "a", "size": 1, "count": 1}]}, "server_group.presets[0].count", "unknown-key"),
        ({"zone": "is1b"}, "server_group.zone", "unknown-key"),
        ({"template": {"tag": []}}, "server_group.template.tag", "unknown-key"),
        # seen together
        ({"presets": [{"name": "a", "size": 6}]}, "server_group.presets[0].size", "preset-range"),
        (
            {"presets": [{"name": "a", "size": 1}, {"name": "a", "size": 2}]},
            "server_group.presets[1].name",
            "duplicate-preset",
        ),
        ({"plans": [{"name": "a", "size": 6}]}, "server_group.plans[0].size", "preset-range"),
        ({"plans": [{"name": "a", "size": 1}], "presets": []}, "server_group.plans", "one-name"),
        ({"name_format": "{group}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{group}-{slot}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{number.real}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{number.nothing}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{number[0]}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{number:x y}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{}-{number}"}, "server_group.name_format", "name-format"),
        ({"name_format": "{group-{number}"}, "server_group.name_format", "name-format"),
        ({"name": "w" * 28, "name_format": "{group}-{number:036}"}, "server_group.name_format", "host-name-length"),
    ],
    ids=str,
)
def test_one_broken_rule_is_one_problem(changes: dict[str, Any], path: str, rule: str) -> None:
    assert rules(read_group(**changes)[1]) == [(path, rule)]


@pytest.mark.parametrize("name", ["w", "web-1", "w" * 28])
def test_names_at_their_edges(name: str) -> None:
    assert read_group(name=name, max_size=999)[1] == []


@pytest.mark.parametrize("size", [1, 5])
def test_sizes_at_the_edges(size: int) -> None:
    assert group(size=size, min_size=1).check() == []


@pytest.mark.parametrize("size", [0, 6])
def test_a_size_outside_names_the_range_and_the_way_out(size: int) -> None:
    (problem,) = group(size=size, min_size=1).check()
    assert (problem.path, problem.rule) == ("size", "size-range")
    assert problem.message.startswith(f"{size} is outside min_size 1 .. max_size 5; run `pulumi config set size N`")
    assert rules(read_group(size=size, min_size=1)[1]) == [("size", "size-range")]


@pytest.mark.parametrize(
    ("size", "rule"),
    [(None, "required"), ("two", "type"), (1.5, "type"), (-1, "range"), (1001, "range"), (True, "type")],
)
def test_what_is_no_size(size: Any, rule: str) -> None:
    assert rules(read_group(size=size)[1]) == [("size", rule)]


def test_a_minimum_over_the_maximum() -> None:
    assert ("min_size", "min-over-max") in rules(group(min_size=6).check())


def test_a_host_name_of_64_characters_fits_and_one_of_65_does_not() -> None:
    assert group(name="w" * 28, name_format="{group}-{number:035}").check() == []
    (problem,) = group(name="w" * 28, name_format="{group}-{number:036}").check()
    assert (problem.rule, "65 characters" in problem.message) == ("host-name-length", True)


@pytest.mark.parametrize(
    ("zones", "upstream", "path"),
    [
        (("is1b", "is1c"), SWITCH, "template.network_interfaces[0].upstream"),
        (("is1b", "is1c"), {"is1b": SWITCH}, "template.network_interfaces[0].upstream"),
        (("is1b", "is1c"), {"is1b": SWITCH, "is1c": SWITCH}, None),
        (("is1b",), SWITCH, None),
        (("is1b", "is1c"), "shared", None),
    ],
    ids=str,
)
def test_a_switch_is_in_one_zone(zones: tuple[str, ...], upstream: str | Mapping[str, str], path: str | None) -> None:
    template = ServerTemplate(network_interfaces=(NetworkInterface(upstream=upstream),))
    assert rules(group(zones=zones, template=template).check()) == ([(path, "switch-zone")] if path else [])


@pytest.mark.parametrize(("max_size", "fits"), [(13, True), (14, True), (15, False)])
def test_the_block_has_room_for_the_largest_size(max_size: int, fits: bool) -> None:
    template = on_switch(assign_cidr_block="192.168.0.16/28", default_route="")
    found = rules(group(max_size=max_size, template=template).check())
    assert found == ([] if fits else [("template.network_interfaces[0].assign_cidr_block", "cidr-capacity")])


def test_the_address_of_the_default_route_is_no_members() -> None:
    template = on_switch(assign_cidr_block="192.168.0.16/28", default_route="192.168.0.17")
    found = group(max_size=14, template=template).check()
    assert rules(found) == [("template.network_interfaces[0].assign_cidr_block", "cidr-capacity")]
    assert "192.168.0.16/28 has 13 addresses for servers, and max_size is 14" in found[0].message
    assert group(max_size=13, template=template).check() == []


def test_what_is_seen_together_is_not_judged_on_values_that_are_wrong() -> None:
    unread = [("server_group.max_size", "type")]
    assert rules(read_group(size=99, max_size="many")[1]) == unread
    presets = {"plans": [{"name": "night", "size": "few"}, {"name": "night", "size": 99}]}
    assert rules(read_group(**presets)[1]) == [("server_group.plans[0].size", "type")]


def test_what_has_to_do_with_something_else_is_judged_all_the_same() -> None:
    assert rules(read_group(size=99, zones=["is9z"])[1]) == [
        ("server_group.zones[0]", "unknown-zone"),
        ("size", "size-range"),
    ]


def test_a_group_that_is_no_mapping() -> None:
    assert ("server_group", "type") in rules(read_group(data=["web"])[1])


def test_adopted_servers_are_read_by_their_numbers() -> None:
    args, problems = read_group(adopt={"1": SWITCH, "5": "113800000011"})
    assert (args.adopt, problems) == ({1: SWITCH, 5: "113800000011"}, [])


@pytest.mark.parametrize(
    ("adopt", "broken"),
    [
        ({"6": SWITCH}, [("server_group.adopt.6", "adopt-number")]),
        ({"1": SWITCH, "2": SWITCH}, [("server_group.adopt.2", "duplicate-adopt")]),
        (
            {"0": SWITCH, "web-001": SWITCH, "2": "web-002", "3": True},
            [
                ("server_group.adopt.0", "adopt-number"),
                ("server_group.adopt.web-001", "adopt-number"),
                ("server_group.adopt.2", "shape"),
                ("server_group.adopt.3", "type"),
            ],
        ),
        ([SWITCH], [("server_group.adopt", "type")]),
    ],
)
def test_what_cannot_be_adopted_is_listed_whole(adopt: Any, broken: list[tuple[str, str]]) -> None:
    _, problems = read_group(adopt=adopt)
    assert sorted(rules(problems)) == sorted(broken)


@pytest.mark.parametrize(
    ("adopt", "rules_there", "broken"),
    [
        ({"is1b": SWITCH}, True, []),
        ({"is1b": SWITCH}, False, [("template.network_interfaces[0].adopt_packet_filter", "adopt-without-rules")]),
        ({"is1b": "old"}, True, [("template.network_interfaces[0].adopt_packet_filter.is1b", "shape")]),
        ({"tk1b": SWITCH}, True, [("template.network_interfaces[0].adopt_packet_filter.tk1b", "adopt-zone")]),
        (SWITCH, True, [("template.network_interfaces[0].adopt_packet_filter", "type")]),
    ],
)
def test_adopted_packet_filters(adopt: Any, rules_there: bool, broken: list[tuple[str, str]]) -> None:
    filters = [{"protocol": "ip"}] if rules_there else []
    interface = {"packet_filter": filters, "adopt_packet_filter": adopt}
    args, problems = read_group(template={"network_interfaces": [interface]})
    assert rules(problems) == [(f"server_group.{path}", rule) for path, rule in broken]
    if not broken:
        assert args.template.network_interfaces[0].adopt_packet_filter == {"is1b": SWITCH}
        assert args.generation == read_group(template={"network_interfaces": [{}]})[0].generation
