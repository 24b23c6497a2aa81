"""Numbers without a gap, and the format in which most servers keep their names."""

from __future__ import annotations

import pytest

from sakura_fleet.inventory.adoption.numbering import numbered
from sakura_fleet.model.server.group import ServerGroupArgs


@pytest.mark.parametrize(
    ("names", "group", "name_format", "numbers"),
    [
        (["web-001", "web-002"], "web", "{group}-{number:03}", (1, 2)),
        (["web-002", "web-001"], "web", "{group}-{number:03}", (2, 1)),
        (["web1", "web2", "web10"], "web", "{group}{number}", (1, 2, 3)),
        (["web01", "web02"], "web", "{group}{number:02}", (1, 2)),
        (["web-09", "web-10"], "web", "{group}-{number:02}", (1, 2)),
        (["base1"], "base", "{group}{number}", (1,)),
        (["tk-web-001-prod", "tk-web-003-prod"], "tk-web", "{group}-{number:03}-prod", (1, 2)),
        (["Web-1", "Web-2"], "web", "Web-{number}", (1, 2)),
        (["web-001", "base1", "web-003"], "web", "{group}-{number:03}", (1, 2, 3)),
        (["web-001", "web-003", "web-004"], "web", "{group}-{number:03}", (1, 3, 2)),
        (["web-001", "web-001"], "web", "{group}-{number:03}", (1, 2)),
        (["alice", "bob"], "alice", "{group}-{number:03}", (1, 2)),
        (["ウェブ", "他"], "web", "{group}-{number:03}", (1, 2)),
        (["9-1"], "web", "9-{number}", (1,)),
        (["web_1", "web_2"], "web-1", "{group}-{number:03}", (1, 2)),
    ],
)
def test_names_and_numbers(names: list[str], group: str, name_format: str, numbers: tuple[int, ...]) -> None:
    made = numbered(names)
    assert (made.group, made.name_format, made.numbers) == (group, name_format, numbers)
    size = len(names)
    args = ServerGroupArgs(name=group, zones=("is1b",), size=size, max_size=size, name_format=name_format)
    assert args.check() == []
    assert [args.server_name(number - 1) for number in numbers] == [made.name(number) for number in numbers]


@pytest.mark.parametrize(
    ("group", "name_format"),
    [("web", "{group}-{number:03}"), ("shop", "web-{number:03}"), ("we", "{group}b-{number:03}")],
)
def test_a_given_name_of_the_group_keeps_the_names_of_the_servers(group: str, name_format: str) -> None:
    made = numbered(["web-001"], group=group)
    assert (made.group, made.name_format, made.name(1)) == (group, name_format, "web-001")
