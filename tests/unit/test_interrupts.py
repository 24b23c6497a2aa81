"""Ctrl-C at a command, as a signal to its process: no traceback, an exit code, and nothing goes on behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.folder import Folder
from tests.waiting import PATIENCE, wait_for

ENGINE = """#!/bin/bash
[ "$2" = "$HANGS_AT" ] || { [ "$1" = version ] && echo v3.259.0; exit 0; }
trap 'echo "$2" >> {folder}/interrupted; exit 1' INT
echo $$ > {folder}/started
while :; do sleep 0.05; done
"""
COMMAND = "import sys; sys.executable = {executable!r}; from sakura_fleet import entry; entry.{command}()"
"""A command whose engine is the one in a folder of the test."""
HANGING = """
import pathlib, time
pathlib.Path({folder!r}, "started").touch()
time.sleep({patience})
"""


class Interrupted:
    """A command in a folder, and what came of SIGINT."""

    def __init__(self, folder: Folder, tmp_path: Path) -> None:
        self.folder, self._tmp_path = folder, tmp_path
        self.started, self.told = tmp_path / "started", tmp_path / "interrupted"
        engine = tmp_path / "pulumi"
        engine.write_text(ENGINE.replace("{folder}", str(tmp_path)))
        engine.chmod(0o755)

    def start(self, command: str, *arguments: str, program: str = COMMAND, **env: str) -> subprocess.Popen[str]:
        code = program.format(executable=str(self._tmp_path / "python"), command=command)
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder.root,
            env={**os.environ, "XDG_STATE_HOME": str(self._tmp_path / "state"), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, process: subprocess.Popen[str], *, meets: Callable[[], object] | None = None) -> str:
        """Interrupt it once it has come to where it hangs; what it says then."""
        wait_for("the command to hang", meets or self.started.exists)
        os.killpg(process.pid, signal.SIGINT)
        output, error = process.communicate(timeout=PATIENCE)
        return output + error


@pytest.fixture
def here(folder: Folder, tmp_path: Path) -> Interrupted:
    folder.write(api_root="http://127.0.0.1:1")
    return Interrupted(folder, tmp_path)


@pytest.mark.parametrize("command", ["main", "scaler"])
def test_while_modules_are_imported(here: Interrupted, tmp_path: Path, command: str) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "click.py").write_text(HANGING.format(folder=str(tmp_path), patience=PATIENCE))
    process = here.start(command, "--version", PYTHONPATH=str(modules))
    said = here.end(process)
    assert (process.returncode, "Traceback" in said) == (130, False), said


def test_without_the_entry_point_an_import_ends_with_a_traceback(here: Interrupted, tmp_path: Path) -> None:
    """The negative control of the one above."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "click.py").write_text(HANGING.format(folder=str(tmp_path), patience=PATIENCE))
    program = "from sakura_fleet.cli.scaler import scaler; scaler()"
    assert "Traceback" in here.end(here.start("", program=program, PYTHONPATH=str(modules)))


@pytest.mark.parametrize(
    ("command", "hangs_at", "arguments", "exit_code"),
    [
        ("main", "stack", ["show"], 130),
        ("scaler", "preview", ["keep", "--yes"], 8),
        ("scaler", "preview", ["keep", "--preview"], 8),
        ("main", "stack", ["deploy", "--yes"], 130),
        ("main", "up", ["repair"], 130),
    ],
)
def test_while_the_engine_is_at_work(
    here: Interrupted, command: str, hangs_at: str, arguments: list[str], exit_code: int
) -> None:
    before = here.folder.stack_file().read_text()
    process = here.start(command, *arguments, "-s", "test", HANGS_AT=hangs_at)
    said = here.end(process)
    assert (process.returncode, "Traceback" in said) == (exit_code, False), said
    assert "interrupted" in said
    assert here.told.read_text().split() == [hangs_at], "the engine is told to end, and none is left behind"
    assert here.folder.stack_file().read_text() == before
