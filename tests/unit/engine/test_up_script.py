"""`make up SIZE= PORT=`: what cannot be changes nothing, and the emulator's port is one setting of the stack file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STACK_FILE = Path("stacks/Pulumi.local.yaml")
CALL = """\
#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
"""
"""A tool that only notes how it was called."""


def refused(setting: str) -> str:
    """What `make up` says where it refuses; nothing is changed."""
    before = (ROOT / STACK_FILE).read_text()
    done = subprocess.run([ROOT / "scripts" / "up", setting], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, ""), "no emulator is started and no stack made, which would be said"
    assert (ROOT / STACK_FILE).read_text() == before
    return done.stderr


@pytest.mark.parametrize("size", ["11", "abc", "-1", "2.5", "٣"])
def test_a_size_that_cannot_be_is_refused_before_anything_is_changed(size: str) -> None:
    assert f"SIZE={size} is not a number of servers from 0 to 10" in refused(f"SIZE={size}")


@pytest.mark.parametrize("port", ["0", "65536", "abc", "-1", "8123x", "08123"])
def test_a_port_that_cannot_be_is_refused_before_anything_is_changed(port: str) -> None:
    assert f"PORT={port} is not a port from 1 to 65535; nothing was changed" in refused(f"PORT={port}")


def test_a_port_that_something_else_has_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(f"PORT={port}")
    assert f"port {port} on 127.0.0.1 is in use by something else" in said
    assert "choose another: make up PORT=8123" in said


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts with tools that only note how they were called."""
    root = tmp_path / "a checkout"
    for folder in ("scripts", "stacks"):
        shutil.copytree(ROOT / folder, root / folder)
    # As it was committed: whoever works here may have another port.
    committed = subprocess.run(["git", "show", f"HEAD:{STACK_FILE}"], cwd=ROOT, capture_output=True, check=False)
    if committed.returncode == 0:
        (root / STACK_FILE).write_bytes(committed.stdout)
    shutil.copy(ROOT / "Makefile", root)
    tools = root / ".venv" / "bin"
    tools.mkdir(parents=True)
    for tool in (*(tools / name for name in ("pulumi", "sakura-emulator", "sakura-fleet")), root / "scripts/bootstrap"):
        tool.write_text(CALL)
        tool.chmod(0o755)
    return root


def called(checkout: Path, *arguments: str, env: dict[str, str] | None = None) -> list[str]:
    """The calls of one `make`."""
    calls = checkout.parent / "calls"
    calls.write_text("")
    subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=checkout,
        env={**os.environ, "CALLS": str(calls), **(env or {})},
        capture_output=True,
        check=True,
    )
    return calls.read_text().splitlines()


def test_a_port_is_written_into_the_stack_file_once_the_emulator_has_it(checkout: Path) -> None:
    calls = called(checkout, "up", "PORT=8123")
    to_8123 = "pulumi config set --stack local api_root http://127.0.0.1:8123/cloud/zone"
    assert "sakura-emulator start --port 8123" in calls[:2]
    assert calls.index(to_8123) < next(at for at, call in enumerate(calls) if call.startswith("pulumi up "))


def test_what_follows_goes_by_the_port_in_the_stack_file(checkout: Path) -> None:
    """The variable of another program with that name says nothing."""
    theirs = {"PORT": "3000", "SIZE": "9"}
    assert "sakura-emulator start --port 18080" in called(checkout, "up", env=theirs)
    assert not [call for call in called(checkout, "up", env=theirs) if "config set" in call]
    file = checkout / STACK_FILE
    file.write_text(file.read_text().replace("127.0.0.1:18080", "127.0.0.1:8123"))
    for target in ("up", "down"):
        assert "sakura-emulator start --port 8123" in called(checkout, target)
