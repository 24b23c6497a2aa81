"""Requests and answers as bytes: JSON in, the envelope and the two ID styles out."""

from __future__ import annotations

import json
import re
from typing import Any

from sakura_emulator.errors import bad_request

JSON = dict[str, Any]

# A resource ID has 12 digits. A quote inside a JSON string is escaped, so this finds keys only.
_ID = re.compile(rb'"ID":(\d{12})(?=[,}])')


def load_body(raw: bytes) -> JSON:
    """The JSON object of a request; none is an empty one, and so is what clients send for none: `null` and `[]`."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise bad_request("invalid_format", f"the body is not JSON: {error}") from error
    if body is None or body == []:
        return {}
    if not isinstance(body, dict):
        raise bad_request("invalid_format", "the body is not a JSON object")
    return body


def dump_body(body: JSON, *, id_as_int: bool, beautify: bool = False) -> bytes:
    """The bytes of an answer."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if not id_as_int:
        raw = _ID.sub(rb'"ID":"\1"', raw)
    return json.dumps(json.loads(raw), ensure_ascii=False, indent=4).encode() if beautify else raw
