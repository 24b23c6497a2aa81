"""The life cycle of an SSH key."""

from __future__ import annotations

from typing import Any

from sakura_fleet.client import SshKey
from sakura_fleet.errors import Problem
from sakura_fleet.model.labels import read_description, read_name
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.ssh_key import check_public_key
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, Outputs, Unknown
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session


class SshKeyLifecycle(OwnerTaggedLifecycle[SshKey]):
    """Title and description change in place; the key itself cannot."""

    kind = "SSH key"
    defaults = {"name": "", "public_key": "", "description": "", "adopt": ""}
    replacing = frozenset({"public_key"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        read_name(reader)
        read_description(reader, signed=True)
        reader.text("public_key")
        key = inputs["public_key"]
        return problems + (check_public_key(key, "public_key") if isinstance(key, str) else [])

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[SshKey]:
        return session.client.ssh_keys.find(description=owner_tags.resource)

    def owner_tags_of(self, item: SshKey) -> OwnerTags | None:
        return OwnerTags.from_description(item.description)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> SshKey:
        return session.client.ssh_keys.read(object_id)

    def make(self, session: Session, inputs: Inputs) -> SshKey:
        return session.client.ssh_keys.create(
            name=inputs["name"],
            public_key=inputs["public_key"],
            description=OwnerTags.from_inputs(inputs["owner_tags"]).sign(inputs["description"]),
        )

    def change(self, session: Session, object_id: str, inputs: Inputs) -> SshKey:
        return session.client.ssh_keys.update(
            object_id,
            name=inputs["name"],
            description=OwnerTags.from_inputs(inputs["owner_tags"]).sign(inputs["description"]),
        )

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        session.client.ssh_keys.delete(object_id)

    def inputs_of(self, item: SshKey, last: Outputs) -> Inputs:
        return {"name": item.name, "public_key": item.public_key, "description": OwnerTags.unsign(item.description)}

    def comparable(self, key: str, value: Any) -> Any:
        # The comment behind a key is no part of it, and the cloud may trim it.
        return value.split()[:2] if key == "public_key" and isinstance(value, str) else value

    def results(self, item: SshKey) -> dict[str, Any]:
        return {"fingerprint": item.fingerprint}
