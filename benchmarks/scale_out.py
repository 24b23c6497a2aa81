"""From 0 to 8 servers in one zone, beside 0 to 1: eight should take hardly longer than one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import bare, interleaved, median, table, timed
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import Fleet

SCALE = 20
RATE_LIMIT = 5 * SCALE
LIMIT = 1.2


def _grow(fleet: Fleet, size: int, up: Callable[[], object], times: list[float]) -> Callable[[], None]:
    def run() -> None:
        fleet.write(size=size)
        times.append(timed(up))
        fleet.write(size=0)
        fleet.up()

    return run


def measure(folder: Path, runs: int = 5) -> str:
    """The section of the results."""
    kinds = {"with scripts/pulumi.env": True, "bare `pulumi up` (parallel 4 x cores)": False}
    times: dict[tuple[str, int], list[float]] = {(kind, size): [] for kind in kinds for size in (1, 8)}
    with running(latency="baseline", time_scale=SCALE) as emulator:
        fleet = user_fleet(folder / "scale", emulator.url, size=0)
        fleet.write(rate_limit=RATE_LIMIT)
        fleet.up()
        plain = lambda: bare(fleet, "up", "--yes", "--skip-preview")  # noqa: E731
        interleaved(
            runs,
            {
                f"{kind} {size}": _grow(fleet, size, fleet.up if tuned else plain, times[kind, size])
                for kind, tuned in kinds.items()
                for size in (1, 8)
            },
        )
    rows = []
    for kind in kinds:
        alone, eight = median(times[kind, 1]), median(times[kind, 8])
        rows.append([kind, f"{alone:.2f}", f"{eight:.2f}", f"{eight / alone:.2f}x"])
    return "\n".join(
        [
            "## Eight servers at once",
            "",
            f"0 to 8 over 0 to 1 in one zone, profile `baseline` (server 2 s, disk 68 s, boot 15 s) at 1/{SCALE} of "
            f"the time and {RATE_LIMIT} requests/s for 5, {runs} runs in turn, medians. Wanted: at most {LIMIT:.1f}x. "
            f"Measured: **{rows[0][3]}**.",
            "",
            table(["engine", "0 to 1, s", "0 to 8, s", "ratio"], rows),
        ]
    )
