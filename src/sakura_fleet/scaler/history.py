"""What job runners have done: one JSON object a line, written to disk before the command goes on.

A crash can tear the last line. Readers pass over it, and the next writer begins a line of its own after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any


class History:
    """The records of one stack."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"
        with self.path.open("ab+") as file:
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def records(self) -> Iterator[dict[str, Any]]:
        """All whole records, oldest first."""
        if not self.path.is_file():
            return
        for line in self.path.read_text("utf-8", errors="replace").splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # torn by a crash
            if isinstance(record, dict):
                yield record

    def last(self, count: int, *, since: datetime | None = None) -> list[dict[str, Any]]:
        """The newest `count` records, oldest first; `since` leaves out earlier ones."""
        found = [record for record in self.records() if since is None or datetime.fromisoformat(record["ts"]) >= since]
        return found[-count:] if count else found
