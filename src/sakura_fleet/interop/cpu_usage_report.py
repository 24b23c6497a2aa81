"""The report of `scaler cpu`: one line of JSON in the form of sacloud-cpu-usage, key for key and digit for digit.

As the version of the cron rule (v0.0.4) had it, a server without samples is left out, and `cpu_time` is what was
measured; how many were left out is a field of its own. With `compat`, as in its v0.1 and later, such a server counts
as 0, and `cpu_time` is in per cent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.interop.go_format import go_float, go_time
from sakura_fleet.scaler.rounding import percentile, plain_mean
from sakura_fleet.scaler.usage import ServerUsage, Usage

DEFAULT_PERCENTILES: Final = "99,95,90,75"
WITHOUT_SAMPLES: Final = "without_samples"
"""The key that says how many servers were left out."""

_EXACT: Final = 2**53
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Percentile:
    """One percentile, with its name as the user typed it: `99` and `99.0` are two keys."""

    text: str
    percent: float


def read_percentiles(text: str) -> tuple[Percentile, ...]:
    """`99,95,90,75`; empty places are passed over. Raises `InputError`."""
    found, problems = [], []
    for word in filter(None, text.split(",")):
        try:
            percent = float(word) if word == word.strip() and "_" not in word else math.nan
        except ValueError:
            percent = math.nan
        if 0 <= percent <= 100:
            found.append(Percentile(word, percent))
        else:
            message = f"{word!r} is not a percentage from 0 to 100; write such as {DEFAULT_PERCENTILES}"
            problems.append(Problem("--percentile-set", "percentile", message))
    if problems:
        raise InputError(problems)
    return tuple(found)


def report(usage: Usage, percentiles: Sequence[Percentile] = (), *, compat: bool = False) -> dict[str, Any]:
    """The report as a document."""
    shown = [server for server in usage.servers if compat or server.avg is not None]
    means = [_mean(server, compat=compat) for server in shown]
    ordered = sorted(means)
    document: dict[str, Any] = {
        "avg": plain_mean(means),
        "max": ordered[-1] if ordered else 0.0,
        "min": ordered[0] if ordered else 0.0,
        "servers": [_server(server, compat=compat) for server in shown],
    }
    document.update({f"{wanted.text}pt": percentile(ordered, wanted.percent) for wanted in percentiles})
    if not compat:
        document[WITHOUT_SAMPLES] = len(usage.servers) - len(shown)
    return document


def _mean(server: ServerUsage, *, compat: bool) -> float:
    return server.avg_of_percents if compat else server.avg or 0.0


def _server(server: ServerUsage, *, compat: bool) -> dict[str, Any]:
    return {
        "avg": _mean(server, compat=compat),
        "cores": server.cores,
        "monitors": [
            {
                "cpu_time": server.percent(point) if compat else point.cpu_time,
                "time": go_time(point.time),
            }
            for point in (server.points if server.cores > 0 else ())
        ],
        "name": server.name,
        "zone": server.zone,
    }


def encode(value: Any) -> str:
    """JSON as Go writes it: keys sorted by bytes, no blanks, `<`, `>` and `&` escaped, whole floats without `.0`."""
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: str(key).encode())
        return "{" + ",".join(f"{_text(str(key))}:{encode(value[key])}" for key in keys) + "}"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return "[" + ",".join(encode(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    return go_float(float(value))


def _text(value: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in json.dumps(value, ensure_ascii=False))


def progress(usage: Usage, *, compat: bool = False) -> list[str]:
    """What was measured, a line a sample and one a server, for people and logs."""
    lines = []
    for server in usage.servers:
        for point in server.points if server.cores > 0 else ():
            what = f"zone:{server.zone} cores:{server.cores} cpu_time:" if compat else f"cores:{server.cores} cpu:"
            value = server.percent(point) if compat else point.cpu_time
            lines.append(f"{server.name} {what}{value:f} time:{go_time(point.time)}")
        if compat:
            lines.append(f"{server.name} average_cpu_time:{server.avg_of_percents:f}")
        else:
            lines.append(f"{server.name} " + ("no samples" if server.avg is None else f"avg:{server.avg:f}"))
    return lines
