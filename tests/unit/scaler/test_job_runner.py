"""A job on an engine that does nothing: when the stack's file is written, and what it holds where a job ends early."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.automation import EngineEvent

from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.command import GroupedCommand
from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.outcome import Change, Outcome
from sakura_fleet.engine.plan import read_plan
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import PlanFiles
from sakura_fleet.errors import BusyError, EngineError, UsageError
from sakura_fleet.scaler import job_runner
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import JobRunner
from sakura_fleet.scaler.sizes import Target
from tests.unit.folder import Folder, inside
from tests.unit.plans import document, members, step

GROWING = [*members("same", 1, 2), *members("create", 3, 3)]


class Engine:
    """Plans `steps`; does what `during` says in a preview and an update. `seen` has the sizes in the copy and file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.steps: list[dict[str, Any]] = GROWING
        self.during: dict[str, Callable[[Outcome], None]] = {}
        self.seen: dict[str, tuple[int, int]] = {}
        self.command = GroupedCommand()

    def __call__(self, *_: object) -> Engine:
        return self

    def preview(self, outcome: Outcome, plan: PlanFiles, *_: object, **__: object) -> str:
        self._run("preview", outcome, plan)
        outcome.steps += read_plan(document(*self.steps))
        return "the plan"

    def up(self, outcome: Outcome, plan: PlanFiles, **_: object) -> None:
        self._run("up", outcome, plan)

    def _run(self, what: str, outcome: Outcome, plan: PlanFiles) -> None:
        self.seen[what] = size_in(plan.config), size_in(self.file)
        self.during.get(what, lambda _: None)(outcome)


def size_in(file: Path) -> int:
    return int(yaml.safe_load(file.read_text())["config"]["sakura-fleet:size"])


def write_size(file: Path, size: int) -> None:
    file.write_text(re.sub(r'(size": ")\d+', rf"\g<1>{size}", file.read_text()))


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobRunner]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = Folder.new(tmp_path / "project")
    folder.write()
    with inside(folder.root):
        yield JobRunner(Project.here(), "test", clock=lambda: datetime.now(UTC))


