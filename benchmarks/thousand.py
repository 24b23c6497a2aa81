"""A thousand servers in one stack: what the engine, the program and the provider host need for so many resources."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import programs
from benchmarks.measure import load, median, table, timed
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import local_settings

SERVERS = 1_000
LIMIT = 1.5
INTERVAL = 0.1
PATIENCE = 1_200.0
HEADER = ["command", "program", "median s", "ratio", "memory, MB", "ratio", "CPU s: engine", "program", "host", "held"]


@dataclass
class Usage:
    """What a command and all its children took: memory at once (MB), and CPU seconds by part."""

    peak: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))


@contextmanager
def watched() -> Iterator[Usage]:
    """Look at all children of this process every now and then, until the block ends."""
    usage, ended, seen = Usage(), threading.Event(), dict[int, tuple[str, float]]()

    def look() -> None:
        while not ended.wait(INTERVAL):
            memory = 0.0
            for pid in _descendants(os.getpid()):
                with suppress(OSError):
                    memory += _memory(pid)
                    seen[pid] = _part(pid), _cpu(pid)
            usage.peak = max(usage.peak, memory)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        ended.set()
        thread.join()
        for part, seconds in seen.values():
            usage.cpu[part] += seconds


def _descendants(root: int) -> list[int]:
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                children[int((entry / "stat").read_text().rpartition(")")[2].split()[1])].append(int(entry.name))
    found, left = [], [root]
    while left:
        new = children[left.pop()]
        found += new
        left += new
    return found


def _memory(pid: int) -> float:
    """MB, where what processes share counts once."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _part(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_text()
    if "pulumi.dynamic" in command:
        return "host"
    return "program" if "pulumi-language-python-exec" in command else "engine"


@dataclass
class Measured:
    """What the runs of one command took."""

    seconds: list[float] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)

    def run(self, action: Callable[[], object]) -> None:
        with watched() as usage:
            self.seconds.append(timed(action))
        self.usages.append(usage)

    @property
    def peak(self) -> float:
        return median([usage.peak for usage in self.usages])

    def cpu(self, part: str) -> str:
        return f"{median([usage.cpu[part] for usage in self.usages]):.1f}"


def measure(folder: Path, runs: int = 3) -> str:
    """The section of the results."""
    before = load()
    with running(latency="instant") as emulator:
        own_fleet = user_fleet(folder / "own_fleet", emulator.url, size=SERVERS, rate_limit=100_000)
        own_fleet.write(server_group={**local_settings()["server_group"], "max_size": SERVERS})
        own_fleet.patience = PATIENCE
        measured: dict[tuple[str, str], Measured] = defaultdict(Measured)
        measured["all made", "sakura-fleet"].run(own_fleet.up)
        resources = SERVERS + 1  # the servers and their startup script
        base = programs.no_work(folder / "no-work", resources)
        alike = programs.no_work(folder / "alike", resources, programs.server_properties(own_fleet))
        fleets = {"sakura-fleet": (own_fleet, "size", SERVERS), "no-work": (base, "count", resources)}
        fleets["no-work, properties of a server"] = (alike, "count", resources)
        for name in list(fleets)[1:]:
            fleets[name][0].patience = PATIENCE
            measured["all made", name].run(fleets[name][0].up)
        for _ in range(runs):
            for name, (fleet, key, size) in fleets.items():
                measured["preview", name].run(lambda fleet=fleet: fleet.pulumi("preview"))  # type: ignore[misc]
                measured["no changes", name].run(fleet.up)
                fleet.write(**{key: size - 1})
                fleet.up()
                fleet.write(**{key: size})
                measured["one more", name].run(fleet.up)
    rows = []
    for (command, name), own in measured.items():
        other = measured[command, "no-work"]
        time, memory = median(own.seconds) / median(other.seconds), own.peak / other.peak
        held = "yes" if max(time, memory) <= LIMIT else "NO"
        rows.append(
            [
                command,
                name,
                f"{median(own.seconds):.1f}",
                f"{time:.2f}x",
                f"{own.peak:.0f}",
                f"{memory:.2f}x",
                *(own.cpu(part) for part in ("engine", "program", "host")),
                held if name == "sakura-fleet" and command != "all made" else "-",
            ]
        )
    rows.sort(key=lambda row: ["all made", "preview", "no changes", "one more"].index(row[0]))
    return "\n".join(
        [
            "## A thousand servers",
            "",
            f"{SERVERS} servers without an ELB, on a cloud that answers at once, beside {SERVERS + 1} dynamic "
            "resources that do nothing, and beside as many that do nothing and have the inputs of a server; "
            f"{runs} runs in turn, medians (*all made*: one run). Memory is the most that "
            "the engine, the program and the provider host had at once. Wanted for time and memory of a preview, a "
            f"run without changes and one server more: at most {LIMIT:.1f}x. Load of the machine {before} before.",
            "",
            table(HEADER, rows),
        ]
    )
