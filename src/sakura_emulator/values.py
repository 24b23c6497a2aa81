"""Values of requests: the rules that many resources share."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from sakura_emulator.errors import bad_request
from sakura_emulator.wire import JSON

NAME_MAX = 64
DESCRIPTION_MAX = 512
TAGS_MAX = 10
TAG_MAX = 32  # unverified


def number(text: Any) -> int:
    """A number of ASCII digits, such as an ID in a path; 0 for all else.

    `str.isdigit` takes `²`, which `int` refuses, and `int` refuses what is thousands of digits long.
    """
    return int(text) if re.fullmatch(r"[0-9]{1,18}", str(text)) else 0


def reference(value: Any, what: str = "ID") -> int:
    """The ID of `{"ID": …}`, as number or text; 0 for none. All other keys of a reference are junk."""
    if value is None:
        return 0
    return identifier(value.get("ID") if isinstance(value, dict) else value, what)


def identifier(value: Any, what: str = "ID") -> int:
    """An ID as number or text; 0 for none."""
    if value in (None, "", 0, "0", False):
        return 0
    try:
        return int(str(value))
    except ValueError:
        raise bad_request("invalid_format", f"{what} {value!r} is not an ID") from None


def integer(body: JSON, key: str, default: int | None = None) -> int:
    """A whole number that a request names."""
    value = body.get(key)
    if value is None:
        if default is None:
            raise bad_request("missing_param", key)
        return default
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad_request("invalid_format", f"{key} {value!r} is not a number")
    try:
        return int(value)
    except (ValueError, OverflowError):  # JSON's 1e400 is read as infinity
        raise bad_request("invalid_format", f"{key} {value!r} is not a number") from None


def text(body: JSON, key: str, default: str = "") -> str:
    """A text that a request names; null is the default."""
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_request("invalid_format", f"{key} {value!r} is not a text")
    return value


def objects(body: JSON, key: str) -> list[Any]:
    """A list that a request names; null is empty."""
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_request("invalid_format", f"{key} is not a list")
    return value


def mapping(body: JSON, key: str) -> JSON:
    """An object that a request names; null is empty."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request("invalid_format", f"{key} is not an object")
    return value


def common(body: JSON, old: JSON | None = None) -> JSON:
    """Name, Description, Tags and Icon of a create (no `old`) or of an update, where an absent key keeps its value."""
    fields = dict(old or {"name": None, "description": "", "tags": [], "icon": 0})
    if "Name" in body:
        fields["name"] = text(body, "Name")
    name = fields["name"]
    if name is None:
        raise bad_request("missing_param", "Name")
    if not 1 <= len(name) <= NAME_MAX:
        raise bad_request("invalid_range", f"Name has {len(name)} characters; 1 to {NAME_MAX} are allowed")
    if "Description" in body:
        fields["description"] = text(body, "Description")
    if len(fields["description"]) > DESCRIPTION_MAX:
        raise bad_request("invalid_range", f"Description has more than {DESCRIPTION_MAX} characters")
    if "Tags" in body:
        fields["tags"] = tags(body)
    if "Icon" in body:
        fields["icon"] = reference(body["Icon"], "Icon")
    return {key: fields[key] for key in ("name", "description", "tags", "icon")}


def tags(body: JSON) -> list[str]:
    """The tags, without repetitions, in the order they came."""
    found: list[str] = []
    for tag in objects(body, "Tags"):
        if not isinstance(tag, str) or not 1 <= len(tag) <= TAG_MAX:
            raise bad_request("invalid_range", f"tag {tag!r}: a tag is a text of 1 to {TAG_MAX} characters")
        if tag not in found:
            found.append(tag)
    if len(found) > TAGS_MAX:
        raise bad_request("invalid_range", f"{len(found)} tags; {TAGS_MAX} are allowed")
    return found


def digest(value: Any) -> str:
    """32 hex digits that change with the value: as the service does it, MD5 over compact JSON with the keys as they
    came."""
    text = json.dumps(value, separators=(",", ":"))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
