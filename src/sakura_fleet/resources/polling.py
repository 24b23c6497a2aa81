"""One find per zone and tick, shared by everyone who waits there.

Fifty servers that wait for their disks would otherwise ask fifty times; the API takes five requests a second.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

SHORTEST_DELAY = 0.2
LONGEST_DELAY = 5.0
GROWTH = 0.1


def delay_after(waited: float) -> float:
    """Seconds until the next look, after `waited` seconds: a tenth of the wait so far, within bounds, with jitter."""
    return min(LONGEST_DELAY, max(SHORTEST_DELAY, GROWTH * waited)) * random.uniform(0.9, 1.1)  # noqa: S311


class SharedFind(Generic[T]):
    """The newest result of one find. Callers say how fresh it must be, and those who come at the same time share
    one."""

    def __init__(self, find: Callable[[], Sequence[T]], clock: Callable[[], float]) -> None:
        self._find = find
        self._clock = clock
        self._condition = threading.Condition()
        self._running = False
        self._started = float("-inf")
        self._result: Sequence[T] = ()

    def newer_than(self, moment: float) -> Sequence[T]:
        """A result that was asked for at or after `moment` (of the clock)."""
        with self._condition:
            while self._started < moment:
                if not self._running:
                    self._running = True
                    break
                self._condition.wait()
            else:
                return self._result
        started = self._clock()
        try:
            result = self._find()
        except BaseException:
            with self._condition:
                self._running = False
                self._condition.notify_all()
            raise
        with self._condition:
            self._started, self._result, self._running = started, result, False
            self._condition.notify_all()
            return result
