"""Since when the API as a whole gives no answers: one clock for all calls of a client."""

from __future__ import annotations

import threading

from sakura_fleet.client._retry import Attempt

__all__ = ["Outage"]


class Outage:
    """An outage is waited out once, and not once by every call that meets it. Safe to share between threads.

    It begins with the first attempt that finds one (`Attempt.is_outage`), and ends with the next answer of the API's
    own, be it an error. A call that begins when the `RetryPolicy`'s deadline has passed makes one attempt, which may
    be the one that finds the end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def note(self, attempt: Attempt, began: float) -> None:
        """Take in how an attempt ended that began at that moment of the clock."""
        with self._lock:
            if not attempt.is_outage:
                if not attempt.hopeless:
                    self._since = None
            elif self._since is None or began < self._since:
                self._since = began

    def lasted(self, now: float) -> float:
        """Seconds since it began; 0 where there is none."""
        with self._lock:
            return 0.0 if self._since is None else now - self._since
