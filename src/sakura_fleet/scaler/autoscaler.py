"""One tick of automatic scaling: measure, decide, act, remember.

What to do is decided by `decision`, which is pure. The clock is handed in, so that a test can drive a day in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.exit_codes import JobExit, job_code
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import FleetError, JobFolderError
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.stack import StackConfig
from sakura_fleet.scaler.decision import Decision, decide
from sakura_fleet.scaler.elb import elb_of
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import Effort, JobRunner
from sakura_fleet.scaler.leftovers import orphan_note, without_orphans
from sakura_fleet.scaler.memory import ScalingMemory, SizeJob
from sakura_fleet.scaler.metrics import find_servers, measure
from sakura_fleet.scaler.reasons import Action, Reason
from sakura_fleet.scaler.situation import GroupSettings, Situation
from sakura_fleet.scaler.sizes import Target
from sakura_fleet.scaler.usage import Usage

if TYPE_CHECKING:
    from sakura_fleet.client import Elb

MEMORY_FILE: Final = "scaling.json"
_WAY_OUT: Final = (
    "when the group was changed last is not known; remove the file to begin again: the cooldown is then counted from "
    "the newest change of a server"
)
UNANSWERED_TICKS: Final = 3
"""So many ticks in a row at which the group cannot be observed are an error: nobody scales it meanwhile."""
UNHEALTHY: Final = "ServersUnhealthy"
_COOLING: Final = (Reason.COOLDOWN_UP, Reason.COOLDOWN_DOWN, Reason.BACKOFF)
_UNKNOWN: Final = (
    Reason.NO_SAMPLES,
    Reason.STALE_SAMPLES,
    Reason.METRICS_UNAVAILABLE,
    Reason.IDLE_OR_UNKNOWN,
    Reason.NO_SERVERS,
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was found of the group, and what follows from it. `usage` is None where the metrics could not be read;
    `trouble` then says why."""

    config: StackConfig
    usage: Usage | None
    decision: Decision
    trouble: str = ""
    code: str = ""
    """The code of the error that `trouble` tells."""

    def orphans(self, stack: str) -> list[str]:
        """Servers with the group's names that the state does not know, in words."""
        servers = self.usage.orphans if self.usage else ()
        return [orphan_note(server.name, server.id, server.zone, stack) for server in servers]


