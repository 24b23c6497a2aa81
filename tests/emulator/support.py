"""A plain client of the emulator: it knows the API's envelope and nothing of this project's own client."""

from __future__ import annotations

from typing import Any

import httpx

from tests.waiting import PATIENCE

JSON = dict[str, Any]
AUTH = ("token", "secret")
SMALL: JSON = {
    "Name": "web1",
    "ServerPlan": {"CPU": 2, "MemoryMB": 4096},
    "ConnectedSwitches": [{"Scope": "shared"}],
}
"""A server."""
SHORT = httpx.Timeout(PATIENCE, read=0.3)
"""For a request whose answer does not come."""


class Api:
    """Calls to one emulator in one zone; every answer is checked for its envelope."""

    def __init__(self, url: str, zone: str = "is1b") -> None:
        self.url = url
        self.zone = zone
        headers = {"X-Sakura-Bigint-As-Int": "1"}
        self.http = httpx.Client(auth=AUTH, headers=headers, timeout=PATIENCE, trust_env=False, verify=False)

    @property
    def base(self) -> str:
        return f"{self.url}/cloud/zone/{self.zone}/api/cloud/1.1"

    def at(self, zone: str) -> Api:
        other = Api(self.url, zone)
        other.http = self.http
        return other

    def send(self, method: str, path: str, body: JSON | None = None) -> httpx.Response:
        return self.http.request(method, f"{self.base}/{path}", json=body)

    def call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        answer = self.send(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        document: JSON = answer.json()
        assert document["is_ok"] is True
        return document

    def refused(self, method: str, path: str, body: JSON | None = None) -> tuple[int, str]:
        answer = self.send(method, path, body)
        document = answer.json()
        assert answer.status_code >= 400, document
        assert document["is_fatal"] is True
        assert len(document["serial"]) == 32
        assert document["error_msg"]
        assert document["status"].startswith(str(answer.status_code))
        return answer.status_code, document["error_code"]

    def get(self, path: str) -> JSON:
        return self.call("GET", path)

    # Control routes

    def control(self, method: str, path: str, body: JSON | None = None) -> JSON:
        sent = (body or {}) if method in ("POST", "PUT") else None
        answer = self.http.request(method, f"{self.url}/_emulator{path}", json=sent)
        assert answer.is_success, answer.text
        document: JSON = answer.json()
        return document

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance": seconds})

    def fault(self, **rule: Any) -> None:
        self.control("POST", "/faults", rule)

    # Objects

    def make(self, path: str, key: str, **fields: Any) -> JSON:
        made: JSON = self.call("POST", path, {key: fields})[key]
        return made

    def make_server(self, name: str = "web1", **fields: Any) -> JSON:
        return self.make("server", "Server", **{**SMALL, "Name": name, **fields})

    def archive(self) -> int:
        found = self.get('archive?{"Filter":{"Scope":["shared"],"Tags.Name":[["current-stable","distro-alma"]]}}')
        return int(found["Archives"][0]["ID"])

    def make_disk(self, server: int = 0, *, extra: JSON | None = None, **fields: Any) -> JSON:
        wanted = {"Name": "disk1", "Plan": {"ID": 4}, "SizeMB": 20480, "SourceArchive": {"ID": self.archive()}}
        body = {"Disk": {**wanted, "Server": {"ID": server}, **fields}, **(extra or {})}
        made: JSON = self.call("POST", "disk", body)["Disk"]
        return made

    def server(self, server_id: int) -> JSON:
        found: JSON = self.get(f"server/{server_id}")["Server"]
        return found

    def disk(self, disk_id: int) -> JSON:
        found: JSON = self.get(f"disk/{disk_id}")["Disk"]
        return found

    def power(self, server_id: int) -> str:
        return str(self.server(server_id)["Instance"]["Status"])

    def boot(self, server_id: int) -> None:
        self.call("PUT", f"server/{server_id}/power")

    def make_elb(self, name: str = "elb", *, failover: bool = True, **settings: Any) -> JSON:
        base = {
            "HealthCheck": {"Protocol": "http", "Path": "/", "DelayLoop": 10},
            "SorryServer": {"IPAddress": "", "Port": None},
            "BindPorts": [{"ProxyMode": "http", "Port": 80}],
            "Servers": [],
            "Rules": [],
            "Syslog": {"Server": "", "Port": 514},
        }
        return self.make(
            "commonserviceitem",
            "CommonServiceItem",
            Name=name,
            Provider={"Class": "proxylb"},
            ServiceClass="cloud/proxylb/plain/100",
            Status={"UseVIPFailover": failover},
            Settings={"ProxyLB": {**base, **settings}},
        )

    def make_zone(self, name: str = "example.com", records: list[JSON] | None = None) -> JSON:
        return self.make(
            "commonserviceitem",
            "CommonServiceItem",
            Name=name,
            Provider={"Class": "dns"},
            Status={"Zone": name},
            Settings={"DNS": {"ResourceRecordSets": records or []}},
        )

    def item(self, item_id: int) -> JSON:
        found: JSON = self.get(f"commonserviceitem/{item_id}")["CommonServiceItem"]
        return found

    def put_item(self, item_id: int, **fields: Any) -> JSON:
        answer = self.call("PUT", f"commonserviceitem/{item_id}", {"CommonServiceItem": fields})
        changed: JSON = answer["CommonServiceItem"]
        return changed
