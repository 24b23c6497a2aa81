"""Requests and answers as bytes: JSON in, the envelope and the two ID styles out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sakura_emulator.errors import bad_request

if TYPE_CHECKING:
    from sakura_emulator.cloud import Cloud

JSON = dict[str, Any]

# A resource ID has 12 digits. A quote inside a JSON string is escaped, so this finds keys only.
_ID = re.compile(rb'"ID":(\d{12})(?=[,}])')


@dataclass(slots=True)
class Call:
    """One request to the API, decoded, with the emulated time at which it is handled."""

    cloud: Cloud
    zone: str
    method: str
    path: str
    query: bytes
    body: JSON
    now: float
    args: dict[str, str] = field(default_factory=dict)
    fault: str = ""  # a fault that shapes the change instead of the answer: stuck_disk, boot_failure, …

    def envelope(self, key: str) -> JSON:
        """The object under its key; the key is required."""
        inner = self.body.get(key)
        if not isinstance(inner, dict):
            raise bad_request("missing_param", f"the body has no object {key}")
        return inner


@dataclass(slots=True)
class Answer:
    """What a handler answers; `delay` is a number of emulated seconds to wait before sending it."""

    body: JSON
    status: int = 200
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


def done(**extra: Any) -> Answer:
    """The answer of an action."""
    return Answer({**extra, "Success": True, "is_ok": True})


def load_body(raw: bytes) -> JSON:
    """The JSON object of a request; none is an empty one."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise bad_request("invalid_format", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("invalid_format", "the body is not a JSON object")
    return body


def dump_body(body: JSON, *, id_as_int: bool, beautify: bool = False) -> bytes:
    """The bytes of an answer."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if not id_as_int:
        raw = _ID.sub(rb'"ID":"\1"', raw)
    return json.dumps(json.loads(raw), ensure_ascii=False, indent=4).encode() if beautify else raw
