"""What is so, is not so, or is not known of a group, in the words of Kubernetes' HorizontalPodAutoscaler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sakura_fleet.scaler.limits import Recommendation
from sakura_fleet.scaler.metric import Metric
from sakura_fleet.scaler.reasons import Reason, Wanted, servers
from sakura_fleet.scaler.rounding import percentile
from sakura_fleet.scaler.rule import Request
from sakura_fleet.scaler.situation import Situation
from sakura_fleet.scaler.verdict import Verdict

UNKNOWN_TICKS: Final = 3
"""So many ticks in a row without a usable metric, and scaling counts as not active."""

SPREAD: Final = 40
"""Points between the 95th and the 50th percentile of the servers from which on they are badly balanced."""

_ABLE: Final = {
    Reason.MEMORY_UNAVAILABLE: ("False", "FailedGetMemory"),
    Reason.BACKOFF: ("False", "FailedUpdateScale"),
    Reason.RETRY: ("True", "FailedUpdateScale"),
    Reason.COOLDOWN_UP: ("False", "BackoffUpscale"),
    Reason.COOLDOWN_DOWN: ("False", "BackoffDownscale"),
    Reason.SIZE_CHANGED: ("False", "BackoffBoth"),
    Reason.TOO_MANY_UNHEALTHY: ("True", "ScaleDownStabilized"),
    Reason.SERVERS_BOOTING: ("True", "ScaleDownStabilized"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str
    message: str


def conditions(
    situation: Situation, metric: Metric, request: Request, recommended: Recommendation, verdict: Verdict
) -> tuple[Condition, ...]:
    """All conditions, always in this order."""
    return (
        _able(verdict),
        _active(situation, request, verdict),
        _limited(situation, request, recommended),
        _progressing(situation),
        _degraded(situation),
        _imbalanced(metric),
    )


def _able(verdict: Verdict) -> Condition:
    status, reason = _ABLE.get(verdict.held or verdict.reason, ("True", "ReadyForNewScale"))
    if verdict.rescales:
        reason = "SucceededRescale"
    return Condition("AbleToScale", status, reason, verdict.message)


def _active(situation: Situation, request: Request, verdict: Verdict) -> Condition:
    if verdict.reason is Reason.SCALING_DISABLED:
        return Condition("ScalingActive", "False", "ScalingDisabled", verdict.message)
    if request.load_known:
        return Condition("ScalingActive", "True", "ValidMetricFound", "cpu was measured")
    ticks = situation.memory.unknown_ticks + 1
    status = "False" if ticks >= UNKNOWN_TICKS else "Unknown"
    return Condition("ScalingActive", status, "MetricUnknown", f"no usable metric, {ticks} times in a row")


def _limited(situation: Situation, request: Request, recommended: Recommendation) -> Condition:
    group, step, size = situation.group, situation.scaling.step, recommended.size
    too_many = Condition("ScalingLimited", "True", "TooManyReplicas", f"max_size is {group.max_size}")
    too_few = Condition("ScalingLimited", "True", "TooFewReplicas", f"the smallest size is {group.floor}")
    if recommended.limit:
        return too_many if recommended.limit in (Reason.AT_MAXIMUM, Reason.ABOVE_MAXIMUM) else too_few
    if request.wanted is Wanted.UP and size < group.size + step:
        return too_many
    if request.wanted is Wanted.DOWN and size > group.size - step:
        return too_few
    return Condition("ScalingLimited", "False", "DesiredWithinRange", f"{size} is within the limits")


def _progressing(situation: Situation) -> Condition:
    if situation.booting:
        return Condition("Progressing", "True", "ServersBooting", f"{servers(situation.booting)} booting")
    if situation.servers_differ:
        message = f"{situation.group.size} declared, {len(situation.servers)} in the cloud"
        return Condition("Progressing", "True", "ServersDiffer", message)
    return Condition("Progressing", "False", "Converged", "nothing is under way")


def _degraded(situation: Situation) -> Condition:
    if situation.left_out and not situation.unhealthy:
        message = f"no entry in the ELB: {', '.join(situation.left_out)}; `scaler keep` enters them again"
        return Condition("Degraded", "True", "EntriesMissing", message)
    if not situation.unhealthy:
        return Condition("Degraded", "False", "ServersHealthy", "no server is known to be down")
    reason = "TooManyUnhealthy" if situation.too_many_unhealthy else "ServersUnhealthy"
    return Condition("Degraded", "True", reason, f"unhealthy: {', '.join(situation.unhealthy)}")


def _imbalanced(metric: Metric) -> Condition:
    ordered = sorted(metric.averages)
    spread = percentile(ordered, 95) - percentile(ordered, 50)
    status, reason = ("True", "CpuSpread") if spread > SPREAD else ("False", "CpuBalanced")
    return Condition("Imbalanced", status, reason, f"{spread:.0f} points between the 95th and the 50th percentile")
