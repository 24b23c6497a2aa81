"""Waiting until the cloud has come to a state: observe, judge, pause, at a pace that all waits of a run share.

Every wait has a deadline, ends when the run is cancelled, and says what it was for when its time is over. Meanwhile it
says what it sees: a phase, short enough for a status column.

Cancelled is a run whose engine is gone: nothing more may happen. Interrupted is one that a person has asked to end
(Ctrl-C): a wait ends there where nothing is half made, any other goes on to its end and says that it is finishing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from sakura_fleet.errors import CancelledError, OperationTimeoutError, WaitTimeoutError
from sakura_fleet.provider.polling import next_poll

SHORTEST_NAP: Final = 0.001
"""Seconds; what is left of a deadline below this counts as over, as adding less may not move a clock at all."""
PHASE_WIDTH: Final = 50
"""Characters of a phase."""
FOREVER: Final = float("inf")
FINISHING: Final = "finishing: "
"""Before the phase of a wait that goes on although the run was interrupted."""

T = TypeVar("T")


class Waiter:
    """The waits of one run. Everything here may be called from many threads.

    `queue` tells how many seconds of API calls are waiting for their turn: polls give way to them.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        cancelled: Callable[[], bool],
        interrupted: Callable[[], bool] = lambda: False,
        queue: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._cancelled = cancelled
        self._interrupted = interrupted
        self._queue = queue
        self._operation = threading.local()

    def wait_for(
        self,
        what: str,
        observe: Callable[[], T],
        until: Callable[[T], bool],
        *,
        deadline: float,
        way_out: str | Callable[[T], str],
        steady: float = 0.0,
        phase: Callable[[T], str] | None = None,
        remains: str = "",
    ) -> T:
        """The first observation for which `until` holds, and has held for `steady` seconds without a break.

        `what` completes "waiting for", such as "server web-001 to be up"; `deadline` is in seconds. `phase` says in a
        few words what an observation that is not the last shows. `remains` says how things are where an interrupt ends
        the wait; without it, an interrupt does not.

        Raises `WaitTimeoutError` with `what` and `way_out` (which may depend on the last observation), and what `pause`
        raises.
        """
        return self._wait(
            what,
            lambda _: observe(),
            until,
            deadline=deadline,
            way_out=way_out,
            steady=steady,
            phase=phase,
            remains=remains,
        )

    def wait_for_shared(
        self,
        what: str,
        observe: Callable[[float], T],
        until: Callable[[T], bool],
        *,
        deadline: float,
        way_out: str | Callable[[T], str],
        first: T | None = None,
        meanwhile: Callable[[T], None] | None = None,
        phase: Callable[[T], str] | None = None,
    ) -> T:
        """As `wait_for`, for an observation by a find that many share.

        `observe` gets the moment (of the clock) that its find must not be older than: half a pause ago, so that those
        who wait side by side are content with one find. `first` is an observation that there is already, and takes the
        place of the first of its own. `meanwhile` acts on each observation that is not the last.
        """
        return self._wait(
            what, observe, until, deadline=deadline, way_out=way_out, first=first, meanwhile=meanwhile, phase=phase
        )

    def attempt(self, what: str, act: Callable[[], bool], *, deadline: float, way_out: str) -> None:
        """Do what the cloud may refuse for now, again and again until `act` says that it was accepted.

        The other arguments and the errors are those of `wait_for`.
        """
        self._wait(what, lambda _: act(), bool, deadline=deadline, way_out=way_out)

    def _wait(
        self,
        what: str,
        observe: Callable[[float], T],
        until: Callable[[T], bool],
        *,
        deadline: float,
        way_out: str | Callable[[T], str],
        steady: float = 0.0,
        first: T | None = None,
        meanwhile: Callable[[T], None] | None = None,
        phase: Callable[[T], str] | None = None,
        remains: str = "",
    ) -> T:
        start = self._clock()
        observed = observe(start) if first is None else first
        held_since: float | None = None
        while True:
            now = self._clock()
            if not until(observed):
                held_since = None
            else:
                held_since = now if held_since is None else held_since
                if now - held_since >= steady:
                    return observed
            if meanwhile:
                meanwhile(observed)
            if phase and self.is_heard:
                self._say(phase(observed), finishing=not remains)
            waited = self._clock() - start
            if deadline - waited < SHORTEST_NAP:
                advice = way_out if isinstance(way_out, str) else way_out(observed)
                raise WaitTimeoutError(f"timed out after {deadline:.0f} s waiting for {what}; {advice}")
            delay = max(SHORTEST_NAP, min(next_poll(self._clock(), waited, self._queue()), deadline - waited))
            self.pause(delay, what, remains)
            observed = observe(self._clock() - delay / 2)

    def pause(self, seconds: float, what: str = "the next attempt", remains: str = "") -> None:
        """Sleep, waiting for `what`; `remains` as in `wait_for`.

        Raises `CancelledError` at once when the run is cancelled, or interrupted and the wait may end there, and
        `OperationTimeoutError` when the operation's time is over.
        """
        end = self._clock() + seconds
        last: float = getattr(self._operation, "end", FOREVER)
        while (now := self._clock()) < end:
            if self._cancelled():
                raise CancelledError("the run was cancelled while it was waiting; run `pulumi up` again to go on")
            if self._interrupted():
                if remains:
                    raise CancelledError(
                        f"the run was interrupted while it was waiting for {what}; {remains}; run `pulumi up` again to "
                        "go on"
                    )
                self._finish(what)
            if last - now < SHORTEST_NAP:
                raise OperationTimeoutError(
                    f"timed out after the {self._operation.allowed:.0f} s that custom_timeouts allow for all of it, "
                    f"waiting for {what}; allow more, or run the same command again: it goes on from here"
                )
            self._sleep(min(end - now, last - now, 1.0))

    @property
    def is_heard(self) -> bool:
        """Whether somebody hears what this thread's waits see; what only serves that needs no call otherwise."""
        return getattr(self._operation, "say", None) is not None

    def _finish(self, what: str) -> None:
        """Say that this goes on to its end, with the phase that was said last."""
        if self.is_heard and not self._operation.said.startswith(FINISHING):
            self._say(self._operation.said or f"waiting for {what}", finishing=True)

    def _say(self, phase: str, *, finishing: bool) -> None:
        """Say the phase, unless it is the one that was said last; `finishing`: the wait goes on after an interrupt."""
        phase = f"{FINISHING}{phase}" if phase and finishing and self._interrupted() else phase
        if phase and phase != self._operation.said:
            self._operation.said = phase
            self._operation.say(shortened(phase))

    @contextmanager
    def within(self, seconds: float, say: Callable[[str], None] | None = None) -> Iterator[None]:
        """What this thread does here may wait for so many seconds in all; 0: as long as each wait's own deadline.

        This is what `custom_timeouts` of a resource mean; no wait gets longer than its own deadline by them. `say` is
        told the phase of each wait of this thread, whenever it changes, and nothing ("") at the end.
        """
        self._operation.say, self._operation.said = say, ""
        self._operation.allowed = seconds
        self._operation.end = self._clock() + seconds if seconds else FOREVER
        try:
            yield
        finally:
            if say and self._operation.said:
                say("")  # else "created" would be followed by what the last wait saw before it ended
            self._operation.end = FOREVER
            self._operation.say = None


def shortened(phase: str) -> str:
    """A phase on one line that leaves room for the resource's name in 80 columns."""
    line = " ".join(phase.split())
    return line if len(line) <= PHASE_WIDTH else f"{line[: PHASE_WIDTH - 1]}…"
