"""One job per stack at a time, and what is left of one that died.

The lock is the kernel's (flock), so it cannot outlive its holder. Beside it is a job file that says who is at
work, and which `pulumi` it runs. A job file without a held lock is a job that died, or whose `pulumi` was killed: that
may have left a lock in the state.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sakura_fleet.errors import BusyError
from sakura_fleet.provider.processes import Process

ACCEPTED, RUNNING, DONE, DONE_NOOP = "ACCEPTED", "RUNNING", "DONE", "DONE_NOOP"
IGNORED, CANCELED, FAILED = "IGNORED", "CANCELED", "FAILED"


@dataclass(frozen=True, slots=True)
class Job:
    """A job, the process that does it, and the `pulumi` that it runs at the moment, if any."""

    id: str
    request: str
    process: Process
    engine: Process | None = None

    @classmethod
    def mine(cls, request: str) -> Job:
        """A new job of this process."""
        return cls(uuid.uuid4().hex[:12], request, Process.of(os.getpid()))

    @classmethod
    def read(cls, text: str) -> Job:
        """Raises `ValueError`, `TypeError` or `KeyError` for what is no job."""
        raw = json.loads(text)
        engine = Process(**raw["engine"]) if raw["engine"] else None
        return cls(str(raw["id"]), str(raw["request"]), Process(**raw["process"]), engine)


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
            self._write(mine)
            try:
                yield mine, dead
            finally:
                # The lock goes with the file handle. A job file that stays tells the next job what to repair: this
                # process died, or its engine, or it could not repair what an earlier one left.
                if self.current() in (None, mine):
                    self._job_file.unlink(missing_ok=True)

    def note_engine(self, pid: int | None) -> None:
        """Note which `pulumi` the job runs now; None for none."""
        job = self.current()
        if job is not None:
            self._write(replace(job, engine=Process.of(pid) if pid else None))

    def leave_to_the_next(self, dead: Job) -> None:
        """Keep a dead job for the next one to repair; this one could not."""
        job = self.current()
        if job is None or job.engine is None:  # else this one's engine was killed, which has more to repair
            self._write(dead)

    def _write(self, job: Job) -> None:
        # Not for the disk: once the machine has been started again, no process can be told from another for certain.
        self.save(self._job_file.name, asdict(job), durable=False)

    def current(self) -> Job | None:
        """The job that the job file names, alive or dead."""
        try:
            return Job.read(self._job_file.read_text())
        except (OSError, ValueError, TypeError, KeyError):
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

    def save(self, name: str, document: dict[str, Any], *, durable: bool = True) -> None:
        """Replace a small JSON document at once: old or new, never half."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f".{name}.{os.getpid()}"
        with new.open("w") as file:
            json.dump(document, file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        new.replace(self.folder / name)

    def _describe(self) -> str:
        job = self.current()
        return f"{job.request}, process {job.process.pid} on {job.process.host}" if job else "it has just begun"
