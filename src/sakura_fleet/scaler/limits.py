"""Where a request leads within the group's limits: as in sacloud/autoscaler, up never shrinks and down never grows.

Up counts from the servers that are there, where these are more than are declared: a size that is larger than the
declared one is never smaller than their number, so growing removes none.
"""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.scaler.reasons import Reason, Wanted
from sakura_fleet.scaler.situation import GroupSettings


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The size that rule and limits ask for. `limit` says which limit the declared size is at or beyond, if any.

    `keep_all`: the group is to grow while more servers are there than declared, so none of them may go.
    """

    size: int
    limit: Reason | None = None
    keep_all: bool = False

    @property
    def beyond(self) -> bool:
        """Whether the declared size is outside the limits."""
        return self.limit in (Reason.ABOVE_MAXIMUM, Reason.BELOW_MINIMUM)


def recommend(group: GroupSettings, wanted: Wanted, members: int | None = None) -> Recommendation:
    """The size that `wanted` leads to; with `enforce`, one inside the limits whatever the load is.

    `members` is how many servers of the group the cloud has; None where that is not known.
    """
    members = group.size if members is None else members
    found = _by_load(group, wanted, members)
    size = min(max(found.size, group.min_size), group.max_size) if group.scaling.enforce else found.size
    keep_all = members > group.size and (wanted is Wanted.UP or size > group.size)
    if keep_all and members > group.max_size:
        size = group.size
    elif keep_all:
        size = max(size, min(members + group.scaling.step, group.max_size) if wanted is Wanted.UP else members)
    return Recommendation(size, found.limit, keep_all)


def _by_load(group: GroupSettings, wanted: Wanted, members: int) -> Recommendation:
    """A size outside the limits is brought back once the load asks for it, or where no server is made or removed."""
    size, low, high, step = group.size, group.floor, group.max_size, group.scaling.step
    if size > high:
        return Recommendation(high if wanted is Wanted.DOWN or members <= high else size, Reason.ABOVE_MAXIMUM)
    if size < low:
        grows = wanted in (Wanted.UP, Wanted.KEEP) or members >= low
        return Recommendation(low if grows else size, Reason.BELOW_MINIMUM)
    if wanted is Wanted.UP:
        return Recommendation(min(size + step, high), Reason.AT_MAXIMUM if size == high else None)
    if wanted is Wanted.DOWN:
        return Recommendation(max(size - step, low), Reason.AT_MINIMUM if size == low else None)
    return Recommendation(size)
