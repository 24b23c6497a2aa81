"""Steps with stand-ins for `pulumi` and `sakura-fleet`: what they do where an answer fails, and what they ask."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.program.fleet import ROOT
from tests.workflows.steps import git, plain_env, run_text, shell

STACK_FILE = '# mine\nconfig:\n  sakura-fleet:size: "3" # few\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder, a repository with one commit, and a place for stand-ins, first on PATH."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "Pulumi.test.yaml").write_text(STACK_FILE)
    shutil.copytree(ROOT / "scripts" / "ci", folder / "scripts" / "ci")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "First")
    (tmp_path / "bin").mkdir()
    return folder


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def step(folder: Path, name: str, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = plain_env(STACK="test", RUNNER_TEMP=str(folder.parent), PULUMI_BACKEND_URL=f"file://{folder}", **env)
    path = os.pathsep.join([str(folder.parent / "bin"), given["PATH"]])
    return shell(run_text(name, script), folder, {**given, "PATH": path})


def engine(folder: Path, output: str) -> None:
    """An engine without a history, which answers a question for outputs so."""
    stand_in(folder, "pulumi", f'case "$1 $2" in "stack history") echo "[]" ;; "stack output") {output} ;; esac')


def test_a_size_that_cannot_be_read_ends_the_step(folder: Path) -> None:
    engine(folder, "echo 'error: no such bucket' >&2; exit 255")
    done = step(folder, "scale", "checkout-deployed.sh")
    assert done.returncode == 1
    assert "no such bucket" in done.stderr
    assert "the outputs of the stack test cannot be read" in done.stderr
    done = step(folder, "preview", "preview.sh")
    assert done.returncode == 1
    assert "did not start" in (folder.parent / "preview.md").read_text()
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.parametrize(("outputs", "size"), [("{}", "3"), ('{"size": 6, "members": [{"name": "x"}]}', "6")])
def test_the_deployed_size_is_written_and_nothing_else(folder: Path, outputs: str, size: str) -> None:
    engine(folder, f"echo '{outputs}'")
    file = folder / "stacks" / "Pulumi.test.yaml"
    file.chmod(0o640)
    done = step(folder, "scale", "checkout-deployed.sh")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == STACK_FILE.replace('"3"', f'"{size}"')
    assert file.stat().st_mode & 0o7777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_deployment_is_told_what_may_go(folder: Path) -> None:
    engine(folder, "exit 1")
    stand_in(folder, "sakura-fleet", 'printf "%s\\n" "$@"')
    for names, options in (("", []), (" www  tk-elb ", ["--allow-delete=www", "--allow-delete=tk-elb"])):
        done = step(folder, "deploy-stack", "deploy.sh", ALLOW_DELETE=names)
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if "allow" in line] == options
