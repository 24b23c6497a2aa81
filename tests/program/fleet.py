"""A copy of the program in a folder of its own, driven through the real Pulumi CLI against an emulator."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.local_http import HTTP
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "sakura-fleet:"


def user_environment(home: Path, state: Path) -> dict[str, str]:
    """What a user has after `. scripts/env`, with a PULUMI_HOME and a folder of states."""
    settings = dict(
        line.split("=", 1)
        for line in (ROOT / "scripts" / "pulumi.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    return {
        **os.environ,
        **settings,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "XDG_STATE_HOME": str(state.with_name("state-home")),
        "PULUMI_CONFIG_PASSPHRASE": "test",
    }


_NEW_STATES: dict[str, tuple[dict[Path, bytes], str]] = {}
"""By the stack's name: the files of a stack that has just been made, and the salt of its passphrase."""


@dataclass
class Fleet:
    """One stack: its folder, its emulator, its commands."""

    folder: Path
    url: str
    stack: str = "test"
    settings: dict[str, Any] = field(default_factory=dict)
    patience: float = PATIENCE

    @property
    def api_root(self) -> str:
        return f"{self.url}/cloud/zone"

    @property
    def stack_file(self) -> Path:
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def env(self) -> dict[str, str]:
        """What a user has after `. scripts/env`, with all state kept in the test's folder."""
        return user_environment(self.folder / "home", self.folder / "state")

    def write(self, **changes: Any) -> None:
        """Write the stack file; `group__size=3` style is not needed: give whole keys."""
        self.settings |= changes
        kept = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.is_file() else {}
        config = {PREFIX + key: value for key, value in self.settings.items() if value is not None}
        self.stack_file.write_text(yaml.safe_dump({**(kept or {}), "config": config}, allow_unicode=True))

    def template(self, **changes: Any) -> None:
        """Change keys of the group's template."""
        group = self.settings["server_group"]
        self.write(server_group={**group, "template": {**group["template"], **changes}})

    def command(self, *arguments: str) -> list[str]:
        return ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]

    def pulumi(self, *arguments: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(*self.command(*arguments), check=check, **env)

    def run(self, *command: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def up(self, *arguments: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check, **env)

    def changes(self, *arguments: str) -> dict[str, int]:
        """What a preview would do, by kind of step, unchanged resources left out."""
        done = self.pulumi("preview", "--json", *arguments)
        summary: dict[str, int] = json.loads(done.stdout)["changeSummary"]
        return {kind: count for kind, count in summary.items() if kind != "same"}

    def new_state(self) -> None:
        """`pulumi stack init`, in place of whatever state there is.

        The engine takes a second for it; what it wrote the first time is the same for all stacks of that name.
        """
        state = self.folder / "state"
        if self.stack not in _NEW_STATES:
            shutil.rmtree(state)
            state.mkdir()
            self.pulumi("stack", "init")
            files = {path.relative_to(state): path.read_bytes() for path in state.rglob("*") if path.is_file()}
            salt = yaml.safe_load(self.stack_file.read_text())["encryptionsalt"]
            _NEW_STATES[self.stack] = files, salt
            return
        files, salt = _NEW_STATES[self.stack]
        shutil.rmtree(state)
        for path, content in files.items():
            (state / path).parent.mkdir(parents=True, exist_ok=True)
            (state / path).write_bytes(content)
        document = yaml.safe_load(self.stack_file.read_text())
        self.stack_file.write_text(yaml.safe_dump({**document, "encryptionsalt": salt}, allow_unicode=True))

    def state(self) -> dict[str, Any]:
        """What the stack's state holds: the file itself, as the engine takes half a second to print it."""
        (file,) = (self.folder / "state" / ".pulumi" / "stacks").rglob(f"{self.stack}.json")
        return dict(json.loads(file.read_text())["checkpoint"]["latest"] or {})

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        (stack,) = [resource for resource in self.state()["resources"] if resource["type"] == "pulumi:pulumi:Stack"]
        return dict(stack["outputs"])

    def members(self) -> list[dict[str, str]]:
        return list(self.outputs()["members"])

    def get(self, path: str) -> Any:
        return HTTP.get(f"{self.url}{path}").raise_for_status().json()

    def control(self, path: str, body: dict[str, Any]) -> Any:
        return HTTP.post(f"{self.url}/_emulator/{path}", json=body).raise_for_status().json()

    def count(self) -> dict[str, int]:
        """How many objects of each kind a user has made in the cloud, those that are there at all."""
        resources = self.get("/_emulator/state")["resources"]
        return {kind: entry["total"] for kind, entry in resources.items() if entry["total"]}

    def servers(self, zone: str = "tk1b") -> list[dict[str, Any]]:
        """The zone's servers as the API shows them, by name."""
        answer = HTTP.get(f"{self.api_root}/{zone}/api/cloud/1.1/server", auth=("t", "s")).json()
        return sorted(answer["Servers"], key=lambda server: (server["Name"], server["ID"]))

    def call(self, method: str, path: str, body: Any = None, zone: str = "tk1b") -> Any:
        """A call that somebody else makes, past the program."""
        url = f"{self.api_root}/{zone}/api/cloud/1.1/{path}"
        return HTTP.request(method, url, json=body, auth=("t", "s")).raise_for_status().json()

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """What the emulator has been asked, oldest first."""
        return list(self.get(f"/_emulator/log?since={since}")["requests"])


def differing(step: dict[str, Any]) -> list[str]:
    """The input properties that a step of a preview changes."""
    old, new = step["oldState"]["inputs"], step["newState"]["inputs"]
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


@cache
def local_stack_file() -> str:
    """The stack file of `local` as it was committed: `make up SIZE=5` and readers of the README edit it."""
    path = "stacks/Pulumi.local.yaml"
    committed = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return committed.stdout if committed.returncode == 0 else (ROOT / path).read_text()


def local_settings() -> dict[str, Any]:
    """The settings of the stack `local`: the seed's whole set-up."""
    text = local_stack_file()
    return {key.removeprefix(PREFIX): value for key, value in yaml.safe_load(text)["config"].items()}


def group_settings(url: str, **changes: Any) -> dict[str, Any]:
    """The local stack's settings with the server group alone, pointed at `url`."""
    settings = {key: value for key, value in local_settings().items() if key not in ("elb", "hosts", "dns")}
    return {**settings, "api_root": f"{url}/cloud/zone", "rate_limit": 1000, **changes}


def quick_python(folder: Path) -> Path:
    """The Python of these tests, whose pip does not tell its version: the engine asks it in each run, for 0.2 s."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    python = folder / "bin" / "python"
    real = shlex.quote(f"{sys.prefix}/bin/python")
    python.write_text(f'#!/bin/sh\n[ "$2" != pip ] || exit 1\nexec {real} "$@"\n')
    python.chmod(0o755)
    return folder


def new_fleet(folder: Path, url: str, stack: str = "test", *, python: Path | None = None, **changes: Any) -> Fleet:
    """A project folder like a clone, with one stack. `python` is its virtual environment."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "components", folder / "components", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "__main__.py", folder)
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    project["runtime"]["options"]["virtualenv"] = str(python or quick_python(folder / "python"))
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    for sub in ("stacks", "state", "home"):
        (folder / sub).mkdir()
    fleet = Fleet(folder, url, stack, group_settings(url, **changes))
    fleet.write()
    fleet.new_state()
    return fleet
