"""What somebody deletes or connects past the program: it is made again, and what is theirs stays."""

from __future__ import annotations

from tests.program.fleet import Fleet
from tests.program.snapshots import bring_up


def test_server_deleted_by_hand_is_made_again(fleet: Fleet) -> None:
    bring_up(fleet)
    first, second = fleet.servers()
    fleet.call("DELETE", f"server/{first['ID']}/power", {"Force": True})
    fleet.call("DELETE", f"server/{first['ID']}", {"WithDisk": [disk["ID"] for disk in first["Disks"]]})
    fleet.up("--refresh")
    servers = fleet.servers()
    assert [server["Name"] for server in servers] == ["hscale-group-001", "hscale-group-002"]
    assert servers[1]["ID"] == second["ID"]
    assert servers[0]["ID"] != first["ID"]


def test_foreign_disk_survives_the_server_it_was_connected_to(fleet: Fleet) -> None:
    bring_up(fleet)
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
