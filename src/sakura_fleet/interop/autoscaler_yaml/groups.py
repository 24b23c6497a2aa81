"""The server groups of their file, in either layout, and the choice of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.errors import FileError, UsageError
from sakura_fleet.interop.autoscaler_yaml.section import NO_COUNTERPART, Notes

ELB_TYPES: Final = ("ELB", "EnhancedLoadBalancer")
PARENT_TYPES: Final = (*ELB_TYPES, "GSLB", "DNS", "LoadBalancer")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a group's servers are put into; `type` is empty where there is nothing."""

    path: str = ""
    type: str = ""
    selector: Any = None


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A server group, where it was written, and its parent."""

    path: str
    body: Mapping[str, Any]
    parent: Parent

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.body.get("server_name_prefix") or "")

    @property
    def prefix(self) -> str:
        """What the names of its servers begin with."""
        return str(self.body.get("server_name_prefix") or self.body.get("name") or "")


def find_groups(resources: Any, path: str, notes: Notes, parent: Parent | None = None) -> list[FoundGroup]:
    """All server groups of a list of resources; what else is there is noted."""
    found: list[FoundGroup] = []
    for index, body in enumerate(resources if isinstance(resources, list) else ()):
        here = f"{path}[{index}]"
        kind = str(body.get("type") or "") if isinstance(body, Mapping) else ""
        if kind == "ServerGroup":
            found.append(FoundGroup(here, body, _own_parent(body, here, notes) or parent or Parent()))
        elif kind in PARENT_TYPES and body.get("resources"):
            around = Parent(here, kind, body.get("selector"))
            found += find_groups(body["resources"], f"{here}.resources", notes, around)
            for key in body.keys() - {"type", "name", "selector", "resources"}:
                notes.add(f"{here}.{key}", NO_COUNTERPART, to_do=True)
        else:
            what = f"a {kind}" if kind else "this"
            notes.add(here, f"{what} is not converted: only server groups scale here", to_do=True)
    return found


def _own_parent(body: Mapping[str, Any], path: str, notes: Notes) -> Parent | None:
    written = body.get("parent")
    if not isinstance(written, Mapping):
        if written is not None:
            notes.add(f"{path}.parent", "this is not a mapping; it was left out", to_do=True)
        return None
    for key in written.keys() - {"type", "selector"}:
        notes.add(f"{path}.parent.{key}", NO_COUNTERPART, to_do=True)
    return Parent(f"{path}.parent", str(written.get("type") or ""), written.get("selector"))


def choose_group(groups: list[FoundGroup], wanted: str, source: str) -> FoundGroup:
    """The group called `wanted`, or the only one. Raises `FileError` where there is none, `UsageError`
    where `wanted` does not lead to exactly one."""
    names = ", ".join(group.name or group.path for group in groups)
    if not groups:
        raise FileError(f"{source} has no resource of type ServerGroup; only those are converted")
    if not wanted:
        if len(groups) > 1:
            raise UsageError(f"{source} has several server groups ({names}); name one with --group")
        return groups[0]
    fitting = [group for group in groups if wanted in (group.name, group.prefix)]
    if len(fitting) != 1:
        problem = "has no server group" if not fitting else "has more than one server group"
        raise UsageError(f"{source} {problem} {wanted!r}; there are {names}")
    return fitting[0]
