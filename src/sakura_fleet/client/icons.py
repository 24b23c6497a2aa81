"""Icons that servers, disks and switches can show in the control panel (API path `icon`, global)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._api import GlobalReadApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, text

__all__ = ["Icon", "IconsApi"]


@dataclass(frozen=True, slots=True)
class Icon:
    """One icon. `scope` is "shared" (the vendor's) or "user"."""

    id: str
    name: str
    tags: tuple[str, ...]
    scope: str
    url: str

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            id=fields.own_id(),
            name=fields.text("Name"),
            tags=fields.tags(),
            scope=fields.text("Scope"),
            url=text(fields.get("URL")),
        )


class IconsApi(GlobalReadApi[Icon]):
    """Finds and reads icons."""

    PATH, SINGULAR, PLURAL = "icon", "Icon", "Icons"
    VALUE = Icon
