"""What holds a change of the size back: what the cron script lacked. Each gate is one function, and the first counts.

A gate gets the situation and the recommended size. Gates for a change of the size let the servers be put right
meanwhile, where the cloud has more or fewer than are declared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

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


Gate = Callable[[Situation, int], Hold | None]


def size_changed(situation: Situation, _: int) -> Hold | None:
    """Somebody else changed the size: it is taken over, and left alone for a cooldown."""
    if not situation.size_changed:
        return None
    size, before, cooldown = situation.group.size, situation.memory.written_size, situation.scaling.cooldown
    message = f"the size was changed from {before} to {size} by somebody else; the cooldown begins again"
    return Hold(reason=Reason.SIZE_CHANGED, message=message, wait=max(cooldown.up, cooldown.down))


def after_failure(situation: Situation, _: int) -> Hold | None:
    """After a failed run the declared size is tried again, once the wait is over; nothing else until that succeeds."""
    failures = situation.memory.failures
    if not failures:
        return None
    times = f"{failures} failed run{'s' if failures != 1 else ''}"
    if wait := situation.seconds_until(situation.memory.retry_at):
        return Hold(reason=Reason.BACKOFF, message=f"after {times}, the next try is in {wait} s", wait=wait)
    message = f"after {times}, the declared size {situation.group.size} is tried again"
    return Hold(reason=Reason.RETRY, message=message, converge=True)


def scaling_disabled(situation: Situation, _: int) -> Hold | None:
    if situation.group.max_size or situation.group.size:
        return None
    return Hold(reason=Reason.SCALING_DISABLED, message="max_size is 0: scaling is off")


def cooldown_up(situation: Situation, target: int) -> Hold | None:
    wait = situation.seconds_until(situation.memory.cooldown_until_up)
    if target <= situation.group.size or not wait:
        return None
    return _hold(situation, Reason.COOLDOWN_UP, f"cooldown: {target} servers are wanted, in {wait} s", wait)


def cooldown_down(situation: Situation, target: int) -> Hold | None:
    wait = situation.seconds_until(situation.memory.cooldown_until_down)
    if target >= situation.group.size or not wait:
        return None
    return _hold(situation, Reason.COOLDOWN_DOWN, f"cooldown: {target} servers are enough, in {wait} s", wait)


def brake(situation: Situation, target: int) -> Hold | None:
    if target >= situation.group.size or not situation.too_many_unhealthy:
        return None
    share = f"{len(situation.unhealthy)} of {servers(len(situation.servers))}"
    message = f"{share} are unhealthy: no scale-in until that is mended"
    return _hold(situation, Reason.TOO_MANY_UNHEALTHY, message)


def booting(situation: Situation, target: int) -> Hold | None:
    if target >= situation.group.size or not situation.booting:
        return None
    return _hold(situation, Reason.SERVERS_BOOTING, f"no scale-in while {servers(situation.booting)} boot")


def servers_differ(situation: Situation, target: int) -> Hold | None:
    """The cloud has another number of servers than is declared: that first, unless the group grows anyway."""
    if target > situation.group.size or not situation.servers_differ:
        return None
    return _hold(situation, Reason.SERVERS_DIFFER, "")


GATES: Final[tuple[Gate, ...]] = (
    size_changed,
    after_failure,
    scaling_disabled,
    cooldown_up,
    cooldown_down,
    brake,
    booting,
    servers_differ,
)
"""In this order; the first that holds counts."""


def held_back(situation: Situation, target: int) -> Hold | None:
    """What holds the size `target` back; None where all gates are open."""
    return next((hold for gate in GATES if (hold := gate(situation, target))), None)


def _hold(situation: Situation, reason: Reason, message: str, wait: int = 0) -> Hold:
    """Hold the size; but servers that are missing or too many are put right all the same."""
    if not situation.servers_differ:
        return Hold(reason=reason, message=message, wait=wait)
    found = f"{situation.group.size} declared, but {len(situation.servers)} in the cloud"
    message = f"{found}; {message}" if message else found
    return Hold(reason=Reason.SERVERS_DIFFER, message=message, wait=wait, converge=True, held=reason)
