"""One find per zone and tick, shared by everyone who waits there.

Fifty servers that wait for their disks would otherwise ask fifty times; the API takes five requests a second.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

SHORTEST_DELAY = 0.2
LONGEST_DELAY = 3.2
GROWTH = 0.1
SHORTEST_LEFT = 0.1
"""Part of a tick: one that comes sooner than this is left out."""


def next_poll(now: float, waited: float, queue: float = 0.0) -> float:
    """Seconds until the next poll, after `waited` seconds of waiting: about a tenth of them, within bounds.

    A poll takes a call from those who want to change something, so it waits for the `queue` of calls (seconds) first.
    All polls of a run fall on the same ticks of the clock `now` (every 0.2 s, 0.4 s, 0.8 s, and so on), so that those
    who wait for different servers poll together, with one find, and the last of fifty is not seen later than the first.
    """
    longest = min(LONGEST_DELAY, max(SHORTEST_DELAY, GROWTH * waited))
    tick = SHORTEST_DELAY * 2.0 ** math.floor(math.log2(longest / SHORTEST_DELAY))
    left = tick - (now + queue) % tick
    return queue + left if left > SHORTEST_LEFT * tick else queue + left + tick


class SharedFind(Generic[T]):
    """The newest result of one find. Callers say how fresh it must be, and those who come at the same time share
    one."""

    def __init__(self, find: Callable[[], Sequence[T]], clock: Callable[[], float]) -> None:
        self._find = find
        self._clock = clock
        self._condition = threading.Condition()
        self._running = False
        self._started: float | None = None
        self._result: Sequence[T] = ()

    def newer_than(self, moment: float | None) -> Sequence[T]:
        """A result that was asked for at or after `moment` (of the clock).

        With None it is what is known already, however old: nothing where nobody has asked yet.
        """
        with self._condition:
            while moment is not None and (self._started is None or self._started < moment):
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
