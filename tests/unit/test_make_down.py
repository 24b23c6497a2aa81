"""`scripts/down`: the order of its steps, and what stays where something is left behind. The tools are stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = '#!/bin/bash\necho "$(basename "$0") $*" >> {calls}\n[ "$1" != "$FAILS" ]\n'
UP_TO_REPAIR = [
    "pulumi stack select local --non-interactive",
    "sakura-emulator start --port 18080",
    "pulumi destroy --stack local --yes --skip-preview --non-interactive --suppress-outputs",
    "sakura-fleet repair --stack local",
]


@pytest.mark.parametrize(
    ("fails", "exit_code", "steps"),
    [
        ("nothing", 0, [*UP_TO_REPAIR, "sakura-emulator stop"]),
        ("stack", 0, [UP_TO_REPAIR[0], "sakura-emulator stop"]),
        ("destroy", 1, UP_TO_REPAIR[:3]),
        ("repair", 1, UP_TO_REPAIR),
    ],
)
def test_the_emulator_stops_only_where_nothing_is_left(
    tmp_path: Path, fails: str, exit_code: int, steps: list[str]
) -> None:
    scripts, tools, calls = tmp_path / "scripts", tmp_path / "bin", tmp_path / "calls"
    scripts.mkdir()
    tools.mkdir()
    for name in ("down", "local"):
        shutil.copy(ROOT / "scripts" / name, scripts / name)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.local.yaml").write_text(
        "config:\n  sakura-fleet:api_root: http://127.0.0.1:18080/cloud/zone\n"
    )
    (scripts / "env").write_text('PATH="$PWD/bin:$PATH"\n')
    for name in ("pulumi", "sakura-emulator", "sakura-fleet"):
        (tools / name).write_text(TOOL.format(calls=calls))
        (tools / name).chmod(0o755)
    env = {**os.environ, "FAILS": fails, "PULUMI_BACKEND_URL": "s3://elsewhere"}
    done = subprocess.run([scripts / "down"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, calls.read_text().splitlines()) == (exit_code, steps), done.stderr
    assert ("sakura-emulator reset && make down" in done.stderr) == (fails == "repair")
