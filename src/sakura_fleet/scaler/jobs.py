"""One job per stack at a time, and what is left of one that died.

The lock is the kernel's (flock), so it cannot outlive its holder. Beside it stands a job file that says who is at
work; a job file without a held lock is a job that died, and its `pulumi` may have left a lock in the state.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sakura_fleet.errors import FleetError

ACCEPTED, RUNNING, DONE, DONE_NOOP = "ACCEPTED", "RUNNING", "DONE", "DONE_NOOP"
IGNORED, CANCELED, FAILED = "IGNORED", "CANCELED", "FAILED"


class BusyError(FleetError):
    """Another job is at work on this stack."""


@dataclass(frozen=True, slots=True)
class Job:
    """Who is at work: enough to tell a live process from another that got its number."""

    id: str
    request: str
    pid: int
    host: str
    boot_id: str
    started: str

    @classmethod
    def mine(cls, request: str) -> Job:
        """A new job of this process."""
        pid = os.getpid()
        return cls(uuid.uuid4().hex[:12], request, pid, socket.gethostname(), _boot_id(), _start_time(pid))


class JobFolder:
    """Where one stack's job, history and scaling state are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock_file = folder / "lock"
        self._job_file = folder / "job.json"

    @classmethod
    def of(cls, root: Path, stack: str) -> JobFolder:
        """The folder of a stack of the project at `root`."""
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        name = str(root.resolve()).strip("/").replace("/", "-") or "root"
        return cls(state / "sakura-fleet" / "scaler" / name / stack)

    @contextmanager
    def job(self, request: str) -> Iterator[tuple[Job, Job | None]]:
        """Be the stack's one job; yields it and the dead job that was found, if any. Raises `BusyError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"another job is at work on this stack: {self._describe()}") from None
            dead = self.current()
            mine = Job.mine(request)
            self._job_file.write_text(json.dumps(asdict(mine)))
            try:
                yield mine, dead
            finally:
                # The lock goes with the file handle; a job file left behind means that this process died.
                self._job_file.unlink(missing_ok=True)

    def current(self) -> Job | None:
        """The job that the job file names, alive or dead."""
        try:
            return Job(**json.loads(self._job_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_busy(self) -> bool:
        """Whether a job holds the lock now."""
        if not self._lock_file.is_file():
            return False
        with self._lock_file.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def load(self, name: str) -> dict[str, Any]:
        """A small JSON document of the stack; empty where there is none."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.folder / name).read_text())
            if isinstance(found, dict):
                return found
        return {}

    def save(self, name: str, document: dict[str, Any]) -> None:
        """Replace a small JSON document at once: old or new, never half."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f".{name}.{os.getpid()}"
        with new.open("w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)

    def _describe(self) -> str:
        job = self.current()
        return f"{job.request}, process {job.pid} on {job.host}" if job else "it has just begun"


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _start_time(pid: int) -> str:
    """When the process started, in the kernel's ticks; tells it from a later one with the same number."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""
