"""What a change of a large DNS zone costs: API calls, writes, and how long `pulumi up` takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import table, timed
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import Fleet

FULL = 2000
"""Records that a zone takes."""
NEW = 500
ITEM = "/commonserviceitem"


@dataclass(frozen=True)
class Wanted:
    """What a change may take."""

    calls: int | None = None
    writes: int | None = None


PROGRAM = """
import json
from pathlib import Path

from components import DnsRecords, DnsRecordsArgs
from sakura_fleet.model.dns import RecordSetArgs

sets = [RecordSetArgs(**given) for given in json.loads(Path("records.json").read_text())]
DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=sets))
"""
"""The engine hands a stack's settings over in one environment variable, in which so many records have no room."""


def _declare(fleet: Fleet, count: int, changed: str = "192.0.2.1") -> None:
    values = [changed, *["192.0.2.1"] * (count - 1)]
    sets = [{"name": f"h{at}", "type": "A", "ttl": 300, "values": [value]} for at, value in enumerate(values)]
    (fleet.folder / "records.json").write_text(json.dumps(sets))


def _steps(fleet: Fleet) -> dict[str, tuple[Callable[[], None], Wanted]]:
    return {
        f"a zone with {FULL - NEW} records is made": (lambda: _declare(fleet, FULL - NEW), Wanted()),
        f"{NEW} new records beside {FULL - NEW}": (lambda: _declare(fleet, FULL), Wanted(writes=1)),
        f"1 record of {FULL} changed": (lambda: _declare(fleet, FULL, "192.0.2.2"), Wanted(calls=3, writes=1)),
        f"nothing changed, {FULL} records": (lambda: None, Wanted(calls=0, writes=0)),
        f"{NEW} records removed": (lambda: _declare(fleet, FULL - NEW, "192.0.2.2"), Wanted(writes=1)),
    }


def _measured(fleet: Fleet, change: Callable[[], None]) -> tuple[int, int, int, float]:
    """Calls about zones, writes to them, all calls, and the seconds of one `pulumi up`."""
    change()
    before = fleet.requests()
    seconds = timed(fleet.up)
    requests = fleet.requests(before[-1]["n"] if before else 0)
    about = [request for request in requests if ITEM in request["path"]]
    return len(about), len([request for request in about if request["method"] != "GET"]), len(requests), seconds


def measure(folder: Path) -> str:
    """The section of the results."""
    rows = []
    with running(latency="instant") as emulator:
        fleet = user_fleet(folder / "dns", emulator.url, size=0)
        (fleet.folder / "__main__.py").write_text(PROGRAM)
        for name, (change, wanted) in _steps(fleet).items():
            calls, writes, everything, seconds = _measured(fleet, change)
            held = (wanted.calls is None or calls <= wanted.calls) and (
                wanted.writes is None or writes <= wanted.writes
            )
            rows.append(
                [
                    name,
                    _shown(wanted.calls),
                    str(calls),
                    _shown(wanted.writes),
                    str(writes),
                    str(everything),
                    f"{seconds:.1f} s",
                    "yes" if held else "NO",
                ]
            )
    header = ["change", "calls, wanted", "measured", "writes, wanted", "measured", "all calls", "`pulumi up`", "held"]
    return "\n".join(
        [
            "## A large DNS zone",
            "",
            "One `pulumi up --skip-preview` against the emulator: calls about the zone, writes among them, calls of "
            "any kind (the account check is one), and its time.",
            "",
            table(header, rows),
        ]
    )


def _shown(wanted: Any) -> str:
    return "-" if wanted is None else str(wanted)
