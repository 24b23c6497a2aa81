"""The life cycle of a DNS zone."""

from __future__ import annotations

from typing import Any, Final

from sakura_fleet.client import DnsZone
from sakura_fleet.errors import ConflictError, NotFoundError, Problem, ResourceError
from sakura_fleet.model.dns import is_zone_name, zone_name
from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.adoption import refuse_another_owner
from sakura_fleet.provider.lifecycle import (
    Found,
    Inputs,
    Outputs,
    Unknown,
)
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import confirm
from sakura_fleet.resources.dns.zone_records import zone_again, zone_named

SHOWN: Final = 10
"""How many records of others an error names."""


class DnsZoneLifecycle(OwnerTaggedLifecycle[DnsZone]):
    """A zone that this stack owns, or (`lookup`) one that was made elsewhere and is only read."""

    kind = "DNS zone"
    defaults = {"name": "", "description": "", "tags": [], "lookup": False, "adopt": ""}
    replacing = frozenset({"name"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        name = reader.text("name")
        if isinstance(inputs["name"], str):
            try:
                usable = is_zone_name(zone_name(name))
            except ValueError:
                usable = False
            if not usable:
                message = f"{name!r} is not a zone's name such as example.com"
                reader.problem("name", "zone-name", message)
        read_description(reader)
        read_tags(reader)
        if reader.flag("lookup"):
            for key in ("description", "tags", "adopt"):
                if inputs[key]:
                    message = f"a zone that is looked up is not changed; remove {key}, or lookup"
                    reader.problem(key, "lookup", message)
        return problems

    def adoptable(self, session: Session, olds: Inputs, inputs: Inputs) -> tuple[list[Problem], list[str]]:
        problems, notices = super().adoptable(session, olds, inputs)
        is_new = olds.get("name") != inputs["name"]
        if problems or not is_new or inputs["adopt"] or not isinstance(inputs["name"], str):
            return problems, notices
        return zone_problems(session, inputs["name"], inputs["lookup"], OwnerTags.from_inputs(inputs["owner_tags"])), []

    def normalized(self, inputs: Inputs) -> Inputs:
        return {**inputs, "name": zone_name(inputs["name"])} if isinstance(inputs["name"], str) else inputs

    def comparable(self, key: str, value: Any) -> Any:
        return sorted(value) if key == "tags" and isinstance(value, list) else value

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        if inputs["lookup"]:
            zone = _looked_up(session, inputs["name"])
            return zone.id, {**inputs, **self.results(zone)}
        return super().create(session, inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        if not outputs.get("lookup"):
            return super().read(session, object_id, outputs)
        try:
            zone = self.fetch(session, outputs, object_id)
        except NotFoundError:
            return None
        inputs = {key: value for key, value in outputs.items() if key in self.defaults or key == "owner_tags"}
        return Found(zone.id, inputs, {**outputs, **self.results(zone)})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        zone = self.fetch(session, news, object_id)
        if not news["lookup"]:
            if olds.get("lookup"):
                own = OwnerTags.from_inputs(news["owner_tags"])
                refuse_another_owner(f"the DNS zone {zone.name}", self.owner_tags_of(zone), own)
            return super().update(session, object_id, olds, news)
        if self.owner_tags_of(zone) == OwnerTags.from_inputs(
            olds["owner_tags"]
        ):  # handed back: from now on it is somebody else's
            zone = session.client.dns_zones.update(
                zone.id, description=zone.description, tags=OwnerTags.untag(zone.tags), icon_id=zone.icon_id
            )
        return {**news, **self.results(zone)}

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        if not outputs.get("lookup"):
            super().delete(session, object_id, outputs)

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[DnsZone]:
        return session.client.dns_zones.find(tags=[owner_tags.resource])

    def owner_tags_of(self, item: DnsZone) -> OwnerTags | None:
        return OwnerTags.from_tags(item.tags)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> DnsZone:
        return session.client.dns_zones.read(object_id)

    def make(self, session: Session, inputs: Inputs) -> DnsZone:
        try:
            return session.client.dns_zones.create(inputs["name"], **_labels(inputs))
        except ConflictError as error:
            zone = zone_named(session, inputs["name"])
            if zone is None:
                raise ResourceError(
                    f"{error}; another account holds the zone {inputs['name']}, or one above it"
                ) from error
            raise ResourceError(f"{error}; {_is_there(zone)}") from error

    def change(self, session: Session, object_id: str, inputs: Inputs) -> DnsZone:
        current = self.fetch(session, inputs, object_id)  # the icon is the user's: it stays
        return session.client.dns_zones.update(object_id, icon_id=current.icon_id, **_labels(inputs))

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        zone = self.fetch(session, outputs, object_id)  # own records are gone by now: they depend on the zone
        confirm(f"the DNS zone {zone.name} ({zone.id})", zone, lambda zone: zone_again(session, zone))
        if zone.records:
            shown = ", ".join(f"{record.name} {record.type}" for record in zone.records[:SHOWN])
            more = f" and {len(zone.records) - SHOWN} more" if len(zone.records) > SHOWN else ""
            raise ResourceError(
                f"the DNS zone {zone.name} ({zone.id}) still has records that were not made here: {shown}{more}; it "
                "was not deleted. Remove them first, or set `lookup: true` and run `pulumi up`: that leaves the zone "
                "to others"
            )
        session.client.dns_zones.delete(object_id)

    def inputs_of(self, item: DnsZone, last: Outputs) -> Inputs:
        return {"name": item.name, "description": item.description, "tags": OwnerTags.untag(item.tags)}

    def results(self, item: DnsZone) -> dict[str, Any]:
        return {"name_servers": list(item.name_servers)}


def zone_problems(session: Session, name: str, lookup: bool, own: OwnerTags | None = None) -> list[Problem]:
    """Why a zone that the state does not know can be neither made nor (`lookup`) used, by what the account has.

    One with the owner tags `own` is what a run left that was cut short: the next one takes it over.
    """
    zone = zone_named(session, name)
    if lookup:
        return [] if zone else [Problem("lookup", "no-such-zone", _not_there(session, name))]
    if zone is None or (own and OwnerTags.from_tags(zone.tags) == own):
        return []
    return [Problem("name", "zone-exists", _is_there(zone))]


def _looked_up(session: Session, name: str) -> DnsZone:
    zone = zone_named(session, name)
    if zone is None:
        raise ResourceError(f"lookup: {_not_there(session, name)}")
    return zone


def _is_there(zone: DnsZone) -> str:
    """Words for a zone that cannot be made, with the ways out as the stack file says them."""
    return (
        f"the DNS zone {zone.name} ({zone.id}) is in this account already: under `dns`, set `lookup: true` to use it "
        f'as it is, or `adopt_zone: "{zone.id}"` to own it'
    )


def _not_there(session: Session, name: str) -> str:
    names = ", ".join(sorted(other.name for other in session.client.dns_zones.find())) or "none"
    return f"there is no DNS zone {name}; the account has {names}. Without lookup it is made"


def _labels(inputs: Inputs) -> dict[str, Any]:
    return {
        "description": inputs["description"],
        "tags": OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]),
    }
