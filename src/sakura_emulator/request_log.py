"""What was asked of the API: the latest requests in memory, and every one as a line of JSON in a file if wanted."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

LENGTH = 10_000
REDACTED = "***"
_SECRET = re.compile(r"password|passphrase|passcode|secret|token|private_?key|variables", re.IGNORECASE)
_LONG = {"Content", "UserData", "Image"}  # scripts and pictures: they may hold secrets, and nobody reads them in a log


@dataclass(slots=True)
class RequestLog:
    """The latest requests, numbered from 1."""

    total: int = 0
    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LENGTH))
    file: IO[str] | None = None

    def open(self, path: str) -> None:
        """Write every request from now on to the end of this file."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.file = Path(path).open(  # noqa: SIM115 - open as long as the cloud is
            "a",
            buffering=1,
            encoding="utf-8",
            errors="backslashreplace",  # half a character stays the escape it was
        )

    def close(self) -> None:
        """Close the file."""
        if self.file:
            self.file.close()
            self.file = None

    def add(self, entry: dict[str, Any], query: bytes = b"", body: bytes = b"") -> None:
        """One more request; its query and its body, without secrets, go to the file only."""
        self.total += 1
        numbered = {"n": self.total, **entry}
        self.entries.append(numbered)
        if self.file:
            line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **numbered}
            if query:
                line["query"] = unquote(query.decode("utf-8", "replace"))
            if body:
                line["body"] = _parsed(body)
            self.file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def since(self, number: int) -> list[dict[str, Any]]:
        """Requests after the given number."""
        return [entry for entry in self.entries if entry["n"] > number]


def _parsed(body: bytes) -> Any:
    try:
        return redacted(json.loads(body))
    except (ValueError, RecursionError):
        return f"({len(body)} bytes that are no JSON)"


def redacted(value: Any) -> Any:
    """A body of a request without passwords, keys and the contents of scripts."""
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _shown(key, inner) for key, inner in value.items()}


def _shown(key: str, value: Any) -> Any:
    if key in _LONG and isinstance(value, str):
        return f"({len(value)} characters)"
    # An empty secret is worth seeing; "DisablePWAuth" and its like are no secrets.
    if value not in (None, "", {}, []) and _SECRET.search(key):
        return REDACTED
    return redacted(value)