class Autoscaler:
    """Scales one stack by its load, by the clock of its job runner."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._clock: Callable[[], datetime] = runner.clock

    def observe(self) -> Observation:
        """Measure and decide; nothing is changed, not even the memory."""
        return self._observe(self.memory)

    def tick(self) -> tuple[Observation, JobResult | None]:
        """Observe, act where that is called for, and remember; the job is None where nothing was done.

        Nothing is declared before it can be remembered. Raises `FleetError` where the stack file cannot be read, and
        where the memory cannot be written after all.
        """
        observation = self._observe(self._memory_to_act_on)
        if observation.decision.reason is Reason.MEMORY_UNAVAILABLE:
            return observation, None
        decision, scaling = observation.decision, observation.config.scaling_rules
        self._remember(decision.memory)
        task = _task(observation)
        if task is None:
            self._runner.not_busy()
            return observation, None
        memory, before = decision.memory, observation.config.server_group.size
        if decision.size != before:
            self._remember(memory.declared(decision.size, self._clock()))

        def rule(group: ServerGroupArgs) -> Target:
            if group.size != before:  # somebody was faster; the next tick goes by what they wrote
                return Target(group.size, Reason.SIZE_CHANGED.value)
            return Target(decision.size, task.reason)

        result = self._runner.run("auto", rule, effort=task.effort, replace=task.replace, manual=False)
        action, now, after = task.action.value, self._clock(), result.size_after
        if result.status == jobs.DONE:
            memory = memory.succeeded(action=action, before=before, after=after, now=now)
        elif result.status in (jobs.FAILED, jobs.CANCELED, jobs.BLOCKED):
            memory = memory.failed(scaling, action=action, before=before, after=after, now=now)
        try:
            self._remember(memory)
        except JobFolderError as error:  # what was written before the run still holds the next change back
            result.fail_to_note(error)
        return observation, result

    def memory(self) -> ScalingMemory:
        """The memory as it was left; a new one where there is none. Raises `JobFolderError` where it is damaged."""
        folder = self._runner.folder
        return folder.load(MEMORY_FILE, ScalingMemory.from_json, _WAY_OUT) or ScalingMemory()

    def _memory_to_act_on(self) -> ScalingMemory:
        """The memory, where what follows from it can be kept, too. Raises `JobFolderError`."""
        self._runner.check()
        return self.memory()

    def _observe(self, recall: Callable[[], ScalingMemory]) -> Observation:
        config = self._runner.project.config(self._runner.stack, any_size=True)
        try:
            memory, lost = recall(), ""
        except JobFolderError as error:
            memory, lost = ScalingMemory(), error.coded()
        usage, trouble, code = self._measure(config)
        group = GroupSettings.of(config.server_group, config.scaling_rules)
        situation = Situation(group, memory, usage, self._clock(), lost, self._last_job())
        return Observation(config, usage, decide(situation), trouble, code)

    def _last_job(self) -> SizeJob | None:
        """The newest job that changed the size, unless it was the autoscaler's own, which it remembers itself."""
        try:
            records = self._runner.history.records().found
        except JobFolderError:  # a tick that would act has checked it
            return None
        changed = next((job for job in reversed(records) if job["size_before"] != job["size_after"]), None)
        if changed is None or not changed.get("manual", True):
            return None
        return SizeJob(changed["size_after"], datetime.fromisoformat(changed["ts"]))

    def _remember(self, memory: ScalingMemory) -> None:
        self._runner.folder.save(MEMORY_FILE, memory.to_json())

    def _measure(self, config: StackConfig) -> tuple[Usage | None, str, str]:
        try:
            with open_session(self._runner.project.setting(self._runner.stack)) as session:
                found = find_servers(session.client, config.fleet_id, config.server_group)
                state = self._runner.state()
                if found and state.is_empty:
                    return None, _no_state(self._runner.stack, len(found)), FleetError.code
                members, orphans = without_orphans(found, state)
                elb = elb_of(session, config)
                usage = measure(
                    session.client,
                    members,
                    orphans,
                    now=self._clock(),
                    cloud_clock=session.settings.is_emulator,
                    samples=config.scaling_rules.samples,
                    health=session.client.elbs.health(elb.id) if elb else None,
                    entries=_entries(elb, config),
                )
        except FleetError as error:
            return None, error.coded(), error.code
        return usage, "", ""


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be done, and how it is remembered; `replace` are the IDs of servers to be replaced."""

    action: Action
    reason: str
    effort: Effort = Effort.SIZE
    replace: frozenset[str] = frozenset()


def _task(observation: Observation) -> _Task | None:
    """What an observation leads to: first a change of the size, else servers that differ, else unhealthy ones.

    A server that is off is powered on again. One that runs and does not serve is replaced.
    """
    decision = observation.decision
    if decision.action in (Action.UP, Action.DOWN):
        return _Task(decision.action, decision.reason.value)
    if decision.action is Action.CONVERGE:
        return _Task(Action.CONVERGE, decision.reason.value, Effort.REFRESH)
    if not decision.heal or decision.reason is Reason.BACKOFF:
        return None
    servers = observation.usage.servers if observation.usage else ()
    sick = [server for server in servers if server.name in decision.heal and server.failed]
    running = frozenset(server.id for server in sick if server.is_on)
    return _Task(Action.CONVERGE, UNHEALTHY, Effort.UPDATE if running else Effort.REFRESH, running)


def _no_state(stack: str, found: int) -> str:
    return (
        f"the state of the stack {stack} is empty, but the cloud has {found} servers of the group: is "
        f"PULUMI_BACKEND_URL right? See `sakura-fleet repair --stack {stack}`"
    )


def _entries(elb: Elb | None, config: StackConfig) -> set[str] | None:
    """The addresses in the stack's ELB; None where its servers are in none."""
    if elb is None or not config.server_group.exposed_ports:
        return None
    return {entry.ip_address for entry in elb.entries}


def exit_code_of(observation: Observation, result: JobResult | None) -> tuple[int, int]:
    """The exit code of a tick: the plain one, and the one with `--detailed-exitcode`."""
    if result is not None:
        return result.exit_code, result.exit_code or result.detailed_exit_code
    reason = observation.decision.reason
    if reason is Reason.MEMORY_UNAVAILABLE:
        return JobExit.JOB_FOLDER, JobExit.JOB_FOLDER
    if reason in _COOLING:
        return 0, JobExit.COOLDOWN
    if observation.usage is None and observation.decision.memory.unanswered_ticks >= UNANSWERED_TICKS:
        failed = job_code({observation.code}, otherwise=JobExit.UNKNOWN)
        return failed, failed
    if reason in _UNKNOWN:
        return 0, JobExit.UNKNOWN
    return 0, JobExit.NOOP
