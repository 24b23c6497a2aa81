"""A group on a switch: no two servers that run have one address, and the ELB's entries are what guests were told."""

from __future__ import annotations

from typing import Any

from sakura_emulator.server import Running
from tests.program.elb import ELB, elb_settings
from tests.program.fleet import Fleet

ROUTE = "192.168.0.17"


def on_switch(fleet: Fleet, block: str, **changes: Any) -> None:
    """Put the group on a switch of its own, with addresses from the block; an ELB with an entry for each."""
    switch = fleet.call("POST", "switch", {"Switch": {"Name": "lan"}})["Switch"]["ID"]
    expose = {"ports": [80], "server_group_name": "gr1"}
    nic = {"upstream": str(switch), "assign_cidr_block": block, "default_route": ROUTE, "expose": expose}
    fleet.template(network_interfaces=[nic])
    fleet.write(elb={**ELB, "drain_timeout": 0, "up_deadline": 0}, **changes)


def told(cloud: Running) -> dict[str, str]:
    """For each server, by its ID, the address that its disk was prepared with."""
    store = cloud.cloud.store
    return {str(disk["server"]): disk["config"]["UserIPAddress"] for disk in store.all("disk") if disk["server"]}


def noted(fleet: Fleet) -> list[str]:
    return sorted(server["Interfaces"][0]["UserIPAddress"] for server in fleet.servers())


def elb_entries(fleet: Fleet) -> list[str]:
    return sorted(entry["IPAddress"] for entry in elb_settings(fleet)["Servers"])


def test_a_changed_template_takes_other_addresses_while_the_old_servers_run(cloud: Running, fleet: Fleet) -> None:
    on_switch(fleet, "192.168.0.16/28")
    fleet.up()
    first = noted(fleet)
    assert first == ["192.168.0.18", "192.168.0.19"] == sorted(told(cloud).values()) == elb_entries(fleet)
    fleet.template(plan={"core": 2, "memory": 4})
    fleet.up()
    second = noted(fleet)
    assert second == ["192.168.0.20", "192.168.0.21"] == sorted(told(cloud).values()) == elb_entries(fleet)
    fleet.write(size=3)
    fleet.up()
    third = noted(fleet)
    assert third == ["192.168.0.18", "192.168.0.20", "192.168.0.21"] == sorted(told(cloud).values())
    assert elb_entries(fleet) == third, "members keep their addresses for life"
    assert fleet.changes("--refresh") == {}


def test_too_few_addresses_are_refused_before_anything_changes(fleet: Fleet) -> None:
    on_switch(fleet, "192.168.0.16/29", size=3)  # .18 to .22: five, of which a change needs six
    group = fleet.settings["server_group"]
    fleet.write(server_group={**group, "max_size": 5})
    fleet.up()
    since = len(fleet.requests())
    fleet.template(plan={"core": 2, "memory": 4})
    refused = fleet.pulumi("preview", check=False)
    assert refused.returncode != 0
    assert "192.168.0.16/29 has 5, 3 of them with servers on the switch and 2 with others of this run" in refused.stdout
    assert {request["method"] for request in fleet.requests(since)} == {"GET"}
    fleet.write(size=2)
    fleet.template(plan=group["template"]["plan"])
    fleet.up()
    kept = noted(fleet)  # two of .18 to .20: which server got which is the order in which they were checked
    fleet.template(plan={"core": 2, "memory": 4})
    fleet.up()
    assert noted(fleet) == sorted({f"192.168.0.{number}" for number in range(18, 23)} - {*kept})[:2]
