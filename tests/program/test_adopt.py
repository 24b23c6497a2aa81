"""Servers, an ELB and a zone that others have made become a stack's own: nothing is rebuilt, nobody is interrupted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from tests.program.crash import kill_during_up
from tests.program.fleet import HTTP, PREFIX, Fleet

JSON = dict[str, Any]
RULE: JSON = {"Host": "app.example.com", "ServerGroup": "gr1"}
MX: JSON = {"Name": "@", "Type": "MX", "RData": "10 mail.example.com.", "TTL": 60}


class Others:
    """What somebody has made by hand before there was a stack."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.servers = [self._server(f"web-{number:03}") for number in (1, 2)]
        self.foreign = self._server("db1")
        self.addresses = [self.address(server) for server in self.servers]
        self.elb = self._elb()
        self.zone = self._zone()

    def call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        return dict(self.fleet.call(method, path, body))

    def _server(self, name: str) -> str:
        wanted = {
            "Name": name,
            "Description": "by hand",
            "Tags": ["shop", "@auto-reboot"] if name == "web-001" else ["shop"],
            "ServerPlan": {"CPU": 2, "MemoryMB": 4096},
            "ConnectedSwitches": [{"Scope": "shared"}],
        }
        server = str(self.call("POST", "server", {"Server": wanted})["Server"]["ID"])
        archives = self.call("GET", 'archive?{"Filter":{"Tags.Name":[["alma-9-latest"]]}}')["Archives"]
        for disk in (
            {"Name": f"{name}-os", "Plan": {"ID": 4}, "SizeMB": 40960, "SourceArchive": {"ID": archives[0]["ID"]}},
            {"Name": f"{name}-data", "Plan": {"ID": 2}, "SizeMB": 102400},
        ):
            self.call("POST", "disk", {"Disk": {**disk, "Server": {"ID": server}}})
        filtered = self.call("POST", "packetfilter", {"PacketFilter": {
            "Name": f"{name}-filter", "Expression": [{"Protocol": "tcp", "DestinationPort": "80", "Action": "allow"}],
        }})["PacketFilter"]["ID"]  # fmt: skip
        nic = self.call("GET", f"server/{server}")["Server"]["Interfaces"][0]["ID"]
        self.call("PUT", f"interface/{nic}/to/packetfilter/{filtered}")
        self.call("PUT", f"server/{server}/power")
        return server

    def address(self, server: str) -> str:
        return str(self.call("GET", f"server/{server}")["Server"]["Interfaces"][0]["IPAddress"])

    def _item(self, **fields: Any) -> str:
        made = self.call("POST", "commonserviceitem", {"CommonServiceItem": fields})
        return str(made["CommonServiceItem"]["ID"])

    def _elb(self) -> str:
        entries = [{"IPAddress": address, "Port": 80, "ServerGroup": "gr1"} for address in self.addresses]
        settings = {
            "HealthCheck": {"Protocol": "http", "Path": "/live", "DelayLoop": 20},
            "SorryServer": {"IPAddress": "", "Port": None},
            "BindPorts": [
                {"ProxyMode": "http", "Port": 80, "RedirectToHttps": True},
                {"ProxyMode": "https", "Port": 443, "SupportHttp2": True},
            ],
            "Servers": [*entries, {"IPAddress": "192.0.2.9", "Port": 8080, "Enabled": True}],
            "Rules": [RULE],
            "Timeout": {"InactiveSec": 30},
            "Unknown": {"Kept": True},
        }
        return self._item(
            Name="tk-elb",
            Tags=["shop"],
            Provider={"Class": "proxylb"},
            ServiceClass="cloud/proxylb/plain/500",
            Status={"UseVIPFailover": False, "Region": "is1"},
            Settings={"ProxyLB": settings},
        )

    def _zone(self) -> str:
        vip = self.item(self.elb)["Status"]["VirtualIPAddress"]
        records = [
            MX,
            {"Name": "app", "Type": "A", "RData": vip, "TTL": 30},
            {"Name": "app", "Type": "HTTPS", "RData": "10 . alpn=h2", "TTL": 30},
            *({"Name": "direct", "Type": "A", "RData": address} for address in self.addresses),
        ]
        return self._item(
            Name="example.com",
            Description="the shop's",
            Provider={"Class": "dns"},
            Status={"Zone": "example.com"},
            Settings={"DNS": {"ResourceRecordSets": records}},
        )

    def item(self, item_id: str) -> JSON:
        return dict(self.call("GET", f"commonserviceitem/{item_id}")["CommonServiceItem"])

    def facts(self) -> JSON:
        """What must be the same before and after."""
        return {
            "servers": {server["ID"]: _facts(server) for server in self.fleet.servers()},
            "foreign": self.call("GET", f"server/{self.foreign}"),
            "elb": self.item(self.elb)["Settings"],
            "zone": self.item(self.zone)["Settings"],
        }

    def served(self) -> set[str]:
        """The addresses that the ELB sends requests to."""
        return {entry["IPAddress"] for entry in self.item(self.elb)["Settings"]["ProxyLB"]["Servers"]}


def _facts(server: JSON) -> list[Any]:
    """Whatever a rebuild or a reboot would change."""
    return [
        server["Name"],
        server["Description"],
        server["ServerPlan"]["ID"],
        (server["Instance"]["Status"], server["Instance"]["StatusChangedAt"]),
        [disk["ID"] for disk in server["Disks"]],
        [nic["IPAddress"] for nic in server["Interfaces"]],
    ]


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
    assert {call for call in changing_calls(fleet, log) if "packetfilter" not in call} == {"PUT /server"}
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