@pytest.fixture
def engine(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine(runner.project.stack_file("test"))
    monkeypatch.setattr(job_runner, "StackEngine", engine)
    monkeypatch.setattr(JobRunner, "_orphans", lambda *_: [])
    return engine


def run(runner: JobRunner, size: int = 3, **options: Any) -> JobResult:
    return runner.run("set", lambda _: Target(size, "for the test"), **options)


def error_event(message: str) -> EngineEvent:
    diagnostic = {"message": message, "prefix": "error: ", "color": "never", "severity": "error"}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": diagnostic})


def raising(error: BaseException) -> Callable[[Outcome], None]:
    def fail(_: Outcome) -> None:
        raise error

    return fail


def test_without_room_for_the_plan_nothing_begins(
    runner: JobRunner, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    result = run(runner)
    assert (result.status, result.size_after, size_in(engine.file)) == ("FAILED", 2, 2)
    assert "the plan's files cannot be written to a temporary folder (No such file or directory)" in result.error
    assert result.error.endswith("[file]")
    assert engine.seen == {}


def test_the_preview_is_of_a_copy_and_the_update_of_the_file(runner: JobRunner, engine: Engine) -> None:
    asked: list[tuple[str, int]] = []

    def agree(result: JobResult) -> bool:
        asked.append((result.diff, size_in(engine.file)))
        assert runner.folder.is_busy(), "the question is asked under the lock"
        return True

    result = run(runner, agree=agree)
    assert (result.status, result.size_before, result.size_after) == ("DONE", 2, 3)
    assert engine.seen == {"preview": (3, 2), "up": (3, 3)}
    assert asked == [("the plan", 2)]


def test_a_preview_writes_nothing(runner: JobRunner, engine: Engine) -> None:
    before = engine.file.read_bytes()
    assert run(runner, preview_only=True).status == jobs.PREVIEWED
    assert list(engine.seen) == ["preview"]
    for error, status in ((EngineError("no"), jobs.FAILED), (KeyboardInterrupt(), jobs.CANCELED)):
        engine.during["preview"] = raising(error)
        result = run(runner)
        assert (result.status, result.size_after) == (status, 2)
        assert engine.file.read_bytes() == before
    assert "up" not in engine.seen


def test_an_update_that_is_interrupted_before_it_begins_takes_its_size_back(runner: JobRunner, engine: Engine) -> None:
    def interrupted(_: Outcome) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        raise EngineError("update canceled")

    engine.during["up"] = interrupted
    result = run(runner)
    assert (result.status, result.exit_code, result.size_after) == (jobs.CANCELED, JobExit.CANCELED, 2)
    assert size_in(engine.file) == 2


@pytest.mark.parametrize("answer", ["no", "nobody"])
def test_a_plan_that_nobody_agrees_to_is_not_carried_out(runner: JobRunner, engine: Engine, answer: str) -> None:
    def agree(_: JobResult) -> bool:
        if answer == "nobody":
            raise UsageError("nobody answered")
        return False

    result = run(runner, agree=agree)
    wanted = (jobs.CANCELED, JobExit.CANCELED) if answer == "no" else (jobs.FAILED, JobExit.USAGE)
    assert (result.status, result.exit_code) == wanted
    assert (list(engine.seen), size_in(engine.file)) == (["preview"], 2)


def test_a_size_that_a_person_wrote_before_the_update_stays(runner: JobRunner, engine: Engine) -> None:
    engine.during["preview"] = lambda _: write_size(engine.file, 7)
    result = run(runner)
    assert (result.status, result.detailed_exit_code) == (jobs.IGNORED, JobExit.BUSY)
    assert "somebody changed" in result.error
    assert (list(engine.seen), size_in(engine.file)) == (["preview"], 7)


def test_a_stack_that_is_locked_gets_its_size_back(runner: JobRunner, engine: Engine) -> None:
    before = engine.file.read_bytes()
    engine.during["up"] = raising(BusyError("locked"))
    assert run(runner).status == jobs.IGNORED
    assert engine.seen["up"] == (3, 3)
    assert engine.file.read_bytes() == before


def test_a_size_that_a_person_wrote_meanwhile_is_not_taken_back(runner: JobRunner, engine: Engine) -> None:
    def locked(_: Outcome) -> None:
        write_size(engine.file, 7)
        raise BusyError("locked")

    engine.during["up"] = locked
    assert run(runner).status == jobs.IGNORED
    assert size_in(engine.file) == 7


def test_an_update_that_failed_keeps_its_size(runner: JobRunner, engine: Engine) -> None:
    engine.during["up"] = raising(EngineError("a disk"))
    assert run(runner).status == jobs.FAILED
    assert size_in(engine.file) == 3


VIOLATED = "resource urn:pulumi:test::fleet::x::web-001 violates plan: properties changed: ~~tags"


UNDONE = "expected resource operations for urn:pulumi:test::fleet::x::web-001 but none were seen"


@pytest.mark.parametrize("words", [VIOLATED, UNDONE])
@pytest.mark.parametrize("begun", [False, True])
def test_an_update_that_would_leave_its_plan(runner: JobRunner, engine: Engine, begun: bool, words: str) -> None:
    def stopped(outcome: Outcome) -> None:
        outcome.on_event(error_event(words))
        if begun:
            outcome.changes["x"] = Change("web-003", "t", "create")
        raise EngineError("the update failed")

    engine.during["up"] = stopped
    result = run(runner)
    assert words in result.error
    wanted = (jobs.FAILED, JobExit.ERROR, 3) if begun else (jobs.BLOCKED, JobExit.BLOCKED, 2)
    assert (result.status, result.exit_code, size_in(engine.file)) == wanted


def test_what_the_plan_still_had_is_not_the_reason_of_a_failure(runner: JobRunner, engine: Engine) -> None:
    def failed(outcome: Outcome) -> None:
        for words in ("the disk failed [resource]", UNDONE):
            outcome.on_event(error_event(words))
        raise EngineError("the update failed")

    engine.during["up"] = failed
    result = run(runner)
    assert (result.status, result.error, size_in(engine.file)) == (jobs.FAILED, "the disk failed [resource]", 3)


def test_a_plan_that_goes_beyond_the_size_is_blocked(runner: JobRunner, engine: Engine) -> None:
    engine.steps = [*GROWING, *(step("update", "other:index:Thing", f"thing-{number}") for number in range(60))]
    result = run(runner)
    assert (result.status, result.exit_code, result.size_after) == (jobs.BLOCKED, JobExit.BLOCKED, 2)
    assert (list(engine.seen), size_in(engine.file)) == (["preview"], 2)
    assert "thing-0: it would be changed" in result.error
    assert "… and 50 more" in result.error
    assert len(result.findings) == 60
    (record,) = runner.history.last(1)
    assert record["status"] == "BLOCKED"
    assert [entry["name"] for entry in record["blocked"]] == [f"thing-{number}" for number in range(50)]
    shown = run(runner, preview_only=True)
    assert (shown.status, shown.diff, shown.size_after) == (jobs.BLOCKED, "the plan", 3)
