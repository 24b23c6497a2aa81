"""The emulated clock: it can run faster than the real one, stand still, and be moved ahead; it never goes back."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

JST = timezone(timedelta(hours=9))
LAST = datetime(9999, 1, 1, tzinfo=JST).timestamp()
"""Up to here a time can be written; Python knows no later year."""
SCALE_MAX = 1e8
"""Three years a second."""


class Clock:
    """Emulated seconds since 1970. All of the emulator's timestamps come from `now()`."""

    def __init__(
        self,
        scale: float = 1.0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self.scale = scale
        self.frozen = False
        self._base = wall()
        self._anchor = monotonic()
        self._wall = wall

    def now(self) -> float:
        """The emulated time."""
        if self.frozen:
            return self._base
        return self._base + (self._monotonic() - self._anchor) * self.scale

    def _hold(self) -> None:
        self._base = self.now()
        self._anchor = self._monotonic()

    def advance(self, seconds: float) -> None:
        """Move ahead at once; works while frozen, too."""
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} seconds: time does not go back")
        if not self.now() + seconds < LAST:  # so that it is true of `nan`, too
            raise ValueError(f"cannot advance by {seconds} seconds: no year after 9998 can be written")
        self._hold()
        self._base += seconds

    def move_to(self, moment: float) -> None:
        """Move ahead to exactly that time, unless it has passed."""
        self._hold()
        self._base = max(self._base, moment)

    def freeze(self, frozen: bool = True) -> None:
        """Stand still, or go on from here."""
        self._hold()
        self.frozen = frozen

    def rescale(self, scale: float) -> None:
        """Run `scale` times as fast as real time from here on."""
        if not 0 < scale <= SCALE_MAX:
            raise ValueError(f"time_scale is {scale:g}; it must be more than 0 and at most {SCALE_MAX:.0f}")
        self._hold()
        self.scale = scale

    def real_seconds(self, emulated: float) -> float:
        """How long a wait of emulated seconds really takes; nothing waits for a frozen clock."""
        return 0.0 if self.frozen else emulated / self.scale

    def state(self) -> dict[str, Any]:
        """For the database and for people."""
        return {"now": self.now(), "frozen": self.frozen, "time_scale": self.scale}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from where a saved clock was: it slept while the emulator was off, yet is not behind the real time."""
        self.frozen = bool(state.get("frozen", False))
        self.scale = float(state.get("time_scale", 1.0))
        saved = float(state["now"])
        self._base = saved if self.frozen else max(saved, self._wall())
        self._anchor = self._monotonic()


def stamp(seconds: float) -> str:
    """`2026-08-01T09:30:00+09:00`."""
    return _stamp(int(seconds))


@functools.lru_cache(maxsize=65536)
def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, JST).isoformat()


def parse_stamp(text: str) -> float | None:
    """RFC 3339 as clients write it: an offset or `Z`, nanoseconds or none. None for anything else."""
    head, dot, tail = text.strip().partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        head = f"{head}.{tail[:digits][:6]:0<6}{tail[digits:]}"
    try:
        moment = datetime.fromisoformat(head)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
