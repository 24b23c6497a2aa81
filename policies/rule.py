"""What a rule is: plain functions on plain properties, and the words around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.levels import Levels


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its inputs, without Pulumi's own; what is not known yet is `properties.UNKNOWN`."""

    urn: str
    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    """The parent's URN."""

    @property
    def name(self) -> str:
        """Its Pulumi name."""
        return self.urn.rpartition("::")[2]

    def inside(self, token: str) -> bool:
        """Whether a component of this type is around it."""
        types = self.urn.split("::")[2] if self.urn.count("::") >= 3 else ""
        return token in types.split("$")[:-1]


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beside the resource: its settings, the stack's name, and what the run has declared, by URN.

    For a rule about one resource these are the ones before it, so all that it refers to; for a rule about the whole
    stack all of them.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    stack: str = ""
    declared: Mapping[str, Resource] = field(default_factory=dict)

    def of_type(self, token: str) -> list[Resource]:
        """The declared resources of a type."""
        return [resource for resource in list(self.declared.values()) if resource.type == token]


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a rule is broken, and in which words. They never hold a property's value: a policy sees secrets in plain
    text, and its messages go to logs. `urn` is for rules about the whole stack."""

    path: str
    words: str
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a rule, for `--policy-pack-config`. Its JSON type is that of the default."""

    default: Any
    meaning: str

    @property
    def json_type(self) -> str:
        """The type as JSON Schema names it."""
        return "array" if isinstance(self.default, list | tuple) else "integer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule. `types` are the resources it judges; none means the stack as a whole. `needs` are those that it reads."""

    id: str
    types: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    what: str
    why: str
    way_out: str
    levels: Levels
    settings: Mapping[str, Setting] = field(default_factory=dict)
    check_resource: Callable[[Resource, Context], Iterable[Breach]] | None = None
    check_stack: Callable[[Context], Iterable[Breach]] | None = None
    remediate: Callable[[Resource, Context], Mapping[str, Any]] | None = None
    """The properties to change. The pack changes them in place, so that secrets beside them stay secret."""

    def configured(self, settings: Mapping[str, Any] | None) -> dict[str, Any]:
        """The settings, defaults filled in."""
        return {name: setting.default for name, setting in self.settings.items()} | dict(settings or {})

    def message(self, breach: Breach) -> str:
        """What a person reads below the rule's name and description."""
        where = f"{breach.path}: " if breach.path else ""
        return f"{where}{breach.words}\nWay out: {self.way_out}"
