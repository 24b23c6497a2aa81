"""Which engines have worked here: what proves later that the holder of a stack's lock is dead.

The engine's lock names a host and a process number, and both mean nothing in another container or after a restart. So
a provider host writes down which engine started it, in the user's state folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sakura_fleet.provider.processes import Process, ancestor
from sakura_fleet.provider.state_folder import state_folder

ENGINE: Final = "pulumi"
KEPT: Final = timedelta(days=30)
"""How long a record is kept: a lock that is older is a person's to judge."""
_CLOCKS: Final = timedelta(seconds=2)
"""By how much the times of records and locks may be off, as they are rounded."""


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """An engine, when it was started, and when it started its first provider host: it locks the stack in between."""

    process: Process
    started_at: datetime
    recorded_at: datetime

    def locked(self, host: str, pid: int, since: datetime) -> bool:
        """Whether a lock with this host, process number and time is this engine's."""
        began, ended = self.started_at - _CLOCKS, self.recorded_at + _CLOCKS
        return (self.process.host, self.process.pid) == (host, pid) and began <= since <= ended


def record_engine() -> None:
    """Write down the engine above this process. What cannot be written is not proven later, and stops no run."""
    pid = ancestor(ENGINE)
    if pid is None:
        return
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        process, now = Process.of(pid), datetime.now(UTC)
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(process.started) / os.sysconf("SC_CLK_TCK")
        record = EngineRecord(process, now - timedelta(seconds=age), now)
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        # Another host of this engine may write the same record, and each may be ended with the engine at any moment.
        new = folder / f"{pid}-{process.started}.new-{os.getpid()}"
        new.write_text(json.dumps(asdict(record), default=str))
        new.replace(folder / f"{pid}-{process.started}.json")
        for old in folder.iterdir():
            if now.timestamp() - old.stat().st_mtime > KEPT.total_seconds():
                old.unlink(missing_ok=True)


def recorded_engines() -> list[EngineRecord]:
    """All engines that were written down here, damaged records aside."""
    found = []
    with contextlib.suppress(OSError, RuntimeError):
        for file in sorted(_folder().glob("*.json")):
            with contextlib.suppress(ValueError, TypeError, KeyError):
                found.append(_read(json.loads(file.read_text())))
    return found


def _read(raw: dict[str, Any]) -> EngineRecord:
    started_at, recorded_at = (datetime.fromisoformat(raw[key]) for key in ("started_at", "recorded_at"))
    return EngineRecord(Process(**raw["process"]), started_at, recorded_at)


def _folder() -> Path:
    """The folder of records. Raises `RuntimeError` for a user without a home."""
    return state_folder() / "engines"
