"""A DNS zone that is there, and which of its record sets lead to what is taken over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import AdoptionError, OwnershipError, Problem
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.model.dns import DEFAULT_TTL, Record, differing_sets, read_record_sets, zone_name
from sakura_fleet.model.dns.claims import CLAIMS
from sakura_fleet.model.dns.https import elb_record, https_record_of
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.model.serving import Serving
from sakura_fleet.ownership import OwnerTags

if TYPE_CHECKING:
    from sakura_fleet.client import Client, DnsRecord, DnsZone, Elb

Sets = dict[tuple[str, str], list["DnsRecord"]]
OF_ELB = ("A", "ALIAS", "HTTPS")
"""The types of the records that `dns.elb` makes."""
BESIDE = ("HTTPS", "SVCB")
"""What says more about a host whose address is taken over."""


def find_zone(client: Client, wanted: str) -> DnsZone:
    """The DNS zone of this name. Raises `AdoptionError` where there is none."""
    try:
        name = zone_name(wanted)
    except ValueError:
        name = wanted
    zones = client.dns_zones.find()
    for zone in zones:
        if zone.name.casefold() == name:
            return zone
    names = ", ".join(sorted(zone.name for zone in zones)) or "none"
    raise AdoptionError(f"--dns-zone: there is no DNS zone {wanted}; the account has {names}")


def dns_section(
    zone: DnsZone,
    *,
    addresses: Collection[str],
    elb: Elb | None,
    serving: Serving,
    names: Collection[str],
    lookup: bool,
    fleet: str,
    report: Report,
) -> dict[str, Any]:
    """The section `dns`: the zone, and the sets that lead to `addresses` or the ELB, or are at one of `names`.

    `serving` is what the ELB serves as the stack will declare it.

    Raises `OwnershipError` for a zone that cannot be taken over, `AdoptionError` for a name without records.
    """
    owner_tags = OwnerTags.from_tags(zone.tags)
    if owner_tags and not lookup:
        whose = "this fleet already" if owner_tags.is_of(fleet) else f"another fleet, {owner_tags.fleet}"
        raise OwnershipError(
            f"--dns-zone: {zone.name} ({zone.id}) belongs to {whose}; use it as it is with --dns-lookup"
        )
    section: dict[str, Any] = {"zone": zone.name}
    if lookup:
        section |= {"lookup": True, "adopt": True}
        report.taken.append(f"records only: the DNS zone {zone.name} ({zone.id}) stays somebody else's")
    else:
        labels = {"description": zone.description, "tags": OwnerTags.untag(zone.tags)}
        section |= {"adopt_zone": zone.id, **{key: value for key, value in labels.items() if value}}
        report.taken.append(f"DNS zone {zone.name} ({zone.id})")
    sets = _sets(zone)
    for name in names:
        if not any(key[0] == name.casefold() for key in sets):
            raise AdoptionError(f"--record: the DNS zone {zone.name} has no records at {name}")
    chosen = _chosen(sets, addresses, elb, {name.casefold() for name in names}, report)
    section |= _written(chosen, elb, serving, report)
    count = sum(len(records) for key, records in sets.items() if key not in chosen)
    if count:
        fate = "" if lookup else "; `pulumi destroy` does not delete the zone while they are there"
        report.left_out.append(f"other records of the DNS zone {zone.name} ({count}) stay as they are{fate}")
    return section


def _sets(zone: DnsZone) -> Sets:
    sets: Sets = {}
    for record in zone.records:
        if record.name == CLAIMS:
            continue
        sets.setdefault((record.name.casefold() or "@", record.type.upper()), []).append(record)
    return sets


def _chosen(sets: Sets, addresses: Collection[str], elb: Elb | None, names: Collection[str], report: Report) -> Sets:
    """The sets to be taken over that can be declared as they are."""
    known = {*addresses, elb.vip if elb and elb.vip else ""}
    hosts = {elb.fqdn.casefold().removesuffix(".")} if elb and elb.fqdn else set[str]()
    leading = set()
    for (name, kind), records in sets.items():
        values = {record.rdata for record in records}
        if kind == "A" and values & known:
            if values <= known:
                leading.add(name)
            else:
                others = ", ".join(sorted(values - known))
                report.left_out.append(f"record set {name} A: it also leads to {others}")
        if kind in ("ALIAS", "CNAME") and {value.casefold().removesuffix(".") for value in values} & hosts:
            leading.add(name)
    chosen: Sets = {}
    for (name, kind), records in sets.items():
        led_by = name in leading and kind in ("A", "ALIAS", "CNAME", *BESIDE)
        if led_by or name in names:
            trouble = _trouble(name, kind, records)
            if trouble:
                report.left_out.append(f"record set {name} {kind}: {trouble}")
            else:
                chosen[name, kind] = records
    return chosen


def _trouble(name: str, kind: str, records: Sequence[DnsRecord]) -> str:
    """Why a set cannot be declared as it is."""
    if len({_ttl(record) for record in records}) > 1:
        return "its records have several TTLs, and a set has one"
    problems: list[Problem] = []
    read_record_sets(Reader({"sets": [_declared(name, kind, records)]}, "", problems), "sets", zone="")
    return "; ".join(problem.message for problem in problems)


def _written(chosen: Sets, elb: Elb | None, serving: Serving, report: Report) -> dict[str, Any]:
    """The chosen sets: in one word where they are what `dns.elb` makes, else as they are."""
    section: dict[str, Any] = {}
    sets = dict(chosen)
    for name in dict.fromkeys(name for name, _ in chosen):
        if elb and "elb" not in section and _is_of_elb(name, sets, elb, serving):
            section["elb"] = name
            for kind in OF_ELB:
                sets.pop((name, kind), None)
            report.taken.append(f"records of {name}, which follow the ELB")
    if sets:
        section["record_sets"] = [_declared(name, kind, records) for (name, kind), records in sets.items()]
        report.taken += [f"record set {name} {kind}" for name, kind in sets]
    if any(kind == "A" for _, kind in sets):
        report.notes.append(
            "dns.record_sets has addresses as they are now: they do not follow when a server or the ELB is another "
            "one; with dns.elb the ELB's name follows it"
        )
    return section


def _is_of_elb(name: str, sets: Sets, elb: Elb, serving: Serving) -> bool:
    """Whether `dns.elb` with this name would make exactly these sets."""
    https = https_record_of(name, serving)
    address = elb_record(name, ElbReference("", elb.id), failover=elb.vip_failover)
    where = (elb.fqdn if elb.vip_failover else elb.vip) or ""
    wanted = [made.resolved(lambda *_: where) for made in (address, https) if made.values]
    found = [
        Record(name, other, record.rdata, record.ttl)
        for (at, other), records in sets.items()
        if at == name and other in OF_ELB
        for record in records
    ]
    return {record.key for record in found} == {made.key for made in wanted} and not differing_sets(found, wanted)


def _declared(name: str, kind: str, records: Sequence[DnsRecord]) -> dict[str, Any]:
    ttl = _ttl(records[0])
    values = [record.rdata for record in records]
    return {"name": name, "type": kind, **({"ttl": ttl} if ttl != DEFAULT_TTL else {}), "values": values}


def _ttl(record: DnsRecord) -> int:
    return DEFAULT_TTL if record.ttl is None else record.ttl
