"""The words of a decision: what the rule asks for, what is done, and why. All of these names are stable."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is to be done: another size, a run at the same size, or nothing."""

    UP = "up"
    DOWN = "down"
    CONVERGE = "converge"
    NONE = "none"


class Wanted(StrEnum):
    """What the rule asks for, before limits and gates; the three requests of the cron script."""

    UP = "up"
    DOWN = "down"
    KEEP = "keep"
    NOTHING = ""


class Reason(StrEnum):
    """Why a size is what it is."""

    CPU_ABOVE_UP = "CpuAboveUp"
    CPU_BELOW_DOWN = "CpuBelowDown"
    WITHIN_BAND = "WithinBand"
    IDLE_OR_UNKNOWN = "IdleOrUnknown"
    NO_SAMPLES = "NoSamples"
    STALE_SAMPLES = "StaleSamples"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    NO_SERVERS = "NoServers"
    AT_MAXIMUM = "AtMaximum"
    AT_MINIMUM = "AtMinimum"
    ABOVE_MAXIMUM = "AboveMaximum"
    BELOW_MINIMUM = "BelowMinimum"
    COOLDOWN_UP = "CooldownUp"
    COOLDOWN_DOWN = "CooldownDown"
    BACKOFF = "BackoffAfterFailure"
    RETRY = "RetryAfterFailure"
    SIZE_CHANGED = "SizeChangedExternally"
    SERVERS_DIFFER = "ServersDiffer"
    SERVERS_BOOTING = "ServersBooting"
    TOO_MANY_UNHEALTHY = "TooManyUnhealthy"
    SCALING_DISABLED = "ScalingDisabled"
    MEMORY_UNAVAILABLE = "MemoryUnavailable"


def servers(count: int) -> str:
    """A number of servers in words."""
    return f"{count} server{'s' if count != 1 else ''}"
