"""One call to the API and its answer, as handlers see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sakura_emulator.cloud import Cloud
from sakura_emulator.errors import bad_request
from sakura_emulator.wire import JSON


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
