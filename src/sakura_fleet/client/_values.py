"""Readers for what an answer may lack by right: null for missing, IDs as numbers or text, RFC 3339 times.

Each takes whatever is in the JSON and never fails: what cannot be read is the type's "nothing". What the API always
sends is read with `Fields`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = [
    "MB_PER_GB",
    "Json",
    "boolean",
    "labels",
    "mapping",
    "megabytes",
    "moment",
    "number",
    "optional_text",
    "reference",
    "text",
    "wire_id",
    "wire_ref",
]

Json = Mapping[str, Any]

MB_PER_GB = 1024


def text(value: object) -> str:
    """Text; "" for null and anything that is neither text nor number."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def optional_text(value: object) -> str | None:
    """Text; None for null and the empty text."""
    return text(value) or None


def number(value: object) -> int:
    """A whole number, also written as text; 0 where there is none."""
    try:
        return int(float(text(value) or "0"))
    except (ValueError, OverflowError):
        return 0


def boolean(value: object) -> bool:
    """A real boolean, or the API's text flag ("True", "False")."""
    return value is True or text(value).casefold() == "true"


def mapping(value: object) -> Json:
    """An object; empty for null and for `[]`, which the API also uses for an empty object."""
    return value if isinstance(value, Mapping) else {}


def moment(value: object) -> datetime | None:
    """An RFC 3339 time with its offset; None for null, "" and anything else."""
    try:
        return datetime.fromisoformat(text(value))
    except ValueError:
        return None


def megabytes(size_gb: int) -> int:
    """GB as megabytes for the wire."""
    return size_gb * MB_PER_GB


def reference(value: object) -> str | None:
    """The ID of a reference such as `{"ID": 1}`; null, an absent object and ID 0 are None."""
    found = text(mapping(value).get("ID"))
    return found if found not in ("", "0", "-1") else None


def wire_id(value: str) -> int | str:
    """An ID as the API's own clients send it: a JSON number."""
    return int(value) if value.isdecimal() else value


def wire_ref(value: str | None) -> dict[str, int | str] | None:
    """A reference to an object, null for none."""
    return {"ID": wire_id(value)} if value else None


def labels(name: str, description: str, tags: Sequence[str], icon_id: str | None) -> dict[str, Any]:
    """The keys of a body that only describe: they can be changed at any time. No icon is null, which removes one."""
    return {"Name": name, "Description": description, "Tags": sorted(tags), "Icon": wire_ref(icon_id)}
