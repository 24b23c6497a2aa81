"""The cron rule's arithmetic, as its tools have it: jq's `round`, and the mean and percentiles of sacloud-cpu-usage.

A decision of the threshold mode must be the one that the shell script took, to the last bit: Python's `round` goes to
the even neighbour (50.5 becomes 50, and nothing is scaled), and since 3.12 its `sum` corrects for lost digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def half_away(value: float) -> int:
    """The nearest whole number; a half goes away from zero. `floor(value + 0.5)` would round 0.49999999999999994 up."""
    whole = math.floor(abs(value))
    whole += abs(value) - whole >= 0.5
    return whole if value >= 0 else -whole


def plain_mean(values: Iterable[float]) -> float:
    """The mean, added up from left to right; 0 for nothing."""
    total, count = 0.0, 0
    for value in values:
        total += value
        count += 1
    return total / count if count else 0.0


def percentile(ordered: list[float], percent: float) -> float:
    """One of the values, sorted ascending, never one between two. Where the index would leave the list, its end counts.

    sacloud-cpu-usage ends in a panic there (25 per cent of one server).
    """
    index = half_away(len(ordered) * (percent / 100)) - 1
    return ordered[min(max(index, 0), len(ordered) - 1)] if ordered else 0.0
