"""Whose lock may be removed, and how a process is told from another that got its number."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sakura_fleet.engine import stale_lock
from sakura_fleet.engine.job_lock import Job, JobFolder
from sakura_fleet.engine.stack import Lock
from sakura_fleet.engine.stale_lock import await_orphans, refuse_living, refuse_unproven
from sakura_fleet.errors import BusyError
from sakura_fleet.provider.engine_record import ENGINE, KEPT, EngineRecord, recorded_engines
from sakura_fleet.provider.processes import Process

CHILD = "import subprocess, sys; subprocess.Popen(['sleep', '600']); print('ready', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))


@pytest.fixture
def engine() -> Iterator[subprocess.Popen[str]]:
    """A process that leads a session, with a child in it that outlives it."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def job(engine: Process | None) -> Job:
    return replace(Job.mine("set"), engine=engine)


def lock(pid: int, host: str = socket.gethostname()) -> Lock:
    return Lock("me", host, pid, "2026-01-01T00:00:00Z")


def test_locks_as_the_engine_names_them() -> None:
    text = """error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete
      s3://states/.pulumi/locks/organization/web/prod/1.json: created by me@here (pid 7) at 2026-01-01T00:00:00Z
      s3://states/.pulumi/locks/organization/web/prod/2: created by a@b@c (pid 8) at 2026-01-01T00:00:01+09:00
    """
    assert Lock.all_in(text) == [lock(7, "here"), Lock("a@b", "c", 8, "2026-01-01T00:00:01+09:00")]
    assert Lock.all_in("[409] Conflict: Another update is currently in progress.") == []
    assert str(lock(7, "here")) == "me@here, process 7"


# What a person is asked about


def recorded(process: Process) -> Lock:
    """A lock of a process that a provider host recorded as its engine."""
    now = datetime.now(UTC)
    file = Path(os.environ["XDG_STATE_HOME"]) / "sakura-fleet" / "engines" / f"{process.pid}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(EngineRecord(process, now, now)), default=str))
    return Lock("me", process.host, process.pid, now.isoformat(timespec="seconds"))


def test_an_engine_that_was_recorded_and_has_ended_is_dead(engine: subprocess.Popen[str]) -> None:
    held = recorded(Process.of(engine.pid))
    with pytest.raises(BusyError, match=r"is or may be still running: .* `pulumi cancel --stack production`"):
        refuse_living(held, "production", None)
    end(engine)
    refuse_living(held, "production", None)


def test_the_engine_of_a_dead_job_is_dead_for_a_person_too(engine: subprocess.Popen[str]) -> None:
    dead = job(Process.of(engine.pid))
    with pytest.raises(BusyError):
        refuse_living(lock(engine.pid), "production", dead)
    end(engine)
    refuse_living(lock(engine.pid), "production", dead)


@pytest.mark.parametrize(
    "wrong", ["no record", "a damaged record", "another host", "another boot", "another container", "another time"]
)
def test_a_number_that_runs_nowhere_is_no_proof_of_death(wrong: str, engine: subprocess.Popen[str]) -> None:
    process = Process.of(engine.pid)
    end(engine)
    held = recorded(process)
    match wrong:
        case "no record":
            held = replace(held, pid=held.pid + 1)
        case "a damaged record":
            (file,) = Path(os.environ["XDG_STATE_HOME"]).rglob("*.json")
            file.write_text("[]")
        case "another host":
            held = recorded(replace(process, host="elsewhere"))
        case "another boot":
            held = recorded(replace(process, boot_id="of an earlier start"))
        case "another container":
            held = recorded(replace(process, pid_namespace="pid:[1]"))
        case "another time":
            held = replace(held, since=(datetime.now(UTC) + timedelta(minutes=1)).isoformat())
    with pytest.raises(BusyError):
        refuse_living(held, "production", None)


