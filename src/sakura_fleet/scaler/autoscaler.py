"""One tick of automatic scaling: measure, decide, act, remember.

Everything that is clever is in `decide`, which is pure; here are the hands. The clock is handed in, so that a test can
drive a day in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.session import open_session
from sakura_fleet.errors import FleetError
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.stack import StackConfig
from sakura_fleet.ownership import fleet_tag
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.elb.elb_lifecycle import looked_up
from sakura_fleet.scaler.decide import Action, Config, Decision, Reason, decide
from sakura_fleet.scaler.job_runner import EXIT_COOLDOWN, EXIT_NOOP, EXIT_UNKNOWN, Effort, JobResult, Scaler
from sakura_fleet.scaler.memory import State
from sakura_fleet.scaler.metrics import fetch_group
from sakura_fleet.scaler.sizes import Target
from sakura_fleet.scaler.usage import Usage

if TYPE_CHECKING:
    from sakura_fleet.client import ElbHealth

STATE_FILE: Final = "scaling.json"
UNHEALTHY: Final = "ServersUnhealthy"
_COOLING: Final = ("CooldownUp", "CooldownDown", "BackoffAfterFailure")
_UNKNOWN: Final = ("NoSamples", "StaleSamples", "MetricsUnavailable", "IdleOrUnknown", "NoServers")


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the group found, and what follows from it. `usage` is None where the metrics could not be
    read."""

    config: StackConfig
    usage: Usage | None
    decision: Decision
    trouble: str = ""


class AutoScaler:
    """Scales one stack by its load."""

    def __init__(self, runner: Scaler, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._runner = runner
        self._clock = clock

    def look(self) -> Look:
        """Measure and decide; nothing is changed, not even the memory."""
        config = self._runner.project.config(self._runner.stack, any_size=True)
        usage, trouble = self._measured(config)
        decision = decide(Config.of(config.server_group, config.scaling_rules), self.state(), usage, self._clock())
        return Look(config, usage, decision, trouble)

    def tick(self) -> tuple[Look, JobResult | None]:
        """Look, act where that is called for, and remember; the job is None where nothing was done."""
        look = self.look()
        decision, scaling = look.decision, look.config.scaling_rules
        state = decision.state
        self._remember(state)
        task = _task(look)
        if task is None:
            return look, None
        before = look.config.server_group.size
        if decision.size != before:
            state = state.declared(decision.size)
            self._remember(state)

        def rule(group: ServerGroupArgs) -> Target:
            if group.size != before:  # somebody was faster; the next look goes by what they wrote
                return Target(group.size, "SizeChangedExternally")
            return Target(decision.size, task.reason)

        result = self._runner.run("auto", rule, effort=task.effort, replace=task.replace, manual=False)
        action, now = task.action.value, self._clock()
        after = self._runner.group().size
        if result.status == jobs.DONE:
            state = state.succeeded(scaling, action=action, before=before, after=after, now=now)
        elif result.status in (jobs.FAILED, jobs.CANCELED):
            state = state.failed(scaling, action=action, before=before, after=after, now=now)
        else:
            state = decision.state
        self._remember(state)
        return look, result

    def state(self) -> State:
        """The memory as it was left."""
        return State.from_json(self._runner.folder.load(STATE_FILE))

    def _remember(self, state: State) -> None:
        self._runner.folder.save(STATE_FILE, state.to_json())

    def _measured(self, config: StackConfig) -> tuple[Usage | None, str]:
        try:
            with open_session(self._runner.project.setting(self._runner.stack)) as session:
                usage = fetch_group(
                    session.client,
                    config.fleet_id,
                    config.server_group,
                    now=self._clock(),
                    cloud_clock=session.settings.is_emulator,
                    samples=config.scaling_rules.samples,
                    health=_health(session, config),
                )
        except FleetError as error:
            return None, str(error)
        return usage, ""


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be done, and how it is remembered; `replace` are the IDs of servers to be made anew."""

    action: Action
    reason: str
    effort: Effort = Effort.SIZE
    replace: frozenset[str] = frozenset()


def _task(look: Look) -> _Task | None:
    """What a look leads to: first a change of the size, else servers that differ, else those that are unhealthy.

    A server that is off is switched on again. One that runs and does not serve is replaced.
    """
    decision = look.decision
    if decision.action in (Action.UP, Action.DOWN):
        return _Task(decision.action, decision.reason.value)
    if decision.action is Action.CONVERGE:
        return _Task(Action.CONVERGE, decision.reason.value, Effort.REFRESH)
    if not decision.heal or decision.reason is Reason.BACKOFF:
        return None
    servers = look.usage.servers if look.usage else ()
    running = frozenset(one.id for one in servers if one.name in decision.heal and one.failed and one.is_on)
    return _Task(Action.CONVERGE, UNHEALTHY, Effort.UPDATE if running else Effort.REFRESH, running)


def _health(session: Session, config: StackConfig) -> ElbHealth | None:
    """What the stack's ELB thinks of its entries; None where there is no ELB."""
    if config.elb is None:
        return None
    if config.elb.lookup:
        return session.client.elbs.health(looked_up(session, config.elb.lookup).id)
    found = session.client.elbs.find(tags=[fleet_tag(config.fleet_id)])
    return session.client.elbs.health(min(elb.id for elb in found)) if found else None


def exit_code_of(look: Look, result: JobResult | None) -> tuple[int, int]:
    """The exit code of a tick: the plain one, and the one with `--detailed-exitcode`."""
    if result is not None:
        return result.exit_code, result.exit_code or result.detailed_exit_code
    reason = look.decision.reason.value
    if reason in _COOLING:
        return 0, EXIT_COOLDOWN
    if reason in _UNKNOWN:
        return 0, EXIT_UNKNOWN
    return 0, EXIT_NOOP
