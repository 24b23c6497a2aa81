"""Running commands, timing them, and printing what came out."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.program.fleet import Fleet


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(runs: int, actions: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Times of each action, taken in turn, so that what else the machine does falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(runs):
        for name, action in actions.items():
            times[name].append(timed(action))
    return times


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned for reading as text too."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(header), line(["-" * width for width in widths]), *(line(row) for row in rows)])


def machine() -> str:
    """What the figures were measured on, and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def load() -> str:
    """How busy the machine was over the last minute: figures taken under load are to be read as such."""
    return f"{os.getloadavg()[0]:.1f}"


SETTINGS = ("PULUMI_PARALLEL", "PULUMI_SKIP_CHECKPOINTS")
"""What scripts/pulumi.env sets that makes a run faster."""


def bare(fleet: Fleet, *arguments: str, without: Sequence[str] = SETTINGS, **env: str) -> None:
    """A Pulumi command without settings of scripts/pulumi.env, and with `env`."""
    kept = {key: value for key, value in {**fleet.env, **env}.items() if key not in without}
    command = fleet.command(*arguments)
    done = subprocess.run(command, cwd=fleet.folder, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)} exited {done.returncode}\n{done.stdout}\n{done.stderr}")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
