"""What the tests of DNS resources share: a zone with records of others, and inputs as a program would send them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from sakura_fleet.resources.dns.zone_lifecycle import DnsZoneLifecycle
from tests.emulator.support import JSON, Api
from tests.unit.world import EMULATORS, FLEET, World, checked

ZONE = "example.com"
SETS_OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:DnsRecordSets::dns-records")
ZONE_OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:DnsZone::dns-zone")

MX: JSON = {"Name": "@", "Type": "MX", "RData": "10 MAIL.example.com.", "TTL": 60, "Comment": "kept"}
CHALLENGE: JSON = {"Name": "_acme-challenge", "Type": "TXT", "RData": "token"}
FOREIGN = [MX, CHALLENGE]
LOGGING = {"Enabled": "True"}

WWW: JSON = {"name": "www", "type": "A", "ttl": 300, "values": ["192.0.2.1"]}
HTTPS: JSON = {"name": "www", "type": "HTTPS", "ttl": 30, "values": ["10 . alpn=h3,h2"]}


@cache
def somebody(url: str) -> Api:
    """Another client of the emulator at `url`; closed after the last test."""
    api = Api(url)
    EMULATORS.callback(api.http.close)
    return api


class Zone:
    """One zone as other people see and change it."""

    def __init__(self, world: World, records: list[JSON] | None = None) -> None:
        self.api = somebody(world.emulator.url)
        made = self.api.make_zone(ZONE, FOREIGN if records is None else records)
        self.id = str(made["ID"])
        settings = {**made["Settings"]["DNS"], "MonitoringSuiteLog": LOGGING}
        self.api.put_item(int(self.id), Settings={"DNS": settings})

    @property
    def settings(self) -> JSON:
        found: JSON = self.api.item(int(self.id))["Settings"]["DNS"]
        return found

    @property
    def records(self) -> list[JSON]:
        found: list[JSON] = self.settings["ResourceRecordSets"]
        return found

    def at(self, name: str, kind: str) -> list[str]:
        return [record["RData"] for record in self.records if (record["Name"], record["Type"]) == (name, kind)]

    def put(self, records: list[JSON]) -> None:
        """Somebody who knows of no hash replaces all records."""
        self.api.put_item(int(self.id), Settings={"DNS": {**self.settings, "ResourceRecordSets": records}})

    def add(self, *records: JSON) -> None:
        self.put([*self.records, *records])

    def remove(self, name: str, kind: str) -> None:
        self.put([record for record in self.records if (record["Name"], record["Type"]) != (name, kind)])


def wire(name: str, kind: str, rdata: str, ttl: int) -> JSON:
    return {"Name": name, "Type": kind, "RData": rdata, "TTL": ttl}


def sets_inputs(zone: Zone, *record_sets: JSON, **changes: Any) -> JSON:
    given = {
        "zone_id": zone.id,
        "zone_name": ZONE,
        "record_sets": list(record_sets),
        "owner_tags": SETS_OWNER_TAGS.inputs(),
    }
    return checked(DnsRecordSetsLifecycle(), **{**given, **changes})


def zone_inputs(**changes: Any) -> JSON:
    return checked(DnsZoneLifecycle(), **{"name": ZONE, "owner_tags": ZONE_OWNER_TAGS.inputs(), **changes})


def zone_calls(world: World) -> Iterator[str]:
    """All calls that have to do with zones, without their IDs."""
    for call in world.wire.calls:
        method, _, path = call.partition(" ")
        if path.startswith("commonserviceitem"):
            yield method
