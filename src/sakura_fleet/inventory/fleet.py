"""The fleet as its state knows it, beside what the cloud says: servers, entries of ELBs, DNS records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sakura_fleet import tokens
from sakura_fleet.errors import NotFoundError
from sakura_fleet.inventory.owned import InState, duplicates, everything
from sakura_fleet.inventory.stale_entries import addresses_in, is_disabled, server_addresses
from sakura_fleet.model.dns.claims import CLAIMS
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.references import find_elb

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Server
    from sakura_fleet.provider.session import Session

Resources = Sequence[Mapping[str, Any]]
"""The resources of a state, as the engine exports them."""

GONE = "gone from the cloud"
NOT_OF_THIS_STACK = "not of this stack"
NOT_IN_THE_STATE = "not in the state; `sakura-fleet repair` has the command that removes it"
REMOVES_DUPLICATES = "nothing uses it; `sakura-fleet repair` has the command that removes it"
JOINING = "joining: the run that entered it failed before it was UP"
CLAIM = "says whose a record set is"
NO_SERVER = "points at no server of the account"
DISABLED = "disabled, though its server is the stack's: `pulumi up --refresh` enables it"
UNTAGGED = "its owner tags are gone: `pulumi up --refresh` puts them back"
NO_DIFFERENCE = ("", CLAIM, NOT_OF_THIS_STACK)
"""Notes of what the state and the cloud agree on."""
DEFAULT_TTL = 3600
"""Seconds; what the appliance answers for a record without a TTL of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetServer:
    """A server of the state, or of the fleet without being in it. `key` is its owner tag; `status` is empty where the
    cloud does not have it.

    Here and below, `note` says on what the state and the cloud do not agree, and what is None is not known.
    """

    name: str
    id: str
    zone: str
    address: str
    status: str = ""
    key: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetElbEntry:
    """An entry of one of the stack's ELBs, whoever's it is, with its health (UP, DOWN, or empty)."""

    elb: str
    address: str | None = None
    group: str | None = None
    enabled: bool | None = None
    health: str | None = None
    connections: int | None = None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRecord:
    """A record in one of the stack's zones, whoever's it is."""

    zone: str
    name: str | None = None
    type: str | None = None
    ttl: int | None = None
    rdata: str | None = None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDuplicate:
    """An object that carries the owner tag of a resource that is another object, `duplicate_of` (its ID)."""

    kind: str
    name: str
    id: str
    zone: str
    duplicate_of: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSize:
    """How many servers of the group the stack file declares, and how many the state has."""

    declared: int
    in_state: int
    note: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All of it; servers by name."""

    size: Sequence[FleetSize]
    servers: Sequence[FleetServer]
    elb_entries: Sequence[FleetElbEntry]
    records: Sequence[FleetRecord]
    duplicates: Sequence[FleetDuplicate]


def observe_fleet(session: Session, resources: Resources, fleet: str, declared: int) -> Fleet:
    """Ask the cloud for everything that the state's resources name, and for what else carries the owner tag `fleet`;
    `declared` is the size in the stack file. Reads only; raises `ApiError`."""
    servers = [_server(session.client, resource, outputs) for resource, outputs in _of_type(resources, tokens.SERVER)]
    servers += _unknown_servers(session.client, fleet, {str(resource.get("id")) for resource in resources})
    return Fleet(
        [_size(resources, declared)],
        sorted(servers, key=lambda server: (server.name, server.id)),
        list(_elb_entries(session, resources)),
        list(_records(session.client, resources)),
        list(_duplicates(session.client, resources, fleet)),
    )


def _size(resources: Resources, declared: int) -> FleetSize:
    of_group = f"{tokens.SERVER_GROUP}${tokens.SERVER}::"
    members = sum(of_group in str(resource["urn"]) for resource, _ in _of_type(resources, tokens.SERVER))
    note = "" if members == declared else "the stack file and the state differ: `pulumi up` makes the size good"
    return FleetSize(declared=declared, in_state=members, note=note)


def _unknown_servers(client: Client, fleet: str, known: Collection[str]) -> Iterator[FleetServer]:
    """The fleet's servers whose IDs are not `known` to the state."""
    for zone in ZONES:
        for server in client.servers.find(zone, tags=[fleet]):
            owner_tags = OwnerTags.from_tags(server.tags)
            if owner_tags and server.id not in known:
                yield FleetServer(
                    name=server.name,
                    id=server.id,
                    zone=zone,
                    address=server.ip_address or "",
                    status=server.status,
                    key=owner_tags.resource,
                    note=NOT_IN_THE_STATE,
                )


