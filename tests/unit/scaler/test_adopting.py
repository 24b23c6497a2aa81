"""A job runner waits until servers that were taken over are nothing but members of their group."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sakura_fleet.engine.job_lock import FAILED
from sakura_fleet.engine.project import Project
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import Effort, JobRunner
from sakura_fleet.scaler.sizes import Target
from tests.unit.folder import Folder, inside

ADOPTING = {"name": "web", "zones": ["is1b"], "max_size": 5, "adopt": {"1": "113800000021"}}


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobRunner:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = Folder.new(tmp_path / "project")
    folder.write(server_group=ADOPTING)
    with inside(folder.root):
        return JobRunner(Project.here(), "test", clock=lambda: datetime.now(UTC))


def run(runner: JobRunner, size: int, replace: Collection[str] = ()) -> JobResult:
    return runner.run("set", lambda _: Target(size, "for the test"), effort=Effort.UPDATE, replace=replace)


@pytest.mark.parametrize(("size", "replace"), [(3, ()), (1, ()), (2, ["113800000021"])])
def test_nothing_is_removed_that_adopt_still_names(runner: JobRunner, size: int, replace: Collection[str]) -> None:
    result = run(runner, size, replace)
    assert result.status == FAILED
    assert "server_group.adopt is for the first `pulumi up` only" in result.error
    assert runner.group().size == 2


def test_a_run_that_removes_nobody_goes_on(runner: JobRunner) -> None:
    assert "server_group.adopt" not in run(runner, 2).error
