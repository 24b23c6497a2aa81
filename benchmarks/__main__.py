"""Run benchmarks, print their tables and put them into benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import backends, converge, dns, emulator, no_op, scale, scale_out, scaler_set, suite, thousand
from benchmarks.measure import machine

RESULTS = Path(__file__).with_name("RESULTS.md")
SECTIONS = {
    "no-op": no_op.measure,
    "scale-out": scale_out.measure,
    "scale": scale.measure,
    "thousand": thousand.measure,
    "backends": backends.measure,
    "converge": converge.measure,
    "dns": dns.measure,
    "scaler": scaler_set.measure,
    "emulator": emulator.measure,
    "suite": suite.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*SECTIONS, []], help="measure only these; the others stay")
    only = parser.parse_args().only
    for name, measure in SECTIONS.items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="sakura-fleet-bench-") as folder:
            section = measure(Path(folder))
        print(section, end="\n\n", flush=True)
        RESULTS.write_text(updated(RESULTS.read_text(), section, machine()))


def updated(results: str, section: str, measured: str) -> str:
    """The page with a section in the place of the one with the same heading, or at its end."""
    head, *sections = results.rstrip("\n").split("\n\n## ")
    kept = {text.partition("\n")[0]: text for text in sections}
    new = f"{section.removeprefix('## ')}\n\n*Measured {measured}.*"
    kept[new.partition("\n")[0]] = new
    return "\n\n## ".join([head, *kept.values()]) + "\n"


if __name__ == "__main__":
    main()
