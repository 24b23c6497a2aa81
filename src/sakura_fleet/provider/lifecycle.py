"""The life cycle of a resource, independent of who hosts it: plain dicts in and out, and a context to act with."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import Problem

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

Inputs = dict[str, Any]
Outputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Diff:
    """Which properties differ, and which of them need a new object."""

    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is in the cloud now."""

    id: str
    inputs: Inputs
    outputs: Outputs


@dataclass(frozen=True, slots=True)
class Checked:
    """Inputs with their defaults filled in, what is wrong with them, and what the run says of them."""

    inputs: Inputs
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class Unknown:
    """Stands for a value that a preview cannot know yet; the host puts it in the place of its own."""

    def __repr__(self) -> str:
        return "Unknown()"


class Lifecycle(ABC):
    """What the engine can ask of one kind of resource.

    **Order.** For every resource of the program, in the order of its dependencies: `check` (in previews, too), `diff`
    where the state knows the resource, then `create`, `update`, or, for a replacement, `delete` and `create`. What left
    the program is deleted last, in the reverse order. A refresh calls `read`. `check` goes through the steps
    `problems`, `normalized` and `adoptable`, each only where the one before found nothing wrong.

    **Must be overridden**: `problems`, `create`, `read`, `update`, `delete`.

    **May be overridden**: `defaults`, `replacing` and `creation_only`; `comparable` where two values mean the same;
    `normalized` where the state is to hold one form only; `needs_replacement` where it depends on the values;
    `adoptable` for kinds that can be taken over; `full` and `short` where the state leaves out what it may.
    `OwnerTaggedLifecycle` has all of this for objects that one call makes.

    **After a crash** at any point the same command is run again, so every call must find what an earlier one left:

    - in `create`, the state knows nothing: the next run calls `create` again, which finds the object by its owner tags
      and finishes it. So the owner tags must be written by the very call that makes the object.
    - in `update`, the state has the outputs from before: the next run calls `update` again with the same `olds`,
      unless its program is the old one again.
    - in `delete`, the state still has the object: the next run calls `delete` again, and what is gone is a success.

    **After a failure**, an error, the state knows more: of an `update` the outputs from before, or those that the error
    has in `left`, and that the next run must call `update`, whatever its program is; of a `create` what is in `left`,
    else nothing. So a `create` that writes what no owner tag finds again, and fails after that, must say so in `left`.

    Nothing here knows the host: what is unknown in a preview is `Unknown`, and what is to be said goes to `notices` or
    to the session's log.
    """

    defaults: Mapping[str, Any] = {}
    """The inputs that may be left out. An output missing from an old state counts as its default."""

    replacing: frozenset[str] = frozenset()
    """The inputs whose change needs a new object."""

    creation_only: frozenset[str] = frozenset()
    """The inputs that only `create` reads; a change of them is no difference."""

    def full(self, properties: Inputs) -> Inputs:
        """Properties as the methods below take them, from what the program sent or the state holds."""
        return properties

    def short(self, properties: Inputs) -> Inputs:
        """Properties as the state holds them."""
        return properties

    def check(self, session: Session, olds: Inputs, news: Inputs) -> Checked:
        """Fill in defaults and judge the inputs. An `Unknown` passes without a judgement."""
        inputs = {**self.defaults, **{key: value for key, value in news.items() if value is not None}}
        problems = self.problems(session, olds, inputs)
        if problems:
            return Checked(inputs, problems)
        inputs = self.normalized(inputs)
        problems, notices = self.adoptable(session, olds, inputs)
        return Checked(inputs, problems, notices)

    @abstractmethod
    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        """Everything that is wrong with the inputs, defaults included."""

    def normalized(self, inputs: Inputs) -> Inputs:
        """Inputs without problems in the one form that the state holds."""
        return inputs

    def adoptable(self, _session: Session, _olds: Inputs, _inputs: Inputs) -> tuple[list[Problem], list[str]]:
        """What keeps the object that `adopt` names from being taken over; where nothing does, what changes on it."""
        return [], []

    def diff(self, olds: Outputs, news: Inputs) -> Diff:
        """Compare the last known outputs with the new inputs, property by property, in canonical form."""
        changed = tuple(
            key
            for key in sorted(news)
            if key not in self.creation_only
            and canonical(self.comparable(key, olds.get(key, self.defaults.get(key))))
            != canonical(self.comparable(key, news[key]))
        )
        return Diff(changed, tuple(key for key in changed if self.needs_replacement(key, olds, news)))

    def comparable(self, _key: str, value: Any) -> Any:
        """The part of a property that counts in a comparison."""
        return value

    def needs_replacement(self, key: str, _olds: Outputs, _news: Inputs) -> bool:
        """Whether a change of `key` needs a new object."""
        return key in self.replacing

    @abstractmethod
    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        """Find the object by its owner tag and finish it, or make it. Returns its ID and outputs."""

    @abstractmethod
    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        """The object as it is now; None where it is gone."""

    @abstractmethod
    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        """Change the object in place; returns all outputs."""

    @abstractmethod
    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        """Remove the object; one that is gone already is a success."""


def canonical(value: Any) -> str:
    """A text that is equal for values that mean the same: sorted keys, whole floats as integers, no nulls in
    mappings."""
    return json.dumps(plain(value), sort_keys=True, default=repr)


def plain(value: Any) -> Any:
    """Pulumi sends every number as a float and drops nulls from mappings; this undoes the first and repeats the
    second."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
