"""`DnsRecords`: a DNS zone and the record sets in it that belong to this stack.

The functions beside it say the usual sets; addresses are never typed, they follow the servers:

    DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=[
        address_records("www", server.reference),
        https_record_for("www", caddy_host),
        https_alias("www.example.com."),
    ]))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import RecordSet, RecordSetArgs, is_zone_name, zone_name
from sakura_fleet.model.dns.https import (
    PRIORITY,
    WEB_TTL,
    address_records,
    elb_record,
    https_alias,
    https_record,
    https_record_of,
)
from sakura_fleet.model.dns.set_reader import judge_set, read_set
from sakura_fleet.model.dns.set_rules import check_sets, note
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.serving import Serves
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.resources import DnsRecordSets, DnsZone
from sakura_fleet.tokens import DNS_RECORDS

__all__ = [
    "DnsRecords",
    "DnsRecordsArgs",
    "RecordSetArgs",
    "address_records",
    "elb_record",
    "https_alias",
    "https_record",
    "https_record_for",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecordsArgs:
    """A zone by name, and the sets that this stack has in it.

    With `lookup` the zone must be there already and stays when the stack goes. `protect` keeps an owned zone from any
    deletion. `adopt_zone` is the ID of a zone that is there and taken over with its records, whoever's they are;
    `adopt` takes over sets that are there with other values. A set without values is left out, as a group of
    no servers has no addresses.
    """

    zone: str
    record_sets: Sequence[RecordSet | RecordSetArgs]
    lookup: bool = False
    protect: bool = False
    adopt_zone: str = ""
    adopt: bool = False
    description: str = ""
    tags: Sequence[str] = ()

    def check(self, warnings: list[Problem] | None = None) -> list[Problem]:
        """Everything that is wrong; what is only odd goes to `warnings`."""
        return self.typed([] if warnings is None else warnings)[1]

    def typed(self, warnings: list[Problem]) -> tuple[list[RecordSet], list[Problem]]:
        """The sets that have values, each read once, and everything that is wrong."""
        problems: list[Problem] = []
        try:
            zone = zone_name(self.zone)
        except ValueError:
            zone = ""
        if not is_zone_name(zone):
            problems.append(Problem("zone", "zone-name", f"{self.zone!r} is not a zone's name such as example.com"))
        sets: list[RecordSet] = []
        indexes: list[int] = []
        for index, given in enumerate(self.record_sets):
            if not given.values:
                continue
            path = f"record_sets[{index}]"
            if isinstance(given, RecordSetArgs):
                typed, noted = read_set(Reader(given.inputs(), path, problems), zone, pulumi.Output)
            else:
                typed, noted = judge_set(given, path, zone, problems)
            note(noted, typed, problems, warnings)
            sets.append(typed)
            indexes.append(index)
        check_sets(sets, zone=zone, path="record_sets", problems=problems, warnings=warnings, indexes=indexes)
        return sets, problems


class DnsRecords(pulumi.ComponentResource):
    """A zone, made or looked up, and its record sets, changed in one write.

    Outputs: `zone_id`, `name_servers` (enter them at the registrar), `records` (the sets as they were written).
    """

    zone: DnsZone
    zone_name: str
    adopt: bool
    shared: bool
    zone_id: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    records: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init__(self, name: str, args: DnsRecordsArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        warnings: list[Problem] = []
        sets, problems = args.typed(warnings)
        refuse(problems, f"DNS records {name}")
        super().__init__(DNS_RECORDS, name, {}, opts)
        for warning in warnings:
            pulumi.log.warn(str(warning), self)
        zone = zone_name(args.zone)
        self.zone_name = zone
        self.adopt = args.adopt
        self.shared = args.lookup
        self.zone = DnsZone(
            f"{name}-zone",
            name=zone,
            description=args.description,
            tags=args.tags,
            lookup=args.lookup,
            adopt=args.adopt_zone,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        record_sets = DnsRecordSets(
            f"{name}-records",
            zone_id=self.zone.id,
            zone_name=zone,
            record_sets=sets,
            adopt=args.adopt,
            shared=args.lookup,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.zone_id = self.zone.id
        self.name_servers = self.zone.name_servers
        self.records = record_sets.records
        self.register_outputs({"zone_id": self.zone_id, "name_servers": self.name_servers, "records": self.records})


def https_record_for(name: str, host_or_elb: Serves, *, priority: int = PRIORITY, ttl: int = WEB_TTL) -> RecordSet:
    """HTTPS for a `CaddyHost` or `WebElb`: `alpn` and hints are derived from what it serves.

    Where it serves no https at port 443 the set has no values, and `DnsRecords` leaves it out: the record would send
    every browser to a port that nobody answers at.
    """
    return https_record_of(name, host_or_elb.serving, priority=priority, ttl=ttl)
