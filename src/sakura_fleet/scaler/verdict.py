"""What is to be done in a situation: the recommended size, unless a gate holds it back, with a message for people."""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.scaler.gates import held_back
from sakura_fleet.scaler.limits import Recommendation
from sakura_fleet.scaler.reasons import Action, Reason, Wanted
from sakura_fleet.scaler.rule import Request
from sakura_fleet.scaler.situation import GroupSettings, Situation


@dataclass(frozen=True, slots=True)
class Verdict:
    """The action, the size to declare, and why.

    `held` is what held a change of the size back where the servers are put right meanwhile; `wait` is in seconds, 0
    where it is not known.
    """

    action: Action
    size: int
    reason: Reason
    message: str
    wait: int = 0
    held: Reason | None = None

    @property
    def rescales(self) -> bool:
        return self.action in (Action.UP, Action.DOWN)


def judge(situation: Situation, request: Request, recommended: Recommendation) -> Verdict:
    """Ask the gates; where they are open, the recommended size is taken."""
    size = situation.group.size
    if hold := held_back(situation, recommended):
        action = Action.CONVERGE if hold.converge else Action.NONE
        return Verdict(action, size, hold.reason, hold.message, hold.wait, hold.held)
    if recommended.size == size:
        limited = recommended.limit if request.wanted is not Wanted.NOTHING else None
        reason = limited or request.reason
        return Verdict(Action.NONE, size, reason, _why_kept(situation.group, reason))
    action = Action.UP if recommended.size > size else Action.DOWN
    reason = request.reason
    if recommended.limit and recommended.beyond and reason is not Reason.NO_SERVERS:
        reason = recommended.limit
    message = f"New size: {recommended.size}; reason: {_why_changed(situation.group, reason)}"
    return Verdict(action, recommended.size, reason, message)


def _why_changed(group: GroupSettings, reason: Reason) -> str:
    return {
        Reason.CPU_ABOVE_UP: "cpu above target",
        Reason.CPU_BELOW_DOWN: "cpu below target",
        Reason.NO_SERVERS: "no servers",
        Reason.BELOW_MINIMUM: f"below min_size {group.min_size}",
        Reason.ABOVE_MAXIMUM: f"above max_size {group.max_size}",
    }[reason]


def _why_kept(group: GroupSettings, reason: Reason) -> str:
    low, high = group.floor, group.max_size
    return {
        Reason.WITHIN_BAND: "the load is within the band",
        Reason.IDLE_OR_UNKNOWN: "hardly any load is seen, which may also be none measured: the size stays",
        Reason.NO_SAMPLES: "no samples: the size stays",
        Reason.STALE_SAMPLES: "only old samples: the size stays",
        Reason.METRICS_UNAVAILABLE: "the metrics could not be read: the size stays",
        Reason.NO_SERVERS: "no servers are there",
        Reason.AT_MAXIMUM: f"more servers are wanted, but {high} is max_size",
        Reason.AT_MINIMUM: f"fewer would do, but {low} is the smallest size",
        Reason.ABOVE_MAXIMUM: f"the size is above max_size {high}; it is brought back by a scale-in, or by enforce",
        Reason.BELOW_MINIMUM: f"the size is below min_size {low}; it is brought back by any load but a low one",
    }[reason]
