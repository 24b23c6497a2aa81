"""How long the whole suite takes, after bootstrap."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.program.fleet import ROOT

LIMIT = 10


def measure(folder: Path) -> str:
    """The section of the results."""
    start = time.perf_counter()
    with (folder / "suite.log").open("w+") as log:
        done = subprocess.run([ROOT / "scripts" / "test", "-q"], stdout=log, stderr=subprocess.STDOUT, check=False)
        log.seek(0)
        last = log.read().strip().splitlines()[-1]
    minutes = (time.perf_counter() - start) / 60
    outcome = "passed" if done.returncode == 0 else f"FAILED with code {done.returncode}"
    return "\n".join(
        [
            "## The test suite",
            "",
            f"`make test` after bootstrap. Wanted: under {LIMIT} minutes on 2 cores. Measured: **{minutes:.1f} "
            f"minutes**, {outcome}: {last.strip('= ')}",
        ]
    )
