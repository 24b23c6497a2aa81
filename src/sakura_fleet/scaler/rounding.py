"""Numbers as the cron rule's tools make them: jq's `round`, the percentile index, Go's floats and times.

A decision of the threshold mode must be the one that the shell script took, to the last bit: Python's `round` goes to
the even neighbour (50.5 becomes 50, and nothing is scaled), and since 3.12 its `sum` corrects for lost digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

_NAMED_OFFSETS: Final = {timedelta(0): "UTC", timedelta(hours=9): "JST"}


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


def go_float(value: float) -> str:
    """A number as Go's `encoding/json` writes it: shortest digits, no `.0`, an exponent only far from 1."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    left, _, right = mantissa.partition(".")
    right = "" if right == "0" else right
    digits = (left + right).lstrip("0")
    point = len(left) + int(exponent or "0") - (len(left + right) - len(digits))
    digits = digits.rstrip("0")
    if 1e-6 <= abs(value) < 1e21:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        whole = digits[:point].ljust(point, "0")
        return sign + whole + (f".{digits[point:]}" if len(digits) > point else "")
    power = point - 1
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):0{1 if power < 0 else 2}}"


def go_time(moment: datetime) -> str:
    """A time as Go prints it on a machine in Japan: `2021-09-24 17:00:00 +0900 JST`."""
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    offset = moment.strftime("%z")[:5]
    name = _NAMED_OFFSETS.get(moment.utcoffset() or timedelta(0), offset)
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {offset} {name}"
