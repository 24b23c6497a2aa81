"""What to do about the load: one pure function from a situation to a decision.

    metric -> rule -> limits -> gates -> explanation, conditions, memory

Up to the gates it is the cron rule of the seed, case for case. The same function serves the autoscaler, the dry run and
simulations; it does no input or output and knows no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from sakura_fleet.scaler.conditions import Condition, conditions
from sakura_fleet.scaler.explanation import Step, steps
from sakura_fleet.scaler.healing import to_heal
from sakura_fleet.scaler.limits import recommend
from sakura_fleet.scaler.memory import ScalingMemory
from sakura_fleet.scaler.metric import Metric, measure
from sakura_fleet.scaler.reasons import Action, Reason, Wanted
from sakura_fleet.scaler.rule import request_by
from sakura_fleet.scaler.situation import Situation
from sakura_fleet.scaler.verdict import judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The size to declare, and why.

    `recommended` is what rule and limits ask for; a gate may hold it back, for `wait` seconds where that is known.
    `heal` names servers to be mended at the same size. `memory` is to be kept after this tick, whatever becomes of the
    action.
    """

    size: int
    action: Action
    reason: Reason
    message: str
    wanted: Wanted
    recommended: int
    wait: int
    heal: tuple[str, ...]
    metric: Metric
    conditions: tuple[Condition, ...]
    steps: tuple[Step, ...]
    memory: ScalingMemory

    def condition(self, kind: str) -> Condition:
        """The condition of one type."""
        return next(condition for condition in self.conditions if condition.type == kind)

    def explain(self) -> str:
        """The steps in plain words, a line each, and what came of them."""
        lines = [f"{number}. {step.name}: {step.text}" for number, step in enumerate(self.steps, start=1)]
        return "\n".join([*lines, f"=> {self.action.value}, size {self.size}: {self.message} [{self.reason.value}]"])

    def to_json(self) -> dict[str, Any]:
        """A plain document, for records and for `--output json`."""
        metric = self.metric
        return {
            "size": self.size,
            "action": self.action.value,
            "reason": self.reason.value,
            "message": self.message,
            "wanted": self.wanted.value,
            "recommended": self.recommended,
            "wait": self.wait,
            "heal": list(self.heal),
            "metric": {
                "avg": metric.avg,
                "rounded": metric.rounded,
                "min": metric.lowest,
                "max": metric.highest,
                "stamp": metric.stamp.astimezone(UTC).isoformat() if metric.stamp else None,
                "servers": metric.counted,
                "left_out": metric.left_out,
            },
            "conditions": [
                {
                    "type": condition.type,
                    "status": condition.status,
                    "reason": condition.reason,
                    "message": condition.message,
                }
                for condition in self.conditions
            ],
        }


def decide(situation: Situation) -> Decision:
    """Decide by one observation of the group."""
    kept, situation = situation.memory, replace(situation, memory=_recalled(situation))
    metric = measure(situation)
    request = request_by(situation, metric)
    recommended = recommend(situation.group, request.wanted, situation.members)
    verdict = judge(situation, request, recommended)
    return Decision(
        size=verdict.size,
        action=verdict.action,
        reason=verdict.reason,
        message=verdict.message,
        wanted=request.wanted,
        recommended=recommended.size,
        wait=verdict.wait,
        heal=to_heal(situation),
        metric=metric,
        conditions=conditions(situation, metric, request, recommended, verdict),
        steps=tuple(steps(situation, metric, request, recommended, verdict)),
        memory=_remembered(situation, kept, metric, load_known=request.load_known),
    )


def _recalled(situation: Situation) -> ScalingMemory:
    """The memory as it counts now: also where it was lost, and where the clock was wrong when it was noted."""
    changed = situation.usage.changed_at if situation.usage else None
    memory = situation.memory.begun(changed=changed, now=situation.now).capped(situation.scaling, situation.now)
    return memory.caught_up(situation.last_job, size=situation.group.size, now=situation.now)


def _remembered(situation: Situation, kept: ScalingMemory, metric: Metric, *, load_known: bool) -> ScalingMemory:
    """What is kept after this tick, of what counted at it and what was `kept` before."""
    memory = situation.memory.observed(
        size=situation.group.size,
        stamp=metric.stamp,
        load_known=load_known,
        answered=situation.usage is not None,
    )
    if situation.usage is not None:  # else nothing was seen of the servers
        memory = memory.with_unhealthy(situation.unhealthy)
    else:  # nor what time it is there: an emulator has a clock of its own
        memory = replace(memory, changed_up_at=kept.changed_up_at, changed_down_at=kept.changed_down_at)
    if situation.usage is None and situation.memory.written_size is None:
        memory = replace(memory, written_size=None)  # still to begin by what the servers tell
    return memory.cooling(situation.now) if situation.size_changed else memory
