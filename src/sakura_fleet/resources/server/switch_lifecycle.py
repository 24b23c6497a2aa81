"""The life cycle of a switch."""

from __future__ import annotations

from sakura_fleet.client import Switch
from sakura_fleet.errors import Problem
from sakura_fleet.model.labels import read_description, read_name, read_tags
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, Outputs, Unknown
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session


class SwitchLifecycle(OwnerTaggedLifecycle[Switch]):
    """All but the zone changes in place."""

    kind = "switch"
    defaults = {"name": "", "zone": "", "description": "", "tags": [], "adopt": ""}
    replacing = frozenset({"zone"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        read_name(reader)
        reader.text("zone", choices=tuple(ZONES))
        read_description(reader)
        read_tags(reader)
        return problems

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[Switch]:
        return session.client.switches.find(inputs["zone"], tags=[owner_tags.resource])

    def owner_tags_of(self, item: Switch) -> OwnerTags | None:
        return OwnerTags.from_tags(item.tags)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> Switch:
        return session.client.switches.read(inputs["zone"], object_id)

    def make(self, session: Session, inputs: Inputs) -> Switch:
        return session.client.switches.create(
            inputs["zone"],
            name=inputs["name"],
            description=inputs["description"],
            tags=OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]),
            icon_id=None,
        )

    def change(self, session: Session, object_id: str, inputs: Inputs) -> Switch:
        current = self.fetch(session, inputs, object_id)  # icon and subnet notes are the user's: they stay
        return session.client.switches.update(
            inputs["zone"],
            object_id,
            name=inputs["name"],
            description=inputs["description"],
            tags=OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]),
            icon_id=current.icon_id,
            default_route=current.default_route,
            network_mask_len=current.network_mask_len,
        )

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        session.client.switches.delete(outputs["zone"], object_id)

    def inputs_of(self, item: Switch, last: Outputs) -> Inputs:
        return {"name": item.name, "description": item.description, "tags": OwnerTags.untag(item.tags)}
