"""Drift by property: each change by hand is shown by the name of what it changed, and `pulumi up` puts it right.

docs/recovery.md has the table; one stack serves all of it.
"""

from __future__ import annotations

import json
from typing import Any

from tests.program.by_hand import JSON, ByHand
from tests.program.elb import ELB
from tests.program.fleet import Fleet, differing

RULES = [{"protocol": "tcp", "destination_port": "80"}, {"protocol": "ip", "action": "deny"}]
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


def test_each_property_is_named_and_put_right(fleet: Fleet) -> None:
    fleet.write(size=3, elb=ELB, dns=DNS)
    fleet.template(network_interfaces=[{**fleet.settings["server_group"]["template"]["network_interfaces"][0],
                                        "packet_filter": RULES}])  # fmt: skip
    fleet.up()
    first, second, third = fleet.servers()
    ByHand(fleet).change_everything()

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


def facts(server: JSON) -> list[Any]:
    """What a person can change on a server."""
    filters = [bool(nic["PacketFilter"]) for nic in server["Interfaces"]]
    labels = [server["Name"], server["Description"], sorted(server["Tags"]), server["Icon"]]
    return [*labels, filters, server["ServerPlan"]["CPU"], server["Instance"]["Status"]]
