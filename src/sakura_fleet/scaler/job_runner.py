"""One job, from the request to the last server: decide, preview with policies, judge the plan, ask, declare, update.

All of it happens under the stack's job lock. The preview is of a copy of the stack's file; the size is written there
when the update begins, and only where the file still is what was read. The update is held to the plan of the preview. A
job that fails leaves its size declared: the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.outcome import Change, Outcome
from sakura_fleet.engine.plan_check import Finding
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.reasons import generation_lines
from sakura_fleet.engine.stack import KnownServer, PlanFiles, StackEngine, StackLockedError
from sakura_fleet.engine.stack_file import StackFile, StackFileChangedError
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.engine.stale_lock import await_orphans, refuse_unproven
from sakura_fleet.errors import (
    AdoptionError,
    BlockedError,
    BusyError,
    CancelledError,
    EngineError,
    FileError,
    FleetError,
    JobFolderError,
    NoStackError,
    NotFoundError,
    PolicyError,
)
from sakura_fleet.inventory.owned import InState
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.server.teardown import release
from sakura_fleet.scaler.history import History
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.leftovers import Members, member_owner_tags, orphan_note, remove_leftovers, without_orphans
from sakura_fleet.scaler.metrics import find_servers
from sakura_fleet.scaler.plan_limits import PlanLimits
from sakura_fleet.scaler.size_change import SizeChange
from sakura_fleet.scaler.sizes import Target

Rule = Callable[[ServerGroupArgs], Target]
Agree = Callable[[JobResult], bool]
"""Whether the plan that a result shows may be carried out."""

MOST_BUSY: Final = timedelta(hours=1)
"""A stack that is found busy for longer is one with a stale lock, or with a run that somebody should look at."""
BUSY_FILE: Final = "busy.json"
SHOWN: Final = 10
"""So many findings are in the error of a blocked job."""


class Effort(IntEnum):
    """How far a job goes where the size is right already."""

    SIZE = 0
    """Nothing is done."""
    UPDATE = 1
    """`pulumi up`, for all that is declared."""
    REFRESH = 2
    """The same, after the state was compared with the cloud."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One request, once this job holds the stack; `dead` is the job of a process that ended in the middle of it, `file`
    the stack's file that the target was decided by."""

    job_id: str
    request: str
    file: StackFile
    target: Target
    effort: Effort
    replace: frozenset[str]
    repair: bool
    preview_only: bool
    agree: Agree
    dead: jobs.Job | None


