"""The runs whose calls are made to fail: how each begins, what it changes, and the other size of its recovery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.program.fleet import Fleet
from tests.program.snapshots import bring_up

JSON = dict[str, Any]

ELB: JSON = {
    "name": "tk-elb",
    "bind_ports": [{"proxy_mode": "http", "port": 80}, {"proxy_mode": "https", "port": 443, "http2": True}],
    "health_check": {"protocol": "http", "path": "/live"},
    "rules": [{"host": "www.example.com", "server_group": "gr1"}],
    "drain_timeout": 0,
}
SETS: list[JSON] = [
    {"name": "kept", "type": "TXT", "ttl": 60, "values": ["stays"]},
    {"name": "moved", "type": "A", "ttl": 60, "values": ["192.0.2.1", "192.0.2.2"]},
    {"name": "gone", "type": "CNAME", "ttl": 60, "values": ["elsewhere.example.org."]},
]
OTHER_SETS: list[JSON] = [
    SETS[0],
    {**SETS[1], "values": ["192.0.2.2", "192.0.2.3"]},
    {"name": "new", "type": "A", "ttl": 60, "values": ["192.0.2.9"]},
]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. `other_size` is what the recovery declares instead; `command` what runs."""

    name: str
    size: int
    other_size: int
    change: Callable[[Fleet], None]
    prepare: Callable[[Fleet], None]
    command: str = "up"
    foreign_parts: bool = True
    """Whether others have parts of the stack's own ELB and zone, where there are any."""


def dns(sets: list[JSON], **more: Any) -> JSON:
    return {"zone": "example.com", "elb": "app", "record_sets": sets, **more}


def _nothing(fleet: Fleet) -> None:
    fleet.write(elb=ELB, dns=dns(SETS))


def _up(fleet: Fleet) -> None:
    _nothing(fleet)
    bring_up(fleet)


def _size(size: int) -> Callable[[Fleet], None]:
    return lambda fleet: fleet.write(size=size)


def _template(fleet: Fleet) -> None:
    fleet.template(plan={"core": 2, "memory": 4})


def _elb_plan(fleet: Fleet) -> None:
    fleet.write(elb={**ELB, "plan": 500, "timeout": 30})


def _records(fleet: Fleet) -> None:
    fleet.write(dns=dns(OTHER_SETS))


def _by_others(fleet: Fleet) -> None:
    """A fleet that runs, and of which no stack knows: what another one brought up, without its owner tags."""
    _up(fleet)
    servers = fleet.servers()
    for server in servers:
        for disk in server["Disks"]:
            fleet.call("PUT", f"disk/{disk['ID']}", {"Disk": {"Name": disk["Name"], "Tags": []}})
        fleet.call("PUT", f"server/{server['ID']}", {"Server": {"Name": server["Name"], "Tags": ["web"]}})
    for kind in ("proxylb", "dns"):
        shared = item(fleet, kind)
        body = {"CommonServiceItem": {"Name": shared["Name"], "Tags": []}}
        fleet.call("PUT", f"commonserviceitem/{shared['ID']}", body)
    for note in fleet.call("GET", "note", zone="is1a")["Notes"]:
        if note["Name"].startswith("hscale-group"):
            fleet.call("DELETE", f"note/{note['ID']}")
    fleet.new_state()


def _adopt(fleet: Fleet) -> None:
    group = fleet.settings["server_group"]
    described = [server for server in fleet.servers() if server["Description"]]
    ids = {number: server["ID"] for number, server in enumerate(described, 1)}
    fleet.write(
        server_group={**group, "adopt": ids},
        elb={**ELB, "adopt": item(fleet, "proxylb", "tk-elb")["ID"]},
        dns=dns(SETS, adopt_zone=item(fleet, "dns", "example.com")["ID"]),
    )


def item(fleet: Fleet, kind: str, name: str = "") -> JSON:
    """An ELB (`proxylb`) or DNS zone (`dns`) as the API shows it."""
    found = fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    (candidate,) = [
        candidate for candidate in found if candidate["Provider"]["Class"] == kind and name in ("", candidate["Name"])
    ]
    return dict(candidate)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("grow-0-3", 3, 2, lambda _: None, _nothing),
        Scenario("grow-3-5", 3, 4, _size(5), _up),
        Scenario("shrink-5-2", 5, 3, _size(2), _up),
        Scenario("template", 2, 1, _template, _up),
        Scenario("elb-plan", 1, 2, _elb_plan, _up),
        Scenario("dns", 1, 2, _records, _up),
        Scenario("adopt", 2, 3, _adopt, _by_others),
        Scenario("destroy", 2, 1, lambda _: None, _up, command="destroy", foreign_parts=False),
    )
}