def test_an_engine_is_recorded_by_what_it_started() -> None:
    """A shell stands for the engine, by the name of its file, and a Python below it for the provider host."""
    program = "from sakura_fleet.provider.engine_record import record_engine; record_engine()"
    folder = Path(os.environ["XDG_STATE_HOME"])
    folder.mkdir(exist_ok=True)
    (folder / ENGINE).symlink_to("/bin/sh")
    script = f"{shlex.quote(sys.executable)} -c '{program}'; echo $$"
    began = datetime.now(UTC)
    done = subprocess.run([folder / ENGINE, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    (record,) = recorded_engines()
    assert record.process.pid == int(done.stdout)
    assert record.process.has_ended
    assert began - timedelta(seconds=2) <= record.started_at <= record.recorded_at, "but for the kernel's rounding"
    assert record.locked(socket.gethostname(), int(done.stdout), record.recorded_at)


def test_old_records_go(engine: subprocess.Popen[str]) -> None:
    recorded(Process.of(engine.pid))
    (old,) = Path(os.environ["XDG_STATE_HOME"]).rglob("*.json")
    long_ago = time.time() - KEPT.total_seconds() - 1
    os.utime(old, (long_ago, long_ago))
    test_an_engine_is_recorded_by_what_it_started()


# What proves enough for a job runner


def test_the_engine_of_a_dead_job_that_is_gone_is_proof(engine: subprocess.Popen[str]) -> None:
    process = Process.of(engine.pid)
    with pytest.raises(BusyError):
        refuse_unproven(lock(engine.pid), "production", job(process))
    end(engine)
    refuse_unproven(lock(engine.pid), "production", job(process))


@pytest.mark.parametrize(
    "wrong",
    ["no engine", "another engine", "another host", "started again", "no boot id", "another container", "CI"],
)
def test_less_is_no_proof(wrong: str, engine: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    process, held = Process.of(engine.pid), lock(engine.pid)
    end(engine)
    match wrong:
        case "another container":
            process = replace(process, pid_namespace="pid:[1]")
        case "another engine":
            held = replace(held, pid=held.pid + 1)
        case "another host":
            held, process = replace(held, host="elsewhere"), replace(process, host="elsewhere")
        case "started again":
            process = replace(process, boot_id="of an earlier start")
        case "no boot id":
            process = replace(process, boot_id="")
        case "CI":
            monkeypatch.setenv("CI", "true")
    dead = job(None if wrong == "no engine" else process)
    with pytest.raises(BusyError) as caught:
        refuse_unproven(held, "production", dead)
    assert "once you are sure: `sakura-fleet repair --stack production`" in str(caught.value)


def test_a_number_that_another_process_got_is_no_living_engine() -> None:
    here = Process.of(os.getpid())
    assert not here.has_ended
    earlier = replace(here, started=str(int(here.started) - 1))
    assert earlier.has_ended
    refuse_unproven(lock(os.getpid()), "production", job(earlier))


def test_a_process_that_only_waits_for_its_parent_has_ended(engine: subprocess.Popen[str]) -> None:
    process = Process.of(engine.pid)
    engine.kill()
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
    assert process.has_ended


# What a killed engine leaves running


def test_orphans_are_waited_for(engine: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process.of(engine.pid)
    end(engine)
    monkeypatch.setattr(stale_lock, "ORPHANS_DEADLINE", 0.2)
    with pytest.raises(BusyError, match=rf"a job that died \(set\), process {engine.pid}, or what it started still"):
        await_orphans(job(process), "production")
    os.killpg(engine.pid, signal.SIGKILL)
    monkeypatch.setattr(stale_lock, "ORPHANS_DEADLINE", 60.0)
    await_orphans(job(process), "production")


@pytest.mark.parametrize("engine_of", ["nobody", "another machine"])
def test_nothing_is_waited_for_where_nothing_is_known(engine_of: str, engine: subprocess.Popen[str]) -> None:
    process = None if engine_of == "nobody" else replace(Process.of(engine.pid), host="elsewhere")
    await_orphans(job(process), "production")


# What the job file tells the next job


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "jobs")


def test_a_job_that_ends_leaves_nothing(folder: JobFolder, engine: subprocess.Popen[str]) -> None:
    with folder.job("set") as (mine, dead):
        assert dead is None
        assert folder.current() == mine
        folder.note_engine(engine.pid)
        assert folder.current() == replace(mine, engine=Process.of(engine.pid))
        folder.note_engine(None)
    assert folder.current() is None


def test_a_job_whose_engine_was_killed_is_known_to_the_next(folder: JobFolder, engine: subprocess.Popen[str]) -> None:
    with folder.job("set") as (mine, _):
        folder.note_engine(engine.pid)
    with folder.job("keep") as (_, dead):
        assert dead == replace(mine, engine=Process.of(engine.pid))
    assert folder.current() is None


def test_what_could_not_be_repaired_is_left_to_the_next(folder: JobFolder, engine: subprocess.Popen[str]) -> None:
    gone = job(Process.of(engine.pid))
    for _ in range(2):
        with folder.job("keep"):
            folder.leave_to_the_next(gone)
        assert folder.current() == gone
    with folder.job("keep") as (mine, dead):
        assert dead == gone
        folder.note_engine(os.getpid())
        folder.leave_to_the_next(gone)
    assert folder.current() == replace(mine, engine=Process.of(os.getpid()))
