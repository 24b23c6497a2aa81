"""A `pulumi up` that changes nothing, at size 5, beside programs that have nothing to do."""

from __future__ import annotations

from pathlib import Path

from benchmarks import programs
from benchmarks.measure import interleaved, median, table
from sakura_emulator.server import running

SIZE = 5
LIMIT = 1.10


def measure(folder: Path, runs: int = 7) -> str:
    """The section of the results."""
    with running(latency="instant") as emulator:
        fleet = programs.user_fleet(folder / "fleet", emulator.url, size=SIZE)
        fleet.up()
        resources = SIZE + 1  # the servers and their startup script
        no_work = programs.no_work(folder / "no-work", resources)
        empty = programs.empty(folder / "empty")
        for program in (fleet, no_work, empty):
            program.up()
        times = interleaved(
            runs,
            {
                "sakura-fleet, size 5": fleet.up,
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
