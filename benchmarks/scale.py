"""N servers in the time of one: `pulumi up` from 0 to N servers, beside 0 to 1, and many that leave beside one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import load, median, table, timed
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from sakura_fleet.provider.polling import SHORTEST_DELAY
from tests.program.fleet import Fleet, local_settings

REAL_RATE = 5
"""Requests a second that clients of the real API keep to."""
SCALE = 20
PATIENCE = 1_200.0
LIMIT, REAL_LIMIT = 1.15, 1.40
HEADER = ["change", "runs", "median s", "best s", "ratio", "wanted", "API calls", "ELB writes", "held"]


@dataclass
class Measured:
    """What the runs of one change took."""

    seconds: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """From one size to another; `base` names the change with one server, to which it is compared. `limit` 0: none."""

    before: int
    after: int
    base: str = ""
    limit: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.before} to {self.after}"


def _settle(fleet: Fleet, size: int, scale: float) -> None:
    """Have that many servers; the cloud's time passes quickly, as nobody looks at the clock."""
    fleet.control("clock", {"time_scale": 1_000})
    fleet.write(size=size, rate_limit=1_000)
    fleet.up()
    fleet.control("clock", {"time_scale": scale})


def _between_ticks(part: float) -> None:
    """Wait until that part of the time between two ticks on which looks fall is over.

    A run ends just after a tick; the next would always begin there, and each kind of change would have luck, or none,
    in every run.
    """
    time.sleep((part * SHORTEST_DELAY - time.monotonic()) % SHORTEST_DELAY)


def _run(fleet: Fleet, change: Change, scale: float, begin: float, measured: Measured) -> None:
    fleet.write(size=change.after, rate_limit=REAL_RATE * scale)
    before = fleet.requests()
    _between_ticks(begin)
    measured.seconds.append(timed(fleet.up))
    requests = fleet.requests(before[-1]["n"] if before else 0)
    measured.calls.append(len(requests))
    writes = [request for request in requests if request["method"] != "GET" and "/commonserviceitem" in request["path"]]
    measured.writes.append(len(writes))


def _rows(kind: str, changes: list[Change], measured: dict[str, Measured]) -> list[list[str]]:
    rows = []
    for change in changes:
        own = measured[change.name]
        base = measured[change.base or change.name]
        ratio = median(own.seconds) / median(base.seconds)
        rows.append(
            [
                f"{change.name}, {kind}",
                str(len(own.seconds)),
                f"{median(own.seconds):.2f}",
                f"{min(own.seconds):.2f}",
                f"{ratio:.2f}x",
                f"{change.limit:.2f}x" if change.limit else "-",
                f"{median(own.calls):.0f}",
                f"{median(own.writes):.0f}",
                "-" if not change.limit else "yes" if ratio <= change.limit else "NO",
            ]
        )
    return rows


def _measure(
    folder: Path, kind: str, changes: list[Change], runs: int, scale: float, **settings: Any
) -> list[list[str]]:
    measured = {change.name: Measured() for change in changes}
    with running(latency="baseline", time_scale=scale) as emulator:
        group = {**local_settings()["server_group"], "max_size": 1_000}
        fleet = user_fleet(folder / kind.replace(" ", "-"), emulator.url, size=0, server_group=group, **settings)
        fleet.patience = PATIENCE
        size = 0
        fleet.up()
        for run in range(runs):
            for change in changes:
                if size != change.before:
                    _settle(fleet, change.before, scale)
                _run(fleet, change, scale, run / runs, measured[change.name])
                size = change.after
    return _rows(kind, changes, measured)


def measure(folder: Path, runs: int = 5) -> str:
    """The section of the results."""
    elb = {"elb": local_settings()["elb"]}
    single, leave = "0 to 1", "3 to 2"
    grow = [Change(0, 1), *(Change(0, size, single, LIMIT) for size in (2, 10, 40))]
    before = load()
    rows = _measure(folder, "one ELB", [*grow, Change(40, 2, leave, LIMIT), Change(3, 2)], runs, SCALE, **elb)
    rows += _measure(folder, "no ELB", [Change(0, 1), Change(0, 50, single)], runs, SCALE)
    real = [Change(0, 1), Change(0, 2, single, REAL_LIMIT), Change(0, 10, single, REAL_LIMIT)]
    rows += _measure(folder, "one ELB, real time", real, 1, 1, **elb)
    return "\n".join(
        [
            "## N servers in the time of one",
            "",
            "`pulumi up --skip-preview` in one zone, profile `baseline` (server 2 s, disk 68 s, boot 15 s, ELB 10 s), "
            f"at 1/{SCALE} of the time and {REAL_RATE * SCALE} requests/s for {REAL_RATE}, in turn; *real time* is 1/1 "
            f"with {REAL_RATE} requests/s. The runs of a change begin at even parts of the {SHORTEST_DELAY} s between "
            f"two looks. The ratio is to one server that comes, or leaves ({leave}). Load of the machine {before} "
            f"before, {load()} after.",
            "",
            table(HEADER, rows),
        ]
    )
