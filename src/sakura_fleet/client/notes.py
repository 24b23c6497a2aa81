"""Notes: startup scripts (API path `note`, global)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sakura_fleet.client._api import GlobalApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json

__all__ = ["Note", "NotesApi"]


@dataclass(frozen=True, slots=True)
class Note:
    """One startup script. `note_class` is "shell" or "yaml_cloud_config"; `scope` "shared" or "user"."""

    id: str
    name: str
    tags: tuple[str, ...]
    note_class: str
    scope: str
    content: str
    created_at: datetime | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            **fields.named(),
            tags=fields.tags(),
            note_class=fields.text("Class"),
            scope=fields.text("Scope"),
            content=fields.blank_text("Content"),
        )


class NotesApi(GlobalApi[Note]):
    """Startup scripts, one's own and the vendor's."""

    PATH, SINGULAR, PLURAL = "note", "Note", "Notes"
    VALUE = Note

    def create(self, *, name: str, content: str, tags: Sequence[str] = (), note_class: str = "shell") -> Note:
        """Store a script. Everybody with access to the account can read it: no secrets in `content`."""
        return self._create(
            self._zone, {"Name": name, "Class": note_class, "Content": content, "Tags": sorted(tags), "Icon": None}
        )

    def update(self, note_id: str, *, name: str, content: str, tags: Sequence[str]) -> Note:
        """Replace name, content and tags. Servers that have run the script are not touched."""
        return self._update(self._zone, note_id, {"Name": name, "Content": content, "Tags": sorted(tags)})
