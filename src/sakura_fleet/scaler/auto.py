"""One tick of automatic scaling: measure, decide, act, remember.

Everything that is clever is in `decide`, which is pure; here are the hands. The clock is handed in, so that a test can
drive a day in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sakura_fleet.errors import FleetError
from sakura_fleet.model.server_group import ServerGroupArgs
from sakura_fleet.model.stack import StackConfig
from sakura_fleet.resources.session import Session, SessionSettings
from sakura_fleet.scaler import jobs
from sakura_fleet.scaler.decide import Action, Config, Decision, decide
from sakura_fleet.scaler.metrics import fetch_group
from sakura_fleet.scaler.run import EXIT_COOLDOWN, EXIT_NOOP, EXIT_UNKNOWN, JobResult, Scaler
from sakura_fleet.scaler.sizes import Target
from sakura_fleet.scaler.state import State
from sakura_fleet.scaler.usage import Usage

STATE_FILE: Final = "scaling.json"
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
        decision = decide(Config.of(config.server_group, config.scaling), self.state(), usage, self._clock())
        return Look(config, usage, decision, trouble)

    def tick(self) -> tuple[Look, JobResult | None]:
        """Look, act where that is called for, and remember; the job is None where nothing was done."""
        look = self.look()
        decision, scaling = look.decision, look.config.scaling
        state = decision.state
        self._remember(state)
        if decision.action is Action.NONE:
            return look, None
        before = look.config.server_group.size
        if decision.size != before:
            state = state.declared(decision.size)
            self._remember(state)

        def rule(group: ServerGroupArgs) -> Target:
            if group.size != before:  # somebody was faster; the next look goes by what they wrote
                return Target(group.size, "SizeChangedExternally")
            return Target(decision.size, decision.reason.value)

        result = self._runner.run("auto", rule, always=decision.action is Action.CONVERGE, manual=False)
        action, now = decision.action.value, self._clock()
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
        settings = SessionSettings.from_config(self._runner.project.setting(self._runner.stack))
        session = Session(settings)
        try:
            usage = fetch_group(
                session.client,
                config.fleet_id,
                config.server_group,
                now=self._clock(),
                cloud_clock=settings.is_emulator,
                samples=config.scaling.samples,
            )
        except FleetError as error:
            return None, str(error)
        finally:
            session.close()
        return usage, ""


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
