"""The emulator's faults with one trap among them: at a given call of the API, a failure or a signal to the engine.

The strike happens inside the emulator, while it handles the call: before the change is made, or after it was made and
before anybody gets an answer. So no point depends on how fast a machine is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sakura_emulator.cloud import Cloud
from sakura_emulator.faults import Fault, Faults
from sakura_emulator.request_log import RequestLog
from tests.calls import Call, shape

if TYPE_CHECKING:
    from tests.chaos.points import Point


class Kind(StrEnum):
    """What happens at a call."""

    KILL_BEFORE = "kill-before"
    KILL_AFTER = "kill-after"
    BUSY_503 = "503"
    BUSY_429 = "429"
    LOCKED_423 = "423"
    BROKEN_500 = "500"
    CUT_AFTER = "cut-after"
    TIMEOUT = "timeout"
    INTERRUPT = "sigint"


KILLS = (Kind.KILL_BEFORE, Kind.KILL_AFTER)
"""Of the engine and all its children; only writing calls can tell the two apart from each other."""


class Trap(Faults):
    """Counts the calls of a run (`record`), and strikes at one of them (`sprung`)."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.settings.chance)
        self._cloud = cloud
        self._armed: tuple[Call, Kind] | None = None
        self.disarm()

    def arm(self, point: Point, *, kill: Callable[[], None], interrupt: Callable[[], None]) -> None:
        """Wait for the point's call; `kill` and `interrupt` do that to the engine."""
        self.disarm()
        self._armed, self._kill, self._interrupt = (point.call, Kind(point.kind)), kill, interrupt

    def disarm(self) -> None:
        """Let everything pass, and count from the beginning."""
        self.clear()
        self.record: list[Call] = []
        self.sprung = False
        self._seen: Counter[tuple[str, str]] = Counter()
        self._armed = None
        self._cloud.log = RequestLog()

    def pick(self, method: str, path: str) -> Fault | None:
        """What the emulator asks for each call."""
        key = (method, shape(path))
        self._seen[key] += 1
        call = Call(*key, self._seen[key])
        self.record.append(call)
        if self.sprung or self._armed is None or self._armed[0] != call:
            return None
        self.sprung = True
        return self._strike(self._armed[1])

    def _strike(self, kind: Kind) -> Fault | None:
        match kind:
            case Kind.KILL_BEFORE:
                self._kill()
                return Fault(0, "cut_before")
            case Kind.KILL_AFTER:
                self._cloud.log = _StrikingLog(self._kill)  # written once the change is on the disk
                return Fault(0, "cut_after")
            case Kind.INTERRUPT:
                self._interrupt()
                return None
            case Kind.CUT_AFTER:
                return Fault(0, "cut_after")
            case Kind.TIMEOUT:
                return Fault(0, "timeout")
            case status:
                codes = {"503": "busy", "429": "too_many_request", "423": "locked", "500": "unknown"}
                return Fault(0, "status", status=int(status), code=codes[status])


class _StrikingLog(RequestLog):
    """A log whose next entry is the moment to strike: the change was made, and nobody has the answer."""

    def __init__(self, strike: Callable[[], None]) -> None:
        super().__init__()
        self._strike = strike

    def add(self, entry: dict[str, Any], query: bytes = b"", body: bytes = b"") -> None:
        if entry.get("fault") == "cut_after":
            self._strike()
        super().add(entry, query, body)