class JobRunner:
    """Runs requests on one stack, one at a time."""

    def __init__(
        self,
        project: Project,
        stack: str,
        *,
        clock: Callable[[], datetime],
        machine_clock: Callable[[], datetime] | None = None,
        source: str = "cli",
        policy_packs: Sequence[str] = (),
        limits: PlanLimits | None = None,
        listener: Callable[[Change], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.project = project
        self.stack = stack
        self.clock = clock
        self._machine_clock = machine_clock or clock
        self.source = source
        self.folder = jobs.JobFolder.of(project.root, stack)
        self.history = History(self.folder.folder / "history.jsonl")
        self._policy_packs = list(policy_packs)
        self._limits = limits or PlanLimits()
        self._listener = listener
        self._say = say

    def group(self) -> ServerGroupArgs:
        """The stack's server group, as its file says now; a size outside the limits is for the rules to mend."""
        return self.project.config(self.stack, any_size=True).server_group

    def members(self) -> int:
        """How many members of the group the cloud has, those aside that the state does not know: no run removes them.

        Raises `FleetError` where the cloud or the state cannot be asked.
        """
        return len({server.name for _, server in self._servers()[0]})

    def state(self) -> InState:
        """What the stack's state knows. Raises `FleetError`."""
        return InState.of(StackEngine(self.project, self.stack).resources())

    def check(self) -> None:
        """Raises `JobFolderError` unless a job can be noted and remembered."""
        self.folder.check()
        self.history.check()

    def run(
        self,
        request: str,
        rule: Rule,
        *,
        preview_only: bool = False,
        effort: Effort = Effort.SIZE,
        manual: bool = True,
        replace: Collection[str] = (),
        repair: bool = False,
        agree: Agree = lambda _: True,
    ) -> JobResult:
        """Carry out one request. Servers in `replace` (IDs) are replaced in the same run: the new one is made first.

        With `repair`, all that differs in the cloud may be brought back. `agree` is asked once the plan is there.
        """
        began = time.monotonic()
        group = self.group()
        self.check()
        try:
            with self.folder.job(request) as (job, dead):
                file = StackFile.read(self.project.stack_file(self.stack))
                group = self.group()
                target = rule(group)
                work = _Work(
                    job.id, request, file, target, effort, frozenset(replace), repair, preview_only, agree, dead
                )
                result = self._carry_out(group, work)
        except BusyError as busy:
            result = JobResult(
                "",
                request,
                jobs.IGNORED,
                group.size,
                group.size,
                "busy",
                size_wanted=group.size,
                detailed_exit_code=JobExit.BUSY,
                error=busy.coded(),
            )
        result.ended, result.duration_s = self.clock(), time.monotonic() - began
        if not preview_only:
            if result.status == jobs.IGNORED:
                self._note_long_wait(result)
            else:
                self.not_busy()
            try:
                self.history.append({**result.record(self.stack, group.name, self.source), "manual": manual})
            except JobFolderError as error:
                result.fail_to_note(error)
        return result

    def not_busy(self) -> None:
        """Note that nothing was held up: no request before this counts as one of a stack that stays busy."""
        with suppress(OSError):
            (self.folder.folder / BUSY_FILE).unlink(missing_ok=True)

    def _note_long_wait(self, result: JobResult) -> None:
        """A stack that is busy for longer than jobs take is an error: its lock may be stale, and nothing else says so.

        It counts from the first of the requests that found it busy, without a job or a tick in between that did not,
        also one that had nothing to do.
        """
        ended = self._machine_clock()  # the engine's runs take real time, however fast an emulated cloud's clock runs
        try:
            since = self.folder.load(BUSY_FILE, _since, "remove it: it says since when the stack has been busy")
            if since is None or since > ended:
                self.folder.save(BUSY_FILE, {"since": ended.isoformat(timespec="seconds")})
                return
        except JobFolderError as error:
            result.fail_to_note(error)
            return
        if ended - since > MOST_BUSY:
            result.exit_code = JobExit.BUSY
            minutes = int((ended - since).total_seconds() // 60)
            result.notes.append(
                f"the stack is busy for {minutes} minutes, at every request: its lock may be stale; see who holds it, "
                f"and once you are sure that nobody does: `sakura-fleet repair --stack {self.stack}`"
            )

    def _carry_out(self, group: ServerGroupArgs, work: _Work) -> JobResult:
        target = work.target
        result = JobResult(
            work.job_id, work.request, jobs.RUNNING, group.size, target.size, target.reason, size_wanted=target.size
        )
        if target.size == group.size and not (work.effort is not Effort.SIZE or work.replace or work.dead):
            result.status, result.detailed_exit_code = jobs.DONE_NOOP, JobExit.NOOP
            result.notes += self._orphans()
            return result
        outcome = Outcome(listener=self._listener)
        engine: StackEngine | None = None
        try:
            _not_while_adopting(group, work)
            engine = StackEngine(self.project, self.stack, self.folder.note_engine)
            if dead := work.dead:
                await_orphans(dead, self.stack)
                result.notes += engine.clear_leftovers(lambda lock: refuse_unproven(lock, self.stack, dead))
                work = replace(work, effort=Effort.REFRESH)  # it has not written down what it removed
            self._plan_and_do(engine, group, work, result, outcome)
        except BusyError as busy:
            result.status, result.error, result.size_after = jobs.IGNORED, busy.coded(), group.size
            result.reason = (
                "the stack file was changed meanwhile" if isinstance(busy, StackFileChangedError) else "busy"
            )
            result.detailed_exit_code = JobExit.BUSY
        except NoStackError as error:
            result.status, result.error, result.exit_code = jobs.FAILED, error.coded(), JobExit.NO_STACK
        except BlockedError as error:
            result.status, result.error, result.exit_code = jobs.BLOCKED, error.coded(), JobExit.BLOCKED
            if not work.preview_only:
                result.size_after = group.size
        except FleetError as error:
            interrupted = engine.command.interrupted if engine else False
            result.status = jobs.CANCELED if interrupted else jobs.FAILED
            result.error = outcome.words or error.coded()
            if not result.exit_code:
                result.exit_code = outcome.exit_code(error, interrupted=interrupted)
        except KeyboardInterrupt:  # where the engine changes nothing; an update ends by itself, with an error
            result.status, result.exit_code = jobs.CANCELED, JobExit.CANCELED
            result.size_after = self.group().size
            result.error = CancelledError("interrupted; nothing was changed").coded()
        finally:
            if work.dead and (work.preview_only or result.status != jobs.DONE):
                self.folder.leave_to_the_next(work.dead)
        if not work.preview_only:
            result.servers, result.summary = outcome.servers, outcome.summary
        return result

    def _plan_and_do(
        self, engine: StackEngine, group: ServerGroupArgs, work: _Work, result: JobResult, outcome: Outcome
    ) -> None:
        """Preview, judge and ask; then carry out just that plan."""
        replaced = engine.servers(work.replace) if work.replace else []
        urns = [server.urn for server in replaced]
        declared = work.file.with_size(work.target.size) if work.target.size != group.size else work.file
        with ExitStack() as opened:
            try:
                plan = opened.enter_context(PlanFiles.of(declared))
            except FileError:
                result.size_after = group.size
                raise
            self._preview(engine, plan, group, work, result, urns)
            if work.preview_only:
                result.status = jobs.PREVIEWED
                return
            if not work.agree(result):
                result.status, result.exit_code, result.size_after = jobs.CANCELED, JobExit.CANCELED, group.size
                return
            opened.enter_context(
                engine.command.passing_signals_on(lambda signals: self._say(_interrupted(outcome, signals, self.stack)))
            )
            declared.replace(work.file)
            try:
                if replaced:
                    self._release(replaced)
                engine.up(outcome, plan, refresh=work.effort is Effort.REFRESH, replace=urns)
            except FleetError as error:
                unbegun = not outcome.changes and (outcome.left_its_plan or engine.command.interrupted)
                if isinstance(error, BusyError) or unbegun:
                    with suppress(BusyError):  # nothing has begun; and what somebody wrote meanwhile stays
                        work.file.replace(declared)
                        result.size_after = group.size
                if outcome.left_its_plan and not outcome.changes:
                    raise BlockedError(_left_its_plan(outcome.words)) from error
                raise
        if work.dead:
            result.notes += self._remove_leftovers(engine, group, work.dead)
        result.notes += self._orphans()
        result.status = jobs.DONE
        if not outcome.changes and not result.notes:
            result.detailed_exit_code = JobExit.NOOP

    def _preview(
        self,
        engine: StackEngine,
        plan: PlanFiles,
        group: ServerGroupArgs,
        work: _Work,
        result: JobResult,
        replace: Sequence[str],
    ) -> None:
        """Preview with the policies, and judge the plan. Raises `BlockedError` where it does what it must not."""
        outcome = Outcome()
        try:
            diff = engine.preview(
                outcome, plan, self._policy_packs, refresh=work.effort is Effort.REFRESH, replace=replace
            )
            result.diff = "\n".join([diff, *generation_lines(outcome.steps)])
        except NoStackError:
            result.size_after = group.size
            raise
        except FleetError as error:
            result.exit_code = outcome.exit_code(error, interrupted=engine.command.interrupted)
            result.size_after = group.size
            if outcome.violations:
                raise PolicyError("\n".join(outcome.violations)) from error
            raise EngineError("\n".join(outcome.errors) or str(error)) from error
        finally:
            result.summary = outcome.summary
        change = SizeChange(
            group=group.name,
            before=group.size,
            after=work.target.size,
            replaced=frozenset(replace),
            repair=work.repair,
        )
        result.findings = self._limits.findings(outcome.steps, change)
        if result.findings:
            if self._limits.size_only and not any(step.old for step in outcome.steps):
                raise BlockedError(_never_brought_up(work.request, self.stack))
            raise BlockedError(_refusal(work.request, result.findings, size_only=self._limits.size_only))

    def _session(self) -> AbstractContextManager[Session]:
        return open_session(self.project.setting(self.stack))

    def _release(self, servers: Sequence[KnownServer]) -> None:
        """Free the owner tags of servers, so that the update makes others in their places before it removes them."""
        with self._session() as session:
            for server in servers:
                with suppress(NotFoundError):
                    release(session, session.client.servers.read(server.zone, server.id))

    def _remove_leftovers(self, engine: StackEngine, group: ServerGroupArgs, dead: jobs.Job) -> list[str]:
        """Under the stack's lock: what a run makes meanwhile, no state knows yet."""
        fleet_id = self.project.fleet_id(self.stack)
        members = member_owner_tags(fleet_id, engine.urn_prefix, group)
        try:
            with engine.locked("removing what a job that died has left"), self._session() as session:
                known = InState.of(engine.resources())
                state = engine.identity_of_state()
                return list(remove_leftovers(session, fleet_id, known=known, members=members, state=state))
        except StackLockedError as locked:
            self.folder.leave_to_the_next(dead)
            return [f"what a job that died may have left is looked for by the next job: {locked}"]

    def _orphans(self) -> list[str]:
        """Servers of the group that the state does not know, as notes."""
        try:
            _, found = self._servers()
        except FleetError as error:
            return [f"whether the group has servers that the state does not know was not to be found out: {error}"]
        return [orphan_note(server.name, server.id, zone, self.stack) for zone, server in found]

    def _servers(self) -> tuple[Members, Members]:
        """The group's members in the cloud, and the orphans. The state is read last: what it has, was there before."""
        config = self.project.config(self.stack, any_size=True)
        with self._session() as session:
            found = find_servers(session.client, config.fleet_id, config.server_group)
        return without_orphans(found, self.state())


def _since(document: dict[str, Any]) -> datetime:
    """Raises `ValueError`, `TypeError` or `KeyError` for what is no moment."""
    since = datetime.fromisoformat(document["since"])
    if since.tzinfo is None:
        raise ValueError(f"{document['since']!r} names no time zone")
    return since


def _never_brought_up(request: str, stack: str) -> str:
    return (
        f"the stack {stack} has not been brought up yet, so `{request}` has nothing to change; run "
        f"`pulumi up --stack {stack}` or `sakura-fleet deploy --stack {stack}` first. Nothing was changed"
    )


def _refusal(request: str, findings: Sequence[Finding], *, size_only: bool) -> str:
    lines = [f"  {finding.name}: {finding.message}; {finding.way_out} [{finding.rule}]" for finding in findings[:SHOWN]]
    more = [f"  … and {len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
    why = "goes beyond the change of the size" if size_only else "has steps that are to be allowed by name"
    head = f"the plan of `{request}` {why}; nothing was changed:"
    return "\n".join([head, *lines, *more])


def _interrupted(outcome: Outcome, signals: int, stack: str) -> str:
    """What becomes of an update at Ctrl-C."""
    if signals > 1:
        return f"stopping at once; `sakura-fleet repair --stack {stack}` shows what is left unfinished"
    under_way = [change for change in list(outcome.changes.values()) if change.state == "begun" and change.is_own]
    names = [f"{change.name} ({change.phase or change.operation})" for change in under_way]
    what = f"finishing {', '.join(names)}" if names else "stopping"
    return f"interrupted: {what}; nothing new begins. Press Ctrl-C again to stop at once"


def _left_its_plan(words: str) -> str:
    return (
        "the program, the state or the cloud changed after the plan was made; nothing was changed: run the same "
        f"command again, which makes a new one:\n{words}"
    )


def _not_while_adopting(group: ServerGroupArgs, work: _Work) -> None:
    """A server that leaves the group or is replaced is deleted, so what comes in its place cannot adopt it again."""
    if group.adopt and (work.target.size != group.size or work.replace):
        raise AdoptionError(
            "server_group.adopt is for the first `pulumi up` only: run that, remove these lines from the stack file, "
            "then scale. Nothing was changed"
        )
