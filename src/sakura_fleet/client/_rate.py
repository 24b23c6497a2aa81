"""The rate limit on this side: over all threads of a client, with few calls saved up, and none when the API says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

__all__ = ["RateLimiter"]

SLACK: Final = 10
"""Slots that an idle time saves up: as many as SAKURA Cloud's own Go clients take at once (go-http's rate limit)."""


class RateLimiter:
    """Hands out one slot every `1 / rate` seconds; `rate` 0 means no limit. Safe to share between threads.

    Of the slots that nobody takes, the last `SLACK` are still to be had: many calls that come after an idle time begin
    with so many at once, and the rate holds over any longer time.

    The slot is taken under a lock, the wait for it is not: waiting threads go in the order in which they came.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._spacing = 1.0 / rate if rate > 0 else 0.0
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._next = clock()
        self._held_until = self._next

    def wait(self) -> None:
        """Return when the caller's slot has come. A slot that falls into a hold is void: the caller takes another."""
        while True:
            with self._lock:
                now = self._clock()
                slot = max(now - SLACK * self._spacing, self._held_until, self._next)
                held_until = self._held_until
                self._next = slot + self._spacing
            if slot > now:
                self._pause(slot - now)
            with self._lock:
                if self._held_until == held_until:
                    return

    def queue(self) -> float:
        """Seconds until a slot is free: how long those who have come before will take."""
        with self._lock:
            return max(0.0, self._next - self._clock())

    def hold(self, seconds: float) -> None:
        """Give out no slot for that long, to nobody: the API has said that it gets too many calls."""
        with self._lock:
            now = self._clock()
            until = now + seconds
            if until > self._held_until:
                self._held_until = until
                self._next = max(until, min(self._next, now + self._spacing))  # slots given out for later are void
