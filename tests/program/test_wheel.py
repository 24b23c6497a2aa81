"""The README's section on the library, as printed: the wheel, a fresh environment, a folder without this repository."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import yaml

from sakura_emulator.server import Running
from tests.program.fleet import ROOT, Fleet
from tests.program.readme import library


def pip(python: Path, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", *arguments], check=True, capture_output=True)


def fresh_environment(folder: Path, commands: list[str]) -> Path:
    """A virtual environment as the README's commands make it, with the locked versions; returns its folder."""
    env, *others = map(shlex.split, commands)
    build, install = others
    assert env == [".", "scripts/env"], "which puts hatchling on PATH"
    assert build == ["hatchling", "build", "-t", "wheel"]
    subprocess.run(
        [Path(sys.executable).with_name(build[0]), *build[1:], "-d", folder / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").glob("sakura_fleet-*.whl")
    pins = [line.removesuffix(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    (folder / "pins.txt").write_text("\n".join(pins))
    venv.create(folder / "venv", with_pip=True)
    assert install[:2] == ["pip", "install"]
    assert install[2:] == [f"dist/{wheel.name}", next(pin for pin in pins if pin.startswith("pulumi=="))]
    python = folder / "venv" / "bin" / "python"
    pip(python, "install", "--constraint", str(folder / "pins.txt"), str(wheel), *install[3:])
    return folder / "venv"


def test_both_languages_have_the_same_code() -> None:
    english, japanese = library("README.md"), library("README.ja.md")
    assert (japanese.commands, japanese.program) == (english.commands, english.program)
    assert yaml.safe_load(japanese.stack_file) == yaml.safe_load(english.stack_file)


def test_the_library_section_runs_as_printed(cloud: Running, tmp_path: Path) -> None:
    """Only the emulator's port is another."""
    printed = library("README.md")
    environment = fresh_environment(tmp_path, printed.commands)
    elsewhere = tmp_path / "shop"
    for sub in ("stacks", "state", "home"):
        (elsewhere / sub).mkdir(parents=True)
    project = {
        "name": "shop",
        "runtime": {"name": "python", "options": {"virtualenv": str(environment)}},
        "stackConfigDir": "stacks",
    }
    (elsewhere / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (elsewhere / "__main__.py").write_text(printed.program)
    fleet = Fleet(elsewhere, cloud.url)
    assert "http://127.0.0.1:18080/" in printed.stack_file
    fleet.stack_file.write_text(printed.stack_file.replace("http://127.0.0.1:18080", cloud.url))
    fleet.run("pulumi", "stack", "init", fleet.stack, "--non-interactive")
    fleet.up()
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
    assert len(set(fleet.outputs()["addresses"])) == 2
    for name in ("doctor", "show", "repair", "drift"):
        fleet.run(str(environment / "bin" / "sakura-fleet"), name, "--stack", fleet.stack)
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
