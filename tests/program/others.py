"""Servers, an ELB and a zone that somebody has made by hand before there was a stack."""

from __future__ import annotations

from typing import Any

from sakura_fleet.model.dns.claims import CLAIMS
from tests.program.fleet import Fleet

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
        zone = self.item(self.zone)["Settings"]
        zone["DNS"]["ResourceRecordSets"] = [r for r in zone["DNS"]["ResourceRecordSets"] if r["Name"] != CLAIMS]
        return {
            "servers": {server["ID"]: _facts(server) for server in self.fleet.servers()},
            "foreign": self.call("GET", f"server/{self.foreign}"),
            "elb": self.item(self.elb)["Settings"],
            "zone": zone,
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
