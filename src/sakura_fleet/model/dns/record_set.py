"""A record set as a person declares it, and what its values may refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Final

from sakura_fleet.model.dns.names import DEFAULT_TTL

REFERENCES: Final = {"server": ("A",), "elb": ("A", "ALIAS", "CNAME")}
"""What can be referred to, and from which types."""

Unknown = type | tuple[type, ...]
"""The types of values that nobody knows yet."""

Resolve = Callable[[str, Mapping[str, Any], str], str]
"""`(kind of reference, reference, record type) -> record data`."""


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All values of one type at one name.

    `allow` names rules of severity P that may be broken here: by their ids, or as `{id: reason}`.
    """

    name: str
    type: str
    values: Sequence[Any]
    ttl: int = DEFAULT_TTL
    allow: Sequence[str | Mapping[str, str]] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one set."""
        return self.name, self.type

    @property
    def allowed(self) -> frozenset[str]:
        """The rules that may be broken here."""
        return frozenset(rule for one in self.allow for rule in ([one] if isinstance(one, str) else one))

    def __str__(self) -> str:
        return f"{self.name} {self.type}"

    def inputs(self) -> dict[str, Any]:
        """The set as a resource's inputs carry it."""
        stated = {"name": self.name, "type": self.type, "ttl": self.ttl, "values": list(self.values)}
        return {**stated, "allow": list(self.allow)} if self.allow else stated

    @classmethod
    def from_inputs(cls, inputs: Mapping[str, Any]) -> RecordSet:
        """The set that `inputs` gave."""
        return cls(
            inputs["name"],
            inputs["type"],
            tuple(inputs["values"]),
            int(inputs.get("ttl") or DEFAULT_TTL),
            tuple(inputs.get("allow") or ()),
        )


class StandIns:
    """What references stand for while nobody knows: equal references get equal data, different ones different data."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, kind: str, reference: Mapping[str, Any], record_type: str) -> str:
        number = self._known.setdefault(repr((kind, sorted(reference.items(), key=str))), len(self._known) + 1)
        return str(IPv4Address(number)) if record_type == "A" else f"{kind}-{number}.invalid."


def is_reference(kind: str, reference: Any) -> bool:
    """Whether `reference` can stand for a server or ELB: an ID and a key (empty for an
    ELB made elsewhere), and for a server the zones it may be in."""
    needed = ("id", "key", "zones") if kind == "server" else ("id",)
    return isinstance(reference, Mapping) and "key" in reference and all(reference.get(one) for one in needed)


def holds_unknown(value: Any, unknown: Unknown) -> bool:
    """Whether anything inside `value` is not known yet."""
    if isinstance(value, unknown):
        return True
    if isinstance(value, Mapping):
        return any(holds_unknown(one, unknown) for one in value.values())
    return not isinstance(value, str) and isinstance(value, Sequence) and any(holds_unknown(o, unknown) for o in value)
