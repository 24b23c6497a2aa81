"""The loop closes: a load that rises and falls drives `scaler auto`, which drives real updates, with faults on the way.

The emulator's clock is stepped and the autoscaler's follows it, so an afternoon passes in seconds. The load is given in
busy cores, so that more servers mean less load for each, as it is with a load balancer before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.program.fleet import group_settings
from tests.program.scaled import ScaledFleet, scaled_fleet

STEP = 300
"""Seconds between two ticks: the activity graph has one value each five minutes."""


class Afternoon:
    """A fleet under a load that is given in busy cores."""

    def __init__(self, scaled: ScaledFleet) -> None:
        self.scaled = scaled
        self.fleet = scaled.fleet
        self.autoscaler = scaled.autoscaler

    def pass_time(self, busy_cores: float) -> None:
        """One step in which the servers carry that load together."""
        self.scaled.pass_time(STEP, load=min(1.0, busy_cores / max(1, self.fleet.count().get("server", 0))))

    def tick(self) -> tuple[str, int]:
        """One observation, and what came of it: the decision's reason and the servers there are."""
        observation, _ = self.autoscaler.tick()
        return observation.decision.reason.value, self.fleet.count().get("server", 0)


@pytest.fixture
def afternoon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Afternoon]:
    group = {**group_settings("")["server_group"], "min_size": 2, "max_size": 5}
    with scaled_fleet(tmp_path, monkeypatch, server_group=group) as scaled:
        yield Afternoon(scaled)


LOAD = [0.6, 1.3, 1.3, 1.3, 1.6, 1.6, 2.2, 2.2, 2.2, 1.2, 0.7, 0.7, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3]
"""Busy cores, one value a step."""


def expected(load: list[float], *, start: int, low: int, high: int) -> list[int]:
    """The sizes by hand: the seed's rule on whole per cents, one step at a time, and 540 s between two changes."""
    sizes, size, quiet_until = [], start, 0
    for step, busy in enumerate(load, start=1):
        now, cpu = step * STEP, int(100 * min(1.0, busy / size) + 0.5)
        wanted = size + 1 if cpu > 50 else size - 1 if 1 < cpu < 20 else size
        wanted = min(max(wanted, low), high)
        if wanted != size and now >= quiet_until:
            size, quiet_until = wanted, now + 540
        sizes.append(size)
    return sizes


def test_sizes_follow_the_load_up_and_down(afternoon: Afternoon) -> None:
    fleet = afternoon.fleet
    fleet.control("faults", {"method": "POST", "path": "^/server$", "nth": [1], "kind": "status", "status": 503})
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "nth": [2], "kind": "cut_after"})
    fleet.control("faults", {"method": "GET", "path": "^/server", "nth": [20, 40], "kind": "cut_before"})
    afternoon.pass_time(LOAD[0])  # so that the first tick has a sample of a whole step
    reasons: list[Any] = []
    sizes = []
    for busy in LOAD:
        afternoon.pass_time(busy)
        reason, size = afternoon.tick()
        reasons.append(reason)
        sizes.append(size)
    assert sizes == expected(LOAD, start=2, low=2, high=5), list(zip(LOAD, sizes, reasons, strict=True))
    assert max(sizes) == 5
    assert sizes[-1] == 2
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}


def test_a_failed_update_is_tried_again_only_after_its_wait(afternoon: Afternoon) -> None:
    fleet = afternoon.fleet
    afternoon.pass_time(1.5)
    afternoon.pass_time(1.5)
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "nth": [1], "kind": "failed_disk"})
    observation, result = afternoon.autoscaler.tick()
    assert result is not None
    assert (observation.decision.action.value, result.status, result.exit_code) == ("up", "FAILED", 4)
    again, nothing = afternoon.autoscaler.tick()
    assert (again.decision.reason.value, nothing) == ("BackoffAfterFailure", None)
    afternoon.pass_time(1.5)
    observation, result = afternoon.autoscaler.tick()
    assert result is not None
    assert result.status == "DONE"
    assert fleet.count() == {"server": 3, "disk": 3, "interface": 3, "note": 1}


def test_a_group_that_is_larger_than_its_file_says_grows_by_one_and_loses_none(afternoon: Afternoon) -> None:
    fleet = afternoon.fleet
    fleet.write(size=4)
    fleet.up()
    before = {server["ID"] for server in fleet.servers()}
    fleet.write(size=2)  # as a file that was taken from a repository
    for _ in range(2):
        afternoon.pass_time(3.6)
    observation, result = afternoon.autoscaler.tick()
    assert result is not None
    assert (observation.decision.reason.value, result.size_before, result.size_after) == ("CpuAboveUp", 2, 5)
    after = {server["ID"] for server in fleet.servers()}
    assert (before < after, len(after)) == (True, 5)
