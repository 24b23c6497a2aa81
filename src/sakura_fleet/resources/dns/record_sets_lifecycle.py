"""The life cycle of record sets in a DNS zone.

A zone has no room for owner tags on single records, so ownership is known by state: `records`, as last written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sakura_fleet.errors import FleetError, InputError, NotFoundError, Problem
from sakura_fleet.model.dns import (
    DEFAULT_TTL,
    Record,
    RecordSet,
    check_merged,
    check_takeover,
    differing_sets,
    merge,
    read_record_sets,
    record_name,
    without,
    written_identity,
)
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.references import find_elb, find_server
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.dns.zone_records import records_in, rewrite


class DnsRecordSetsLifecycle(Lifecycle):
    """Sets of one zone, all in one write."""

    defaults = {"zone_name": "", "record_sets": [], "adopt": False}
    replacing = frozenset({"zone_id"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.flag("adopt")
        sets = read_record_sets(reader, "record_sets", zone=reader.text("zone_name"), unknown=Unknown)
        return problems or _in_the_zone(session, olds, inputs, sets)

    def normalized(self, inputs: Inputs) -> Inputs:
        sets = inputs["record_sets"]
        return {**inputs, "record_sets": [_with_plain_name(one) for one in sets]} if isinstance(sets, list) else inputs

    def comparable(self, key: str, value: Any) -> Any:
        if key != "record_sets" or not isinstance(value, list):
            return value
        return sorted((_comparable_set(one) for one in value), key=repr)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return inputs["zone_id"], self._put(session, inputs["zone_id"], (), inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            zone = session.client.dns_zones.read(object_id)
        except NotFoundError:
            return None
        written = _written(outputs)
        differing = differing_sets(records_in(zone), written)
        declared = {(one["name"].casefold(), one["type"]): one for one in outputs["record_sets"]}
        now = [
            one.inputs() if one is not ours else _as_declared(declared.get(ours.key), ours)
            for ours in written
            if (one := differing.get(ours.key, ours)) is not None
        ]
        inputs = {key: value for key, value in outputs.items() if key in (*self.defaults, "owner_tags", "zone_id")}
        inputs["record_sets"] = now
        return Found(object_id, inputs, {**outputs, **inputs})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return self._put(session, object_id, _written(olds), news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        written = _written(outputs)
        try:
            left = rewrite(session, object_id, lambda existing: without(existing, written))
        except NotFoundError:
            return  # the zone is gone, and its records with it
        keys = {one.key for one in written}
        others = [str(record) for record in left if record.key in keys]
        if others:
            session.log.warn(
                f"{outputs.get('zone_name') or object_id}: left in the zone, as the values are not those written here: "
                + "; ".join(others)
            )

    def _put(self, session: Session, zone_id: str, before: Sequence[RecordSet], inputs: Inputs) -> Outputs:
        wanted = _resolved(session, inputs)
        own = list(before)
        adopt = bool(inputs.get("adopt"))
        warnings: list[Problem] = []

        def change(existing: Sequence[Record]) -> list[Record]:
            problems = [] if adopt else check_takeover(existing, own, wanted)
            merged = merge(existing, own, wanted)
            warnings.clear()
            problems += check_merged(merged, wanted, zone=inputs["zone_name"], warnings=warnings)
            if problems:
                raise InputError(problems, source=f"the DNS zone {inputs['zone_name'] or zone_id}")
            return merged

        # Once our sets were written they are ours, should somebody change them before they are read back.
        rewrite(session, zone_id, change, wrote=lambda: own.extend(wanted))
        for warning in warnings:
            session.log.warn(f"{inputs['zone_name'] or zone_id}: {warning}")
        return {**inputs, "records": [one.inputs() for one in wanted]}


def _in_the_zone(session: Session, olds: Inputs, inputs: Inputs, sets: Sequence[RecordSet]) -> list[Problem]:
    """What the zone as it is has against sets that join, so that a preview says it. Asks only where some do."""
    own = {(one["name"], one["type"]) for one in olds.get("record_sets") or [] if isinstance(one, Mapping)}
    joining = [one for one in sets if one.key not in own]
    if not joining or not isinstance(inputs.get("zone_id"), str):
        return []
    try:
        zone = session.client.dns_zones.read(inputs["zone_id"])
    except NotFoundError:
        return []  # it is about to be made again
    wanted = {one.key for one in sets}
    others = [one for one in records_in(zone) if one.key not in own or one.key in wanted]
    # What a reference stands for is not looked up here: whether such a set is equal shows when it is written.
    plain = [one for one, given in zip(sets, inputs["record_sets"], strict=True) if one in joining and _is_plain(given)]
    problems = [] if inputs["adopt"] else check_takeover(others, (), plain)
    # Sets whose values are not known yet will have some.
    sets = [one if one.values else replace(one, values=("?",)) for one in sets]
    return problems + check_merged(merge(others, (), sets), sets, zone=inputs["zone_name"])


def _is_plain(declared: Mapping[str, Any]) -> bool:
    return all(written_identity(declared["type"], value) is not None for value in declared["values"])


def _resolved(session: Session, inputs: Inputs) -> list[RecordSet]:
    """The wanted sets with the addresses of now."""
    fleet = OwnerTags.from_inputs(inputs["owner_tags"]).fleet
    since = session.clock()

    def resolve(kind: str, reference: Mapping[str, Any], record_type: str) -> str:
        if kind == "elb":
            return _elb(session, reference, record_type)
        server = find_server(session, fleet, reference, since=since)
        if server is None or not server.ip_address:
            raise FleetError(
                f"the server {reference['key']}, whose address a record is to hold, is not in "
                f"{', '.join(reference['zones'])}; run `pulumi up --refresh`, which makes it again"
            )
        return server.ip_address

    problems: list[Problem] = []
    reader = Reader(inputs, "", problems)
    sets = read_record_sets(reader, "record_sets", zone=inputs["zone_name"], resolve=resolve)
    if problems:
        raise InputError(problems, source=f"the records of {inputs['zone_name']}")
    return sets


def _elb(session: Session, reference: Mapping[str, Any], record_type: str) -> str:
    name = reference["key"] or reference["id"]
    try:
        elb = find_elb(session, reference)
    except NotFoundError as error:
        raise FleetError(
            f"the ELB {name}, which a record is to point at, is gone; run `pulumi up --refresh`"
        ) from error
    if record_type == "A":
        if not elb.vip:
            raise FleetError(f"the ELB {elb.name} has VIP failover, so its address changes; use ALIAS, not A")
        return elb.vip
    if not elb.fqdn:
        raise FleetError(f"the ELB {elb.name} has no VIP failover and so no name; use A, not {record_type}")
    return elb.fqdn


def _with_plain_name(one: Any) -> Any:
    """The set with its name as the cloud holds it: lower case, A-labels."""
    if isinstance(one, Mapping) and isinstance(one.get("name"), str):
        return {**one, "name": record_name(one["name"])}
    return one


def _written(outputs: Outputs) -> list[RecordSet]:
    return [RecordSet.from_inputs(one) for one in outputs.get("records") or []]


def _as_declared(declared: Mapping[str, Any] | None, ours: RecordSet) -> dict[str, Any]:
    """An unchanged set in the words of the program, unless the state holds what an earlier refresh found there."""
    if declared is None or (_is_plain(declared) and _comparable_set(declared) != _comparable_set(ours.inputs())):
        return ours.inputs()
    return dict(declared)


def _comparable_set(one: Any) -> Any:
    """A set without what means nothing: spelling, order of values, the opt-outs, where a server may stand."""
    if not isinstance(one, Mapping):
        return one
    kind, ttl = one.get("type"), one.get("ttl")
    values = one.get("values")
    if isinstance(values, list):
        values = sorted((_comparable_value(str(kind), value) for value in values), key=repr)
    return [str(one.get("name")).casefold(), kind, DEFAULT_TTL if ttl is None else ttl, values]


def _comparable_value(kind: str, value: Any) -> Any:
    known = written_identity(kind, value)
    return _by_identity(value) if known is None else repr(known)


def _by_identity(value: Any) -> Any:
    """References by the ID that Pulumi keeps: it is the same as long as the object is, also after a plan change."""
    if isinstance(value, Mapping):
        if "server" in value and isinstance(value["server"], Mapping):
            return {"reference": value["server"].get("id")}
        if "elb" in value and isinstance(value["elb"], Mapping):
            return {"reference": [value["elb"].get("key"), value["elb"].get("id")]}
        return {key: _by_identity(one) for key, one in value.items()}
    return [_by_identity(one) for one in value] if isinstance(value, list) else value
