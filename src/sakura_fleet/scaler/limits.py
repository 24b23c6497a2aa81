"""Where a request leads within the group's limits: as in sacloud/autoscaler, up never shrinks and down never grows."""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.scaler.reasons import Reason, Wanted
from sakura_fleet.scaler.situation import GroupSettings


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The size that rule and limits ask for. `limit` says which limit the declared size is at or beyond, if any."""

    size: int
    limit: Reason | None = None

    @property
    def beyond(self) -> bool:
        """Whether the declared size is outside the limits."""
        return self.limit in (Reason.ABOVE_MAXIMUM, Reason.BELOW_MINIMUM)


def recommend(group: GroupSettings, wanted: Wanted) -> Recommendation:
    """The size that `wanted` leads to; with `enforce`, one inside the limits whatever the load is."""
    found = _by_load(group, wanted)
    if not group.scaling.enforce:
        return found
    return Recommendation(min(max(found.size, group.min_size), group.max_size), found.limit)


def _by_load(group: GroupSettings, wanted: Wanted) -> Recommendation:
    size, low, high, step = group.size, group.floor, group.max_size, group.scaling.step
    if size > high:
        return Recommendation(high if wanted is Wanted.DOWN else size, Reason.ABOVE_MAXIMUM)
    if size < low:
        return Recommendation(low if wanted in (Wanted.UP, Wanted.KEEP) else size, Reason.BELOW_MINIMUM)
    if wanted is Wanted.UP:
        return Recommendation(min(size + step, high), Reason.AT_MAXIMUM if size == high else None)
    if wanted is Wanted.DOWN:
        return Recommendation(max(size - step, low), Reason.AT_MINIMUM if size == low else None)
    return Recommendation(size)
