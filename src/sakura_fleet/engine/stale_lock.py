"""When a stack's lock may be removed: a person judges by what is shown, a job runner needs a proof."""

from __future__ import annotations

import os
import socket
from typing import Final

from sakura_fleet.engine.job_lock import Job
from sakura_fleet.engine.stack import Lock
from sakura_fleet.errors import BusyError

ORPHANS_DEADLINE: Final = 60.0
"""Seconds for the provider hosts of a killed engine to end; they check every 2 seconds whether it is still there."""


def refuse_living(lock: Lock, stack: str) -> None:
    """Raises `BusyError` unless the lock's process was one of this machine, and is gone."""
    if lock.host != socket.gethostname() or _runs(lock.pid):
        raise BusyError(
            f"the stack {stack} is locked by {lock} since {lock.since}, which is or may be still running; wait for it. "
            f"If it is surely dead: `pulumi cancel --stack {stack}`"
        )


def refuse_unproven(lock: Lock, stack: str, dead: Job) -> None:
    """Raises `BusyError` unless the lock is that of the engine which a dead job of this machine ran, and which is gone.

    In CI nothing is proof enough: a runner that others take for the same machine may be another.
    """
    engine = dead.engine
    if os.environ.get("CI"):
        why = "in CI no lock is removed"
    elif engine is None or (engine.host, engine.pid) != (lock.host, lock.pid) or not engine.has_ended:
        why = "nothing proves that a job of this machine left it behind"
    else:
        return
    raise BusyError(
        f"the stack {stack} is locked by {lock} since {lock.since}, and {why}; once you are sure: "
        f"`sakura-fleet repair --stack {stack}`"
    )


def await_orphans(dead: Job, stack: str) -> None:
    """Wait for what a dead job's engine may have left running. Raises `BusyError` where that does not end."""
    engine = dead.engine
    if engine is not None and engine.was_here and not engine.session_ended(ORPHANS_DEADLINE):
        raise BusyError(
            f"the engine of a job that died ({dead.request}), process {engine.pid}, or what it started still works on "
            f"the stack {stack}; wait for it"
        )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
