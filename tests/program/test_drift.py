"""What somebody changes past the program is shown by property, and the next `pulumi up` repairs it."""

from __future__ import annotations

import json

from tests.program.fleet import Fleet, differing


def test_refresh_names_the_property_and_up_repairs_it(fleet: Fleet) -> None:
    fleet.up()
    first, second = fleet.servers()
    fleet.call("PUT", f"server/{first['ID']}", {"Server": {"Name": "renamed", "Description": "by hand"}})
    fleet.call("DELETE", f"server/{second['ID']}/power", {"Force": True})

    fleet.pulumi("refresh", "--yes", "--skip-preview")
    preview = json.loads(fleet.pulumi("preview", "--json").stdout)
    changed = {step["urn"].rpartition("-")[2]: differing(step) for step in preview["steps"] if step["op"] == "update"}
    assert changed == {"001": ["description", "name"], "002": ["power"]}

    fleet.up()
    first, second = fleet.servers()
    assert (first["Name"], first["Description"]) == ("hscale-group-001", "hscale-group")
    assert second["Instance"]["Status"] == "up"
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def test_server_deleted_by_hand_is_made_again(fleet: Fleet) -> None:
    fleet.up()
    first, second = fleet.servers()
    fleet.call("DELETE", f"server/{first['ID']}/power", {"Force": True})
    fleet.call("DELETE", f"server/{first['ID']}", {"WithDisk": [disk["ID"] for disk in first["Disks"]]})
    fleet.up("--refresh")
    servers = fleet.servers()
    assert [server["Name"] for server in servers] == ["hscale-group-001", "hscale-group-002"]
    assert servers[1]["ID"] == second["ID"]
    assert servers[0]["ID"] != first["ID"]


def test_foreign_disk_survives_the_server_it_was_connected_to(fleet: Fleet) -> None:
    fleet.up()
    server = fleet.servers()[1]
    disk = {"Disk": {"Name": "somebody's", "SizeMB": 20480, "Plan": {"ID": 4}}}
    foreign = fleet.call("POST", "disk", disk)["Disk"]["ID"]
    fleet.call("DELETE", f"server/{server['ID']}/power", {"Force": True})
    fleet.call("PUT", f"disk/{foreign}/to/server/{server['ID']}")
    fleet.up("--refresh")
    fleet.write(size=1)
    fleet.up()
    assert fleet.count() == {"server": 1, "disk": 2, "interface": 1, "note": 1}
    assert fleet.call("GET", f"disk/{foreign}")["Disk"]["Name"] == "somebody's"
