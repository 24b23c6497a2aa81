"""The threshold rule: from the figure to a request, case for case as the cron script had it.

`tests/data/seed_rule.csv` holds what the shell script did.
"""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.model.scaling import ScalingArgs
from sakura_fleet.scaler.metric import Metric
from sakura_fleet.scaler.reasons import Reason, Wanted
from sakura_fleet.scaler.situation import Situation


@dataclass(frozen=True, slots=True)
class Request:
    """What the rule asks for, and why. `load_known` is False where the figure says nothing about the load."""

    wanted: Wanted
    reason: Reason
    load_known: bool


def wanted_by(scaling: ScalingArgs, rounded: int | None) -> Wanted:
    """The thresholds alone: over `up`, strictly between `idle` and `down`, or neither."""
    if rounded is None:
        return Wanted.KEEP
    if rounded > scaling.up:
        return Wanted.UP
    return Wanted.DOWN if scaling.idle < rounded < scaling.down else Wanted.KEEP


def request_by(situation: Situation, metric: Metric) -> Request:
    """What the load asks for; a group without servers asks for one, whatever was measured."""
    known = metric.unknown is None
    if situation.group.size == 0:  # nothing to measure, whatever else begins with the same name
        return Request(Wanted.KEEP, Reason.NO_SERVERS, known)
    if metric.unknown:
        unavailable = metric.unknown is Reason.METRICS_UNAVAILABLE
        return Request(Wanted.NOTHING if unavailable else Wanted.KEEP, metric.unknown, known)
    wanted = wanted_by(situation.scaling, metric.rounded)
    if wanted is Wanted.UP:
        return Request(wanted, Reason.CPU_ABOVE_UP, known)
    if wanted is Wanted.DOWN:
        return Request(wanted, Reason.CPU_BELOW_DOWN, known)
    if (metric.rounded or 0) <= situation.scaling.idle:
        return Request(wanted, Reason.IDLE_OR_UNKNOWN, load_known=False)
    return Request(wanted, Reason.WITHIN_BAND, known)
