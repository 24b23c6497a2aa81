"""Which unhealthy servers are to be mended now: a few at a time, and none while the brake is on.

One sample may be wrong, and mending may replace a server: `unhealthy_threshold` ticks in a row must agree.
"""

from __future__ import annotations

from typing import Final

from sakura_fleet.scaler.situation import Situation

HEAL_SHARE: Final = 10
"""Of so many servers one is mended at a time; in a smaller group, one as well."""


def to_heal(situation: Situation) -> tuple[str, ...]:
    """Their names; none at a size outside the limits, which no run accepts."""
    if not situation.scaling.heal or situation.too_many_unhealthy or situation.memory_trouble:
        return ()
    if not situation.group.within_limits:
        return ()
    ticks, enough = situation.memory.unhealthy, situation.scaling.unhealthy_threshold
    found = [name for name in situation.unhealthy if ticks.get(name, 0) + 1 >= enough]
    return tuple(found)[: max(1, len(situation.servers) // HEAL_SHARE)]
