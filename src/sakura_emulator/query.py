"""The condition that clients write directly after `?`: one JSON object, in four spellings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Condition:
    """A decoded search condition."""

    offset: int = 0
    count: int = 0  # 0 = everything
    sort: tuple[str, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


def decode(query: bytes) -> dict[str, Any]:
    """The JSON object of a query string; an empty one when there is none. Nothing a client sends is an error here."""
    text = query.decode("utf-8", "replace")
    for candidate in (text, text.removeprefix("q=")):
        # Decode inside the JSON first: a trailing %0A would otherwise become a raw line break in a JSON string.
        parsed = _parse(candidate)
        if parsed is not None:
            return {key: _unquoted(value) for key, value in parsed.items()}
        parsed = _parse(unquote(candidate))
        if parsed is not None:
            return parsed
    return {}


def condition(query: bytes) -> Condition:
    """The search condition of a query string."""
    raw = decode(query)
    filters = raw.get("Filter")
    return Condition(
        offset=max(0, _integer(raw.get("From"))),
        count=max(0, _integer(raw.get("Count"))),
        sort=_names(raw.get("Sort")),
        filters=filters if isinstance(filters, dict) else {},
        include=_names(raw.get("Include")),
        exclude=_names(raw.get("Exclude")),
        raw=raw,
    )


def _parse(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _unquoted(value: Any) -> Any:
    if isinstance(value, str):
        return unquote(value)
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _unquoted(item) for key, item in value.items()}
    return value


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):  # JSON's 1e400 is read as infinity
        return 0


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