def _of_type(resources: Resources, token: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Resources of a type with their outputs, without those that only wait for their deletion."""
    for resource in resources:
        if resource["type"] == token and not resource.get("delete"):
            yield resource, resource.get("outputs") or {}


def _server(client: Client, resource: Mapping[str, Any], outputs: Mapping[str, Any]) -> FleetServer:
    status, note = "", GONE
    try:
        server = client.servers.read(outputs["zone"], resource["id"])
    except NotFoundError:
        pass
    else:
        status, note = server.status, "; ".join(_differences(server, outputs))
    return FleetServer(
        name=outputs["name"],
        id=resource["id"],
        zone=outputs["zone"],
        address=outputs["address"],
        status=status,
        key=outputs["owner_tags"]["resource"],
        note=note,
    )


def _differences(server: Server, outputs: Mapping[str, Any]) -> Iterator[str]:
    """What the cloud has otherwise than the state, in words; the group's defaults are left out in the state."""
    pairs = {"name": server.name, "address": server.ip_address or "", "description": server.description}
    for key, value in pairs.items():
        if (outputs.get(key) or "") != value:
            yield f"{key} is {value or 'empty'} in the cloud"
    power = outputs.get("power") or "up"
    if server.status not in (power, ""):
        yield f"power is {server.status} in the cloud"
    disks = len(outputs.get("disks") or ())
    if len(server.disks) < disks:
        yield f"{len(server.disks)} of {disks} disks are in the cloud"
    if not OwnerTags.from_inputs(outputs["owner_tags"]).are_among(server.tags):
        yield UNTAGGED


def _elb_entries(session: Session, resources: Resources) -> Iterator[FleetElbEntry]:
    own: dict[str, dict[tuple[str, int], str]] = {}
    names: dict[str, set[str]] = {}
    members = addresses_in(resources)
    addresses = cache(lambda: server_addresses(session.client))
    references: dict[str, ElbReference] = {}
    for resource, outputs in _of_type(resources, tokens.ELB):
        key = "" if outputs.get("lookup") else outputs["owner_tags"]["resource"]
        references[key or resource["id"]] = ElbReference(key, outputs["elb_id"])
    for _, outputs in _of_type(resources, tokens.ELB_MEMBERSHIP):
        key = outputs["elb"]["key"] or outputs["elb"]["id"]
        names.setdefault(key, set()).add(str(outputs.get("server_group_name") or ""))
        places = own.setdefault(key, {})
        for entries, note in ((outputs.get("joining") or [], JOINING), (outputs["entries"], "")):
            places.update({(entry["address"], int(entry["port"])): note for entry in entries})
    for key, reference in references.items():
        missing = own.get(key, {})
        try:
            elb = find_elb(session, reference)
        except NotFoundError:
            yield FleetElbEntry(elb=reference.id, note=GONE)
            continue
        health = {(server.ip_address, server.port): server for server in session.client.elbs.health(elb.id).servers}
        for entry in elb.entries:
            seen = health.get(entry.place)
            note = missing.pop(entry.place, NOT_OF_THIS_STACK)
            if is_disabled(entry, members, names.get(key)):
                note = DISABLED
            if not (seen and seen.up) and entry.ip_address not in addresses():
                note = NO_SERVER
            yield FleetElbEntry(
                elb=elb.name,
                address=str(entry),
                group=entry.server_group,
                enabled=entry.enabled,
                health=("UP" if seen.up else "DOWN") if seen else "",
                connections=seen.active_connections if seen else 0,
                note=note,
            )
        for address, port in sorted(missing):
            yield FleetElbEntry(elb=elb.name, address=f"{address}:{port}", note="in the state, but not in the ELB")


def _records(client: Client, resources: Resources) -> Iterator[FleetRecord]:
    own: dict[str, set[tuple[str, str, str]]] = {}
    for _, outputs in _of_type(resources, tokens.DNS_RECORD_SETS):
        places = {(group["name"], group["type"], value) for group in outputs["records"] for value in group["values"]}
        own.setdefault(str(outputs["zone_id"]), set()).update(places)
    for zone_id, missing in own.items():
        try:
            zone = client.dns_zones.read(zone_id)
        except NotFoundError:
            yield FleetRecord(zone=zone_id, note=GONE)
            continue
        for record in zone.records:
            place = (record.name, record.type, record.rdata)
            yield FleetRecord(
                zone=zone.name,
                name=record.name,
                type=record.type,
                ttl=record.ttl or DEFAULT_TTL,
                rdata=record.rdata,
                note="" if place in missing else CLAIM if record.name == CLAIMS else NOT_OF_THIS_STACK,
            )
            missing.discard(place)
        for name, kind, rdata in sorted(missing):
            yield FleetRecord(
                zone=zone.name, name=name, type=kind, rdata=rdata, note="in the state, but not in the zone"
            )


def _duplicates(client: Client, resources: Resources, fleet: str) -> Iterator[FleetDuplicate]:
    for item, resource in duplicates(everything(client, fleet), InState.of(resources).ids).items():
        yield FleetDuplicate(
            kind=item.kind,
            name=item.name,
            id=item.id,
            zone=item.zone,
            duplicate_of=resource.id,
            note=REMOVES_DUPLICATES,
        )
