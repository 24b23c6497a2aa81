"""One job per stack at a time, and what is left of one that died.

The lock is the kernel's (flock), so it cannot outlive its holder. Beside it is a job file that says who is at
work, and which `pulumi` it runs. A job file without a held lock is a job that died, or whose `pulumi` was killed: that
may have left a lock in the state. A file that cannot be read is never taken for one that is not there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from sakura_fleet.engine.files import replace_file
from sakura_fleet.errors import BusyError, JobFolderError
from sakura_fleet.provider.processes import Process
from sakura_fleet.provider.state_folder import state_folder

ACCEPTED, RUNNING, DONE, DONE_NOOP = "ACCEPTED", "RUNNING", "DONE", "DONE_NOOP"
PREVIEWED = "PREVIEWED"
IGNORED, BLOCKED, CANCELED, FAILED = "IGNORED", "BLOCKED", "CANCELED", "FAILED"

SPACE: Final = 16_384
"""Bytes that must be free before a job begins: more than its files take."""

_DAMAGED: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What reading a damaged document raises."""

_WAY_OUT: Final = (
    "what a job that died left behind is not known; remove the file, then look at it with `sakura-fleet repair`"
)

T = TypeVar("T")


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
    def read(cls, raw: dict[str, Any]) -> Job:
        """Raises `ValueError`, `TypeError` or `KeyError` for what is no job."""
        engine = Process.read(raw["engine"]) if raw["engine"] else None
        return cls(str(raw["id"]), str(raw["request"]), Process.read(raw["process"]), engine)


class JobFolder:
    """Where one stack's job, history and scaling memory are kept. Raises `JobFolderError` where they cannot be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock_file = folder / "lock"
        self._job_file = folder / "job.json"
        self._noted: Job | None = None
        """What the job file of this process's job says."""

    @classmethod
    def of(cls, root: Path, stack: str) -> JobFolder:
        """The folder of a stack of the project at `root`."""
        path = str(root.resolve())
        name = f"{root.resolve().name[:40] or 'root'}-{sha256(os.fsencode(path)).hexdigest()[:12]}"
        return cls(_state_folder() / "scaler" / name / stack)

    def check(self) -> None:
        """Raises `JobFolderError` unless a job can be noted here, and what earlier ones left can be read."""
        probe = self.folder / f".probe.{os.getpid()}"
        with self._for_writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                replace_file(probe, bytes(SPACE))
            finally:
                probe.unlink(missing_ok=True)
        self._open_lock().close()
        self.current()

    @contextmanager
    def job(self, request: str) -> Iterator[tuple[Job, Job | None]]:
        """Be the stack's one job; yields it and the dead job that was found, if any. Raises `BusyError`, and
        `JobFolderError` where it cannot be noted or the dead job's file is damaged."""
        with self._for_writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with self._open_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"another job is at work on this stack: {self._describe()}") from None
            dead = self.current()
            self._noted = mine = Job.mine(request)
            self.save(self._job_file.name, asdict(mine))
            try:
                yield mine, dead
            finally:
                # The lock goes with the file handle. A job file that stays tells the next job what to repair: this
                # process died, or its engine, or it could not repair what an earlier one left.
                if self._noted == mine:
                    with contextlib.suppress(OSError):
                        self._job_file.unlink(missing_ok=True)
                self._noted = None

    def note_engine(self, pid: int | None) -> None:
        """Note which `pulumi` the job runs now; None for none.

        Where that cannot be written, the `pulumi` that runs already goes on: should it be killed, nothing proves then
        that its lock is stale, and a person decides.
        """
        if self._noted is not None:
            self._note(replace(self._noted, engine=Process.of(pid) if pid else None))

    def leave_to_the_next(self, dead: Job) -> None:
        """Keep a dead job for the next one to repair; this one could not."""
        if self._noted is None or self._noted.engine is None:  # else this one's engine was killed: more to repair
            self._note(dead)

    def _note(self, job: Job) -> None:
        self._noted = job
        with contextlib.suppress(JobFolderError):  # this job's own file stays then, and tells the next one enough
            self.save(self._job_file.name, asdict(job))

    def current(self) -> Job | None:
        """The job that the job file names, alive or dead, if any. Raises `JobFolderError` where it is damaged."""
        return self.load(self._job_file.name, Job.read, _WAY_OUT)

    def is_busy(self) -> bool:
        """Whether a job holds the lock now."""
        if not self._lock_file.exists():
            return False
        with self._open_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def load(self, name: str, read: Callable[[dict[str, Any]], T], way_out: str) -> T | None:
        """What `read` makes of a small JSON document of the stack; None where there is none.

        Raises `JobFolderError`, with `way_out` in it, where there is one that cannot be read: that is not "none".
        """
        path = self.folder / name
        try:
            document = json.loads(path.read_text("utf-8"))
            if not isinstance(document, dict):
                raise TypeError("it is no JSON object")
            return read(document)
        except FileNotFoundError:
            return None
        except OSError as error:
            why = error.strerror or type(error).__name__
        except _DAMAGED as error:
            why = f"{type(error).__name__}: {error}"
        raise JobFolderError(f"{path} cannot be read ({why}): {way_out}. Nothing was changed")

    def save(self, name: str, document: dict[str, Any]) -> None:
        """Replace a small JSON document at once: old or new, never half, and on the disk. Raises `JobFolderError`."""
        with self._for_writing(self.folder / name):
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.folder / name, json.dumps(document).encode())

    def _open_lock(self) -> IO[str]:
        with self._for_writing(self._lock_file):
            return self._lock_file.open("a")

    @contextmanager
    def _for_writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JobFolderError(
                f"{path} cannot be written ({error.strerror}), and no job begins that could not be remembered: make "
                f"{self.folder} writable with room on its disk, or name a folder that is kept between runs with "
                "XDG_STATE_HOME"
            ) from None

    def _describe(self) -> str:
        try:
            job = self.current()
        except JobFolderError:
            return "its job file cannot be read"
        return f"{job.request}, process {job.process.pid} on {job.process.host}" if job else "it has just begun"


def _state_folder() -> Path:
    try:
        return state_folder()
    except RuntimeError:
        raise JobFolderError(
            f"the user {os.getuid()} has no home folder, so jobs would not be remembered; set XDG_STATE_HOME to a "
            "folder that is kept between runs. Nothing was changed"
        ) from None
