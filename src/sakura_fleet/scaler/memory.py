"""The scaling memory: what the autoscaler remembers from one tick to the next.

It is a value, and each change of it is a function from old to new. The cooldown is counted from the end of the last
change, in both directions, and lasts as long as the stack file says now; nothing but time ends it: neither a run that
had nothing to do nor one that failed. A failure has a wait of its own, which grows. Whatever the clock said when a wait
was noted, none is longer than one that begins now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sakura_fleet.model.scaling import ScalingArgs

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SizeJob:
    """A job that a person asked for and that declared another size, `size`; the history of the stack has it."""

    size: int
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAction:
    """The last change that was tried: `up`, `down` or `converge`."""

    action: str
    size_before: int
    size_after: int
    at: datetime
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingMemory:
    """One group's memory. `written_size` is the size that the autoscaler declared last, or accepted from a person; None
    where nothing is remembered of an earlier tick. `unhealthy` counts the ticks in a row that found a server unhealthy,
    by its name. `changed_up_at` and `changed_down_at` are from when the cooldown in each direction counts;
    `unanswered_ticks` counts those in a row at which the group could not be observed."""

    changed_up_at: datetime | None = None
    changed_down_at: datetime | None = None
    last_action: LastAction | None = None
    failures: int = 0
    retry_at: datetime | None = None
    written_size: int | None = None
    last_stamp: datetime | None = None
    unknown_ticks: int = 0
    unanswered_ticks: int = 0
    unhealthy: Mapping[str, int] = field(default_factory=dict)

    def begun(self, *, changed: datetime | None, now: datetime) -> ScalingMemory:
        """Where nothing is remembered: the group grows a cooldown after the newest `changed` server, which may be the
        work of a tick that was forgotten; and as a removed server leaves no trace, it shrinks a cooldown from now."""
        if self.written_size is not None:
            return self
        return replace(self, changed_up_at=changed, changed_down_at=now)

    def caught_up(self, job: SizeJob | None, *, size: int, now: datetime) -> ScalingMemory:
        """With what a person's job has changed since the last change that is known: it begins a cooldown at its end,
        and where it declared `size`, which the stack file has now, that is nobody else's."""
        if job is None or job.ended > now or (self.changed_up_at and job.ended <= self.changed_up_at):
            return self
        known = self.written_size is not None and job.size == size
        return replace(self.cooling(job.ended), written_size=size if known else self.written_size)

    def capped(self, scaling: ScalingArgs, now: datetime) -> ScalingMemory:
        """With no wait that is longer than one that begins now: the clock may have been ahead when it was noted."""
        return replace(
            self,
            changed_up_at=_at_most(self.changed_up_at, now, 0),
            changed_down_at=_at_most(self.changed_down_at, now, 0),
            retry_at=_at_most(self.retry_at, now, scaling.backoff.after(self.failures)),
        )

    def cooling(self, now: datetime) -> ScalingMemory:
        """With a cooldown in both directions that begins now."""
        return replace(self, changed_up_at=now, changed_down_at=now)

    def observed(self, *, size: int, stamp: datetime | None, load_known: bool, answered: bool) -> ScalingMemory:
        """After a tick that found `size` declared, and `stamp` as the newest sample's time; `answered` says whether the
        group could be observed."""
        return replace(
            self,
            last_stamp=stamp or self.last_stamp,
            unknown_ticks=0 if load_known else self.unknown_ticks + 1,
            unanswered_ticks=0 if answered else self.unanswered_ticks + 1,
            written_size=size,
        )

    def with_unhealthy(self, names: Collection[str]) -> ScalingMemory:
        """After a tick that found these servers unhealthy, and no others."""
        return replace(self, unhealthy={name: self.unhealthy.get(name, 0) + 1 for name in sorted(names)})

    def declared(self, size: int, now: datetime) -> ScalingMemory:
        """Before `size` is written to the stack file and made so: a crash in between leaves no size that looks like a
        person's, and no group that may be changed again at once."""
        return replace(self, written_size=size).cooling(now)

    def succeeded(self, *, action: str, before: int, after: int, now: datetime) -> ScalingMemory:
        """After a change. A server that was only replaced starts no cooldown; a late success of a change does."""
        done = LastAction(action=action, size_before=before, size_after=after, at=now, succeeded=True)
        memory = replace(self, last_action=done, failures=0, retry_at=None, written_size=after)
        late = self.failures > 0 and self.last_action is not None and self.last_action.action != "converge"
        return memory.cooling(now) if before != after or late else memory

    def failed(self, scaling: ScalingArgs, *, action: str, before: int, after: int, now: datetime) -> ScalingMemory:
        """After a run that failed. `after` is the size that the stack file has now: it stays declared, and the next
        run goes on."""
        failures = self.failures + 1
        tried = LastAction(action=action, size_before=before, size_after=after, at=now, succeeded=False)
        if action == "converge" and self.failures and self.last_action is not None:
            tried = replace(self.last_action, at=now)  # still the same change, tried again
        retry_at = now + timedelta(seconds=scaling.backoff.after(failures))
        return replace(self, last_action=tried, failures=failures, retry_at=retry_at, written_size=after)

    def to_json(self) -> dict[str, Any]:
        """A plain document."""
        last = self.last_action
        return {
            "v": VERSION,
            "changed_at": {"up": _text(self.changed_up_at), "down": _text(self.changed_down_at)},
            "last_action": last
            and {
                "action": last.action,
                "size_before": last.size_before,
                "size_after": last.size_after,
                "at": _text(last.at),
                "succeeded": last.succeeded,
            },
            "failures": self.failures,
            "retry_at": _text(self.retry_at),
            "written_size": self.written_size,
            "last_stamp": _text(self.last_stamp),
            "unknown_ticks": self.unknown_ticks,
            "unanswered_ticks": self.unanswered_ticks,
            "unhealthy": dict(self.unhealthy),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ScalingMemory:
        """Read it back. Raises `ValueError`, `TypeError`, `KeyError` or `AttributeError` for what is no memory: a
        cooldown that cannot be read must not count as none."""
        if document["v"] != VERSION:
            raise ValueError(f"version {document['v']!r}")
        last, changed = document["last_action"], document["changed_at"]
        return cls(
            changed_up_at=_moment(changed["up"]),
            changed_down_at=_moment(changed["down"]),
            last_action=None
            if last is None
            else LastAction(
                action=str(last["action"]),
                size_before=_count(last["size_before"]),
                size_after=_count(last["size_after"]),
                at=_aware(last["at"]),
                succeeded=bool(last["succeeded"]),
            ),
            failures=_count(document["failures"]),
            retry_at=_moment(document["retry_at"]),
            written_size=None if document["written_size"] is None else _count(document["written_size"]),
            last_stamp=_moment(document["last_stamp"]),
            unknown_ticks=_count(document["unknown_ticks"]),
            unanswered_ticks=_count(document["unanswered_ticks"]),
            unhealthy={str(name): _count(ticks) for name, ticks in document["unhealthy"].items()},
        )


def _at_most(until: datetime | None, now: datetime, seconds: int) -> datetime | None:
    return None if until is None else min(until, now + timedelta(seconds=seconds))


def _count(value: Any) -> int:
    if int(value) < 0:
        raise ValueError(f"{value!r} is no number of anything")
    return int(value)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(value: Any) -> datetime | None:
    return None if value is None else _aware(value)


def _aware(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone")
    return moment
