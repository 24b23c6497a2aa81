"""Floats and times as Go prints them, for a report that must be the same digit for digit."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

_NAMED_OFFSETS: Final = {timedelta(0): "UTC", timedelta(hours=9): "JST"}


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
