"""Activity graphs: a value on every 5-minute mark for the five minutes before it, the same on every read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sakura_emulator import load
from sakura_emulator.call import Answer, Call
from sakura_emulator.clock import parse_stamp, stamp
from sakura_emulator.query import decode
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON

STEP = load.STEP
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
    if call.now < last + _lag(call, last):
        last -= STEP
    first = max(first, last - (_MARKS_MAX - 1) * STEP)
    data = {stamp(mark): sample(mark) for mark in range(first, last + 1, STEP)}
    return Answer({"Data": data, "is_ok": True})


def _lag(call: Call, mark: int) -> float:
    """How long after its mark a sample can be seen: the service takes more than a minute, never the same time."""
    low, high = call.cloud.settings.durations.sample
    return low + (high - low) * call.cloud.settings.chance("lag", call.path, mark)


def _moment(value: Any, default: float) -> float:
    parsed = parse_stamp(value) if isinstance(value, str) else None
    return default if parsed is None else parsed


def noise(call: Call, low: float, high: float, *words: object) -> float:
    """A value between the bounds that depends on the seed and the words only."""
    return round(low + (high - low) * call.cloud.settings.chance(*words), 6)


def cpu_time(call: Call, server: Record, cores: int, mark: int) -> float | None:
    """CPU seconds per second over all cores: what was offered to the server, else a quiet machine's noise."""
    is_told, share = load.per_core(call.cloud, server, mark)
    if is_told:
        return None if share is None else round(float(share) * cores, 6)
    return round(noise(call, 0.02, 0.05, "cpu", server["name"], mark) * cores, 6)
