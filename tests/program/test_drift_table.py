"""Drift by property: each change by hand is shown by the name of what it changed, and `pulumi up` puts it right.

docs/recovery.md has the table; one stack serves all of it.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.program.by_hand import JSON, ByHand
from tests.program.elb import ELB
from tests.program.fleet import PREFIX, Fleet, differing

RULES = [{"protocol": "tcp", "destination_port": "80"}, {"protocol": "ip", "action": "deny"}]
PASSWORD = "hush-hush-hush"
DNS: JSON = {
    "zone": "example.com",
    "description": "the zone",
    "record_sets": [{"name": "www", "type": "A", "ttl": 60, "values": ["192.0.2.1"]}],
}


def changes(fleet: Fleet) -> dict[str, list[str]]:
    """What the next `pulumi up` does to which properties, by kind of resource; a server has its number, too."""
    found = {}
    for step in json.loads(fleet.pulumi("preview", "--json").stdout)["steps"]:
        if step["op"] in ("update", "replace"):
            kind, _, name = step["urn"].rpartition("/")[2].partition("::")
            number = f" {name.rpartition('-')[2]}" if kind.endswith("Server") else ""
            found[kind.rpartition(":")[2] + number] = [step["op"], *differing(step)]
    return found


def drift(fleet: Fleet) -> tuple[int, dict[str, Any]]:
    """What `sakura-fleet drift` says to programs, and its exit code; it must change nothing."""
    state = fleet.state()
    before = fleet.get("/_emulator/log")["total"]
    done = fleet.run("sakura-fleet", "drift", "--stack", fleet.stack, "-o", "json", check=False)
    calls = fleet.get(f"/_emulator/log?since={before}")["requests"]
    assert {call["method"] for call in calls if "/_emulator/" not in call["path"]} == {"GET"}
    assert fleet.state() == state
    assert PASSWORD not in done.stdout
    return done.returncode, json.loads(done.stdout)


def test_each_property_is_named_and_put_right(fleet: Fleet) -> None:
    fleet.pulumi("config", "set", "--secret", f"{PREFIX}server_password", PASSWORD)
    password = yaml.safe_load(fleet.stack_file.read_text())["config"][f"{PREFIX}server_password"]
    fleet.write(size=3, elb=ELB, dns=DNS, server_password=password)
    fleet.template(network_interfaces=[{**fleet.settings["server_group"]["template"]["network_interfaces"][0],
                                        "packet_filter": RULES}])  # fmt: skip
    fleet.up()
    assert drift(fleet) == (0, {"stack": "test", "drift": False, "resources": []})
    first, second, third = fleet.servers()
    ByHand(fleet).change_everything()

    code, found = drift(fleet)
    assert code == 3
    number = {resource["name"]: resource["name"].rpartition("-")[2] for resource in found["resources"]}
    told = {
        f"{resource['type']} {number[resource['name']]}": {
            differs["path"]: (differs["state"], differs["cloud"]) for differs in resource["properties"]
        }
        for resource in found["resources"]
    }
    assert told["Server 002"] == {"power": ("up", "down")}
    assert told["Server 003"] == {
        "plan": ({"core": 1, "memory": 1}, {"core": 2, "memory": 4}),
        "power": ("up", "down"),
    }
    assert sorted(told["Server 001"]) == ["description", "icon_id", "name", "packet_filters", "tags"]
    assert told["Elb elb"].pop("settings.timeout") == (10, 77)
    assert told["Elb elb"] == {"description": ("", "by hand"), "name": ("tk-elb", "renamed"), "plan": (100, 500)}
    assert told["DnsRecordSets records"] == {"record_sets[www A].values": (["192.0.2.1"], ["192.0.2.99"])}
    assert told["DnsZone zone"] == {"description": ("the zone", "by hand")}
    ((path, (_, in_the_cloud)),) = told["ElbMembership group"].items()
    assert (path.startswith("members[hscale-group-"), in_the_cloud) == (True, None)
    assert not any(resource["gone"] for resource in found["resources"])

    fleet.pulumi("refresh", "--yes", "--skip-preview")
    assert changes(fleet) == {
        "Server 001": ["update", "description", "icon_id", "name", "packet_filters", "tags"],
        "Server 002": ["update", "power"],
        "Server 003": ["replace", "plan", "power"],
        "StartupScript": ["update", "content", "name"],
        "PacketFilter": ["update", "rules"],
        "Elb": ["update", "description", "name", "plan", "settings"],
        "ElbMembership": ["update", "members"],
        "DnsZone": ["update", "description"],
        "DnsRecordSets": ["update", "record_sets"],
    }

    fleet.up()
    now = fleet.servers()
    assert [facts(server) for server in now] == [facts(server) for server in (first, second, third)]
    assert [server["ID"] for server in now[:2]] == [first["ID"], second["ID"]], "what can change in place does"
    assert [fleet.count()[kind] for kind in ("server", "disk", "interface", "note", "packetfilter")] == [3, 3, 3, 1, 1]
    elb = ByHand(fleet).item("proxylb")
    assert (elb["Name"], elb["ServiceClass"]) == ("tk-elb", "cloud/proxylb/plain/100")
    assert {(entry["IPAddress"], entry["Enabled"]) for entry in elb["Settings"]["ProxyLB"]["Servers"]} == {
        (server["Interfaces"][0]["IPAddress"], True) for server in now
    }
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    fleet.call("DELETE", f"server/{now[1]['ID']}/power", {"Force": True})
    fleet.call("DELETE", f"server/{now[1]['ID']}", {"WithDisk": [disk["ID"] for disk in now[1]["Disks"]]})
    code, found = drift(fleet)
    assert code == 3
    (server,) = [resource for resource in found["resources"] if resource["type"] == "Server"]
    assert (server["gone"], server["properties"], server["name"][-3:]) == (True, [], "002")


def facts(server: JSON) -> list[Any]:
    """What a person can change on a server."""
    filters = [bool(nic["PacketFilter"]) for nic in server["Interfaces"]]
    labels = [server["Name"], server["Description"], sorted(server["Tags"]), server["Icon"]]
    return [*labels, filters, server["ServerPlan"]["CPU"], server["Instance"]["Status"]]
