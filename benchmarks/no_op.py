"""A `pulumi up` that changes nothing, at size 5, beside programs that have nothing to do."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import yaml

from benchmarks.measure import interleaved, median, table
from sakura_fleet.emulator.server import running
from tests.program.fleet import ROOT, Fleet, new_fleet

SIZE = 5
LIMIT = 1.10

_NO_WORK = """\
import pulumi
from no_work import NoWork

for number in range({count}):
    NoWork(f"no-work-{{number}}")
pulumi.export("size", {count})
"""


def _program(folder: Path, name: str, text: str) -> Fleet:
    for sub in ("stacks", "state", "home"):
        (folder / sub).mkdir(parents=True)
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": runtime, "stackConfigDir": "stacks"}))
    (folder / "__main__.py").write_text(text)
    shutil.copy(ROOT / "benchmarks" / "no_work.py", folder)
    fleet = Fleet(folder, "http://127.0.0.1:1", "bench")
    fleet.write()
    fleet.run("pulumi", "stack", "init", "bench", "--non-interactive")
    return fleet


def measure(folder: Path, runs: int = 7) -> str:
    """The section of the results."""
    with running(latency="instant") as emulator:
        ours = new_fleet(folder / "ours", emulator.url, size=SIZE)
        ours.up()
        resources = SIZE + 1  # the servers and their startup script
        no_work = _program(folder / "no-work", "no-work", _NO_WORK.format(count=resources))
        empty = _program(folder / "empty", "empty", "")
        for program in (ours, no_work, empty):
            program.up()
        times = interleaved(
            runs,
            {
                "sakura-fleet, size 5": ours.up,
                f"{resources} no-work dynamic resources": no_work.up,
                "empty program": empty.up,
            },
        )
    base, nothing = (median(times[name]) for name in list(times)[1:])
    rows = [
        [
            name,
            f"{median(values):.2f}",
            f"{min(values):.2f}",
            f"{median(values) / base:.2f}x",
            f"{median(values) / nothing:.2f}x",
        ]
        for name, values in times.items()
    ]
    ratio = median(times["sakura-fleet, size 5"]) / base
    return "\n".join(
        [
            "## `pulumi up` without changes",
            "",
            f"`--skip-preview`, {runs} runs in turn, medians. Wanted: at most {LIMIT:.2f}x of the same number of "
            f"dynamic resources without work, from an importable module. Measured: **{ratio:.2f}x**.",
            "",
            table(["program", "median s", "best s", "to no-work", "to empty"], rows),
        ]
    )
