"""The exit codes of all commands, and which of them an error's code leads to; docs/exit-codes.md explains them.

Every command ends with 0 where all is well, 1 for an error, 2 for wrong usage and 130 for Ctrl-C. What a command means
by another number, or by these in particular, is an enumeration of its own: the same number may mean two things in two
commands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Final

from sakura_fleet import interrupts

ERROR: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = interrupts.CODE


class JobExit(IntEnum):
    """What came of a job: `deploy` and the verbs of `scaler`."""

    ERROR = ERROR
    USAGE = USAGE
    AUTH = 3
    RESOURCE = 4
    POLICY = 5
    NO_STACK = 6
    BLOCKED = 7
    CANCELED = 8
    TIMEOUT = 9
    NOOP = 10
    COOLDOWN = 11
    BUSY = 12
    UNKNOWN = 13
    JOB_FOLDER = 14
    INPUT = 15


class CompatExit(IntEnum):
    """`scaler --compat`: sacloud/autoscaler's codes for "nothing to do" and "not now"."""

    NOOP = 129
    MESSAGE = 130


class CpuExit(IntEnum):
    """`scaler cpu`: any error at all, as for plugins of monitoring systems; whoever asked knows nothing."""

    UNKNOWN = 3


class DraftExit(IntEnum):
    """`adopt` and `scaler convert`: the stack file is written, but something in it is still to be decided."""

    UNFINISHED = 3


class DnsPlanExit(IntEnum):
    """`dns plan`: the file would change something."""

    CHANGES = 3


class DnsCheckExit(IntEnum):
    """`dns check`: what the name servers and a resolver answer."""

    DIFFERS = 3
    CACHED = 4
    NO_ANSWER = 5


class HostCheckExit(IntEnum):
    """`host check`: what a host serves."""

    WARNING = 3
    FAILED = 4


class ShowExit(IntEnum):
    """`show --exit-code`: stack file, state and cloud do not agree."""

    DIFFERS = 3


class PlanCheckExit(IntEnum):
    """`plan-check`: the plan has findings."""

    REFUSED = 5


class DriftExit(IntEnum):
    """`drift`: the cloud has something otherwise than the state."""

    DRIFT = 3


class DoctorExit(IntEnum):
    """`doctor`: a check failed."""

    FAILED = 1


class RepairExit(IntEnum):
    """`repair`: orphans remain, entries that get no requests, or what this state made under another `fleet_id`;
    anything at all where the state is empty."""

    ORPHANS = 1


BY_ERROR: Final[Mapping[str, JobExit]] = {
    "input": JobExit.INPUT,
    "usage": JobExit.USAGE,
    "auth": JobExit.AUTH,
    "wrong-account": JobExit.AUTH,
    "policy": JobExit.POLICY,
    "no-stack": JobExit.NO_STACK,
    "job-folder": JobExit.JOB_FOLDER,
    "blocked": JobExit.BLOCKED,
    "cancelled": JobExit.CANCELED,
    "timeout": JobExit.TIMEOUT,
    "wait-timeout": JobExit.TIMEOUT,
}
"""The exit codes of jobs by the code of an error. One with another code ends with ERROR, or with RESOURCE where the
engine failed with a resource."""

_FIRST: Final = (
    *(JobExit.POLICY, JobExit.AUTH, JobExit.TIMEOUT, JobExit.CANCELED, JobExit.NO_STACK, JobExit.JOB_FOLDER),
    JobExit.BLOCKED,
    *(JobExit.INPUT, JobExit.USAGE),
)
"""Which one tells the most, where a run had several errors."""


def job_code(codes: Collection[str], *, otherwise: JobExit = JobExit.ERROR) -> JobExit:
    """The exit code of a job that failed with errors of these codes."""
    found = {BY_ERROR[code] for code in codes if code in BY_ERROR}
    return next((code for code in _FIRST if code in found), otherwise)
