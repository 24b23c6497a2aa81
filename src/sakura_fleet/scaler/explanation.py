"""The way to a decision in plain words: one step for each part of it. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sakura_fleet.scaler.healing import to_heal
from sakura_fleet.scaler.limits import Recommendation
from sakura_fleet.scaler.metric import Metric
from sakura_fleet.scaler.reasons import Reason, servers
from sakura_fleet.scaler.rule import Request
from sakura_fleet.scaler.situation import Situation
from sakura_fleet.scaler.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the decision."""

    name: str
    text: str


def steps(
    situation: Situation, metric: Metric, request: Request, recommended: Recommendation, verdict: Verdict
) -> Iterator[Step]:
    """The steps in their order; health is one only where a server is unhealthy."""
    limit = f" ({recommended.limit.value})" if recommended.limit else ""
    yield Step("size", _size(situation))
    yield Step("metric", _metric(situation, metric))
    yield Step("rule", _rule(situation, metric, request))
    kept = f"; {situation.members} servers are there, and none of them is removed" if recommended.keep_all else ""
    yield Step("limits", f"size {recommended.size}{limit}{kept}")
    yield Step("gates", "open" if verdict.rescales else verdict.message)
    if situation.unhealthy:
        yield Step("health", _health(situation))


def _size(situation: Situation) -> str:
    group = situation.group
    text = f"{group.size} declared, allowed are {group.min_size} to {group.max_size}"
    if situation.usage and situation.usage.whole:
        text += f"; {len(situation.servers)} in the cloud"
    if situation.memory.written_size is None and not situation.memory_trouble:
        text += "; nothing is remembered of an earlier tick, so the newest change of a server begins the cooldown"
    if situation.size_changed:
        text += f"; the autoscaler's own last size was {situation.memory.written_size}, so somebody else changed it"
    return text


def _metric(situation: Situation, metric: Metric) -> str:
    match metric.unknown:
        case Reason.METRICS_UNAVAILABLE:
            return "the metrics could not be read"
        case Reason.NO_SERVERS:
            return "there are no servers"
        case Reason.NO_SAMPLES:
            return f"none of {servers(len(situation.servers))} has samples"
        case Reason.STALE_SAMPLES:
            return f"the newest sample is older than {situation.scaling.max_age} s"
    text = f"cpu {metric.avg:.2f} % on average over {servers(metric.counted)}, rounded {metric.rounded} %"
    return text + (f"; {servers(metric.left_out)} left out" if metric.left_out else "")


def _rule(situation: Situation, metric: Metric, request: Request) -> str:
    scaling, rounded = situation.scaling, metric.rounded
    if situation.group.size == 0:
        return "no server is declared: at least one is wanted"
    match request.reason:
        case Reason.METRICS_UNAVAILABLE:
            return "without metrics nothing is asked for"
        case Reason.CPU_ABOVE_UP:
            return f"{rounded} is over up {scaling.up}: up"
        case Reason.CPU_BELOW_DOWN:
            return f"{rounded} is over idle {scaling.idle} and under down {scaling.down}: down"
        case Reason.IDLE_OR_UNKNOWN:
            return f"{rounded} is not over idle {scaling.idle}, so it may not be load at all: keep"
        case Reason.WITHIN_BAND:
            return f"{rounded} is within down {scaling.down} and up {scaling.up}: keep"
    return "unknown: keep"


def _health(situation: Situation) -> str:
    names = ", ".join(situation.unhealthy)
    if situation.too_many_unhealthy:
        return f"{len(situation.unhealthy)} of {servers(len(situation.servers))} unhealthy: the brake is on"
    if not situation.scaling.heal:
        return f"unhealthy: {names}; heal is off"
    now = ", ".join(to_heal(situation)) or "none"
    enough = situation.scaling.unhealthy_threshold
    return f"unhealthy: {names}; to be mended now, after {enough} ticks in a row: {now}"
