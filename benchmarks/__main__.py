"""Run every benchmark, print its table and write benchmarks/RESULTS.md."""

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
    parser.add_argument("only", nargs="*", choices=[*SECTIONS, []], help="print only these; RESULTS.md stays as it is")
    only = parser.parse_args().only
    parts = [f"# Results\n\nWritten by `make bench`. {machine()}."]
    for name, measure in SECTIONS.items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="sakura-fleet-bench-") as folder:
            parts.append(measure(Path(folder)))
        print(parts[-1], end="\n\n", flush=True)
    if not only:
        RESULTS.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
