"""What to do about the load: one pure function from settings, memory and measurements to a decision.

Up to the gates it is the cron rule of the seed, case for case (`tests/data/seed_rule.csv` holds what the shell script
did). The gates are what the script lacked: a cooldown that holds, a wait after failures, a brake. The same function
serves the loop, the dry run and simulations; it does no input or output and knows no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any, Final

from sakura_fleet.model.scaling import ScalingArgs, smallest
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.memory import State
from sakura_fleet.scaler.rounding import half_away, percentile, plain_mean
from sakura_fleet.scaler.usage import ServerUsage, Usage

UNKNOWN_TICKS: Final = 3
"""So many looks in a row without a usable metric, and scaling counts as not active."""

SPREAD: Final = 40
"""Points between the 95th and the 50th percentile of the servers from which on they are badly balanced."""

HEAL_ONE_OF: Final = 10
"""Of so many servers one is replaced at a time; in a smaller group, one as well."""


class Action(StrEnum):
    """What is to be done: another size, a run at the same size, or nothing."""

    UP = "up"
    DOWN = "down"
    CONVERGE = "converge"
    NONE = "none"


class Wanted(StrEnum):
    """What the rule asks for, before limits and gates; the three requests of the cron script."""

    UP = "up"
    DOWN = "down"
    KEEP = "keep"
    NOTHING = ""


class Reason(StrEnum):
    """Why; these names are stable."""

    CPU_ABOVE_UP = "CpuAboveUp"
    CPU_BELOW_DOWN = "CpuBelowDown"
    WITHIN_BAND = "WithinBand"
    IDLE_OR_UNKNOWN = "IdleOrUnknown"
    NO_SAMPLES = "NoSamples"
    STALE_SAMPLES = "StaleSamples"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    NO_SERVERS = "NoServers"
    AT_MAXIMUM = "AtMaximum"
    AT_MINIMUM = "AtMinimum"
    ABOVE_MAXIMUM = "AboveMaximum"
    BELOW_MINIMUM = "BelowMinimum"
    COOLDOWN_UP = "CooldownUp"
    COOLDOWN_DOWN = "CooldownDown"
    BACKOFF = "BackoffAfterFailure"
    RETRY = "RetryAfterFailure"
    SIZE_CHANGED = "SizeChangedExternally"
    SERVERS_DIFFER = "ServersDiffer"
    SERVERS_BOOTING = "ServersBooting"
    TOO_MANY_UNHEALTHY = "TooManyUnhealthy"
    SCALING_DISABLED = "ScalingDisabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is declared now: the size, its limits, and how to scale."""

    size: int
    min_size: int
    max_size: int
    scaling: ScalingArgs = field(default_factory=ScalingArgs)

    @classmethod
    def of(cls, group: ServerGroupArgs, scaling: ScalingArgs) -> Config:
        """From a stack's configuration."""
        return cls(size=group.size, min_size=group.min_size, max_size=group.max_size, scaling=scaling)

    @property
    def floor(self) -> int:
        """The size under which the load never takes the group."""
        return smallest(self.min_size, self.max_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What the decision rests on. `rounded` is what the thresholds are compared with; None where nothing is known."""

    avg: float | None = None
    rounded: int | None = None
    lowest: float | None = None
    highest: float | None = None
    stamp: datetime | None = None
    counted: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is so, is not so, or is not known, in the words of Kubernetes' HPA. `status` is True, False or
    Unknown."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the decision."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The size to declare, and why.

    `recommended` is what rule and limits ask for; a gate may hold it back, for `wait` seconds where that is known.
    `heal` names servers to be mended at the same size. `state` is the memory to keep after this look, whatever
    becomes of the action.
    """

    size: int
    action: Action
    reason: Reason
    message: str
    wanted: Wanted
    recommended: int
    wait: int
    heal: tuple[str, ...]
    metric: Metric
    conditions: tuple[Condition, ...]
    steps: tuple[Step, ...]
    state: State

    def condition(self, kind: str) -> Condition:
        """The condition of one type."""
        return next(one for one in self.conditions if one.type == kind)

    def to_json(self) -> dict[str, Any]:
        """A plain document, for records and for `--output json`."""
        metric = self.metric
        return {
            "size": self.size,
            "action": self.action.value,
            "reason": self.reason.value,
            "message": self.message,
            "wanted": self.wanted.value,
            "recommended": self.recommended,
            "wait": self.wait,
            "heal": list(self.heal),
            "metric": {
                "avg": metric.avg,
                "rounded": metric.rounded,
                "min": metric.lowest,
                "max": metric.highest,
                "stamp": metric.stamp.isoformat() if metric.stamp else None,
                "servers": metric.counted,
                "left_out": metric.left_out,
            },
            "conditions": [
                {"type": one.type, "status": one.status, "reason": one.reason, "message": one.message}
                for one in self.conditions
            ],
        }


def decide(config: Config, state: State, samples: Usage | None, now: datetime) -> Decision:
    """Decide by one look at the group. `samples` is None where the metrics could not be read.

    `config` must have passed `ScalingArgs.check`, and `now` has a time zone.
    """
    return _Look(config, state, samples, now).decide()


def explain(decision: Decision) -> str:
    """The steps of a decision in plain words, a line each, and what came of them."""
    lines = [f"{number}. {step.name}: {step.text}" for number, step in enumerate(decision.steps, start=1)]
    return "\n".join(
        [*lines, f"=> {decision.action.value}, size {decision.size}: {decision.message} [{decision.reason.value}]"]
    )


def wanted_by(scaling: ScalingArgs, rounded: int | None) -> Wanted:
    """The threshold rule alone: over `up`, strictly between `idle` and `down`, or neither."""
    if rounded is None:
        return Wanted.KEEP
    if rounded > scaling.up:
        return Wanted.UP
    return Wanted.DOWN if scaling.idle < rounded < scaling.down else Wanted.KEEP


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What comes of one look, before it is dressed up as a `Decision`."""

    action: Action
    size: int
    reason: Reason
    message: str
    wait: int = 0
    held: Reason | None = None
    """What held a change of the size back, where the servers are put right meanwhile."""


class _Look:
    """One look at the group; every method adds to `steps` what it found."""

    def __init__(self, config: Config, state: State, usage: Usage | None, now: datetime) -> None:
        self.config, self.state, self.usage, self.now = config, state, usage, now
        self.scaling = config.scaling
        self.servers: tuple[ServerUsage, ...] = usage.servers if usage else ()
        self.steps: list[Step] = []
        self.adopted = state.written_size is not None and state.written_size != config.size
        self.failed = sorted(server.name for server in self.servers if server.failed)
        self.braked = self._is_braked()
        self.fresh: tuple[ServerUsage, ...] = ()
        self.unknown: Reason | None = None

    def decide(self) -> Decision:
        self._note_size()
        metric = self._measure()
        wanted, why = self._rule(metric)
        recommended, limit = self._limits(wanted)
        verdict = self._gates(wanted, why, recommended, limit)
        heal = self._heal()
        return Decision(
            size=verdict.size,
            action=verdict.action,
            reason=verdict.reason,
            message=verdict.message,
            wanted=wanted,
            recommended=recommended,
            wait=verdict.wait,
            heal=heal,
            metric=metric,
            conditions=self._conditions(verdict, wanted, recommended, limit),
            steps=tuple(self.steps),
            state=self._memory(metric),
        )

    # The steps, in their order

    def _note(self, name: str, text: str) -> None:
        self.steps.append(Step(name, text))

    def _note_size(self) -> None:
        text = f"{self.config.size} declared, allowed are {self.config.min_size} to {self.config.max_size}"
        if self.usage and self.usage.whole:
            text += f"; {len(self.servers)} in the cloud"
        if self.adopted:
            text += f"; the scaler's own last size was {self.state.written_size}, so somebody else changed it"
        self._note("size", text)

    def _measure(self) -> Metric:
        """The mean over servers with fresh samples that are not booting."""
        if self.usage is None:
            self.unknown = Reason.METRICS_UNAVAILABLE
            self._note("metric", "the metrics could not be read")
            return Metric()
        counted = self.usage.counted
        self.fresh = tuple(server for server in counted if self._age(server) <= self.scaling.max_age)
        left_out = len(self.servers) - len(self.fresh)
        means = [server.avg or 0.0 for server in self.fresh]
        if not means:
            self.unknown = Reason.STALE_SAMPLES if counted else Reason.NO_SAMPLES
            if not self.servers:
                self.unknown = Reason.NO_SERVERS
            self._note("metric", self._why_unknown())
            return Metric(left_out=left_out, stamp=self.usage.stamp)
        avg = plain_mean(means)
        metric = Metric(
            avg=avg,
            rounded=half_away(avg),
            lowest=min(means),
            highest=max(means),
            stamp=max(server.points[-1].time for server in self.fresh),
            counted=len(means),
            left_out=left_out,
        )
        text = f"cpu {avg:.2f} % on average over {_servers(len(means))}, rounded {metric.rounded} %"
        self._note("metric", text + (f"; {_servers(left_out)} left out" if left_out else ""))
        return metric

    def _rule(self, metric: Metric) -> tuple[Wanted, Reason]:
        scaling = self.scaling
        wanted = wanted_by(scaling, metric.rounded)
        if self.config.size == 0:  # nothing to measure, whatever else begins with the same name
            wanted, why, text = Wanted.KEEP, Reason.NO_SERVERS, "no server is declared: at least one is wanted"
        elif self.unknown is Reason.METRICS_UNAVAILABLE:
            wanted, why, text = Wanted.NOTHING, self.unknown, "without metrics nothing is asked for"
        elif self.unknown:
            why, text = self.unknown, "unknown: keep"
        elif wanted is Wanted.UP:
            why, text = Reason.CPU_ABOVE_UP, f"{metric.rounded} is over up {scaling.up}: up"
        elif wanted is Wanted.DOWN:
            why = Reason.CPU_BELOW_DOWN
            text = f"{metric.rounded} is over idle {scaling.idle} and under down {scaling.down}: down"
        elif metric.rounded is not None and metric.rounded <= scaling.idle:
            why = self.unknown = Reason.IDLE_OR_UNKNOWN
            text = f"{metric.rounded} is not over idle {scaling.idle}, so it may not be load at all: keep"
        else:
            why, text = Reason.WITHIN_BAND, f"{metric.rounded} is within down {scaling.down} and up {scaling.up}: keep"
        self._note("rule", text)
        return wanted, why

    def _limits(self, wanted: Wanted) -> tuple[int, Reason | None]:
        """Where the rule leads within the limits: as in sacloud/autoscaler, up never shrinks and down never grows."""
        size, low, high, step = self.config.size, self.config.floor, self.config.max_size, self.scaling.step
        target, limit = size, None
        if size > high:
            limit = Reason.ABOVE_MAXIMUM
            target = high if wanted is Wanted.DOWN else size
        elif size < low:
            limit = Reason.BELOW_MINIMUM
            target = low if wanted in (Wanted.UP, Wanted.KEEP) else size
        elif wanted is Wanted.UP:
            target = min(size + step, high)
            limit = Reason.AT_MAXIMUM if size == high else None
        elif wanted is Wanted.DOWN:
            target = max(size - step, low)
            limit = Reason.AT_MINIMUM if size == low else None
        if self.scaling.enforce:
            target = min(max(target, self.config.min_size), high)
        self._note("limits", f"size {target}" + (f" ({limit.value})" if limit else ""))
        return target, limit

    def _gates(self, wanted: Wanted, why: Reason, target: int, limit: Reason | None) -> _Verdict:
        """What holds the change back, strongest first."""
        verdict = (
            self._by_hand()
            or self._after_failure()
            or self._disabled()
            or self._held(target)
            or self._converging(target)
            or self._open(wanted, why, target, limit)
        )
        self._note("gates", "open" if verdict.action in (Action.UP, Action.DOWN) else verdict.message)
        return verdict

    # The gates

    def _by_hand(self) -> _Verdict | None:
        if not self.adopted:
            return None
        size, before = self.config.size, self.state.written_size
        message = f"the size was changed from {before} to {size} by somebody else; the cooldown begins anew"
        return self._hold(Reason.SIZE_CHANGED, message, max(self.scaling.cooldown.up, self.scaling.cooldown.down))

    def _after_failure(self) -> _Verdict | None:
        if not self.state.failures:
            return None
        times = f"{self.state.failures} failed run{'s' if self.state.failures != 1 else ''}"
        wait = self._left(self.state.retry_at)
        if wait:
            return self._hold(Reason.BACKOFF, f"after {times}, the next try is in {wait} s", wait)
        message = f"after {times}, the declared size {self.config.size} is tried again"
        return _Verdict(Action.CONVERGE, self.config.size, Reason.RETRY, message)

    def _disabled(self) -> _Verdict | None:
        if self.config.max_size or self.config.size:
            return None
        return self._hold(Reason.SCALING_DISABLED, "max_size is 0: scaling is off")

    def _held(self, target: int) -> _Verdict | None:
        size, state = self.config.size, self.state
        if target > size and (wait := self._left(state.cooldown_until_up)):
            return self._or_converge(Reason.COOLDOWN_UP, f"cooldown: {target} servers are wanted, in {wait} s", wait)
        if target >= size:
            return None
        if wait := self._left(state.cooldown_until_down):
            return self._or_converge(Reason.COOLDOWN_DOWN, f"cooldown: {target} servers are enough, in {wait} s", wait)
        if self.braked:
            message = (
                f"{len(self.failed)} of {_servers(len(self.servers))} are unhealthy: no scale-in until that is mended"
            )
            return self._or_converge(Reason.TOO_MANY_UNHEALTHY, message)
        booting = sum(server.booting for server in self.servers)
        if booting:
            return self._or_converge(Reason.SERVERS_BOOTING, f"no scale-in while {_servers(booting)} boot")
        return None

    def _converging(self, target: int) -> _Verdict | None:
        """The cloud has another number of servers than is declared: first that."""
        if target > self.config.size or not self._differs:
            return None
        return self._or_converge(Reason.SERVERS_DIFFER, "")

    def _open(self, wanted: Wanted, why: Reason, target: int, limit: Reason | None) -> _Verdict:
        size = self.config.size
        if target == size:
            reason = limit if limit and wanted is not Wanted.NOTHING else why
            return self._hold(reason, self._why_kept(reason, why))
        action = Action.UP if target > size else Action.DOWN
        if limit in (Reason.BELOW_MINIMUM, Reason.ABOVE_MAXIMUM) and why is not Reason.NO_SERVERS:
            why = limit
        return _Verdict(action, target, why, f"New size: {target}; reason: {self._words(why)}")

    def _hold(self, reason: Reason, message: str, wait: int = 0) -> _Verdict:
        return _Verdict(Action.NONE, self.config.size, reason, message, wait)

    def _or_converge(self, reason: Reason, message: str, wait: int = 0) -> _Verdict:
        """Hold the size; but servers that are missing or too many are put right all the same."""
        if not self._differs:
            return self._hold(reason, message, wait)
        text = f"{self.config.size} declared, but {len(self.servers)} in the cloud"
        message = f"{text}; {message}" if message else text
        return _Verdict(Action.CONVERGE, self.config.size, Reason.SERVERS_DIFFER, message, wait, reason)

    @property
    def _differs(self) -> bool:
        return self.usage is not None and self.usage.whole and len(self.servers) != self.config.size

    # Health

    def _is_braked(self) -> bool:
        """All, or more than the brake's share; but one dead server of two is an accident, not a landslide."""
        failed, count = len(self.failed), len(self.servers)
        return failed > 0 and (failed == count or (failed > 1 and 100 * failed > self.scaling.brake * count))

    def _heal(self) -> tuple[str, ...]:
        if not self.failed:
            return ()
        if self.braked:
            self._note("health", f"{len(self.failed)} of {_servers(len(self.servers))} unhealthy: the brake is on")
            return ()
        if not self.scaling.heal:
            self._note("health", f"unhealthy: {', '.join(self.failed)}; heal is off")
            return ()
        heal = tuple(self.failed[: max(1, len(self.servers) // HEAL_ONE_OF)])
        self._note("health", f"unhealthy: {', '.join(self.failed)}; to be mended now: {', '.join(heal)}")
        return heal

    # Words

    def _why_unknown(self) -> str:
        return {
            Reason.NO_SERVERS: "there are no servers",
            Reason.NO_SAMPLES: f"none of {_servers(len(self.servers))} has samples",
            Reason.STALE_SAMPLES: f"the newest sample is older than {self.scaling.max_age} s",
        }[self.unknown or Reason.NO_SERVERS]

    def _words(self, reason: Reason) -> str:
        return {
            Reason.CPU_ABOVE_UP: "cpu above target",
            Reason.CPU_BELOW_DOWN: "cpu below target",
            Reason.NO_SERVERS: "no servers",
            Reason.BELOW_MINIMUM: f"below min_size {self.config.min_size}",
            Reason.ABOVE_MAXIMUM: f"above max_size {self.config.max_size}",
        }[reason]

    def _why_kept(self, reason: Reason, why: Reason) -> str:
        low, high = self.config.floor, self.config.max_size
        return {
            Reason.WITHIN_BAND: "the load is within the band",
            Reason.IDLE_OR_UNKNOWN: "hardly any load is seen, which may also be none measured: the size stays",
            Reason.NO_SAMPLES: "no samples: the size stays",
            Reason.STALE_SAMPLES: "only old samples: the size stays",
            Reason.METRICS_UNAVAILABLE: "the metrics could not be read: the size stays",
            Reason.NO_SERVERS: "no servers are there",
            Reason.AT_MAXIMUM: f"more servers are wanted, but {high} is max_size",
            Reason.AT_MINIMUM: f"fewer would do, but {low} is the smallest size",
            Reason.ABOVE_MAXIMUM: f"the size is above max_size {high}; it is brought back by a scale-in, or by enforce",
            Reason.BELOW_MINIMUM: f"the size is below min_size {low}; it is brought back by any load but a low one",
        }[reason]

    # What is left behind

    def _memory(self, metric: Metric) -> State:
        known = metric.rounded is not None and self.unknown is None
        state = replace(
            self.state,
            last_stamp=metric.stamp or self.state.last_stamp,
            unknown_ticks=0 if known else self.state.unknown_ticks + 1,
            written_size=self.config.size,
        )
        return state.cooling(self.scaling, self.now) if self.adopted else state

    def _age(self, server: ServerUsage) -> float:
        """Seconds since the server's newest sample, by our clock or the cloud's, whichever is ahead."""
        stamp = server.points[-1].time
        clock = self.usage.clock if self.usage else None
        return max(self.now - stamp, (clock or stamp) - stamp).total_seconds()

    def _left(self, until: datetime | None) -> int:
        """Whole seconds until then; 0 when it is past."""
        return max(0, ceil((until - self.now) / timedelta(seconds=1))) if until else 0

    # Conditions

    def _conditions(
        self, verdict: _Verdict, wanted: Wanted, target: int, limit: Reason | None
    ) -> tuple[Condition, ...]:
        return (
            self._able(verdict),
            self._active(verdict),
            self._limited(wanted, target, limit),
            self._progressing(),
            self._degraded(),
            self._imbalanced(),
        )

    def _able(self, verdict: _Verdict) -> Condition:
        status, reason = {
            Reason.BACKOFF: ("False", "FailedUpdateScale"),
            Reason.RETRY: ("True", "FailedUpdateScale"),
            Reason.COOLDOWN_UP: ("False", "BackoffUpscale"),
            Reason.COOLDOWN_DOWN: ("False", "BackoffDownscale"),
            Reason.SIZE_CHANGED: ("False", "BackoffBoth"),
            Reason.TOO_MANY_UNHEALTHY: ("True", "ScaleDownStabilized"),
            Reason.SERVERS_BOOTING: ("True", "ScaleDownStabilized"),
        }.get(verdict.held or verdict.reason, ("True", "ReadyForNewScale"))
        if verdict.action in (Action.UP, Action.DOWN):
            reason = "SucceededRescale"
        return Condition("AbleToScale", status, reason, verdict.message)

    def _active(self, verdict: _Verdict) -> Condition:
        if verdict.reason is Reason.SCALING_DISABLED:
            return Condition("ScalingActive", "False", "ScalingDisabled", verdict.message)
        if self.unknown is None:
            return Condition("ScalingActive", "True", "ValidMetricFound", "cpu was measured")
        ticks = self.state.unknown_ticks + 1
        status = "False" if ticks >= UNKNOWN_TICKS else "Unknown"
        return Condition("ScalingActive", status, "MetricUnknown", f"no usable metric, {ticks} times in a row")

    def _limited(self, wanted: Wanted, target: int, limit: Reason | None) -> Condition:
        if limit in (Reason.AT_MAXIMUM, Reason.ABOVE_MAXIMUM):
            return Condition("ScalingLimited", "True", "TooManyReplicas", f"max_size is {self.config.max_size}")
        if limit in (Reason.AT_MINIMUM, Reason.BELOW_MINIMUM):
            return Condition("ScalingLimited", "True", "TooFewReplicas", f"the smallest size is {self.config.floor}")
        if wanted is Wanted.UP and target < self.config.size + self.scaling.step:
            return Condition("ScalingLimited", "True", "TooManyReplicas", f"max_size is {self.config.max_size}")
        if wanted is Wanted.DOWN and target > self.config.size - self.scaling.step:
            return Condition("ScalingLimited", "True", "TooFewReplicas", f"the smallest size is {self.config.floor}")
        return Condition("ScalingLimited", "False", "DesiredWithinRange", f"{target} is within the limits")

    def _progressing(self) -> Condition:
        booting = sum(server.booting for server in self.servers)
        if booting:
            return Condition("Progressing", "True", "ServersBooting", f"{_servers(booting)} booting")
        if self._differs:
            message = f"{self.config.size} declared, {len(self.servers)} in the cloud"
            return Condition("Progressing", "True", "ServersDiffer", message)
        return Condition("Progressing", "False", "Converged", "nothing is under way")

    def _degraded(self) -> Condition:
        if not self.failed:
            return Condition("Degraded", "False", "ServersHealthy", "no server is known to be down")
        reason = "TooManyUnhealthy" if self.braked else "ServersUnhealthy"
        return Condition("Degraded", "True", reason, f"unhealthy: {', '.join(self.failed)}")

    def _imbalanced(self) -> Condition:
        ordered = sorted(server.avg or 0.0 for server in self.fresh)
        spread = percentile(ordered, 95) - percentile(ordered, 50)
        status, reason = ("True", "CpuSpread") if spread > SPREAD else ("False", "CpuBalanced")
        return Condition("Imbalanced", status, reason, f"{spread:.0f} points between the 95th and the 50th percentile")


def _servers(count: int) -> str:
    return f"{count} server{'s' if count != 1 else ''}"


def conditions_of(decision: Decision) -> Mapping[str, str]:
    """Type to status, for metrics and tables."""
    return {one.type: one.status for one in decision.conditions}
