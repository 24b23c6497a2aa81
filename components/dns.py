"""`DnsRecords`: a DNS zone and the record sets in it that belong to this stack.

The functions beside it say the usual sets; addresses are never typed, they follow the servers:

    DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=[
        address_records("www", server_reference(server)),
        https_record_for("www", caddy_host),
        https_alias("www.example.com."),
    ]))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import DEFAULT_TTL, RecordSet, is_zone_name, read_record_sets, zone_name
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.serving import HTTP2, Serves
from sakura_fleet.model.serving import HTTP3 as H3
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.resources import DnsRecordSets, DnsZone
from sakura_fleet.tokens import DNS_RECORDS

Reference = Mapping[str, Any]
"""What `server_reference(server)` or an ELB's `reference` gives."""

HTTP3: Final = (H3, HTTP2)
WEB_TTL: Final = 30
"""Short, so that a changed address or protocol is seen soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecordsArgs:
    """A zone by name, and the sets that this stack has in it.

    With `lookup` the zone must be there already and stays when the stack goes. `protect` keeps an owned zone from any
    deletion. `adopt_zone` is the ID of a zone that is there and taken over with its records, whoever's they are;
    `adopt` takes over sets that are there with other values. A set without values is left out, as a group of
    no servers has no addresses.
    """

    zone: str
    record_sets: Sequence[RecordSet]
    lookup: bool = False
    protect: bool = False
    adopt_zone: str = ""
    adopt: bool = False
    description: str = ""
    tags: Sequence[str] = ()

    @property
    def present(self) -> list[RecordSet]:
        """The sets that have values."""
        return [one for one in self.record_sets if one.values]

    def check(self, warnings: list[Problem] | None = None) -> list[Problem]:
        """Everything that is wrong; what is only odd goes to `warnings`."""
        problems: list[Problem] = []
        try:
            zone = zone_name(self.zone)
        except ValueError:
            zone = ""
        if not is_zone_name(zone):
            problems.append(Problem("zone", "zone-name", f"{self.zone!r} is not a zone's name such as example.com"))
        reader = Reader({"record_sets": [one.inputs() for one in self.present]}, "", problems, pulumi.Output)
        read_record_sets(reader, "record_sets", zone=zone, unknown=pulumi.Output, warnings=warnings)
        return problems


class DnsRecords(pulumi.ComponentResource):
    """A zone, made or looked up, and its record sets, changed in one write.

    Outputs: `zone_id`, `name_servers` (enter them at the registrar), `records` (the sets as they were written).
    """

    zone: DnsZone
    zone_name: str
    adopt: bool
    zone_id: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    records: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init__(self, name: str, args: DnsRecordsArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        warnings: list[Problem] = []
        refuse(args.check(warnings), f"DNS records {name}")
        super().__init__(DNS_RECORDS, name, {}, opts)
        for warning in warnings:
            pulumi.log.warn(str(warning), self)
        zone = zone_name(args.zone)
        self.zone_name = zone
        self.adopt = args.adopt
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
            record_sets=args.present,
            adopt=args.adopt,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.zone_id = self.zone.id
        self.name_servers = self.zone.name_servers
        self.records = record_sets.records
        self.register_outputs({"zone_id": self.zone_id, "name_servers": self.name_servers, "records": self.records})


def address_records(name: str, *servers: Reference, ttl: int = DEFAULT_TTL) -> RecordSet:
    """A: the addresses of one server, or of all members of a group."""
    return RecordSet(name, "A", [{"server": one} for one in servers], ttl)


def https_record(
    name: str,
    *servers: Reference,
    alpn: Sequence[str] = HTTP3,
    no_default_alpn: bool = False,
    priority: int = 10,
    ttl: int = WEB_TTL,
) -> RecordSet:
    """HTTPS for a host that serves HTTP/3: `10 . alpn=h3,h2 ipv4hint=` and its address, or those of all servers."""
    value: dict[str, Any] = {"priority": priority, "target": "."}
    if alpn:
        value["alpn"] = list(alpn)
    if no_default_alpn:
        value["no_default_alpn"] = True
    if servers:
        value["ipv4hint"] = [{"server": one} for one in servers]
    return RecordSet(name, "HTTPS", [value], ttl)


def https_record_for(name: str, host_or_elb: Serves, *, priority: int = 10, ttl: int = WEB_TTL) -> RecordSet:
    """HTTPS for a `CaddyHost` or `WebElb`: `alpn` and hints are derived from what it serves.

    Where it serves no https at port 443 the set has no values, and `DnsRecords` leaves it out: the record would send
    every browser to a port that nobody answers at.
    """
    serving = host_or_elb.serving
    if not serving.protocols:
        return RecordSet(name, "HTTPS", [], ttl)
    return https_record(
        name,
        *serving.servers,
        alpn=serving.alpn,
        no_default_alpn=serving.no_default_alpn,
        priority=priority,
        ttl=ttl,
    )


def https_alias(target: str, name: str = "@", *, ttl: int = DEFAULT_TTL) -> RecordSet:
    """HTTPS alias mode, for the zone itself unless named. Not all clients follow it: keep A or ALIAS beside it."""
    return RecordSet(name, "HTTPS", [{"priority": 0, "target": target}], ttl)


def elb_record(name: str, elb: Reference, *, failover: bool, ttl: int = WEB_TTL) -> RecordSet:
    """The address of an ELB: A, or ALIAS where VIP failover gives it a name."""
    return RecordSet(name, "ALIAS" if failover else "A", [{"elb": elb}], ttl)
