"""Engines that are ended while they work. The cloud's clock stands meanwhile, so that no moment is ever missed."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.program.fleet import Fleet
from tests.waiting import PATIENCE, wait_for

CANCELLING = "^C received; cancelling"
"""What the engine says once it has taken an interrupt."""


@contextmanager
def clock_stands(fleet: Fleet) -> Iterator[None]:
    """The cloud's clock stands in the block: answers come at once, and no disk is ever copied. After it, time
    runs a thousand times as fast as real time."""
    fleet.control("clock", {"freeze": True})
    try:
        yield
    finally:
        fleet.control("clock", {"freeze": False, "time_scale": 1000})


class HeardEngine:
    """A `pulumi` for commands that run the engine, which also writes down what it says."""

    def __init__(self, fleet: Fleet) -> None:
        folder = fleet.folder.parent / "heard"
        self._log = folder / "log"
        self.env = {"PATH": f"{folder}{os.pathsep}{fleet.env['PATH']}"}
        real = shutil.which("pulumi", path=fleet.env["PATH"])
        folder.mkdir()
        self._log.touch()
        (folder / "pulumi").write_text(
            f'#!/bin/bash\nexec {shlex.quote(str(real))} "$@" > >(exec tee -a {shlex.quote(str(self._log))})\n'
        )
        (folder / "pulumi").chmod(0o755)

    def wait_for_interrupt(self) -> None:
        """Until the engine has taken an interrupt."""
        wait_for("the engine to take the interrupt", lambda: CANCELLING in self._log.read_text())


def hosts_of(fleet: Fleet) -> list[int]:
    """The provider host processes that work in the fleet's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve() == fleet.folder:
                found += [int(entry.name)] if b"pulumi.dynamic" in (entry / "cmdline").read_bytes() else []
        except OSError:
            continue
    return found


def kill_during_up(fleet: Fleet, moment: Callable[[], bool]) -> None:
    """Start `pulumi up`, and kill -9 the engine once `moment` has come; returns when its provider hosts have ended."""
    engine = subprocess.Popen(
        fleet.command("up", "--yes", "--skip-preview"), cwd=fleet.folder, env=fleet.env, stdout=subprocess.DEVNULL
    )
    try:
        wait_for("the moment to crash", moment)
    finally:
        os.kill(engine.pid, signal.SIGKILL)
        engine.wait()
    wait_for("the provider hosts to end with their engine", lambda: not hosts_of(fleet))


def interrupt_during_up(fleet: Fleet, moment: Callable[[], bool]) -> int:
    """Start `pulumi up` while the clock stands, and interrupt the engine once `moment` has come; its exit code."""
    log = fleet.folder / "interrupted.log"
    with clock_stands(fleet), log.open("w") as out:
        engine = subprocess.Popen(
            fleet.command("up", "--yes", "--skip-preview"), cwd=fleet.folder, env=fleet.env, stdout=out, stderr=out
        )
        try:
            wait_for("the moment to interrupt", moment)
            engine.send_signal(signal.SIGINT)
            wait_for("the engine to take the interrupt", lambda: CANCELLING in log.read_text())
        except BaseException:
            engine.kill()
            raise
    return engine.wait(PATIENCE)
