"""The life cycle of simple objects: one call makes one, one call changes it, its owner tags find it again."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final, Generic, TypeVar

from sakura_fleet.errors import AdoptionError, NotFoundError, Problem
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.adoption import (
    REFUSALS,
    adopted_already,
    refusal,
    refuse_another_owner,
    refuse_another_state,
    tag_changes,
    takeover,
)
from sakura_fleet.provider.duplicates import Candidate, choose
from sakura_fleet.provider.idempotent_create import create_idempotently
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, canonical
from sakura_fleet.provider.session import Session

T = TypeVar("T", bound=Candidate)

SHOWN_WITH_VALUES: Final = ("name", "description", "icon_id")
"""The inputs whose values are short enough to be told; of others it is only said that they change."""


class OwnerTaggedLifecycle(Lifecycle, Generic[T]):
    """A life cycle over one kind of object; subclasses say how the API lists, makes, changes and removes it."""

    kind: str
    """The kind's name for messages."""

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        found = self.adopted(session, inputs) if inputs.get("adopt") else self.find(session, inputs)
        if found is not None:
            refuse_another_state(
                f"the {self.kind} {found.name} ({found.id})",
                self.owner_tags_of(found),
                OwnerTags.from_inputs(inputs["owner_tags"]),
            )
            self.refuse_another(found, inputs)
        made = self._make(session, inputs) if found is None else self.change(session, found.id, inputs)
        return made.id, {**inputs, **self.results(made)}

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            item = self.fetch(session, outputs, object_id)
        except NotFoundError:
            return None
        inputs = {key: value for key, value in outputs.items() if key in self.defaults}
        inputs.update(
            {key: value for key, value in self.inputs_of(item, outputs).items() if key not in self.creation_only}
        )
        owner_tags = self.owner_tags_of(item)
        inputs["owner_tags"] = owner_tags.inputs() if owner_tags else {**outputs["owner_tags"], "resource": ""}
        return Found(object_id, inputs, {**outputs, **inputs, **self.results(item)})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return {**news, **self.results(self.change(session, object_id, news))}

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        try:
            self.remove(session, outputs, object_id)
        except NotFoundError:
            return

    def adoptable(self, session: Session, olds: Inputs, inputs: Inputs) -> tuple[list[Problem], list[str]]:
        if olds or not inputs["adopt"]:
            return adopted_already(self, olds, inputs), []
        try:
            found = self.adopted(session, inputs)
            self.refuse_another(found, inputs)
        except REFUSALS as error:
            return [refusal(error)], []
        return [], [takeover(f"the {self.kind} {found.name} ({found.id})", self.changes(found, inputs))]

    def changes(self, found: T, inputs: Inputs) -> list[str]:
        """What taking `found` over changes on it, in words."""
        actual = self.inputs_of(found, inputs)
        differing = [
            key
            for key in actual
            if canonical(self.comparable(key, actual[key])) != canonical(self.comparable(key, inputs[key]))
        ]
        changes = [
            f"{key} {actual[key] or 'none'} -> {inputs[key] or 'none'}" for key in differing if key in SHOWN_WITH_VALUES
        ]
        if "tags" in actual:
            owner_tags = self.owner_tags_of(found)
            there = owner_tags.tag(actual["tags"]) if owner_tags else actual["tags"]
            changes += tag_changes(there, OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]))
        for key in differing:
            if key not in (*SHOWN_WITH_VALUES, "tags"):
                changes += self.told(key, actual[key], inputs[key])
        return changes

    def told(self, key: str, _before: Any, _after: Any) -> list[str]:
        """How a preview tells that taking an object over changes `key`, where it is none of its labels."""
        return [key]

    def find(self, session: Session, inputs: Inputs) -> T | None:
        """The object with this resource's owner tag."""
        owner_tags = OwnerTags.from_inputs(inputs["owner_tags"])
        own = [item for item in self.listed(session, inputs, owner_tags) if self.owner_tags_of(item) == owner_tags]
        return choose(session, self.kind, own)

    def adopted(self, session: Session, inputs: Inputs) -> T:
        """The object that `adopt` names. Raises `FleetError` where there is none, or somebody else's."""
        wanted = str(inputs["adopt"])
        try:
            found = self.fetch(session, inputs, wanted)
        except NotFoundError as error:
            raise AdoptionError(f"adopt: there is no {self.kind} {wanted}; check the ID and the zone") from error
        refuse_another_owner(
            f"{self.kind} {wanted}", self.owner_tags_of(found), OwnerTags.from_inputs(inputs["owner_tags"])
        )
        return found

    def refuse_another(self, found: T, inputs: Inputs) -> None:
        """Stop where the object cannot become what the inputs say, as that needs a new one."""
        actual = self.inputs_of(found, inputs)
        for key in sorted(self.replacing & actual.keys()):
            if canonical(self.comparable(key, actual[key])) != canonical(self.comparable(key, inputs[key])):
                raise AdoptionError(
                    f"{self.kind} {found.id} has another {key} than declared, {actual[key]}, which cannot be changed; "
                    "declare the one it has, or remove it. Nothing of it was changed"
                )

    def _make(self, session: Session, inputs: Inputs) -> T:
        return create_idempotently(
            session,
            f"the {self.kind} {inputs['name']}",
            lambda: self.make(session, inputs),
            lambda _: self.find(session, inputs),
        )

    @abstractmethod
    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[T]:
        """Candidates that may carry the owner tags."""

    @abstractmethod
    def owner_tags_of(self, item: T) -> OwnerTags | None:
        """The owner tags that an object carries."""

    @abstractmethod
    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> T:
        """One object by ID. Raises `NotFoundError`."""

    @abstractmethod
    def make(self, session: Session, inputs: Inputs) -> T:
        """Create the object with its owner tags."""

    @abstractmethod
    def change(self, session: Session, object_id: str, inputs: Inputs) -> T:
        """Write all inputs that can change in place."""

    @abstractmethod
    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        """Delete the object."""

    @abstractmethod
    def inputs_of(self, item: T, last: Outputs) -> Inputs:
        """The inputs that would make this object as it is now; `last` are the outputs known so far."""

    def results(self, _item: T) -> dict[str, Any]:
        """Outputs beyond the inputs."""
        return {}
