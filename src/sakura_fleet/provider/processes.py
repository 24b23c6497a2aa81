"""Processes, told apart for certain: by number, start time, machine, boot and PID namespace.

All of it is Linux's /proc; where there is none, nothing is certain, and no process is known to have ended.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GONE: Final = frozenset("ZX")
"""States of a process that only waits for its parent to take notice of its end."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process. What the system does not tell is an empty text.

    Containers of one machine may have the same host name, and the same boot; numbers mean something within one PID
    namespace only.
    """

    pid: int
    host: str
    boot_id: str
    pid_namespace: str
    started: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """A process that runs here now."""
        return cls(pid, socket.gethostname(), _boot_id(), _pid_namespace(), _stat(pid)[1])

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Process:
        """One that `asdict` wrote. Raises `TypeError`, `ValueError` or `KeyError` for what is none."""
        texts = {name: str(raw[name]) for name in ("host", "boot_id", "pid_namespace", "started")}
        return cls(int(raw["pid"]), **texts)

    @property
    def was_here(self) -> bool:
        """Whether it ran in this PID namespace of this machine, since this machine was started."""
        here = (socket.gethostname(), _boot_id(), _pid_namespace())
        there = (self.host, self.boot_id, self.pid_namespace)
        return there == here and all(there) and bool(self.started)

    @property
    def has_ended(self) -> bool:
        """Whether it is gone for certain; its number may belong to another process by now."""
        state, started = _stat(self.pid)
        return self.was_here and (started != self.started or state in GONE)

    def session_ended(self, deadline: float) -> bool:
        """Wait until all processes of the session that it leads have ended; False where they have not in that many
        seconds."""
        end = time.monotonic() + deadline
        while members := session(self.pid):
            left = end - time.monotonic()
            if left <= 0:
                return False
            with contextlib.suppress(ProcessLookupError):
                _wait(members[0], left)
        return True


def ancestor(program: str) -> int | None:
    """The number of the nearest process above this one that runs `program`; None where there is none."""
    pid = os.getpid()
    while fields := _fields(pid):
        pid = int(fields[1])
        if _program(pid) == program:
            return pid
    return None


def user_name() -> str:
    """Who runs this: a name, or the number of a user that has none, as containers have them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def session(leader: int) -> list[int]:
    """The processes of a session that still run; it goes by the number of the process that leads, or led, it."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if entry.name.isdigit():
            fields = _fields(int(entry.name))
            if fields and fields[0] not in GONE and int(fields[3]) == leader:
                found.append(int(entry.name))
    return found


def _wait(pid: int, seconds: float) -> None:
    """Wait for the end of a process that is not a child of this one."""
    descriptor = os.pidfd_open(pid)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _pid_namespace() -> str:
    with contextlib.suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _program(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _stat(pid: int) -> tuple[str, str]:
    """State and start time, in the kernel's ticks, of a process; empty texts where there is none."""
    fields = _fields(pid)
    return (fields[0], fields[19]) if fields else ("", "")


def _fields(pid: int) -> list[str]:
    """What /proc/PID/stat has after the process's name: state, parent, group, session and so on."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
