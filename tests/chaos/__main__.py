"""Run crash points and lies, and print what came of them: `python -m tests.chaos --help`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.bench import Clean, Verdict, cleans, opened, verdicts
from tests.chaos.lie_points import lie_points
from tests.chaos.points import Point, points_of, sample
from tests.chaos.scenarios import SCENARIOS

COLUMNS = ("points", "reached", "absorbed", "converged", "leaked", "duplicated", "foreign touched", "seconds a point")


def table(results: Sequence[Verdict]) -> str:
    """One row a scenario, one for all."""
    rows: list[tuple[str, ...]] = [("scenario", *COLUMNS)]
    names = [*dict.fromkeys(sorted(verdict.point.scenario for verdict in results)), ""]
    for name in names:
        chosen = [verdict for verdict in results if name in ("", verdict.point.scenario)]
        numbers = [
            len(chosen),
            sum(verdict.reached for verdict in chosen),
            sum(verdict.absorbed for verdict in chosen),
            sum(verdict.converged for verdict in chosen),
            sum(len(verdict.leaked) for verdict in chosen),
            sum(len(verdict.duplicated) for verdict in chosen),
            sum(len(verdict.touched) for verdict in chosen),
        ]
        mean = sum(verdict.seconds for verdict in chosen) / max(1, len(chosen))
        rows.append((name or "all", *map(str, numbers), f"{mean:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


GRIDS = ("crashes", "lies")


def chosen(grid: str, clean: Clean, percent: int, seed: int) -> list[Point]:
    """The points of one scenario."""
    name = clean.beginning.scenario.name
    points = lie_points(name, clean.fields, clean.calls) if grid == "lies" else points_of(name, clean.calls)
    return sample(points, -(-len(points) * percent // 100), seed)


def run(grid: str, options: argparse.Namespace) -> list[Verdict]:
    """All points of a grid that the options choose, each with a line; only listed, with `--list`."""
    began = time.monotonic()
    lies = grid == "lies"
    with tempfile.TemporaryDirectory() as place, opened(Path(place), options.bays, lies=lies) as bays:
        scenarios = [SCENARIOS[name] for name in options.scenario or SCENARIOS]
        clean = cleans(scenarios, bays)
        points = [point for run in clean.values() for point in chosen(grid, run, options.sample, options.seed)]
        random.Random(options.seed).shuffle(points)  # so that those that only wait do not all wait at once
        print(f"{grid}: {len(points)} points, ready after {time.monotonic() - began:.0f} s", flush=True)
        if options.list:
            print("\n".join(map(str, points)))
            return []
        results = []
        for verdict in verdicts(points, clean, bays):
            results.append(verdict)
            mark = "ok " if verdict.converged else "BAD"
            print(f"{len(results):5} {mark} {verdict.seconds:5.1f} s  {verdict.point}", flush=True)
            if not verdict.converged:
                print(verdict.report(), flush=True)
    print(table(results))
    return results


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--grid", action="append", choices=GRIDS, help="only this one; repeatable")
    parser.add_argument("--sample", type=int, default=100, metavar="PERCENT", help="this share of all points")
    parser.add_argument("--seed", type=int, default=1, help="which points a sample takes, and their order")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only this one; repeatable")
    parser.add_argument("--bays", type=int, default=4, help="points at a time; many of them only wait")
    parser.add_argument("--list", action="store_true", help="only list the points")
    options = parser.parse_args()
    began = time.monotonic()
    results = [verdict for grid in options.grid or GRIDS for verdict in run(grid, options)]
    print(f"{time.monotonic() - began:.0f} s in all, seed {options.seed}")
    return 0 if all(verdict.converged for verdict in results) else 1


if __name__ == "__main__":
    sys.exit(main())
