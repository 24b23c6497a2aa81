"""The program as a user has it, and programs to compare it with: an empty one, and resources that do nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sakura_fleet import tokens
from tests.program.fleet import ROOT, Fleet, new_fleet

_NO_WORK = """\
import json
import pathlib
import pulumi
from no_work import NoWork

properties = json.loads(pathlib.Path("properties.json").read_text())
for number in range(pulumi.Config("sakura-fleet").require_int("count")):
    NoWork(f"no-work-{number}", properties)
"""


def user_fleet(folder: Path, url: str, **changes: Any) -> Fleet:
    """The program in a folder of its own, with the Python that users have."""
    return new_fleet(folder, url, python=Path(sys.prefix), **changes)


def server_properties(fleet: Fleet) -> dict[str, Any]:
    """The inputs of one server of the fleet, as they are in its state."""
    deployment = json.loads(fleet.pulumi("stack", "export").stdout)["deployment"]
    servers = (resource for resource in deployment["resources"] if resource["type"] == tokens.SERVER)
    return {key: value for key, value in next(servers)["inputs"].items() if not key.startswith("__")}


def empty(folder: Path) -> Fleet:
    """A program that does nothing."""
    return _program(folder, "empty", "")


def no_work(folder: Path, count: int, properties: Mapping[str, Any] | None = None) -> Fleet:
    """A program with `count` resources (`fleet.write(count=…)` changes it) that do nothing, from an importable
    module. Each has these properties, and its name."""
    fleet = _program(folder, "no-work", _NO_WORK)
    (folder / "properties.json").write_text(json.dumps(properties or {}))
    shutil.copy(ROOT / "benchmarks" / "no_work.py", folder)
    fleet.write(count=count)
    return fleet


def _program(folder: Path, name: str, text: str) -> Fleet:
    for sub in ("stacks", "state", "home"):
        (folder / sub).mkdir(parents=True)
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": runtime, "stackConfigDir": "stacks"}))
    (folder / "__main__.py").write_text(text)
    fleet = Fleet(folder, "http://127.0.0.1:1", "bench")
    fleet.write()
    fleet.run("pulumi", "stack", "init", "bench", "--non-interactive")
    return fleet
