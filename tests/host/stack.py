"""A small Pulumi stack in a folder of its own, with the pulumi-command plugin in its PULUMI_HOME."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.host.caddy import go_tool
from tests.program.fleet import quick_python, user_environment
from tests.waiting import PATIENCE

COMMAND_VERSION = version("pulumi-command")
FOLDER = f"resource-command-v{COMMAND_VERSION}"
OFFICIAL = Path.home() / ".pulumi" / "plugins" / FOLDER / "pulumi-resource-command"


def command_plugin() -> Path:
    """The official plugin where this user has it, else the stand-in."""
    return OFFICIAL if OFFICIAL.is_file() else Path(go_tool("pulumi-command"))


def install_command_plugin(home: Path) -> None:
    """Put the plugin where `pulumi plugin install` puts it under a PULUMI_HOME."""
    folder = home / "plugins" / FOLDER
    folder.mkdir(parents=True)
    (folder / "pulumi-resource-command").symlink_to(command_plugin())


@dataclass
class Stack:
    """One stack whose program is a text."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        found = user_environment(self.folder / "home", self.folder)
        found.pop("SSH_AUTH_SOCK", None)  # this user's keys have no part in it
        return found

    def __call__(self, *arguments: str, check: bool = True, **settings: Any) -> subprocess.CompletedProcess[str]:
        """`pulumi …`; the program reads `settings` from settings.json."""
        if settings:
            (self.folder / "settings.json").write_text(json.dumps(settings))
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def up(self, *arguments: str, check: bool = True, **settings: Any) -> subprocess.CompletedProcess[str]:
        return self("up", "--yes", "--skip-preview", *arguments, check=check, **settings)

    @property
    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("stack", "output", "--json", "--show-secrets").stdout)
        return found


def new_stack(folder: Path, program: str) -> Stack:
    """The stack `test`, initialised."""
    project = {
        "name": "test",
        "runtime": {"name": "python", "options": {"virtualenv": str(quick_python(folder / "python"))}},
    }
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    (folder / "__main__.py").write_text(program)
    install_command_plugin(folder / "home")
    stack = Stack(folder)
    stack("stack", "init", "test")
    return stack
