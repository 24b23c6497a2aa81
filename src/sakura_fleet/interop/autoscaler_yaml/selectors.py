"""Their selectors: an ID, a name, or a mapping of `id`, `names` and `tags`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sakura_fleet.interop.autoscaler_yaml.section import NO_COUNTERPART, Notes
from sakura_fleet.model.names import RESOURCE_ID


def is_id(text: str) -> bool:
    """Whether a text has the form of a resource ID."""
    return bool(re.fullmatch(RESOURCE_ID, text))


def selected_id(selector: Any) -> str:
    """The ID that a selector names; empty where it names none."""
    value = selector.get("id") if isinstance(selector, Mapping) else selector
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if is_id(text) else ""


def note_unknown_keys(selector: Any, path: str, notes: Notes) -> None:
    """Say what a selector has beside what it can have."""
    for key in selector.keys() - {"id", "names", "tags"} if isinstance(selector, Mapping) else ():
        notes.add(f"{path}.{key}", NO_COUNTERPART, to_do=True)


def selected_name(selector: Any) -> str:
    """The name that a selector names; empty where it is not exactly one."""
    names = selector.get("names") if isinstance(selector, Mapping) and not selector.get("tags") else selector
    if isinstance(names, list) and len(names) == 1:
        names = names[0]
    return names if isinstance(names, str) else ""
