"""An ELB of a fleet as the API shows it."""

from __future__ import annotations

from typing import Any

from tests.program.fleet import Fleet

ELB: dict[str, Any] = {
    "name": "tk-elb",
    "bind_ports": [{"proxy_mode": "http", "port": 80}, {"proxy_mode": "https", "port": 443, "http2": True}],
    "health_check": {"protocol": "http", "path": "/live"},
    "rules": [{"host": "www.example.com", "server_group": "gr1"}],
    "drain_timeout": 30,
}
"""The settings of one, with a rule that names the seed's group."""


def items(fleet: Fleet) -> list[dict[str, Any]]:
    """All ELBs of the account."""
    return [
        item
        for item in fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
        if item["Provider"]["Class"] == "proxylb"
    ]


def elb_settings(fleet: Fleet) -> dict[str, Any]:
    (item,) = items(fleet)
    return dict(item["Settings"]["ProxyLB"])


def entries(fleet: Fleet) -> list[str]:
    """The addresses that it sends requests to."""
    return [server["IPAddress"] for server in elb_settings(fleet)["Servers"]]


def addresses(fleet: Fleet) -> list[str]:
    """The addresses of the servers."""
    return [server["Interfaces"][0]["IPAddress"] for server in fleet.servers()]


def is_elb_write(request: dict[str, Any]) -> bool:
    return request["method"] == "PUT" and "/commonserviceitem/" in request["path"]


def elb_writes(fleet: Fleet, since: int) -> int:
    return sum(map(is_elb_write, fleet.requests(since)))
