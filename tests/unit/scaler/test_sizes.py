"""The sizes that a person's requests lead to, where the cloud has other numbers of servers than are declared."""

from __future__ import annotations

import pytest

from sakura_fleet.errors import RefusedError, UsageError
from sakura_fleet.model.server.group import ServerGroupArgs, SizePreset
from sakura_fleet.scaler.sizes import after_down, after_set, after_state, after_up


def group(size: int, max_size: int = 10) -> ServerGroupArgs:
    presets = (SizePreset(name="usual", size=4), SizePreset(name="large", size=9))
    return ServerGroupArgs(name="web", zones=("is1b",), size=size, min_size=2, max_size=max_size, presets=presets)


@pytest.mark.parametrize(
    ("size", "members", "to"),
    [(3, 3, 4), (3, 2, 4), (3, 0, 4), (3, 8, 9), (3, 9, 10), (3, 10, 10), (1, 1, 2), (1, 8, 9)],
)
def test_up_counts_from_the_servers_that_are_there(size: int, members: int, to: int) -> None:
    target = after_up(group(size), members)
    assert target.size == to
    assert (f"the {members} that are there count" in target.reason) == (members > size)


@pytest.mark.parametrize("members", [11, 40])
def test_up_changes_nothing_where_more_are_there_than_may_be_declared(members: int) -> None:
    assert after_up(group(3), members).size == 3
    assert after_up(group(12), members).size == 12


def test_a_preset_is_no_way_up_to_fewer_servers() -> None:
    assert after_up(group(3), 3, "usual").size == 4
    with pytest.raises(UsageError, match=r"has 4 servers, fewer than 8 \(the 8 that are there count, 3 declared\)"):
        after_up(group(3), 8, "usual")
    assert after_up(group(3), 8, "large").size == 9


@pytest.mark.parametrize("preset", ["", "usual", "large"])
def test_down_is_refused_where_it_would_remove_what_nobody_declared(preset: str) -> None:
    with pytest.raises(RefusedError, match=r"would remove 6; .*`scaler set 8`"):
        after_down(group(3), 8, preset)


@pytest.mark.parametrize(("size", "members", "to"), [(3, 3, 2), (3, 1, 2), (2, 2, 2), (12, 12, 10)])
def test_down_counts_from_the_declared_size(size: int, members: int, to: int) -> None:
    assert after_down(group(size), members).size == to


@pytest.mark.parametrize("members", [8, 3])
def test_an_exact_size_is_taken_and_what_goes_is_said(members: int) -> None:
    for target in (after_set(group(3), members, 4), after_state(group(3), members, "usual")):
        assert target.size == 4
        assert ("; 8 servers are there, 4 go" in target.reason) == (members == 8)
    assert "go" not in after_set(group(3), 3, 2).reason
