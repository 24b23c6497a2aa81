"""How many writes an ELB and a DNS zone see while `pulumi up` makes one change: each replaces the whole document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import table
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import Fleet, local_settings

SIZE = 3
RECORDS = 50
WRITES = ("PUT", "POST", "DELETE")
ITEM = "/commonserviceitem/"


@dataclass(frozen=True)
class Wanted:
    """How many writes a change may take, and calls of any kind where that is asked for."""

    elb: int = 0
    zone: int = 0
    calls: int | None = None


def _record_sets(count: int, first: str) -> list[dict[str, Any]]:
    """Sets of one record each; `first` is the first one's value."""
    values = [first, *(f"198.51.100.{number}" for number in range(2, count + 1))]
    return [{"name": f"h{at}", "type": "A", "ttl": 300, "values": [value]} for at, value in enumerate(values[:count])]


def _template(fleet: Fleet, core: int) -> None:
    fleet.template(plan={"core": core, "memory": 2 * core})


def _dns(fleet: Fleet, count: int, first: str = "198.51.100.1") -> None:
    fleet.write(dns={"zone": "example.com", "elb": "app", "record_sets": _record_sets(count, first)})


def _steps(fleet: Fleet) -> dict[str, tuple[Callable[[], None], Wanted]]:
    """What is changed, one after the other, and the writes that it may take."""
    return {
        f"{SIZE} members join": (lambda: fleet.write(size=SIZE), Wanted(elb=1)),
        f"template change of {SIZE} members": (lambda: _template(fleet, 2), Wanted(elb=3)),
        f"{SIZE} members leave": (lambda: fleet.write(size=0), Wanted(elb=2)),
        f"{RECORDS} new records": (lambda: _dns(fleet, RECORDS + 1), Wanted(zone=1)),
        f"1 record of {RECORDS + 1} changed": (lambda: _dns(fleet, RECORDS + 1, "198.51.100.200"), Wanted(zone=1)),
        "nothing changed": (lambda: None, Wanted(calls=0)),
    }


def _classes(fleet: Fleet) -> dict[str, str]:
    items = fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    return {str(item["ID"]): item["Provider"]["Class"] for item in items}


def _measured(fleet: Fleet, change: Callable[[], None]) -> tuple[int, int, int]:
    """Writes to the ELB, writes to the zone, and calls of any kind of one `pulumi up`."""
    change()
    classes = _classes(fleet)
    before = fleet.requests()[-1]["n"]
    fleet.up()
    requests = fleet.requests(before)
    writes = [
        request["path"].partition(ITEM)[2]
        for request in requests
        if request["method"] in WRITES and ITEM in request["path"]
    ]
    made = [request for request in requests if request["method"] == "POST" and request["path"].endswith(ITEM[:-1])]
    if made:
        raise RuntimeError("an ELB or zone was made while only its content was to change")
    kinds = [classes[path.partition("/")[0]] for path in writes]
    return kinds.count("proxylb"), kinds.count("dns"), len(requests)


def measure(folder: Path) -> str:
    """The section of the results."""
    settings = local_settings()
    rows = []
    with running(latency="instant") as emulator:
        fleet = user_fleet(folder / "converge", emulator.url, size=0, elb=settings["elb"])
        _dns(fleet, 1)
        fleet.up()
        for name, (change, wanted) in _steps(fleet).items():
            elb, zone, calls = _measured(fleet, change)
            held = elb <= wanted.elb and zone <= wanted.zone and (wanted.calls is None or calls <= wanted.calls)
            rows.append(
                [
                    name,
                    f"{wanted.elb} / {wanted.zone}",
                    f"{elb} / {zone}",
                    "-" if wanted.calls is None else str(wanted.calls),
                    str(calls),
                    "yes" if held else "NO",
                ]
            )
    return "\n".join(
        [
            "## Writes per converge",
            "",
            "Calls of one `pulumi up --skip-preview` against the emulator: writes (PUT, POST, DELETE) to the ELB and "
            f"to the DNS zone, and calls of any kind. A change of {SIZE} members may take one write to join and two to "
            "leave.",
            "",
            table(
                ["change", "ELB / zone, wanted", "ELB / zone, measured", "calls, wanted", "calls, measured", "held"],
                rows,
            ),
        ]
    )
