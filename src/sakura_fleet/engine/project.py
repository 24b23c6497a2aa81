"""The Pulumi project of a command: its folder, its stacks' files, its engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakura_fleet.engine.stack_file import project_errors
from sakura_fleet.errors import EngineError, InputError, Problem, ProjectError
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.stack import StackConfig, judge_stack, read_fleet_id
from sakura_fleet.model.yaml_reader import read_yaml
from sakura_fleet.provider.processes import user_name
from sakura_fleet.text_files import read_text_file
from sakura_fleet.tokens import CONFIG_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = f"{CONFIG_NAMESPACE}:"


@dataclass(frozen=True, slots=True)
class Project:
    """The folder with Pulumi.yaml, and where its stack files are."""

    root: Path
    stack_folder: Path

    @classmethod
    def here(cls) -> Project:
        """The project around the working directory. Raises `ProjectError` where there is none."""
        for folder in (Path.cwd(), *Path.cwd().parents):
            if (folder / "Pulumi.yaml").is_file():
                path = folder / "Pulumi.yaml"
                with project_errors():
                    settings = _mapping(read_yaml(read_text_file(path), str(path)), path)
                return cls(folder, folder / str(settings.get("stackConfigDir", ".")))
        raise ProjectError(f"there is no Pulumi.yaml in {Path.cwd()} or above it; run this inside the project's folder")

    def stack_file(self, stack: str) -> Path:
        """The file with a stack's configuration."""
        return self.stack_folder / f"Pulumi.{stack}.yaml"

    def stacks(self) -> list[str]:
        """The stacks that have a file here, in alphabetical order."""
        names = (path.name for path in self.stack_folder.glob("Pulumi.*.yaml"))
        return sorted(name.removeprefix("Pulumi.").removesuffix(".yaml") for name in names)

    def selected_stack(self, stack: str | None) -> str:
        """The stack asked for, else the selected one."""
        if stack:
            return stack
        name = os.environ.get("PULUMI_STACK") or pulumi(self, "stack", "--show-name", check=False).strip()
        if not name:
            raise ProjectError("no stack is selected; name one with --stack, or run `pulumi stack select NAME`")
        return name

    def raw_config(self, stack: str) -> dict[str, Any]:
        """The stack file's `sakura-fleet:*` values, keys without the prefix; secrets stay encrypted."""
        return _own(self._settings(stack))

    def _settings(self, stack: str) -> dict[str, Any]:
        path = self.stack_file(stack)
        if not path.is_file():
            raise ProjectError(f"there is no stack file {path}; run `sakura-fleet init {stack}` to write one")
        with project_errors():
            return stack_settings(read_text_file(path), path)

    def config(self, stack: str, *, any_size: bool = False) -> StackConfig:
        """The stack's typed configuration. Raises `InputError` with all problems; `any_size` takes a size out of
        range."""
        config, problems = self.judge(stack, any_size=any_size)
        if problems:
            raise InputError(problems, source=str(self.stack_file(stack)))
        return config

    def judge(self, stack: str, *, any_size: bool = False) -> tuple[StackConfig, list[Problem]]:
        """The stack's configuration as far as it can be read, and all its problems."""
        settings = self._settings(stack)
        raw = _own(settings)
        secret = {key for key, value in raw.items() if isinstance(value, dict) and set(value) == {"secure"}}
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in raw.items()
            if key not in secret
        }
        config, problems = judge_stack(texts, others=settings.keys(), any_size=any_size)
        return config, [*self._shared_fleet(stack, raw), *problems]

    def size(self, stack: str) -> int:
        """The size that the stack file declares; 0 where it declares none that can be read."""
        try:
            return int(self.raw_config(stack).get("size") or 0)
        except (TypeError, ValueError):
            return 0

    def fleet_id(self, stack: str) -> str:
        """The stack's fleet. Raises `InputError` where it is missing, malformed, or another stack's, too."""
        problems: list[Problem] = []
        raw = self.raw_config(stack)
        fleet_id = read_fleet_id(Reader(raw, "", problems))
        if problems := problems or self._shared_fleet(stack, raw):
            raise InputError(problems, source=str(self.stack_file(stack)))
        return fleet_id

    def _shared_fleet(self, stack: str, raw: dict[str, Any]) -> list[Problem]:
        """Two stacks of one fleet in one cloud would take each other's servers for their own orphans.

        A stack file that was copied has the other's `fleet_id`.
        """
        for other in self.stacks() if raw.get("fleet_id") else []:
            if other == stack:
                continue
            try:
                theirs = self.raw_config(other)
            except ProjectError:
                continue  # not YAML: the commands on that stack say so
            if all(theirs.get(key) == raw.get(key) for key in ("fleet_id", "api_root", "account_id")):
                message = (
                    f"the stack {other} has the same, {raw['fleet_id']}, in the same cloud, so each would take the "
                    "other's servers for its own orphans; the one that has no servers yet gets another: delete its "
                    "line, then `sakura-fleet init STACK`"
                )
                return [Problem("fleet_id", "shared-fleet", message)]
        return []

    def setting(self, stack: str) -> Callable[[str], str | None]:
        """Reads single settings, secrets decrypted by the engine when they are asked for."""
        raw = self.raw_config(stack)

        def get(key: str) -> str | None:
            value = raw.get(key)
            if isinstance(value, dict) and set(value) == {"secure"}:
                return pulumi(self, "config", "get", PREFIX + key, "--stack", stack).strip()
            return None if value is None else str(value)

        return get


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of this package, keys without the prefix."""
    return {key.removeprefix(PREFIX): value for key, value in settings.items() if key.startswith(PREFIX)}


def stack_settings(text: str, path: Path) -> dict[str, Any]:
    """The settings in a stack file's text, with their prefixes; `path` is for messages.

    Raises `ProjectError` where it is not YAML, or no stack file.
    """
    with project_errors():
        content = _mapping(read_yaml(text, str(path)), path)
    return {str(key): value for key, value in _mapping(content.get("config"), path, "config: ").items()}


def _mapping(content: Any, path: Path, where: str = "") -> Mapping[Any, Any]:
    if content is None or isinstance(content, Mapping):
        return content or {}
    raise ProjectError(f"{path}: {where}this is not a mapping of settings")


def engine_path() -> str | None:
    """The Pulumi CLI: the one beside this Python first, as bootstrap puts it there, then PATH."""
    return shutil.which("pulumi", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def required_engine() -> str:
    """The Pulumi CLI. Raises `EngineError` where there is none."""
    path = engine_path()
    if path is None:
        raise EngineError("the Pulumi CLI is not on PATH; run scripts/bootstrap, then `. scripts/env`")
    return path


def engine_environment() -> dict[str, str]:
    """The environment for the engine: this Python's folder first on PATH, so that it finds its language host, and a
    name for the user, without which it writes no lock."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {"USER": user_name(), **os.environ, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}


def pulumi(project: Project, *arguments: str, check: bool = True) -> str:
    """Run the engine and return what it printed. Raises `EngineError` with its own words where it fails."""
    done = subprocess.run(  # noqa: S603 - the engine itself, with arguments of this package
        [required_engine(), *arguments, "--non-interactive"],
        cwd=project.root,
        env=engine_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise EngineError(f"`pulumi {' '.join(arguments)}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout if done.returncode == 0 else ""
