"""The life cycle of record sets in a DNS zone.

A zone has no room for owner tags on single records, so ownership is known by state: `records`, as last written. In a
zone that is not this stack's (`shared`) each set is claimed beside it, see `model/dns/claims.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sakura_fleet.errors import FleetError, InputError, NotFoundError, Problem, ResourceError
from sakura_fleet.model.dns import (
    Record,
    RecordSet,
    check_merged,
    check_takeover,
    differing_sets,
    lost_ech,
    merge,
    read_record_sets,
    record_name,
    typed_sets,
    without,
)
from sakura_fleet.model.dns.claims import check_claims, with_claims
from sakura_fleet.model.dns.set_rules import check_sets
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference, Reference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.references import find_elb, find_server
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import confirm
from sakura_fleet.resources.dns.zone_records import records_in, rewrite, zone_again

_IN_IT: Final = "nothing in it"
"""What is unchanged where record sets are refused: by then the run may have made other things."""


class DnsRecordSetsLifecycle(Lifecycle):
    """Sets of one zone, all in one write."""

    defaults = {"zone_name": "", "record_sets": [], "adopt": False, "shared": False, "trigger": 0}
    replacing = frozenset({"zone_id"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.flag("adopt")
        reader.flag("shared")
        sets = read_record_sets(reader, "record_sets", zone=reader.text("zone_name"), unknown=Unknown)
        if not problems and isinstance(inputs["zone_id"], str):
            owner = OwnerTags.from_inputs(inputs["owner_tags"]).resource
            session.claim(owner, [(inputs["zone_id"], declared.key) for declared in sets])
        return problems or _in_the_zone(session, olds, inputs, sets)

    def normalized(self, inputs: Inputs) -> Inputs:
        sets = inputs["record_sets"]
        return (
            {**inputs, "record_sets": [_with_plain_name(given) for given in sets]} if isinstance(sets, list) else inputs
        )

    def comparable(self, key: str, value: Any) -> Any:
        if key != "record_sets" or not isinstance(value, list):
            return value
        return sorted(map(_comparable, typed_sets(value, unknown=Unknown)), key=repr)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return inputs["zone_id"], self._put(session, inputs["zone_id"], {}, inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            zone = session.client.dns_zones.read(object_id)
        except NotFoundError:
            return None
        written = _written(outputs)
        if written:
            confirm(f"the DNS zone {zone.name} ({zone.id})", zone, lambda zone: zone_again(session, zone))
        differing = differing_sets(records_in(zone), written)
        declared = {typed.key: (typed, given) for typed, given in _declared(outputs)}
        now = []
        for own in written:
            found = differing.get(own.key, own)
            if found is own:
                now.append(_as_declared(*declared.get(own.key, (own, own.inputs())), own))
            elif found is not None:
                now.append(found.inputs())
        inputs = {key: value for key, value in outputs.items() if key in (*self.defaults, "owner_tags", "zone_id")}
        inputs["record_sets"] = now
        # Of an empty zone the state keeps nothing, so that the next update may write it.
        known: Outputs = {} if zone.records else {"records": []}
        return Found(object_id, inputs, {**outputs, **inputs, **known})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return self._put(session, object_id, olds, news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        owner = OwnerTags.from_inputs(outputs["owner_tags"])
        written = _own(session, object_id, owner, _written(outputs))

        def change(existing: Sequence[Record]) -> list[Record]:
            return with_claims(without(existing, written), (), [owner], owner)

        try:
            left = rewrite(session, object_id, change)
        except NotFoundError:
            return  # the zone is gone, and its records with it
        keys = {own.key for own in written}
        others = [str(record) for record in left if record.key in keys]
        if others:
            session.log.warn(
                f"{outputs.get('zone_name') or object_id}: left in the zone, as the values are not those written here: "
                + "; ".join(others)
            )

    def _put(self, session: Session, zone_id: str, olds: Outputs, inputs: Inputs) -> Outputs:
        wanted = _resolved(session, inputs)
        owner = OwnerTags.from_inputs(inputs["owner_tags"])
        owners = [owner, OwnerTags.from_inputs(olds["owner_tags"])] if olds else [owner]
        keys = {declared.key for declared in wanted}
        left = _own(session, zone_id, owner, [before for before in _written(olds) if before.key not in keys])
        before = [*left, *(before for before in _written(olds) if before.key in keys)]
        own = list(before)
        adopt, shared = bool(inputs.get("adopt")), bool(inputs.get("shared"))
        warnings: list[Problem] = []
        lost: list[str] = []

        def change(existing: Sequence[Record]) -> list[Record]:
            problems = [] if adopt else check_takeover(existing, own, wanted)
            joining = [declared for declared in wanted if declared.key not in {written.key for written in own}]
            named = {problem.path for problem in problems}
            claimed = check_claims(existing, joining, owner, shared=shared, adopt=adopt)
            problems += [problem for problem in claimed if problem.path not in named]
            merged = with_claims(merge(existing, own, wanted), wanted if shared else (), owners, owner)
            warnings.clear()
            lost[:] = lost or lost_ech(existing, own, wanted)
            problems += check_merged(merged, wanted, zone=inputs["zone_name"], warnings=warnings)
            if problems:
                raise InputError(problems, source=f"the DNS zone {inputs['zone_name'] or zone_id}", unchanged=_IN_IT)
            return merged

        outputs = {**inputs, "records": [declared.inputs() for declared in wanted]}
        try:
            # Once the sets were written they are this stack's, should somebody change them before they are read back.
            rewrite(session, zone_id, change, before=before, wrote=lambda: own.extend(wanted))
        except FleetError as error:
            if len(own) > len(before):
                error.left = zone_id, outputs
            raise
        for warning in warnings:
            session.log.warn(f"{inputs['zone_name'] or zone_id}: {warning}")
        for gone in lost:
            session.log.warn(f"{inputs['zone_name'] or zone_id}: {gone}")
        return outputs


def _in_the_zone(session: Session, olds: Inputs, inputs: Inputs, sets: Sequence[RecordSet]) -> list[Problem]:
    """What the zone as it is has against sets that join, so that a preview says it. Asks only where some do."""
    own = {(given["name"], given["type"]) for given in olds.get("record_sets") or [] if isinstance(given, Mapping)}
    joining = [declared for declared in sets if declared.key not in own]
    if not joining or not isinstance(inputs.get("zone_id"), str):
        return []
    try:
        zone = session.client.dns_zones.read(inputs["zone_id"])
    except NotFoundError:
        return []  # it is about to be made again
    wanted = {declared.key for declared in sets}
    others = [record for record in records_in(zone) if record.key not in own or record.key in wanted]
    # What a reference stands for is not looked up here: whether such a set is equal shows when it is written.
    literal = [declared for declared in joining if declared.is_literal]
    problems = [] if inputs["adopt"] else check_takeover(others, (), literal)
    owner = OwnerTags.from_inputs(inputs["owner_tags"])
    named = {problem.path for problem in problems}
    claimed = check_claims(others, joining, owner, shared=bool(inputs["shared"]), adopt=bool(inputs["adopt"]))
    problems += [problem for problem in claimed if problem.path not in named]
    return problems + check_merged(merge(others, (), sets), sets, zone=inputs["zone_name"])


def _resolved(session: Session, inputs: Inputs) -> list[RecordSet]:
    """The wanted sets with the addresses of now."""
    fleet = OwnerTags.from_inputs(inputs["owner_tags"]).fleet
    since = session.clock()

    def resolve(reference: Reference, record_type: str) -> str:
        if isinstance(reference, ElbReference):
            return _elb(session, reference, record_type)
        server = find_server(session, fleet, reference, since=since)
        if server is None or not server.ip_address:
            raise ResourceError(
                f"the server {reference.key}, whose address a record is to hold, is not in "
                f"{', '.join(reference.zones)}; run `pulumi up --refresh`, which makes it again"
            )
        return server.ip_address

    sets = [declared.resolved(resolve) for declared in typed_sets(inputs["record_sets"])]
    problems: list[Problem] = []
    check_sets(sets, zone=inputs["zone_name"], path="record_sets", problems=problems, warnings=[])
    if problems:
        raise InputError(problems, source=f"the records of {inputs['zone_name']}", unchanged=_IN_IT)
    return sets


def _elb(session: Session, reference: ElbReference, record_type: str) -> str:
    name = reference.key or reference.id
    try:
        elb = find_elb(session, reference)
    except NotFoundError as error:
        raise ResourceError(
            f"the ELB {name}, which a record is to point at, is gone; run `pulumi up --refresh`"
        ) from error
    if record_type == "A":
        if not elb.vip:
            raise ResourceError(f"the ELB {elb.name} has VIP failover, so its address changes; use ALIAS, not A")
        return elb.vip
    if not elb.fqdn:
        raise ResourceError(f"the ELB {elb.name} has no VIP failover and so no name; use A, not {record_type}")
    return elb.fqdn


def _with_plain_name(given: Any) -> Any:
    """The set with its name as the cloud holds it: lower case, A-labels."""
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        return {**given, "name": record_name(given["name"])}
    return given


def _own(session: Session, zone_id: str, owner: OwnerTags, written: Sequence[RecordSet]) -> list[RecordSet]:
    """Of sets that are to go, those that no other resource of today's program has taken over."""
    return [own for own in written if not session.is_claimed_by_another(owner.resource, (zone_id, own.key))]


def _written(outputs: Outputs) -> list[RecordSet]:
    return [RecordSet.from_inputs(written) for written in outputs.get("records") or []]


def _declared(outputs: Outputs) -> list[tuple[RecordSet, Mapping[str, Any]]]:
    given = outputs["record_sets"]
    return list(zip(typed_sets(given), given, strict=True))


def _as_declared(typed: RecordSet, given: Mapping[str, Any], own: RecordSet) -> dict[str, Any]:
    """An unchanged set as the program gave it, unless the state holds what an earlier refresh found there."""
    if typed.is_literal and _comparable(typed) != _comparable(own):
        return own.inputs()
    return dict(given)


def _comparable(declared: RecordSet) -> list[Any]:
    """A set without what means nothing: spelling, order of values, the opt-outs, the zones that a server may be in."""
    return [declared.name, declared.type, declared.ttl, sorted(repr(value.identity) for value in declared.values)]
