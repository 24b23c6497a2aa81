"""A program that declares records, its zone as others see it, and somebody else who writes to that zone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.program.fleet import Fleet
from tests.waiting import PATIENCE

JSON = dict[str, Any]
PROGRAM = """
import json
from pathlib import Path

import pulumi

from components import DnsRecords, DnsRecordsArgs, ServerGroup, stack_config
from components.dns import address_records, https_alias, https_record
from sakura_fleet.model.dns import RecordSetArgs

wanted = json.loads(Path("dns.json").read_text())
config = stack_config()
group = ServerGroup(config.server_group.name, config.server_group)
servers = [server.reference for server in group.servers]
sets = [RecordSetArgs(**given) for given in wanted["sets"]]
if wanted["hosts"]:
    sets += [address_records("www", *servers, ttl=300), https_record("www", *servers), https_alias("www.example.com.")]
dns = DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=sets, **wanted["args"]))
pulumi.export("members", [member.output() for member in group.members])
pulumi.export("name_servers", dns.name_servers)
pulumi.export("records", dns.records)
"""
CHALLENGE: JSON = {"Name": "_acme-challenge", "Type": "TXT", "RData": "token"}
TXT: JSON = {"name": "@", "type": "TXT", "values": ["v=spf1 -all"]}


class Dns:
    """A fleet whose program has records, and its zone as others see it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        (fleet.folder / "__main__.py").write_text(PROGRAM)
        self.sets: list[JSON] = [TXT]
        self.declare()

    def declare(self, *, hosts: bool = True, **args: Any) -> None:
        document = {"sets": self.sets, "hosts": hosts, "args": args}
        (self.fleet.folder / "dns.json").write_text(json.dumps(document))

    def item(self) -> JSON:
        found: list[JSON] = self.fleet.call("GET", "commonserviceitem")["CommonServiceItems"]
        return found[0]

    @property
    def records(self) -> list[JSON]:
        records: list[JSON] = self.item()["Settings"]["DNS"]["ResourceRecordSets"]
        return records

    def put(self, records: list[JSON]) -> None:
        """Somebody else replaces all records."""
        item = self.item()
        body = {"Settings": {"DNS": {**item["Settings"]["DNS"], "ResourceRecordSets": records}}}
        self.fleet.call("PUT", f"commonserviceitem/{item['ID']}", {"CommonServiceItem": body})

    def make_zone(self, records: list[JSON]) -> None:
        body = {
            "Name": "example.com",
            "Provider": {"Class": "dns"},
            "Status": {"Zone": "example.com"},
            "Settings": {"DNS": {"ResourceRecordSets": records}},
        }
        self.fleet.call("POST", "commonserviceitem", {"CommonServiceItem": body})

    def at(self, name: str, kind: str) -> list[str]:
        return [record["RData"] for record in self.records if (record["Name"], record["Type"]) == (name, kind)]

    def writes(self, since: int) -> int:
        """How often records were written, by anybody."""
        return len([r for r in self.fleet.requests(since) if r["method"] == "PUT" and "commonserviceitem" in r["path"]])

    def asked(self) -> int:
        """How many calls the cloud has had."""
        return len(self.fleet.requests())


class SomebodyElse:
    """Adds a record every 20 ms, until `CONFLICTS` of them have come after the first read of the run beside it."""

    CONFLICTS = 8
    """Fewer than the attempts of a run (`shared_document.ATTEMPTS`), or it would rightly give up."""

    def __init__(self, dns: Dns) -> None:
        self.added: list[str] = []
        self._fleet = dns.fleet
        self._path = f"/commonserviceitem/{dns.item()['ID']}"
        self._stop = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._stop.clear()
        thread = threading.Thread(target=self._write, args=(len(self._fleet.requests()),))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _write(self, since: int) -> None:
        own_reads = written = 0
        with httpx.Client(auth=("t", "s"), timeout=PATIENCE, verify=False) as http:
            url = f"{self._fleet.api_root}/tk1b/api/cloud/1.1{self._path}"
            while written < self.CONFLICTS and not self._stop.wait(0.02):
                item = http.get(url).json()["CommonServiceItem"]
                own_reads += 1
                name = f"other{len(self.added)}"
                records = [*item["Settings"]["DNS"]["ResourceRecordSets"], {**CHALLENGE, "Name": name}]
                body = {"Settings": {"DNS": {"ResourceRecordSets": records}}, "SettingsHash": item["SettingsHash"]}
                if http.put(url, json={"CommonServiceItem": body}).is_success:
                    self.added.append(name)
                log = self._fleet.requests(since)
                reads = sum((call["method"], call["path"]) == ("GET", self._path) for call in log)
                written += reads > own_reads
