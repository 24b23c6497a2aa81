"""A server of somebody else whose name begins like those of the fleet is never touched, listed or counted."""

from __future__ import annotations

import json
from typing import Any

from tests.program.elb import ELB
from tests.program.fleet import Fleet


def stranger(fleet: Fleet, name: str) -> str:
    """A server that is up, with a member's name and the group's tag, but without owner tags."""
    wanted = {"Name": name, "Tags": ["web"], "ServerPlan": {"CPU": 1, "MemoryMB": 1024}}
    body = {"Server": {**wanted, "ConnectedSwitches": [{"Scope": "shared"}]}}
    made = str(fleet.call("POST", "server", body)["Server"]["ID"])
    disk = {"Name": f"{name}-disk001", "Plan": {"ID": 4}, "SizeMB": 20480, "Server": {"ID": made}}
    fleet.call("POST", "disk", {"Disk": disk})
    fleet.call("PUT", f"server/{made}/power")
    return made


def test_a_stranger_with_our_prefix(fleet: Fleet) -> None:
    strangers = [stranger(fleet, name) for name in ("hscale-group-001", "hscale-group-003")]

    def seen() -> list[Any]:
        return [{**fleet.call("GET", f"server/{server_id}")["Server"], "Index": None} for server_id in strangers]

    before = seen()
    fleet.write(elb=ELB)
    fleet.up()
    home = {"XDG_STATE_HOME": str(fleet.folder / "state-home")}

    def scaler(*words: str) -> Any:
        command = ["scaler", *words, "--stack", fleet.stack, "-o", "json"]
        return json.loads(fleet.run(*command, check=True, **home).stdout)

    scaled = scaler("set", "3", "--yes")
    assert (scaled["size_before"], scaled["size_after"]) == (2, 3)
    own = [server for server in fleet.servers() if server["ID"] not in strangers]
    assert [server["Name"] for server in own] == ["hscale-group-001", "hscale-group-002", "hscale-group-003"]

    shown = json.loads(fleet.run("sakura-fleet", "show", "--stack", fleet.stack, "-o", "json").stdout)
    assert sorted(row["id"] for row in shown["servers"]) == sorted(server["ID"] for server in own)
    assert len(shown["elb_entries"]) == 3
    listed = fleet.run("sakura-fleet", "repair", "--stack", fleet.stack, "--remove", "--yes").stdout
    assert "nothing is left behind" in listed
    for server in fleet.servers():
        load = 1.0 if server["ID"] in strangers else 0.3
        fleet.control("load", {"server": server["ID"], "value": load})
    fleet.control("clock", {"advance": 1800})
    metric = scaler("explain")["metric"]
    assert (metric["servers"], metric["max"]) == (3, 30.0)
    assert not any(server_id in listed + json.dumps(shown) for server_id in strangers)

    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert [server["ID"] for server in fleet.servers()] == sorted(strangers)
    assert seen() == before
