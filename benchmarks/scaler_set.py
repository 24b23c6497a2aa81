"""`scaler set`, beside the two Pulumi commands that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import interleaved, median, table
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import ROOT, Fleet

LIMIT = 0.7
SMALL, LARGE = 2, 3


def _by_scaler(fleet: Fleet, folder: Path) -> Callable[[], None]:
    packs = ["--policy-pack", str(ROOT / "policies")]

    def run() -> None:
        size = SMALL if fleet.count()["server"] == LARGE else LARGE
        command = ["scaler", "set", str(size), "--yes", "--stack", fleet.stack, *packs]
        fleet.run(*command, XDG_STATE_HOME=str(folder / "state-home"))

    return run


def _by_hand(fleet: Fleet) -> Callable[[], None]:
    def run() -> None:
        size = SMALL if fleet.count()["server"] == LARGE else LARGE
        fleet.pulumi("config", "set", "size", str(size))
        fleet.pulumi("preview", "--policy-pack", str(ROOT / "policies"))
        fleet.up()

    return run


def measure(folder: Path, runs: int = 7) -> str:
    """The section of the results."""
    with running(latency="instant") as emulator:
        fleet = user_fleet(folder / "scaler", emulator.url, size=SMALL)
        fleet.up()
        times = interleaved(runs, {"scaler set": _by_scaler(fleet, folder), "by hand": _by_hand(fleet)})
    scaler, hand = median(times["scaler set"]), median(times["by hand"])
    rows = [
        ["`scaler set N --yes`", f"{scaler:.2f}"],
        ["`pulumi config set`, `preview --policy-pack`, `up --skip-preview`", f"{hand:.2f}"],
    ]
    return "\n".join(
        [
            "## What the scaler adds",
            "",
            f"Between sizes {SMALL} and {LARGE}, {runs} runs in turn, medians. Wanted: at most {LIMIT:.1f} s more. "
            f"Measured: **{scaler - hand:+.2f} s**.",
            "",
            table(["command", "s"], rows),
        ]
    )
