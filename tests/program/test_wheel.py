"""The wheel, installed into a fresh environment, runs a program that has nothing of this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import yaml

from sakura_emulator.server import Running
from tests.program.fleet import ROOT, Fleet

PROGRAM = """\
import pulumi
from sakura_fleet.components import ServerGroup
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.server.template import DiskTemplate, MachinePlan, ServerTemplate

template = ServerTemplate(
    plan=MachinePlan(core=2, memory=4),
    disks=(DiskTemplate(os_type="debian", size=40),),
    tags=("shop",),
)
shop = ServerGroup("shop", ServerGroupArgs(name="shop", zones=("is1b",), size=2, template=template))

pulumi.export("members", [member.output() for member in shop.members])
"""


def pip(python: Path, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", *arguments], check=True, capture_output=True)


def fresh_environment(folder: Path) -> Path:
    """A virtual environment with the wheel and what it needs, at the locked versions; returns its folder."""
    pip(
        Path(sys.executable),
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder / "dist"),
        str(ROOT),
    )
    (wheel,) = (folder / "dist").glob("sakura_fleet-*.whl")
    pins = [line.removesuffix(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    (folder / "pins.txt").write_text("\n".join(pins))
    venv.create(folder / "venv", with_pip=True)
    pip(folder / "venv" / "bin" / "python", "install", "--constraint", str(folder / "pins.txt"), str(wheel))
    return folder / "venv"


def test_fifteen_lines_elsewhere(cloud: Running, tmp_path: Path) -> None:
    assert len(PROGRAM.splitlines()) <= 15
    environment = fresh_environment(tmp_path)
    elsewhere = tmp_path / "shop"
    for sub in ("stacks", "state", "home"):
        (elsewhere / sub).mkdir(parents=True)
    project = {
        "name": "shop",
        "runtime": {"name": "python", "options": {"virtualenv": str(environment)}},
        "stackConfigDir": "stacks",
    }
    (elsewhere / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (elsewhere / "__main__.py").write_text(PROGRAM)
    fleet = Fleet(elsewhere, cloud.url, settings={"fleet_id": "shop-of-somebody", "api_root": cloud.api_root})
    fleet.write()
    fleet.run("pulumi", "stack", "init", fleet.stack, "--non-interactive")
    fleet.up()
    assert [member["name"] for member in fleet.members()] == ["shop-001", "shop-002"]
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2}
    command = environment / "bin" / "sakura-fleet"
    done = subprocess.run([command, "--version"], env={**os.environ}, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("sakura-fleet, version ")
    done = subprocess.run([command, "schema"], env={**os.environ}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["title"] == "Stack file of sakura-fleet"
    python = environment / "bin" / "python"
    done = subprocess.run([python, "-m", "sakura_emulator", "--version"], capture_output=True, text=True, check=True)
    assert "version" in done.stdout
    (packages,) = (environment / "lib").glob("python*/site-packages")
    assert {path.parent.name for path in packages.glob("sakura_*/py.typed")} == {"sakura_emulator", "sakura_fleet"}
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}
