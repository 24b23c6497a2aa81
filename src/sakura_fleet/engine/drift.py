"""Drift: what the cloud has otherwise than the state, property by property, from the events of a refresh's preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.engine.plan import SECRET, Step

GONE: Final = "gone"


@dataclass(frozen=True, slots=True)
class Property:
    """A property that differs. `path` is as `settings.timeout` or `record_sets[www A].ttl`; a value that one side does
    not have is None there."""

    path: str
    state: Any
    cloud: Any


@dataclass(frozen=True, slots=True)
class Drift:
    """A resource of the state that the cloud has otherwise, or, with no properties, no longer."""

    urn: str
    name: str
    type: str
    properties: Sequence[Property]

    @property
    def is_gone(self) -> bool:
        """Whether the cloud does not have it."""
        return not self.properties


def drift_in(refreshed: Sequence[Step]) -> list[Drift]:
    """The resources that differ, by name; `refreshed` are the results of a refresh, with the state of before as `old`
    and what the cloud has as `new`."""
    names = {str((step.old_inputs.get("owner_tags") or {}).get("resource")): step.name for step in refreshed}
    found = [
        Drift(step.urn, step.name, step.type, list(_properties(step, names)) if step.op != "delete" else [])
        for step in refreshed
        if step.op in ("update", "delete") and not step.old.get("delete")
    ]
    return sorted(found, key=lambda drift: (drift.type, drift.name))


def _properties(step: Step, names: Mapping[str, str]) -> Iterator[Property]:
    """What a program declares; where that is the same, what only the cloud decides, such as an address."""
    differ = list(_differences("", step.old_inputs, step.new_inputs, names))
    if not differ:
        differ = list(_differences("", step.old.get("outputs") or {}, step.new.get("outputs") or {}, names))
    yield from differ or [Property("a secret", SECRET, SECRET)]


def _differences(path: str, state: Any, cloud: Any, names: Mapping[str, str]) -> Iterator[Property]:
    if state == cloud:
        return
    was, now = _parts(state, names), _parts(cloud, names)
    if was is None or now is None:
        yield Property(path.removeprefix("."), state, cloud)
        return
    for part in dict.fromkeys([*was, *now]):
        yield from _differences(path + part, was.get(part), now.get(part), names)


def _parts(value: Any, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The parts of a value that are compared one by one, by what their path ends with; None for what is compared as a
    whole: a plan is one thing, and items of a list that have no name of their own could only be counted."""
    if isinstance(value, Mapping):
        return None if "core" in value else {f".{key}": inner for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        parts = {f"[{_name(item, names)}]": item for item in value}
        return parts if len(parts) == len(value) and "[]" not in parts else None
    return None


def _name(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What an item of a list is called: a record set, a member of an ELB by its server's Pulumi name; or empty."""
    key = str(item.get("key", ""))
    called = [names.get(key, key), *(str(item.get(word, "")) for word in ("name", "type"))]
    return " ".join(filter(None, called)) if key or "name" in item else ""
