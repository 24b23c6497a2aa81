"""Archives: the disk images that disks are copied from (API path `archive`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from sakura_fleet.client._api import ZonedApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json
from sakura_fleet.errors import ResourceError
from sakura_fleet.model.server.os_types import OS_TYPES

__all__ = ["Archive", "ArchivesApi"]


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive. `scope` is "shared" (the vendor's) or "user"; size in GB."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    scope: str
    availability: str
    size_gb: int
    created_at: datetime | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            **fields.described(),
            scope=fields.text("Scope"),
            availability=fields.text("Availability"),
            size_gb=fields.gigabytes("SizeMB"),
        )


class ArchivesApi(ZonedApi[Archive]):
    """Archives of a zone. The same public archive has another ID in each zone."""

    PATH, SINGULAR, PLURAL = "archive", "Archive", "Archives"
    VALUE = Archive

    def find(
        self,
        zone: str,
        *,
        tags: Sequence[str] = (),
        name: str | None = None,
        scope: Literal["shared", "user"] | None = None,
    ) -> list[Archive]:
        """As every `find`, and only the vendor's ("shared") or one's own ("user") archives if `scope` says so."""
        found = self._find(zone, tags=tags, name=name, filters={"Scope": [scope]} if scope else None)
        return [archive for archive in found if scope in (None, archive.scope)]

    def find_by_os_type(self, zone: str, os_type: str) -> Archive:
        """The vendor's current archive of an OS type such as "ubuntu2404" (`sakura_fleet.model.server.os_types`).

        Raises `ResourceError` naming the OS type and the zone if there is none, or no such OS type.
        """
        wanted = OS_TYPES.get(os_type)
        if wanted is None:
            raise ResourceError(f"there is no OS type {os_type!r}; known are {', '.join(sorted(OS_TYPES))}")
        for archive in self.find(zone, tags=wanted, scope="shared"):
            if archive.availability == "available":
                return archive
        raise ResourceError(
            f"zone {zone} has no public archive for OS type {os_type!r} (tags {', '.join(wanted)}); "
            "choose another OS type or zone, or name an archive by its ID"
        )
