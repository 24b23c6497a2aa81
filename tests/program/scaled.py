"""A fleet with its autoscaler, both on the emulator's clock, which is stopped until a test moves it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sakura_emulator.server import Running, running
from sakura_fleet.engine.project import Project
from sakura_fleet.scaler.autoscaler import Autoscaler
from sakura_fleet.scaler.job_runner import JobRunner
from tests.program.fleet import Fleet, new_fleet
from tests.program.snapshots import bring_up


class ScaledFleet:
    """A fleet that is up, its cloud, and its autoscaler."""

    def __init__(self, cloud: Running, fleet: Fleet) -> None:
        self.cloud = cloud
        self.fleet = fleet
        project = Project(fleet.folder, fleet.folder / "stacks")
        self.autoscaler = Autoscaler(JobRunner(project, fleet.stack, clock=self.now))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.cloud.cloud.clock.now(), UTC)

    def pass_time(self, seconds: float, *, load: float) -> None:
        """Time in which each server of the group carries that load per core."""
        self.fleet.control("load", {"prefix": "hscale-group", "value": load})
        self.fleet.control("clock", {"advance": seconds})


@contextmanager
def scaled_fleet(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[ScaledFleet]:
    """A new fleet with these settings of its stack; the test works in its folder and with its environment."""
    with running(latency="instant") as cloud:
        fleet = new_fleet(folder / "fleet", cloud.url)
        fleet.write(**settings)
        for key, value in {**fleet.env, "XDG_STATE_HOME": str(folder / "state-home")}.items():
            if os.environ.get(key) != value:
                monkeypatch.setenv(key, value)
        fleet.control("clock", {"freeze": True})
        bring_up(fleet)
        with chdir(fleet.folder):
            yield ScaledFleet(cloud, fleet)
