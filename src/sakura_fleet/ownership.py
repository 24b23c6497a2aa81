"""Owner tags: how an object in the cloud says which fleet, and which resource of it, it belongs to.

Objects with tags carry two of them: `sf:<10 hex>` is the same on everything a fleet owns, `sfr:<16 hex>` names one
resource and comes from the fleet and the resource's URN. Objects without tags (SSH keys, packet filters) carry both, in
that order, on the last line of their description. Names are never used to recognise an object: they belong to people.

The texts made here are stored in the cloud, so they never change from one release to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

MAX_TAGS: Final = 10
MAX_OWN_TAGS: Final = 7
"""Of the ten tags that SAKURA Cloud allows, two are the owner tags and one stays free for tools (`@previous-id=…`)."""

SIGNATURE_LENGTH: Final = len("\nsf:0123456789 sfr:0123456789abcdef")
"""What `OwnerTags.sign` adds to a description at most."""

_FLEET_TAG: Final = re.compile(r"sf:[0-9a-f]{10}")
_RESOURCE_TAG: Final = re.compile(r"sfr:[0-9a-f]{16}")
_FREED: Final = re.compile(r"sfr:0000[0-9]{12}")


@dataclass(frozen=True, slots=True)
class OwnerTags:
    """The two owner tags of one object; `resource` also serves as the key by which others refer to it.

    Made with `of` and `freed`, written with `tag`, `sign` and `inputs`, read with `from_tags`, `from_description` and
    `from_inputs`, taken off with `untag` and `unsign`, matched with `is_of` and `are_among`.
    """

    fleet: str
    resource: str

    @classmethod
    def of(cls, fleet_id: str, urn: str) -> OwnerTags:
        """The owner tags of the resource `urn` in the fleet `fleet_id`."""
        return cls(fleet_tag(fleet_id), "sfr:" + sha256(f"{fleet_id}\n{urn}".encode()).hexdigest()[:16])

    def freed(self, object_id: str) -> OwnerTags:
        """The owner tags of an object whose place another is about to take: still the fleet's, but of no resource."""
        return OwnerTags(self.fleet, f"sfr:0000{object_id}")

    @property
    def is_freed(self) -> bool:
        """Whether the object has lost its place to another."""
        return _FREED.fullmatch(self.resource) is not None

    def tag(self, own: Iterable[str]) -> list[str]:
        """The user's own tags and both owner tags, sorted as the cloud keeps them."""
        return sorted({*own, self.fleet, self.resource})

    @classmethod
    def from_tags(cls, tags: Iterable[str]) -> OwnerTags | None:
        """The owner tags among `tags`, or None where either is missing."""
        tags = tuple(tags)
        fleet = next((tag for tag in tags if _FLEET_TAG.fullmatch(tag)), None)
        resource = next((tag for tag in tags if _RESOURCE_TAG.fullmatch(tag)), None)
        return cls(fleet, resource) if fleet and resource else None

    @staticmethod
    def untag(tags: Iterable[str]) -> list[str]:
        """The user's own tags: all but the owner tags, sorted."""
        return sorted(tag for tag in tags if not (_FLEET_TAG.fullmatch(tag) or _RESOURCE_TAG.fullmatch(tag)))

    def sign(self, description: str) -> str:
        """The user's description with the owner tags as its last line."""
        line = f"{self.fleet} {self.resource}"
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
        """The owner tags as a resource's inputs carry them."""
        return {"fleet": self.fleet, "resource": self.resource}

    @classmethod
    def from_inputs(cls, inputs: dict[str, Any]) -> OwnerTags:
        """The owner tags as a resource's inputs carry them."""
        return cls(str(inputs["fleet"]), str(inputs["resource"]))

    def is_of(self, fleet: str) -> bool:
        """Whether the object belongs to the fleet with this tag."""
        return self.fleet == fleet

    def are_among(self, tags: Iterable[str]) -> bool:
        """Whether an object with these tags is this resource."""
        return self.resource in tags


def fleet_tag(fleet_id: str) -> str:
    """The tag on everything that the fleet owns, orphans included."""
    return "sf:" + sha256(fleet_id.encode()).hexdigest()[:10]
