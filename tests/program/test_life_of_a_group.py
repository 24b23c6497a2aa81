"""A group from its first `pulumi up` to an empty cloud, with the real engine and real HTTP."""

from __future__ import annotations

import re

from tests.program.fleet import Fleet
from tests.program.snapshots import bring_up

SEED = {"server": 2, "disk": 2, "interface": 2, "note": 1}


def test_up_again_grow_shrink_destroy(fleet: Fleet) -> None:
    assert fleet.changes() == {"create": 5}
    fleet.up()
    assert fleet.count() == SEED
    members = fleet.members()
    assert [member["name"] for member in members] == ["hscale-group-001", "hscale-group-002"]
    servers = fleet.servers()
    assert [server["Name"] for server in servers] == ["hscale-group-001", "hscale-group-002"]
    assert {server["Instance"]["Status"] for server in servers} == {"up"}
    assert [member["address"] for member in members] == [s["Interfaces"][0]["IPAddress"] for s in servers]
    assert all(member["key"] in server["Tags"] for member, server in zip(members, servers, strict=True))

    note = fleet.call("GET", "note?%7B%22Filter%22%3A%7B%22Scope%22%3A%22user%22%7D%7D")["Notes"][0]
    assert "{{" not in note["Content"]
    assert "server name: @@@SERVER_NAME@@@" in note["Content"], "the startup script tells each server its name"
    assert "@sacloud-text" in note["Content"].splitlines()[1]

    before = len(fleet.requests())
    fleet.up("--expect-no-changes")
    assert len(fleet.requests()) == before, "an up without changes asks the cloud nothing"

    fleet.write(size=5)
    fleet.up()
    assert fleet.count() == {"server": 5, "disk": 5, "interface": 5, "note": 1}
    assert fleet.servers()[:2] == servers, "growing touches no server that was there"

    fleet.write(size=2)
    assert fleet.changes() == {"delete": 3}
    fleet.up()
    assert fleet.servers() == servers, "the highest numbers go"

    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}


def test_a_template_changes_in_place_or_makes_the_new_generation_before_the_old_one_goes(fleet: Fleet) -> None:
    bring_up(fleet)
    ids = [server["ID"] for server in fleet.servers()]
    fleet.template(description="other words", tags=["web", "blue"])
    assert fleet.changes() == {"update": 2}
    fleet.up()
    servers = fleet.servers()
    assert [server["ID"] for server in servers] == ids
    assert all(server["Description"] == "other words" and "blue" in server["Tags"] for server in servers)

    rules = [{"protocol": "tcp", "destination_port": "80"}, {"protocol": "ip", "action": "deny"}]
    fleet.template(network_interfaces=[{"upstream": "shared", "packet_filter": rules}])
    fleet.up()
    servers = fleet.servers()
    assert [server["ID"] for server in servers] == ids
    attached = {server["Interfaces"][0]["PacketFilter"]["ID"] for server in servers}
    assert len(attached) == 1, "one packet filter serves the group"

    fleet.template(network_interfaces=[{"upstream": "shared"}])
    fleet.up()
    assert [server["Interfaces"][0]["PacketFilter"] for server in fleet.servers()] == [None, None]
    assert "packetfilter" not in fleet.count()
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    old = {server["ID"] for server in fleet.servers()}
    since = len(fleet.requests())
    fleet.template(plan={"core": 2, "memory": 4})
    assert fleet.changes() == {"create": 2, "delete": 2, "update": 1}
    why = fleet.pulumi("preview", "--diff").stdout
    assert re.search(r'~ plan *: "1 core/1 GB" *=> "2 cores/4 GB"', why), why
    fleet.up()
    servers = fleet.servers()
    assert not old & {server["ID"] for server in servers}
    assert [server["Name"] for server in servers] == ["hscale-group-001", "hscale-group-002"]
    assert {server["ServerPlan"]["CPU"] for server in servers} == {2}
    writes = [(r["method"], r["path"]) for r in fleet.requests(since) if r["method"] != "GET"]
    booted = [i for i, call in enumerate(writes) if call == ("POST", "/disk")]  # the cloud boots by itself from here
    power_off = [i for i, (method, path) in enumerate(writes) if method == "DELETE" and path.endswith("/power")]
    assert len(booted) == len(power_off) == 2
    assert max(booted) < min(power_off), "the old servers run until all new ones do"
    assert fleet.count() == SEED


def test_members_spread_over_zones_and_leave_one_that_goes(fleet: Fleet) -> None:
    group = fleet.settings["server_group"]
    fleet.write(size=4, server_group={**group, "zones": ["tk1b", "is1b"]})
    fleet.up()
    assert [member["zone"] for member in fleet.members()] == ["tk1b", "is1b", "tk1b", "is1b"]
    stayed = [server["ID"] for server in fleet.servers("tk1b")]

    fleet.write(server_group={**group, "zones": ["tk1b", "is1b", "is1c"]})
    assert fleet.changes() == {}, "a zone that joins the list moves nobody"

    fleet.write(server_group={**group, "zones": ["tk1b"]})
    fleet.up()
    assert [member["zone"] for member in fleet.members()] == ["tk1b"] * 4
    assert set(stayed) < {server["ID"] for server in fleet.servers("tk1b")}
    assert fleet.servers("is1b") == []
