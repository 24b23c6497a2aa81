"""Owner tags: how an object in the cloud says which fleet, and which resource of it, it belongs to.

Objects with tags carry three of them: `sf:<10 hex>` is the same on everything a fleet owns, `sfr:<16 hex>` names one
resource and comes from the fleet and the resource's URN, `sfs:<10 hex>` names the state that knows it (its backend
keeps the text; where it keeps none, the tag is missing). Objects without tags (SSH keys, packet filters) carry them, in
that order, on the last line of their description. Names are never used to recognise an object: they belong to people.

The texts made here are stored in the cloud, so they never change from one release to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

STATE_NAME: Final = "sakura-fleet:state"
"""The name of the stack's tag, which `pulumi stack tag` reads and writes, that keeps the third."""

MAX_TAGS: Final = 10
MAX_OWN_TAGS: Final = 6
"""Of the ten tags that SAKURA Cloud allows, three are owner tags and one stays free for tools (`@previous-id=…`)."""

SIGNATURE_LENGTH: Final = len("\nsf:0123456789 sfr:0123456789abcdef sfs:0123456789")
"""What `OwnerTags.sign` adds to a description at most."""

_FLEET_TAG: Final = re.compile(r"sf:[0-9a-f]{10}")
_RESOURCE_TAG: Final = re.compile(r"sfr:[0-9a-f]{16}")
_STATE_TAG: Final = re.compile(r"sfs:[0-9a-f]{10}")
_TAGS: Final = (_FLEET_TAG, _RESOURCE_TAG, _STATE_TAG)
_FREED: Final = re.compile(r"sfr:0000[0-9]{12}")


@dataclass(frozen=True, slots=True)
class OwnerTags:
    """The owner tags of one object; `resource` also serves as the key by which others refer to it.

    `state` is empty where it is not known. It does not say what an object is, so it does not count in comparisons.

    Made with `of` and `freed`, written with `tag`, `sign` and `inputs`, read with `from_tags`, `from_description` and
    `from_inputs`, taken off with `untag` and `unsign`, matched with `is_of` and `are_among`.
    """

    fleet: str
    resource: str
    state: str = field(default="", compare=False)

    @classmethod
    def of(cls, fleet_id: str, urn: str) -> OwnerTags:
        """The owner tags of the resource `urn` in the fleet `fleet_id`."""
        return cls(fleet_tag(fleet_id), "sfr:" + sha256(f"{fleet_id}\n{urn}".encode()).hexdigest()[:16])

    def freed(self, object_id: str) -> OwnerTags:
        """The owner tags of an object whose place another is about to take: still the fleet's, but of no resource."""
        return replace(self, resource=f"sfr:0000{object_id}")

    @property
    def is_freed(self) -> bool:
        """Whether the object has lost its place to another."""
        return _FREED.fullmatch(self.resource) is not None

    def tag(self, own: Iterable[str]) -> list[str]:
        """The user's own tags and the owner tags, sorted as the cloud keeps them."""
        return sorted({*own, *self._texts()})

    @classmethod
    def from_tags(cls, tags: Iterable[str]) -> OwnerTags | None:
        """The owner tags among `tags`, or None where that of the fleet or of the resource is missing."""
        tags = tuple(tags)
        fleet, resource, state = (next(filter(tag.fullmatch, tags), "") for tag in _TAGS)
        return cls(fleet, resource, state) if fleet and resource else None

    @staticmethod
    def untag(tags: Iterable[str]) -> list[str]:
        """The user's own tags: all but the owner tags, sorted."""
        return sorted(tag for tag in tags if not any(own.fullmatch(tag) for own in _TAGS))

    def sign(self, description: str) -> str:
        """The user's description with the owner tags as its last line."""
        line = " ".join(self._texts())
        return f"{description}\n{line}" if description else line

    @classmethod
    def from_description(cls, description: str) -> OwnerTags | None:
        """The owner tags on the last line of `description`, or None."""
        return cls.from_tags(description.rpartition("\n")[2].split())

    @classmethod
    def unsign(cls, description: str) -> str:
        """The user's own description: all but the line with the owner tags."""
        text, _, last = description.rpartition("\n")
        return text if cls.from_tags(last.split()) else description

    def inputs(self) -> dict[str, str]:
        """The owner tags as a resource's inputs carry them: without that of the state."""
        return {"fleet": self.fleet, "resource": self.resource}

    @classmethod
    def from_inputs(cls, inputs: dict[str, Any]) -> OwnerTags:
        """The owner tags as a resource's inputs carry them, or a run that knows the state's."""
        return cls(str(inputs["fleet"]), str(inputs["resource"]), str(inputs.get("state", "")))

    def is_of_another_state(self, state: str) -> bool:
        """Whether an object with these tags is known to belong to another state than the one with this tag."""
        return self.state not in ("", state)

    def _texts(self) -> list[str]:
        return [text for text in (self.fleet, self.resource, self.state) if text]

    def is_of(self, fleet: str) -> bool:
        """Whether the object belongs to the fleet with this tag."""
        return self.fleet == fleet

    def are_among(self, tags: Iterable[str]) -> bool:
        """Whether an object with these tags is this resource."""
        return self.resource in tags


def fleet_tag(fleet_id: str) -> str:
    """The tag on everything that the fleet owns, orphans included."""
    return "sf:" + sha256(fleet_id.encode()).hexdigest()[:10]
