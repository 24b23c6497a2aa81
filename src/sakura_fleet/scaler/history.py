"""What job runners have done: one JSON object a line, written to disk before the command goes on.

A crash can tear the last line. Readers pass over what is no record and count it, and the next writer begins a line of
its own after it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sakura_fleet.errors import JobFolderError

_SHAPE: Final[dict[str, type | tuple[type, ...]]] = {
    "ts": str,
    "request": str,
    "status": str,
    "size_before": int,
    "size_after": int,
    "reason": str,
    "duration_s": (int, float),
    "error": str,
}
"""What readers of a record go by."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records, oldest first, and how many lines of the file are none."""

    found: list[dict[str, Any]]
    damaged: int = 0


class History:
    """The records of one stack. Raises `JobFolderError` where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Raises `JobFolderError` unless a record can be added."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.open("ab").close()
        except OSError as error:
            raise self._unusable("written", error) from None

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; it is on the disk when this returns, and nothing of it is there where this raises."""
        line = (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n").encode(errors="replace")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                if end > 0:
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        line = b"\n" + line
                try:
                    rest = line
                    while rest:
                        rest = rest[file.write(rest) :]
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):
                        file.truncate(end)
                    raise
        except OSError as error:
            raise self._unusable("written", error) from None

    def records(self) -> Records:
        """All of the file."""
        try:
            lines = self.path.read_text("utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return Records([])
        except OSError as error:
            raise self._unusable("read", error) from None
        records = [_record(line) for line in lines if line.strip()]
        return Records([record for record in records if record is not None], records.count(None))

    def last(self, count: int, *, since: datetime | None = None) -> list[dict[str, Any]]:
        """The newest `count` records, oldest first; `since` leaves out earlier ones."""
        found = self.records().found
        found = [record for record in found if since is None or datetime.fromisoformat(record["ts"]) >= since]
        return found[-count:] if count else found

    def _unusable(self, what: str, error: OSError) -> JobFolderError:
        return JobFolderError(
            f"the history {self.path} cannot be {what} ({error.strerror}): make it a file that this user may write, "
            "on a disk with room, or move it away"
        )


def _record(line: str) -> dict[str, Any] | None:
    """The record that a line holds; None where it holds none."""
    try:
        record = json.loads(line)
        if all(isinstance(record[key], kind) for key, kind in _SHAPE.items()):
            return dict(record) if datetime.fromisoformat(record["ts"]).tzinfo else None
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    return None
