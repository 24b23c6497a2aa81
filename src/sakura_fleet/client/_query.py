"""The condition of a find or monitor call: one JSON object, percent-encoded, directly after `?` (no key)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

__all__ = ["condition", "encode", "is_match"]


def encode(query: Mapping[str, Any]) -> bytes:
    """The bytes after `?`. Everything but letters, digits and `_.-~` is escaped, once."""
    return quote(json.dumps(query, ensure_ascii=False, separators=(",", ":")), safe="").encode("ascii")


def condition(
    *,
    start: int = 0,
    tags: Sequence[str] = (),
    name: str | None = None,
    filters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A find condition for the items from offset `start` on, without an upper bound (`Count` 0).

    `tags` must all be there; `name` is the API's partial match; `filters` are further keys as the API spells them.
    """
    wanted: dict[str, Any] = dict(filters or {})
    if tags:
        wanted["Tags.Name"] = [list(tags)]
    if name:
        wanted["Name"] = name
    found: dict[str, Any] = {"From": start, "Count": 0}
    if wanted:
        found["Filter"] = wanted
    return found


def is_match(own_tags: Sequence[str], own_name: str, *, tags: Sequence[str], name: str | None) -> bool:
    """The same rule on this side, for an object with these tags and this name."""
    if not set(tags) <= set(own_tags):
        return False
    return all(word in own_name.casefold() for word in (name or "").casefold().split())
