"""What holds a change of the size back: what the cron script lacked. Each gate is one function, and the first counts.

A gate gets the situation and the recommendation. Gates for a change of the size let the servers be put right meanwhile,
where the cloud has more or fewer than are declared: not where that would remove some of a group that is to grow, and
not at a size outside the limits, which no run accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sakura_fleet.scaler.limits import Recommendation
from sakura_fleet.scaler.reasons import Reason, servers
from sakura_fleet.scaler.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why the size stays as it is. `wait` is in seconds, 0 where it is not known.

    With `converge` the declared size is made good meanwhile; `held` is then the gate's own reason.
    """

    reason: Reason
    message: str
    wait: int = 0
    converge: bool = False
    held: Reason | None = None


Gate = Callable[[Situation, Recommendation], Hold | None]


def memory_unavailable(situation: Situation, _: Recommendation) -> Hold | None:
    """Without its memory the autoscaler would act again on what it has acted on."""
    if not situation.memory_trouble:
        return None
    return Hold(reason=Reason.MEMORY_UNAVAILABLE, message=f"nothing is done: {situation.memory_trouble}")


def size_changed(situation: Situation, _: Recommendation) -> Hold | None:
    """Somebody else changed the size: it is taken over, and left alone for a cooldown."""
    if not situation.size_changed:
        return None
    size, before, cooldown = situation.group.size, situation.memory.written_size, situation.scaling.cooldown
    message = f"the size was changed from {before} to {size} by somebody else; the cooldown begins again"
    return Hold(reason=Reason.SIZE_CHANGED, message=message, wait=max(cooldown.up, cooldown.down))


def after_failure(situation: Situation, asked: Recommendation) -> Hold | None:
    """After a failed run the declared size is tried again, once the wait is over; nothing else until that succeeds."""
    failures = situation.memory.failures
    if not failures:
        return None
    times = f"{failures} failed run{'s' if failures != 1 else ''}"
    if wait := situation.seconds_until(situation.memory.retry_at):
        return Hold(reason=Reason.BACKOFF, message=f"after {times}, the next try is in {wait} s", wait=wait)
    if asked.keep_all or not situation.group.within_limits:
        return None
    message = f"after {times}, the declared size {situation.group.size} is tried again"
    return Hold(reason=Reason.RETRY, message=message, converge=True)


def scaling_disabled(situation: Situation, _: Recommendation) -> Hold | None:
    if situation.group.max_size or situation.group.size:
        return None
    return Hold(reason=Reason.SCALING_DISABLED, message="max_size is 0: scaling is off")


def above_maximum(situation: Situation, asked: Recommendation) -> Hold | None:
    """More servers are there than may be declared, and the group is to grow: none of them is removed for that."""
    if not asked.keep_all or asked.size > situation.group.size:
        return None
    found = f"{situation.group.size} declared, but {situation.members} in the cloud"
    message = f"{found}, which is not under max_size {situation.group.max_size}: none is removed at this load"
    return Hold(reason=Reason.ABOVE_MAXIMUM, message=message)


def cooldown_up(situation: Situation, asked: Recommendation) -> Hold | None:
    wait = situation.cooldown_up()
    if asked.size <= situation.group.size or not wait:
        return None
    message = f"cooldown: {asked.size} servers are wanted, in {wait} s"
    return _hold(situation, asked, Reason.COOLDOWN_UP, message, wait)


def cooldown_down(situation: Situation, asked: Recommendation) -> Hold | None:
    wait = situation.cooldown_down()
    if asked.size >= situation.group.size or not wait:
        return None
    message = f"cooldown: {asked.size} servers are enough, in {wait} s"
    return _hold(situation, asked, Reason.COOLDOWN_DOWN, message, wait)


def brake(situation: Situation, asked: Recommendation) -> Hold | None:
    if asked.size >= situation.group.size or not situation.too_many_unhealthy:
        return None
    share = f"{len(situation.unhealthy)} of {servers(len(situation.servers))}"
    message = f"{share} are unhealthy: no scale-in until that is mended"
    return _hold(situation, asked, Reason.TOO_MANY_UNHEALTHY, message)


def booting(situation: Situation, asked: Recommendation) -> Hold | None:
    if asked.size >= situation.group.size or not situation.booting:
        return None
    message = f"no scale-in while {servers(situation.booting)} boot"
    return _hold(situation, asked, Reason.SERVERS_BOOTING, message)


def servers_differ(situation: Situation, asked: Recommendation) -> Hold | None:
    """The cloud has another number of servers than is declared: that first, unless the group grows anyway."""
    if asked.size > situation.group.size or not situation.servers_differ:
        return None
    if asked.keep_all or not situation.group.within_limits:  # the declared size itself is to be brought back
        return None
    return _hold(situation, asked, Reason.SERVERS_DIFFER, "")


GATES: Final[tuple[Gate, ...]] = (
    memory_unavailable,
    size_changed,
    after_failure,
    scaling_disabled,
    above_maximum,
    cooldown_up,
    cooldown_down,
    brake,
    booting,
    servers_differ,
)
"""In this order; the first that holds counts."""


def held_back(situation: Situation, asked: Recommendation) -> Hold | None:
    """What holds the recommended size back; None where all gates are open."""
    return next((hold for gate in GATES if (hold := gate(situation, asked))), None)


def _hold(situation: Situation, asked: Recommendation, reason: Reason, message: str, wait: int = 0) -> Hold:
    """Hold the size; but servers that are missing or too many are put right all the same, where a run can."""
    if not situation.servers_differ or asked.keep_all or not situation.group.within_limits:
        return Hold(reason=reason, message=message, wait=wait)
    found = f"{situation.group.size} declared, but {len(situation.servers)} in the cloud"
    message = f"{found}; {message}" if message else found
    return Hold(reason=Reason.SERVERS_DIFFER, message=message, wait=wait, converge=True, held=reason)
