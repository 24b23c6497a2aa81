"""Groups as a test needs them: so many servers at such a load, at a moment that a test moves on."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sakura_fleet.model.scaling import ScalingArgs
from sakura_fleet.scaler.decision import Decision, decide
from sakura_fleet.scaler.memory import ScalingMemory
from sakura_fleet.scaler.situation import GroupSettings, Situation
from sakura_fleet.scaler.usage import CpuPoint, ServerUsage, Usage

JST = timezone(timedelta(hours=9))
NOW = datetime(2021, 9, 27, 10, 0, 2, tzinfo=JST)
STAMP = NOW.replace(minute=55, second=0) - timedelta(hours=1)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def declared(size: int = 3, *, min_size: int = 2, max_size: int = 5, **scaling: Any) -> GroupSettings:
    return GroupSettings(size=size, min_size=min_size, max_size=max_size, scaling=ScalingArgs(**scaling))


def server(percent: float | None, number: int = 1, *, stamp: datetime = STAMP, **other: Any) -> ServerUsage:
    """One server with one core; its use in per cent, None for no samples."""
    points = () if percent is None else (CpuPoint(stamp, percent / 100),)
    return ServerUsage(name=f"web-{number:03}", zone="tk1b", cores=1, points=points, **other)


def usage(*percents: float | None, whole: bool = True, stamp: datetime = STAMP) -> Usage:
    servers = tuple(server(percent, number, stamp=stamp) for number, percent in enumerate(percents, start=1))
    return Usage(servers, whole=whole)


def decided(
    size: int, *percents: float | None, memory: ScalingMemory | None = None, now: datetime = NOW, **settings: Any
) -> Decision:
    """Decide for a group of `size`; one percentage for all servers, or one each."""
    measured = percents * size if len(percents) == 1 else percents
    return decide(
        Situation(declared(size, **settings), memory or ScalingMemory(written_size=size), usage(*measured), now)
    )
