"""How one resource refers to a server or an ELB without waiting for its outputs.

In a preview every update of a resource makes all its outputs unknown, but not its ID. So whoever needs a server's
address takes a reference instead, and the address is read when the change is applied. A reference is a plain mapping
only where resources carry it, in their inputs and in the state.

A field of a reference may not be known yet: in a program it is an output of Pulumi's, in a preview its stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class ServerReference:
    """A server: by `key` (its owner tag), by `id`, which is another one only for another server, and by the zones
    that it may be in."""

    kind: ClassVar = "server"

    key: Any
    id: Any
    zones: Sequence[str]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Self:
        """The reference in a resource's inputs; what is missing there is empty."""
        return cls(inputs.get("key"), inputs.get("id"), inputs.get("zones", ()))

    def inputs(self) -> dict[str, Any]:
        """As a resource's inputs carry it."""
        return {"key": self.key, "id": self.id, "zones": self.zones}

    @property
    def is_whole(self) -> bool:
        """Whether it can refer to anything."""
        return _is_text(self.key) and _is_text(self.id) and bool(self.zones)


@dataclass(frozen=True, slots=True)
class ElbReference:
    """An ELB: by `key` (its owner tag, empty for an ELB made elsewhere), and by `id`, which a plan change replaces."""

    kind: ClassVar = "elb"

    key: Any
    id: Any

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Self:
        """The reference in a resource's inputs; what is missing there is empty."""
        return cls(inputs.get("key"), inputs.get("id"))

    def inputs(self) -> dict[str, Any]:
        """As a resource's inputs carry it."""
        return {"key": self.key, "id": self.id}

    @property
    def is_whole(self) -> bool:
        """Whether it can refer to anything."""
        return (self.key == "" or _is_text(self.key)) and _is_text(self.id)


Reference = ServerReference | ElbReference


def plain(value: Any) -> Any:
    """The value with its references, however deep, as a resource's inputs carry them."""
    if isinstance(value, ServerReference | ElbReference):
        return value.inputs()
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _is_text(part: Any) -> bool:
    """Whether it is a text with something in it, or will be one."""
    return part not in (None, "") and not isinstance(part, Mapping | list | tuple)
