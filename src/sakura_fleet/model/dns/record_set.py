"""A record set: all values of one type at one name, as a program writes it and typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.rdata import Unread, read_rdata
from sakura_fleet.model.dns.values import AddressOf, Pending, Resolve, SvcbTemplate, Value, written_value
from sakura_fleet.model.reference import plain

Allow = Sequence[str | Mapping[str, str]]
"""Rules of severity P that may be broken: by their ids, or as `{id: reason}`."""


@dataclass(frozen=True, slots=True)
class RecordSetArgs:
    """A record set as a program writes it.

    A value is a text, `{"server": reference}` or `{"elb": reference}`, or a mapping: for HTTPS and SVCB such as
    `{"priority": 1, "target": ".", "alpn": ["h3", "h2"]}`, for MX, SRV and CAA by their fields. `allow` names rules
    that may be broken here: by their ids, or as `{id: reason}`.
    """

    name: str
    type: str
    values: Sequence[Any]
    ttl: int = DEFAULT_TTL
    allow: Allow = ()

    def inputs(self) -> dict[str, Any]:
        """The set as a mapping, for the reader."""
        stated = {"name": self.name, "type": self.type, "ttl": self.ttl, "values": plain(list(self.values))}
        return {**stated, "allow": list(self.allow)} if self.allow else stated


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All values of one type at one name, typed. `name` is relative to the zone, `ttl` in seconds."""

    name: str
    type: str
    values: tuple[Value, ...]
    ttl: int = DEFAULT_TTL
    allow: Allow = ()

    @classmethod
    def of_texts(
        cls, name: str, kind: str, texts: Sequence[str], ttl: int = DEFAULT_TTL, allow: Allow = ()
    ) -> RecordSet:
        """The set of these texts, which are not judged."""
        return cls(name, kind, tuple(read_rdata(kind, text) for text in texts), ttl, tuple(allow))

    @classmethod
    def from_inputs(cls, inputs: Mapping[str, Any]) -> RecordSet:
        """The set that `inputs` gave, of a set without references."""
        ttl = int(inputs.get("ttl") or DEFAULT_TTL)
        return cls.of_texts(inputs["name"], inputs["type"], inputs["values"], ttl, inputs.get("allow") or ())

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one set."""
        return self.name, self.type

    @property
    def allowed(self) -> frozenset[str]:
        """The ids of the rules that may be broken here."""
        return frozenset(rule for entry in self.allow for rule in ([entry] if isinstance(entry, str) else entry))

    @property
    def is_literal(self) -> bool:
        """Whether it takes no more than the set to know its data."""
        return not any(isinstance(value, AddressOf | SvcbTemplate | Pending | Unread) for value in self.values)

    def __str__(self) -> str:
        return f"{self.name} {self.type}"

    def inputs(self) -> dict[str, Any]:
        """The set as a resource's inputs carry it."""
        values = [written_value(value) for value in self.values]
        stated = {"name": self.name, "type": self.type, "ttl": self.ttl, "values": values}
        return {**stated, "allow": list(self.allow)} if self.allow else stated

    def resolved(self, resolve: Resolve) -> RecordSet:
        """The set with the addresses of now in place of all references."""

        def known(value: Value) -> Value:
            if isinstance(value, AddressOf):
                return read_rdata(self.type, resolve(value.reference, self.type))
            if isinstance(value, SvcbTemplate):
                return value.resolved(lambda reference: resolve(reference, "A"))
            return value

        return replace(self, values=tuple(known(value) for value in self.values))
