"""The workflows' files, and their steps run as a runner runs them: `bash -e` on the literal `run:` text."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.program.fleet import ROOT, Fleet, new_fleet
from tests.waiting import PATIENCE

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
SCRIPTS = ROOT / "scripts" / "ci"


def load(path: Path) -> dict[str, Any]:
    """A workflow; `on` is a boolean in YAML 1.1, so it is found under True."""
    return dict(yaml.safe_load(path.read_text("utf-8")))


def workflow(name: str) -> dict[str, Any]:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def run_text(name: str, script: str) -> str:
    """The `run:` of the one step in a workflow that calls a script."""
    steps = [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]
    (text,) = [step["run"] for step in steps if f"scripts/ci/{script}" in step.get("run", "")]
    return str(text)


def shell(text: str, folder: Path, env: dict[str, str], timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-c", text], cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


def plain_env(**more: str) -> dict[str, str]:
    """This test's environment, without anything of a git or a GitHub around it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GIT_", "RUNNER_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **more}


def git(folder: Path, *arguments: str) -> str:
    env = plain_env(
        GIT_AUTHOR_NAME="Somebody",
        GIT_AUTHOR_EMAIL="somebody@example.org",
        GIT_COMMITTER_NAME="Somebody",
        GIT_COMMITTER_EMAIL="somebody@example.org",
    )
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class Checkout:
    """A fleet's project as a runner has it: a clone of a bare `origin`, with the steps' scripts in it."""

    fleet: Fleet
    origin: Path
    temp: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.fleet.folder

    @property
    def stack_file(self) -> Path:
        return self.fleet.stack_file

    def step(self, name: str, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the step of a workflow that calls a script, with what its `env:` would give it."""
        given = {
            **plain_env(),
            **self.fleet.env,
            "STACK": self.fleet.stack,
            "RUNNER_TEMP": str(self.temp),
            "XDG_STATE_HOME": str(self.temp / "xdg"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            **self.env,
            **env,
        }
        return shell(run_text(name, script), self.folder, given)

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def set_size(self, size: int) -> None:
        set_size(self.stack_file, size)

    def commit(self, message: str) -> str:
        """Commit all, push it, and return its hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.head

    def colleague(self, name: str = "colleague") -> Path:
        """Another clone of origin."""
        place = self.origin.parent / name
        git(self.origin.parent, "clone", "--quiet", str(self.origin), str(place))
        return place

    def pushed(self, path: str = "stacks/Pulumi.test.yaml") -> str:
        """A file in origin's main."""
        return git(self.origin, "show", f"main:{path}")


def set_size(stack_file: Path, size: int) -> None:
    lines = [
        f'  sakura-fleet:size: "{size}" # the scaler changes this' if "sakura-fleet:size:" in line else line
        for line in stack_file.read_text().splitlines()
    ]
    stack_file.write_text("\n".join(lines) + "\n")


def clone(folder: Path) -> str:
    """Make a folder a clone of a new bare `origin.git` beside it; returns the first commit."""
    origin = folder.parent / "origin.git"
    git(folder.parent, "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    (folder / ".gitignore").write_text("state/\nhome/\n__pycache__/\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "First")
    git(folder, "remote", "add", "origin", str(origin))
    git(folder, "push", "--quiet", "origin", "main")
    return git(folder, "rev-parse", "HEAD")


def new_checkout(folder: Path, url: str, **changes: Any) -> Checkout:
    """The seed's fleet, size 2, as a clone with the scripts and the policies of this checkout."""
    fleet = new_fleet(folder / "a fleet", url, **changes)
    set_size(fleet.stack_file, 2)
    shutil.copytree(SCRIPTS, fleet.folder / "scripts" / "ci")
    shutil.copytree(ROOT / "policies", fleet.folder / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    pack = fleet.folder / "policies" / "PulumiPolicy.yaml"
    settings = yaml.safe_load(pack.read_text())
    settings["runtime"]["options"]["virtualenv"] = sys.prefix
    pack.write_text(yaml.safe_dump(settings))
    temp = folder / "runner"
    temp.mkdir()
    clone(fleet.folder)
    return Checkout(fleet, folder / "origin.git", temp)
