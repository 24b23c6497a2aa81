"""The scaling settings: defaults, bounds, and thresholds that would make a group shrink and grow by turns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.errors import InputError
from sakura_fleet.model.scaling import Backoff, Cooldown, ScalingArgs, read_scaling, smallest
from sakura_fleet.model.stack import StackConfig, read_stack
from tests.unit.model.read import read, rules


def stack(scaling: Any, *, min_size: int = 2, max_size: int = 5) -> StackConfig:
    group = {"name": "web", "zones": ["is1b"], "min_size": min_size, "max_size": max_size}
    raw = {"fleet_id": "0123456789abcdef", "size": "2", "server_group": json.dumps(group)}
    return read_stack({**raw, "scaling": json.dumps(scaling)} if scaling is not None else raw)


def problems_of(scaling: Any, *, min_size: int = 2, max_size: int = 5) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        stack(scaling, min_size=min_size, max_size=max_size)
    return rules(caught.value.problems)


def test_the_defaults_suit_every_group() -> None:
    for low in range(6):
        for high in range(low, 8):
            assert ScalingArgs().check(min_size=low, max_size=high) == []


def test_without_settings_it_is_the_cron_rule() -> None:
    for scaling in (None, {}):
        found = stack(scaling).scaling_rules
        assert found == ScalingArgs()
        assert (found.mode, found.up, found.down, found.idle, found.samples, found.step) == (
            "threshold",
            50,
            20,
            1,
            1,
            1,
        )
        assert (found.cooldown, found.backoff, found.brake) == (Cooldown(up=540, down=540), Backoff(), 45)
        assert (found.max_age, found.enforce) == (900, False)


def test_every_setting() -> None:
    written = {
        "mode": "threshold",
        "up": 70,
        "down": 25,
        "idle": 0,
        "samples": 3,
        "step": 2,
        "max_age": 1200,
        "brake": 60,
        "enforce": True,
        "cooldown": {"up": 180, "down": 900},
        "backoff": {"first": 60, "longest": 600},
    }
    args, problems = read(read_scaling, written)
    assert problems == []
    assert args == ScalingArgs(
        up=70,
        down=25,
        idle=0,
        samples=3,
        step=2,
        max_age=1200,
        brake=60,
        enforce=True,
        cooldown=Cooldown(up=180, down=900),
        backoff=Backoff(first=60, longest=600),
    )


def test_one_cooldown_for_both_directions() -> None:
    assert read(read_scaling, {"cooldown": 180})[0].cooldown == Cooldown(up=180, down=180)
    assert read(read_scaling, {"cooldown": {"up": 0}})[0].cooldown == Cooldown(up=0, down=540)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ({"mode": "target"}, [("scaling.mode", "unknown-value")]),
        ({"up": 0}, [("scaling.up", "range")]),
        ({"up": 100}, [("scaling.up", "range")]),
        ({"up": "half"}, [("scaling.up", "type")]),
        ({"up": 50.5}, [("scaling.up", "type")]),
        ({"down": -1}, [("scaling.down", "range")]),
        ({"samples": 0}, [("scaling.samples", "range")]),
        ({"samples": 13}, [("scaling.samples", "range")]),
        ({"step": 0}, [("scaling.step", "range")]),
        ({"max_age": 599}, [("scaling.max_age", "range")]),
        ({"brake": 0}, [("scaling.brake", "range")]),
        ({"enforce": "yes"}, [("scaling.enforce", "type")]),
        ({"cooldown": -1}, [("scaling.cooldown", "range")]),
        ({"cooldown": "soon"}, [("scaling.cooldown", "type")]),
        ({"cooldown": {"keep": 1}}, [("scaling.cooldown.keep", "unknown-key")]),
        ({"backoff": {"first": 0}}, [("scaling.backoff.first", "range")]),
        ({"backoff": {"first": 600, "longest": 300}}, [("scaling.backoff.longest", "backoff-order")]),
        ({"upp": 50}, [("scaling.upp", "unknown-key")]),
        ([], [("scaling", "type")]),
        ({"up": 20, "down": 20}, [("scaling.down", "thresholds-order")]),
        ({"up": 20, "down": 40}, [("scaling.down", "thresholds-order")]),
        ({"down": 2}, [("scaling.down", "never-down")]),
        ({"down": 5, "idle": 7}, [("scaling.down", "never-down")]),
        ({"up": 30}, [("scaling.down", "thresholds-flap")]),
        ({"up": 0, "x": 1}, [("scaling.up", "range"), ("scaling.x", "unknown-key")]),
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_rule_is_named(scaling: Any, expected: list[tuple[str, str]]) -> None:
    assert problems_of(scaling) == expected


@pytest.mark.parametrize(
    ("up", "down", "min_size", "max_size", "step", "flaps"),
    [
        (50, 20, 2, 5, 1, False),  # the seed: 3 at 20 % become 2 at 30 %
        (50, 33, 2, 5, 1, False),  # 49.5
        (50, 34, 2, 5, 1, True),  # 51
        (51, 34, 2, 5, 1, True),  # exactly 51
        (50, 24, 1, 5, 1, False),
        (50, 25, 1, 5, 1, True),
        (50, 25, 0, 5, 1, True),  # load never takes a group under one server
        (50, 40, 5, 9, 1, False),
        (50, 34, 2, 2, 1, False),  # nothing to shrink
        (50, 20, 2, 5, 3, True),  # 5 at 20 % become 2 at 50 %
        (50, 20, 2, 4, 3, False),  # 4 at 20 % become 2 at 40 %
        (50, 20, 0, 0, 1, False),
    ],
)
def test_thresholds_that_flap(up: int, down: int, min_size: int, max_size: int, step: int, flaps: bool) -> None:
    found = ScalingArgs(up=up, down=down, step=step).check(min_size=min_size, max_size=max_size)
    assert [problem.rule for problem in found] == ["thresholds-flap"] * flaps


def test_the_way_out_of_flapping_is_one() -> None:
    (problem,) = ScalingArgs(up=50, down=40).check(min_size=2, max_size=5)
    assert "lower down to 33 or raise up over 60" in problem.message
    assert ScalingArgs(up=50, down=33).check(min_size=2, max_size=5) == []
    assert ScalingArgs(up=61, down=40).check(min_size=2, max_size=5) == []


@given(
    up=st.integers(1, 99),
    down=st.integers(0, 98),
    low=st.integers(0, 20),
    more=st.integers(0, 20),
    step=st.integers(1, 5),
)
def test_what_is_accepted_never_flaps_at_a_constant_load(up: int, down: int, low: int, more: int, step: int) -> None:
    high = low + more
    if ScalingArgs(up=up, down=down, step=step).check(min_size=low, max_size=high):
        return
    floor = smallest(low, high)
    for size in range(floor + 1, high + 1):
        after = max(size - step, floor)
        assert down * size / after < up or down == 0, (size, after)


def test_never_shrinking_can_be_asked_for() -> None:
    assert stack({"down": 0, "up": 5}).scaling.down == 0


def test_the_checks_wait_until_both_sides_can_be_read() -> None:
    assert problems_of({"up": 30}, max_size=-1) == [("server_group.max_size", "range")]


@pytest.mark.parametrize(("failures", "wait"), [(1, 300), (2, 600), (3, 1200), (4, 1800), (5, 1800), (10_000, 1800)])
def test_backoff_doubles_up_to_its_longest(failures: int, wait: int) -> None:
    assert Backoff().after(failures) == wait
