"""When a stack's lock may be removed: on proof that the engine which made it is dead, and never otherwise.

A lock names a host and a process number. In another container or after a restart both may name another process, so
they prove nothing by themselves: what counts is what was written down beside, by a job runner or a provider host.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Final

from sakura_fleet.engine.job_lock import Job
from sakura_fleet.engine.stack import Lock
from sakura_fleet.errors import BusyError
from sakura_fleet.provider.engine_record import recorded_engines

ORPHANS_DEADLINE: Final = 60.0
"""Seconds for the provider hosts of a killed engine to end; they check every 2 seconds whether it is still there."""


def refuse_living(lock: Lock, stack: str, dead: Job | None) -> None:
    """Raises `BusyError` unless the lock's engine is known to be dead: as that of a job, or as one recorded here."""
    if (dead is not None and _is_of_job(lock, dead)) or _is_recorded_as_dead(lock):
        return
    raise BusyError(
        f"the stack {stack} is locked by {lock} since {lock.since}, which is or may be still running: nothing proves "
        "that it ran on this machine, since its last start and in this container, and has ended; wait for it. If it "
        f"is surely dead: `pulumi cancel --stack {stack}`, then the same command again"
    )


def refuse_unproven(lock: Lock, stack: str, dead: Job) -> None:
    """Raises `BusyError` unless the lock is that of the engine which a dead job of this machine ran, and which is gone.

    In CI nothing is proof enough: a runner that others take for the same machine may be another.
    """
    if os.environ.get("CI"):
        why = "in CI no lock is removed"
    elif not _is_of_job(lock, dead):
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


def _is_of_job(lock: Lock, dead: Job) -> bool:
    """Whether the lock is that of the dead job's engine, which has ended."""
    engine = dead.engine
    return engine is not None and (engine.host, engine.pid) == (lock.host, lock.pid) and engine.has_ended


def _is_recorded_as_dead(lock: Lock) -> bool:
    """Whether the lock's engine was recorded by its provider host, and has ended."""
    try:
        since = datetime.fromisoformat(lock.since)
    except ValueError:
        return False
    engines = [record.process for record in recorded_engines() if record.locked(lock.host, lock.pid, since)]
    return any(engine.has_ended for engine in engines)
