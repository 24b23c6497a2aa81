"""The life cycle of a startup script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet.errors import Problem
from sakura_fleet.model.labels import read_name, read_tags
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.startup_script import check_startup_script, note_content
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, Outputs, Unknown
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session

if TYPE_CHECKING:
    from sakura_fleet.client import Note


class StartupScriptLifecycle(OwnerTaggedLifecycle["Note"]):
    """A note holds the script in its own words (`note_content`); inputs and outputs keep the user's."""

    kind = "startup script"
    defaults = {"name": "", "content": "", "tags": [], "adopt": ""}
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        read_name(reader)
        read_tags(reader)
        reader.text("content")
        content = inputs["content"]
        return problems + (check_startup_script(content, "content") if isinstance(content, str) else [])

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[Note]:
        return session.client.notes.find(tags=[owner_tags.resource])

    def owner_tags_of(self, item: Note) -> OwnerTags | None:
        return OwnerTags.from_tags(item.tags)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> Note:
        return session.client.notes.read(object_id)

    def make(self, session: Session, inputs: Inputs) -> Note:
        tags = OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"])
        return session.client.notes.create(name=inputs["name"], content=note_content(inputs["content"]), tags=tags)

    def change(self, session: Session, object_id: str, inputs: Inputs) -> Note:
        tags = OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"])
        return session.client.notes.update(
            object_id, name=inputs["name"], content=note_content(inputs["content"]), tags=tags
        )

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        session.client.notes.delete(object_id)

    def inputs_of(self, item: Note, last: Outputs) -> Inputs:
        untouched = item.content == note_content(str(last.get("content", "")))
        content = last["content"] if untouched else item.content
        return {"name": item.name, "content": content, "tags": OwnerTags.untag(item.tags)}
