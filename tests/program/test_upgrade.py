"""A fleet that an earlier version brought up is the same fleet for today's code: no change, and it can be destroyed.

Each folder of `states/` holds one such fleet, as `tests/program/recorded_state.py` wrote it when that version was
current.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sakura_emulator.server import running
from tests.program.recorded_state import STATES, restored


@pytest.mark.parametrize("version", sorted(path.name for path in STATES.iterdir() if path.is_dir()))
def test_the_fleet_of_an_earlier_version_is_todays(version: str, tmp_path: Path) -> None:
    with running(latency="instant") as emulator:
        fleet = restored(tmp_path / "fleet", STATES / version, emulator.url)
        fleet.pulumi("preview", "--expect-no-changes")
        fleet.pulumi("preview", "--refresh", "--expect-no-changes")
        fleet.write(size=3)
        assert fleet.changes() == {"create": 1, "update": 1}
        fleet.up()
        fleet.pulumi("destroy", "--yes", "--skip-preview")
        assert fleet.count() == {}
