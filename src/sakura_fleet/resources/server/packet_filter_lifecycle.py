"""The life cycle of a packet filter."""

from __future__ import annotations

from typing import Any

from sakura_fleet.client import PacketFilter, PacketFilterRule
from sakura_fleet.errors import Problem
from sakura_fleet.model.labels import read_description, read_name
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.packet_filter import read_rules
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, Outputs, Unknown
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session


class PacketFilterLifecycle(OwnerTaggedLifecycle[PacketFilter]):
    """All but the zone changes in place."""

    kind = "packet filter"
    defaults = {"name": "", "zone": "", "rules": [], "description": "", "adopt": ""}
    replacing = frozenset({"zone"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        read_name(reader)
        reader.text("zone", choices=tuple(ZONES))
        read_description(reader, signed=True)
        read_rules(reader, "rules")
        return problems

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[PacketFilter]:
        return session.client.packet_filters.find(inputs["zone"], description=owner_tags.resource)

    def owner_tags_of(self, item: PacketFilter) -> OwnerTags | None:
        return OwnerTags.from_description(item.description)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> PacketFilter:
        return session.client.packet_filters.read(inputs["zone"], object_id)

    def make(self, session: Session, inputs: Inputs) -> PacketFilter:
        return session.client.packet_filters.create(inputs["zone"], **_wire(inputs))

    def change(self, session: Session, object_id: str, inputs: Inputs) -> PacketFilter:
        current = self.fetch(session, inputs, object_id)
        return session.client.packet_filters.update(
            inputs["zone"], object_id, **_wire(inputs), original_hash=current.expression_hash
        )

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        session.client.packet_filters.delete(outputs["zone"], object_id)

    def inputs_of(self, item: PacketFilter, last: Outputs) -> Inputs:
        return {
            "name": item.name,
            "description": OwnerTags.unsign(item.description),
            "rules": [rule.inputs() for rule in item.expressions],
        }


def _wire(inputs: Inputs) -> dict[str, Any]:
    return {
        "name": inputs["name"],
        "description": OwnerTags.from_inputs(inputs["owner_tags"]).sign(inputs["description"]),
        "expressions": [PacketFilterRule(**rule) for rule in inputs["rules"]],
    }
