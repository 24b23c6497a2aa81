"""Two stacks whose `pulumi up`s run at the same time on one ELB and one DNS zone: nothing of either is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

from sakura_fleet.model.dns.claims import CLAIMS
from tests.program.fleet import Fleet
from tests.waiting import PATIENCE

ROUNDS = 3
ELB: dict[str, Any] = {
    "name": "shared",
    "bind_ports": [{"proxy_mode": "http", "port": 80}],
    "rules": [{"host": "one.example.com", "server_group": "one"}],
    "drain_timeout": 0,
}
BY_HAND = {"IPAddress": "192.0.2.10", "Port": 80, "ServerGroup": "theirs", "Enabled": True}


def group(fleet: Fleet, name: str) -> dict[str, Any]:
    """The fleet's server group, entered under `name`."""
    settings = fleet.settings["server_group"]
    interface = {"upstream": "shared", "expose": {"ports": [80], "server_group_name": name}}
    return {**settings, "name": name, "template": {**settings["template"], "network_interfaces": [interface]}}


def dns(name: str, number: int, **more: Any) -> dict[str, Any]:
    """The stack's sets in the zone that both write to; their values change from round to round."""
    sets = [{"name": name, "type": "A", "ttl": 60, "values": [f"192.0.2.{number + 1}"]}]
    sets.append({"name": f"{name}{number}", "type": "TXT", "ttl": 60, "values": [f"round {number}"]})
    return {"zone": "example.com", "record_sets": sets, **more}


def item(fleet: Fleet, kind: str) -> dict[str, Any]:
    items = fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    (found,) = [candidate for candidate in items if candidate["Provider"]["Class"] == kind]
    return dict(found)


def entries(fleet: Fleet, name: str) -> list[str]:
    servers = item(fleet, "proxylb")["Settings"]["ProxyLB"]["Servers"]
    return sorted(entry["IPAddress"] for entry in servers if entry.get("ServerGroup") == name)


def addresses(fleet: Fleet, name: str) -> list[str]:
    return sorted(server["Interfaces"][0]["IPAddress"] for server in fleet.servers() if server["Name"].startswith(name))


def records(fleet: Fleet) -> set[tuple[str, str]]:
    found = item(fleet, "dns")["Settings"]["DNS"]["ResourceRecordSets"]
    return {(record["Name"], record["RData"]) for record in found if record["Name"] != CLAIMS}


def both_up(*fleets: Fleet) -> None:
    """`pulumi up` of all at the same time."""
    running = [
        subprocess.Popen(
            fleet.command("up", "--yes", "--skip-preview"),
            cwd=fleet.folder,
            env=fleet.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for fleet in fleets
    ]
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in running]
    for process, output in zip(running, outputs, strict=True):
        assert process.returncode == 0, output


def test_two_stacks_share_an_elb_and_a_zone(make_fleet: Callable[..., Fleet]) -> None:
    first = make_fleet("one", size=1)
    two = make_fleet("two", url=first.url, size=1)
    first.write(server_group=group(first, "one"), elb=ELB, dns=dns("one", 0))
    first.up()
    shared = item(first, "proxylb")
    settings = {**shared["Settings"]["ProxyLB"], "OriginGuard": {"Token": "kept"}}
    settings["Servers"] = [BY_HAND, *settings["Servers"]]
    body = {"CommonServiceItem": {"Settings": {"ProxyLB": settings}}}
    first.call("PUT", f"commonserviceitem/{shared['ID']}", body, zone="is1a")
    elb = {"lookup": "shared", "drain_timeout": 0}
    two.write(fleet_id="another-fleet", server_group=group(two, "two"), elb=elb, dns=dns("two", 0, lookup=True))
    two.up()

    since = len(first.requests())
    for number in range(1, ROUNDS + 1):
        first.write(size=1 + number, dns=dns("one", number), elb={**ELB, "timeout": 10 + number})
        two.write(size=1 + ROUNDS - number, dns=dns("two", number, lookup=True))
        both_up(first, two)
        assert entries(first, "one") == addresses(first, "one")
        assert entries(first, "two") == addresses(first, "two")
        assert (len(entries(first, "one")), len(entries(first, "two"))) == (1 + number, 1 + ROUNDS - number)
        assert records(first) == {
            (name, value)
            for stack in ("one", "two")
            for name, value in ((stack, f"192.0.2.{number + 1}"), (f"{stack}{number}", f"round {number}"))
        }
        after = item(first, "proxylb")["Settings"]["ProxyLB"]
        assert (after["Servers"][0], after["OriginGuard"]) == (BY_HAND, {"Token": "kept"})
        assert after["Timeout"] == {"InactiveSec": 10 + number}
        assert [rule["ServerGroup"] for rule in after["Rules"]] == ["one"]

    for fleet in (first, two):
        fleet.pulumi("preview", "--refresh", "--expect-no-changes")
    writes = [r for r in first.requests(since) if r["method"] == "PUT" and "/commonserviceitem/" in r["path"]]
    assert {r["status"] for r in writes} <= {200, 409}
    two.pulumi("destroy", "--yes", "--skip-preview")
    assert (entries(first, "two"), entries(first, "one")) == ([], addresses(first, "one"))
    assert not {name for name, _ in records(first) if name.startswith("two")}
