"""A stack with a host by address, the machine that it changes over SSH, and the CA for its names."""

from __future__ import annotations

import json
from typing import Any

from sakura_fleet.probe import PROTOCOLS, probe
from tests.host.machine import AcmeCa, Machine
from tests.program.fleet import Fleet

ZONE = "site.test"
URL = "https://www.site.test/"


class SshStack:
    """The stack, the host that it changes over SSH, and the CA for the host's names."""

    def __init__(self, fleet: Fleet, machine: Machine, ca: AcmeCa) -> None:
        self.fleet, self.machine, self.ca = fleet, machine, ca

    def host(self, page: str, **changes: Any) -> None:
        """Write the host into the stack file."""
        host = {
            "name": "www",
            "address": "127.0.0.1",
            "record": "www",
            "ttl": 10,
            "acme_ca": self.ca.directory,
            "acme_ca_root": self.ca.root.read_text(),
            "ready_deadline": 60,
            "ssh": {"port": self.machine.sshd.port, "private_key_file": str(self.machine.sshd.folder / "client")},
            "sites": [
                {"name": "www.site.test", "snippet": page},
                {"name": "in.site.test", "tls": "internal", "snippet": "respond inside"},
            ],
            **changes,
        }
        self.fleet.write(hosts=[{key: value for key, value in host.items() if value is not None}], size=0)

    def page(self) -> list[str]:
        """The page over each HTTP version."""
        asked = [
            probe(URL, protocol=protocol, address="127.0.0.1", ca_file=str(self.ca.root)) for protocol in PROTOCOLS
        ]
        return [answer.body.decode() for answer in asked]

    def records(self) -> dict[str, str]:
        zone = self.zone()
        return {record["Type"]: record["RData"] for record in zone["Settings"]["DNS"]["ResourceRecordSets"]}

    def zone(self) -> dict[str, Any]:
        found = self.fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
        return next(item for item in found if item["Provider"]["Class"] == "dns")

    def output(self) -> dict[str, Any]:
        return dict(json.loads(self.fleet.pulumi("stack", "output", "hosts", "--json").stdout)[0])
