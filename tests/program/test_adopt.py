"""Servers, an ELB and a zone that others have made become a stack's own: nothing is rebuilt, nobody is interrupted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from tests.local_http import HTTP
from tests.program.crash import kill_during_up
from tests.program.fleet import PREFIX, Fleet
from tests.program.others import MX, Others


def adopt(fleet: Fleet, *options: str) -> str:
    """Run the command; what it said."""
    fleet.stack = "shop"
    where = ("--api-root", fleet.api_root, "--prefix", "web-", "--elb", "tk-elb", "--dns-zone", "example.com")
    said = fleet.run("sakura-fleet", "adopt", fleet.stack, *where, *options).stderr
    fleet.pulumi("stack", "init")
    return said


def rewrite(fleet: Fleet, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit the stack file's settings."""
    document = yaml.safe_load(fleet.stack_file.read_text())
    settings = {key.removeprefix(PREFIX): value for key, value in document["config"].items()}
    change(settings)
    document["config"] = {PREFIX + key: value for key, value in settings.items()}
    fleet.stack_file.write_text(yaml.safe_dump(document))


def adopted(settings: dict[str, Any]) -> None:
    """The lines that the file says to remove."""
    for section in ("server_group", "elb", "dns"):
        settings[section].pop("adopt", None)
        settings[section].pop("adopt_zone", None)
    settings["server_group"]["template"]["network_interfaces"][0].pop("adopt_packet_filter")


def changing_calls(fleet: Fleet, since: int) -> list[str]:
    """What the cloud was asked to change, without IDs."""
    return sorted(
        re.sub(r"/[0-9]{12}", "", f"{call['method']} {call['path']}")
        for call in fleet.requests(since)
        if call["method"] != "GET"
    )


def test_a_running_fleet_becomes_the_stack_s_own(fleet: Fleet) -> None:
    others = Others(fleet)
    before = others.facts()
    log = len(fleet.requests())

    said = adopt(fleet)
    assert changing_calls(fleet, log) == [], "adopt only reads"
    assert "taken: server web-001" in said
    assert "changes: server web-001 (" in said
    assert "loses @auto-reboot" in said
    assert "left out: entry 192.0.2.9:8080 of the ELB tk-elb: none of these servers" in said
    preview = fleet.pulumi("preview").stdout
    assert len(re.findall(r"info: server web-00[12] .* is taken over, not made: tag \+sf:", preview)) >= 2

    fleet.up()
    assert changing_calls(fleet, log) == [
        "PUT /commonserviceitem",
        "PUT /commonserviceitem",
        "PUT /interface/to/packetfilter",
        "PUT /packetfilter",
        "PUT /server",
        "PUT /server",
    ]
    assert others.facts() == before
    assert [server["Name"] for server in fleet.servers() if any(t.startswith("sfr:") for t in server["Tags"])] == [
        "web-001",
        "web-002",
    ]

    fleet.up("--expect-no-changes")
    rewrite(fleet, lambda settings: settings["server_group"].update(max_size=3))
    scaled = fleet.run("scaler", "set", "3", "--yes", "-s", fleet.stack, "-o", "json", check=False)
    assert scaled.returncode != 0
    assert "server_group.adopt is for the first `pulumi up` only" in json.loads(scaled.stdout)["error"]
    rewrite(fleet, lambda settings: settings["server_group"]["template"].update(plan={"core": 1, "memory": 2}))
    refused = fleet.pulumi("preview", check=False)
    assert len(re.findall(r"is another resource of this fleet already.*remove `adopt`", refused.stdout)) >= 2
    assert others.facts() == before

    rewrite(fleet, lambda settings: settings["server_group"]["template"].update(plan={"core": 2, "memory": 4}))
    rewrite(fleet, adopted)
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    old = set(others.addresses)
    rewrite(fleet, lambda settings: settings["server_group"]["template"].update(plan={"core": 1, "memory": 2}))
    fleet.up()
    assert [(server["Name"], server["ServerPlan"]["CPU"]) for server in fleet.servers()] == [
        ("db1", 2),
        ("web-001", 1),
        ("web-002", 1),
    ]
    new = {server["Interfaces"][0]["IPAddress"] for server in fleet.servers() if server["Name"] != "db1"}
    assert others.served() == {*new, "192.0.2.9"}
    assert not new & old
    assert others.facts()["zone"] == before["zone"]
    assert others.facts()["foreign"] == before["foreign"]


def test_an_adoption_that_was_killed_goes_on_and_what_is_looked_up_stays(fleet: Fleet) -> None:
    others = Others(fleet)
    before = others.facts()
    adopt(fleet, "--elb-lookup", "--dns-lookup")
    log = len(fleet.requests())
    fleet.control(
        "faults", {"method": "PUT", "path": "^/server/", "nth": [*range(2, 99)], "kind": "status", "status": 503}
    )
    kill_during_up(fleet, lambda: changing_calls(fleet, log).count("PUT /server") > 1)
    HTTP.delete(f"{fleet.url}/_emulator/faults").raise_for_status()
    tagged = [server["Name"] for server in fleet.servers() if any(t.startswith("sfr:") for t in server["Tags"])]
    assert len(tagged) == 1
    assert fleet.run("sakura-fleet", "repair", "--stack", fleet.stack, "--yes", check=False).returncode == 1, "pending"
    fleet.up()
    calls = {call for call in changing_calls(fleet, log) if "packetfilter" not in call}
    assert calls == {"PUT /server", "PUT /commonserviceitem"}, "the latter for the claims alone"
    assert others.facts() == before
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
    rewrite(fleet, adopted)
    fleet.pulumi("preview", "--expect-no-changes")

    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert [server["Name"] for server in fleet.servers()] == ["db1"]
    assert fleet.count() == {"server": 1, "disk": 2, "interface": 1, "packetfilter": 2, "proxylb": 1, "dns": 1}
    assert others.facts()["foreign"] == before["foreign"]
    assert others.served() == {"192.0.2.9"}
    assert others.item(others.zone)["Settings"]["DNS"]["ResourceRecordSets"] == [MX]
