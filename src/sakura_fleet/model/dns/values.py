"""What a declared record set may hold beside plain data: addresses of servers and ELBs, hints that follow a server, and
what is not known yet.

No address is ever typed twice: a value refers to the server or ELB that has it, and the address is looked up when the
change is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.rdata import HINTS, Address, Rdata
from sakura_fleet.model.dns.svcb import Svcb, keys, structure_of
from sakura_fleet.model.reference import ElbReference, Reference

REFERENCES: Final = {"server": ("A",), "elb": ("A", "ALIAS", "CNAME")}
"""What can be referred to, and from which types."""

STAND_IN: Final = "0.0.0.0"  # noqa: S104
"""In the place of an address hint that is looked up later."""


@dataclass(frozen=True, slots=True)
class AddressOf:
    """The address of a server or ELB; `known` says whether all of the reference is known already."""

    reference: Reference
    known: bool = True

    @property
    def kind(self) -> str:
        """What is referred to, as in `REFERENCES`."""
        return self.reference.kind

    @property
    def key(self) -> str | None:
        """The owner tag of what is referred to, where it is known."""
        return self.reference.key if isinstance(self.reference.key, str) else None

    @property
    def can_be_told_apart(self) -> bool:
        """Whether it is known which object is meant."""
        return isinstance(self.reference.id, str) or self.key is not None

    @property
    def identity(self) -> Hashable:
        """A server by the ID that Pulumi keeps: it is the same as long as the object is, also after a plan change."""
        key, number = self.reference.key, self.reference.id
        if isinstance(self.reference, ElbReference):
            return self.kind, key, number
        return (self.kind, number) if isinstance(number, str) else (self.kind, None, key)

    def text(self) -> str:
        """How a message shows it."""
        return f"the {self.kind} {self.key or '?'}"

    def inputs(self) -> dict[str, Any]:
        """As a resource's inputs carry it."""
        return {self.kind: self.reference.inputs()}


Resolve = Callable[[Reference, str], str]
"""`(reference, record type) -> the address, or for ALIAS and CNAME the name`."""


@dataclass(frozen=True, slots=True)
class SvcbTemplate:
    """SVCB or HTTPS data with IPv4 hints of which at least one follows a server.

    `outline` is the data with `STAND_IN` for each hint that follows a server.
    """

    outline: Svcb
    hints: tuple[Address | AddressOf, ...]

    @property
    def identity(self) -> Hashable:
        return self.outline.identity, tuple(hint.identity for hint in self.hints)

    def text(self) -> str:
        """How a message shows it."""
        return self.outline.text()

    def inputs(self) -> dict[str, Any]:
        """As a resource's inputs carry it: the one form with room for references."""
        hints = [hint.inputs() if isinstance(hint, AddressOf) else hint.text() for hint in self.hints]
        return {**structure_of(self.outline), "ipv4hint": hints}

    def resolved(self, address_of: Callable[[Reference], str]) -> Svcb:
        """The data with the addresses of now."""
        found = [
            IPv4Address(address_of(hint.reference)) if isinstance(hint, AddressOf) else hint.ip for hint in self.hints
        ]
        params = {**dict(self.outline.params), keys.IPV4HINT: b"".join(address.packed for address in found)}
        return Svcb(self.outline.priority, self.outline.target, tuple(sorted(params.items())))


@dataclass(frozen=True, slots=True)
class Pending:
    """A value about which nothing can be said: not known yet, or refused.

    `problems` are those that nobody has been told of yet; their paths are empty.
    """

    written: Any
    problems: tuple[Problem, ...] = ()

    @property
    def identity(self) -> Hashable:
        return "pending", repr(self.written)

    def text(self) -> str:
        """How a message shows it."""
        return "?"


Value = Rdata | AddressOf | SvcbTemplate | Pending
"""One value of a declared set."""


def svcb_of(value: object) -> Svcb | None:
    """The SVCB or HTTPS data of a value as far as it is known: hints that follow a server are only there."""
    if isinstance(value, SvcbTemplate):
        return value.outline
    return value if isinstance(value, Svcb) else None


def hints_of(value: object, family: int) -> Sequence[Address | AddressOf]:
    """The address hints of a value, `keys.IPV4HINT` or `keys.IPV6HINT`."""
    if isinstance(value, SvcbTemplate) and family == keys.IPV4HINT:
        return value.hints
    svcb = svcb_of(value)
    wire = svcb.param(family) if svcb else None
    if wire is None:
        return ()
    kind, size = (IPv4Address, 4) if family == keys.IPV4HINT else (IPv6Address, 16)
    return [Address(kind(wire[at : at + size])) for at in range(0, len(wire), size)]


def written_value(value: Value) -> Any:
    """A value as a resource's inputs carry it: the canonical text wherever there is one."""
    if isinstance(value, AddressOf | SvcbTemplate):
        return value.inputs()
    return value.written if isinstance(value, Pending) else value.text()


def without_hints(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What an SVCB mapping says beside its address hints."""
    return {key: value for key, value in mapping.items() if key not in HINTS}
