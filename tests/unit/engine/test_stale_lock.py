"""Whose lock may be removed, and how a process is told from another that got its number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sakura_fleet.engine import stale_lock
from sakura_fleet.engine.job_lock import Job, JobFolder
from sakura_fleet.engine.processes import Process
from sakura_fleet.engine.stack import Lock
from sakura_fleet.engine.stale_lock import await_orphans, refuse_living, refuse_unproven
from sakura_fleet.errors import BusyError

CHILD = "import subprocess, sys; subprocess.Popen(['sleep', '600']); print('ready', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


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


def test_a_lock_as_the_engine_writes_it() -> None:
    text = '{"pid": 7, "username": "me", "hostname": "here", "timestamp": "2026-01-01T00:00:00Z"}'
    assert Lock.read(text) == lock(7, "here")
    assert str(lock(7, "here")) == "me@here, process 7"


# What a person is asked about


def test_a_living_process_and_one_of_another_machine_are_refused(engine: subprocess.Popen[str]) -> None:
    with pytest.raises(BusyError, match=r"is or may be still running; .* `pulumi cancel --stack production`"):
        refuse_living(lock(engine.pid), "production")
    end(engine)
    with pytest.raises(BusyError):
        refuse_living(lock(engine.pid, "elsewhere"), "production")
    refuse_living(lock(engine.pid), "production")


# What proves enough for a job runner


def test_the_engine_of_a_dead_job_that_is_gone_is_proof(engine: subprocess.Popen[str]) -> None:
    process = Process.of(engine.pid)
    with pytest.raises(BusyError):
        refuse_unproven(lock(engine.pid), "production", job(process))
    end(engine)
    refuse_unproven(lock(engine.pid), "production", job(process))


@pytest.mark.parametrize("wrong", ["no engine", "another engine", "another host", "started again", "no boot id", "CI"])
def test_less_is_no_proof(wrong: str, engine: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    process, held = Process.of(engine.pid), lock(engine.pid)
    end(engine)
    match wrong:
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


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"id": "1", "request": "set", "pid": 1}'])
def test_a_job_file_that_is_none_is_no_job(folder: JobFolder, text: str) -> None:
    folder.folder.mkdir()
    (folder.folder / "job.json").write_text(text)
    with folder.job("set") as (_, dead):
        assert dead is None
