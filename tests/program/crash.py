"""Engines that are ended while they work. The cloud's clock stands meanwhile, so that no moment is ever missed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
    """For commands that run the engine: one that also writes down what it says.

    They take the `pulumi` beside their Python, so this is a virtual environment like that of these tests.
    """

    def __init__(self, fleet: Fleet) -> None:
        place, real = fleet.folder.parent / "heard", Path(sys.prefix)
        programs = place / "bin"
        programs.mkdir(parents=True)
        (place / "pyvenv.cfg").write_bytes((real / "pyvenv.cfg").read_bytes())
        (place / "lib").symlink_to(real / "lib")
        (programs / "python").symlink_to(real / "bin" / "python")
        self._log = place / "log"
        self._log.touch()
        heard = f"> >(exec tee -a {self._log}) 2> >(exec tee -a {self._log} >&2)"
        scripts = {"pulumi": f'#!/bin/bash\nexec {real}/bin/pulumi "$@" {heard}\n'}
        for name in ("sakura-fleet", "scaler"):
            _, _, rest = (real / "bin" / name).read_text().partition("\n")
            scripts[name] = f"#!{programs}/python\n{rest}"
        for name, text in scripts.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.env = {"PATH": os.pathsep.join([str(programs), fleet.env["PATH"]])}

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


def kill_during_up(fleet: Fleet, moment: Callable[[], bool], **env: str) -> None:
    """Start `pulumi up`, and kill -9 the engine once `moment` has come; returns when its provider hosts have ended."""
    engine = subprocess.Popen(
        fleet.command("up", "--yes", "--skip-preview"),
        cwd=fleet.folder,
        env={**fleet.env, **env},
        stdout=subprocess.DEVNULL,
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
