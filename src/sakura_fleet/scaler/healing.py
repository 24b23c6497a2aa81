"""Which unhealthy servers are to be mended now: a few at a time, and none while the brake is on."""

from __future__ import annotations

from typing import Final

from sakura_fleet.scaler.situation import Situation

HEAL_SHARE: Final = 10
"""Of so many servers one is mended at a time; in a smaller group, one as well."""


def to_heal(situation: Situation) -> tuple[str, ...]:
    """Their names."""
    if not situation.scaling.heal or situation.too_many_unhealthy:
        return ()
    return situation.unhealthy[: max(1, len(situation.servers) // HEAL_SHARE)]
