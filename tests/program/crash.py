"""Engines that are ended while they work. The cloud's clock stands meanwhile, so that no moment is ever missed."""

from __future__ import annotations

import os
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
def clock_stands(fleet: Fleet, *, then: float = 1000) -> Iterator[None]:
    """The cloud's clock stands in the block: answers come at once, and no disk is ever copied. After it, time
    runs `then` times as fast as real time."""
    fleet.control("clock", {"freeze": True})
    try:
        yield
    finally:
        fleet.control("clock", {"freeze": False, "time_scale": then})


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
