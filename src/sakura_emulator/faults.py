"""Failures on demand: which requests they hit, and how often."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sakura_emulator.errors import ControlError

# Kinds that replace or delay the answer, and kinds that shape the change the request makes.
ANSWER_KINDS = ("status", "timeout", "cut_before", "cut_after", "slow")
CHANGE_KINDS = ("stale_hash", "stuck_disk", "failed_disk", "boot_failure", "ignored_shutdown")
_KEYS = {"method", "path", "nth", "share", "times", "kind", "status", "code", "seconds", "retry_after"}

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    409: "conflict",
    423: "locked",
    429: "too_many_request",
    503: "busy",
    504: "apiproxy_timeout",
}


@dataclass(slots=True)
class Fault:
    """One rule: requests whose method and path fit, picked by number, by share, or all."""

    id: int
    kind: str
    method: str = ""
    path: str = ""
    nth: tuple[int, ...] = ()
    share: float | None = None
    times: int | None = None
    status: int = 503
    code: str = ""
    seconds: float | None = None
    retry_after: int | None = None
    seen: int = 0  # requests that fitted
    fired: int = 0
    pattern: re.Pattern[str] = field(default_factory=lambda: re.compile(""))

    def fits(self, method: str, path: str) -> bool:
        """Whether the rule is about this request."""
        return self.method in ("", method) and self.pattern.search(path) is not None

    def state(self) -> dict[str, Any]:
        """As the control route shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "nth": list(self.nth),
            "share": self.share,
            "times": self.times,
            "status": self.status,
            "code": self.code,
            "seconds": self.seconds,
            "retry_after": self.retry_after,
            "seen": self.seen,
            "fired": self.fired,
        }


class Faults:
    """The rules that are set; they live as long as the process."""

    def __init__(self, chance: Callable[..., float]) -> None:
        self._chance = chance
        self._faults: list[Fault] = []
        self._next = 1

    def add(self, document: dict[str, Any]) -> Fault:
        """Set one rule."""
        fault = _parse(document, self._next)
        self._next += 1
        self._faults.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> int:
        """Remove one rule, or all; the number removed."""
        kept = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def state(self) -> list[dict[str, Any]]:
        """All rules."""
        return [fault.state() for fault in self._faults]

    def pick(self, method: str, path: str) -> Fault | None:
        """The rule that hits this request; every fitting rule counts the request, the first that is due fires."""
        chosen: Fault | None = None
        for fault in self._faults:
            if not fault.fits(method, path):
                continue
            fault.seen += 1
            if chosen is None and self._due(fault):
                fault.fired += 1
                chosen = fault
        return chosen

    def _due(self, fault: Fault) -> bool:
        if fault.times is not None and fault.fired >= fault.times:
            return False
        if fault.nth:
            return fault.seen in fault.nth
        return fault.share is None or self._chance("fault", fault.id, fault.seen) < fault.share


def _parse(document: dict[str, Any], number: int) -> Fault:
    unknown = sorted(document.keys() - _KEYS)
    if unknown:
        raise ControlError(400, f"unknown key {', '.join(unknown)}; a fault has {', '.join(sorted(_KEYS))}")
    kind = document.get("kind")
    if kind not in ANSWER_KINDS + CHANGE_KINDS:
        raise ControlError(400, f"kind {kind!r} is none of {', '.join(ANSWER_KINDS + CHANGE_KINDS)}")
    try:
        pattern = re.compile(str(document.get("path") or ""))
        nth = document.get("nth") or ()
        nth = (int(nth),) if isinstance(nth, int) else tuple(int(number) for number in nth)
        share = None if document.get("share") is None else float(document["share"])
        times = None if document.get("times") is None else int(document["times"])
        seconds = None if document.get("seconds") is None else float(document["seconds"])
        retry_after = None if document.get("retry_after") is None else int(document["retry_after"])
        status = int(document.get("status") or 503)
    except (re.error, TypeError, ValueError, OverflowError) as error:
        raise ControlError(400, f"not a fault: {error}") from error
    if seconds is not None and not 0 <= seconds < math.inf:
        raise ControlError(400, f"seconds {seconds} is not a number from 0 on")
    if share is not None and not 0 <= share <= 1:
        raise ControlError(400, f"share {share} is not within 0..1")
    if not 400 <= status <= 599:
        raise ControlError(400, f"status {status} is not within 400..599")
    return Fault(
        id=number,
        kind=str(kind),
        method=str(document.get("method") or "").upper(),
        path=pattern.pattern,
        nth=nth,
        share=share,
        times=times,
        status=status,
        code=str(document.get("code") or _CODES.get(status, "unknown")),
        seconds=seconds,
        retry_after=retry_after,
        pattern=pattern,
    )
