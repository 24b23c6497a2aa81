"""Activity graphs: a value on every 5-minute mark, the same on every read, and a programmable CPU series."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sakura_fleet.emulator.clock import parse_stamp, stamp
from sakura_fleet.emulator.query import decode
from sakura_fleet.emulator.wire import JSON, Answer, Call

STEP = 300
_SPAN = 3600  # what a call without Start gets
_MARKS_MAX = 2000

Sample = Callable[[int], JSON]


def answer(call: Call, sample: Sample) -> Answer:
    """The `Data` of the marks that the query's Start and End enclose; `sample` gives one mark's values."""
    wanted = decode(call.query)
    end = min(_moment(wanted.get("End"), call.now), call.now)
    start = _moment(wanted.get("Start"), end - _SPAN)
    first = math.ceil(start / STEP) * STEP
    last = math.floor(end / STEP) * STEP
    first = max(first, last - (_MARKS_MAX - 1) * STEP)
    data = {stamp(mark): sample(mark) for mark in range(first, last + 1, STEP)}
    return Answer({"Data": data, "is_ok": True})


def _moment(value: Any, default: float) -> float:
    parsed = parse_stamp(value) if isinstance(value, str) else None
    return default if parsed is None else parsed


def noise(call: Call, low: float, high: float, *words: object) -> float:
    """A value between the bounds that depends on the seed and the words only."""
    return round(low + (high - low) * call.cloud.settings.chance(*words), 6)


def cpu_time(call: Call, *, server_id: int, name: str, cores: int, mark: int) -> float | None:
    """CPU seconds per second over all cores: what was programmed for the server, else a quiet machine's noise.

    The newest rule that knows a value for the mark wins. After its last sample, a rule repeats it.
    """
    for rule in reversed(call.cloud.store.meta("loads", [])):
        if rule.get("server") not in (None, server_id) or not name.startswith(rule.get("prefix") or ""):
            continue
        if mark < rule["since"]:
            continue
        samples = rule["samples"]
        index = (mark - math.ceil(rule["since"] / STEP) * STEP) // STEP
        per_core = samples[min(index, len(samples) - 1)]
        return None if per_core is None else round(float(per_core) * cores, 6)
    return round(noise(call, 0.02, 0.05, "cpu", name, mark) * cores, 6)
