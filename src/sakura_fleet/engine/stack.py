"""One stack through Pulumi's Automation API: what the state knows, what the program wants, and making it so."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pulumi import automation

from sakura_fleet.engine.command import GroupedCommand
from sakura_fleet.engine.held_lock import held_lock
from sakura_fleet.engine.outcome import Outcome, step_of
from sakura_fleet.engine.plan import Step
from sakura_fleet.engine.project import Project, engine_environment, required_engine
from sakura_fleet.engine.stack_file import StackFile
from sakura_fleet.errors import BusyError, EngineError, NoStackError
from sakura_fleet.provider.state_identity import recorded_identity
from sakura_fleet.text_files import temporary_files
from sakura_fleet.tokens import SERVER


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A server as the state knows it."""

    urn: str
    id: str
    zone: str


@dataclass(frozen=True, slots=True)
class PlanFiles:
    """A plan between its preview and its update: the configuration that it is of, and the engine's own plan, which
    holds the update to its steps."""

    config: Path
    steps: Path

    @classmethod
    @contextmanager
    def of(cls, stack_file: StackFile) -> Iterator[PlanFiles]:
        """In a temporary folder of their own, with the configuration of `stack_file`. Raises `FileError` where they
        cannot be written."""
        name = stack_file.path.name
        with temporary_files("the plan's files", {name: stack_file.text}) as folder:
            yield cls(folder / name, folder / "plan.json")


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds a stack, as the engine tells it where the state is in a folder or a bucket."""

    user: str
    host: str
    pid: int
    since: str

    @classmethod
    def all_in(cls, words: str) -> list[Lock]:
        """The locks that the engine names where it refuses to run."""
        return [cls(user, host, int(pid), since) for user, host, pid, since in _LOCK.findall(words)]

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}"


_LOCK: Final = re.compile(r": created by (.+)@(.+) \(pid (\d+)\) at (\S+)")


class StackLockedError(BusyError):
    """Another run holds the stack, or one that died has left its lock; `locks` is empty where a service keeps it."""

    def __init__(self, message: str, locks: Sequence[Lock]) -> None:
        super().__init__(message)
        self.locks = tuple(locks)


HISTORY: Final = 50
"""So many updates back a deployed commit is looked for."""
_WAY_OUT: Final = ", or one that died has left its lock (`sakura-fleet repair` removes it then)"
_UNREAD: Final = datetime.min.replace(tzinfo=UTC)
"""The start of an update whose summary nobody reads."""


class _Stack(automation.Stack):
    """A stack of the Automation API that starts the CLI only for what is asked of it: each start takes 0.2 s, and more
    where the state is far away.

    The original selects the stack, which is a person's choice to make, and after an update reads outputs twice and the
    history, which nobody here reads; `StackEngine` asks the workspace for what it wants.
    """

    def __init__(self, name: str, workspace: automation.Workspace) -> None:
        self.name = name
        self.workspace = workspace

    __repr__ = automation.Stack.__str__

    def outputs(self) -> automation.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        return automation.UpdateSummary("update", _UNREAD, "", {}, {}, "succeeded")


class StackEngine:
    """Commands on one stack. Raises `EngineError` with the engine's own words, `NoStackError` where the backend does
    not know the stack, `BusyError` where another run holds it."""

    def __init__(self, project: Project, stack: str, at_work: Callable[[int | None], None] = lambda _: None) -> None:
        required_engine()
        os.environ.update({key: engine_environment()[key] for key in ("PATH", "USER")})
        self.project = project
        self.name = stack
        self.command = GroupedCommand(at_work)
        workspace = automation.LocalWorkspace(work_dir=str(project.root), pulumi_command=self.command)
        self._stack = _Stack(stack, workspace)

    @property
    def urn_prefix(self) -> str:
        """What the URNs of the stack begin with."""
        return f"urn:pulumi:{self.name.rpartition('/')[2]}::{self._stack.workspace.project_settings().name}::"

    def resources(self) -> list[dict[str, Any]]:
        """The state's resources; secrets stay encrypted."""
        with _own_words("the state cannot be read"):
            return list((self._stack.export_stack().deployment or {}).get("resources") or [])

    def outputs(self) -> dict[str, Any]:
        """The outputs of the stack's last update; secrets are left out."""
        with _own_words("the outputs cannot be read"):
            outputs = self._stack.workspace.stack_outputs(self.name)
        return {key: output.value for key, output in outputs.items() if not output.secret}

    def commits(self) -> list[str]:
        """The commits that the stack's last updates were run at, the newest first; without those that are not known."""
        with _own_words("the history cannot be read"):
            updates = self._stack.history(page_size=HISTORY, page=1)
        heads = ((update.environment or {}).get("git.head", "") for update in updates if update.kind == "update")
        return [head for head in heads if head]

    def identity_of_state(self) -> str:
        """The owner tag of the stack's state on what it has made, `sfs:<10 hex>`; empty before the first run."""
        return recorded_identity(self.name, self.project.root)

    def owner_tags_in_program(self) -> set[str]:
        """The resource owner tags of everything that the program wants now, by a preview."""
        outcome = Outcome()
        with _own_words("the preview that tells what the program wants failed"):
            self._stack.preview(on_event=outcome.on_event)
        return outcome.owner_tags

    def servers(self, ids: Collection[str]) -> list[KnownServer]:
        """The servers that the state knows by these IDs."""
        return [
            KnownServer(str(resource["urn"]), str(resource["id"]), str(resource["outputs"]["zone"]))
            for resource in self.resources()
            if resource["type"] == SERVER and resource.get("id") in ids and not resource.get("delete")
        ]

    def preview(
        self,
        outcome: Outcome,
        plan: PlanFiles,
        policy_packs: Sequence[str] = (),
        *,
        refresh: bool = False,
        replace: Sequence[str] = (),
    ) -> str:
        """A preview of `up` with policies, of the configuration in `plan`, where the plan is kept; returns what it
        printed. Raises `EngineError` where it fails."""
        with _own_words("the preview failed"):
            result = self._stack.preview(
                config_file=str(plan.config),
                plan=str(plan.steps),
                policy_packs=list(policy_packs) or None,
                refresh=refresh or None,
                replace=list(replace) or None,
                on_event=outcome.on_event,
                color="never",
                suppress_progress=True,
                suppress_outputs=True,  # the plan is what is to be read
            )
        return result.stdout

    def up(self, outcome: Outcome, plan: PlanFiles, *, refresh: bool = False, replace: Sequence[str] = ()) -> None:
        """Carry out the plan of a preview with the same `refresh` and `replace` (URNs of resources to make again).

        Raises `EngineError` where it fails, also where the program, the state or the cloud now want something else.
        Ctrl-C ends it early only within `command.passing_signals_on`.
        """
        with _own_words("the update failed"):
            self._stack.up(
                config_file=str(plan.config),
                plan=str(plan.steps),
                on_event=outcome.on_event,
                refresh=refresh or None,
                replace=list(replace) or None,
                color="never",
                suppress_progress=True,
            )

    def preview_refresh(self) -> list[Step]:
        """What a refresh finds of each resource: `old` is what the state has, `new` what the cloud has, and the
        operation is `same`, `update` or `delete`. Changes nothing.

        Raises `EngineError` where the cloud cannot be asked.
        """
        found: list[Step] = []

        def on_event(event: automation.EngineEvent) -> None:
            if event.res_outputs_event:
                found.append(step_of(event.res_outputs_event.metadata))

        with _own_words("the state cannot be compared with the cloud"), self.command.passing_signals_on():
            self._stack.preview_refresh(on_event=on_event, color="never", suppress_progress=True)
        return found

    def refresh(self, *, clear_pending: bool = False) -> None:
        """Let the state know what is in the cloud: a run that died may have removed and switched off what it lists.

        With `clear_pending` it forgets the creates that such a run has not finished; the next run finds what they made.
        Raises `EngineError` where the cloud cannot be asked.
        """
        way_out = f"run `pulumi refresh --stack {self.name}` before the next `pulumi up`"
        with _own_words(f"the state cannot be compared with the cloud; {way_out}"), self.command.passing_signals_on():
            self._stack.refresh(color="never", suppress_progress=True, clear_pending_creates=clear_pending)

    @contextmanager
    def locked(self, message: str) -> Iterator[None]:
        """Hold the stack's lock, so that no run changes state or cloud meanwhile; `message` stands in the history.

        Raises `StackLockedError` where another has it.
        """
        with ExitStack() as held:
            with _own_words("the stack's lock cannot be had"):
                held.enter_context(held_lock(GroupedCommand(), self.project.root, self.name, message))
            yield

    def clear_leftovers(self, agree: Callable[[Lock], None]) -> Iterator[str]:
        """Clear a dead process's lock, unless `agree` raises, and the pending operations; yields what was done."""
        try:
            with self.locked("looking for what a run that died has left"):
                pass
        except StackLockedError as locked:
            if not locked.locks:
                raise
            for lock in locked.locks:
                agree(lock)
            with _own_words("the lock cannot be removed"):
                self._stack.cancel()
            yield from (f"cleared  the lock of {lock}, which is dead" for lock in locked.locks)
        with _own_words("the state cannot be read"):
            pending = dict(self._stack.export_stack().deployment or {}).get("pending_operations") or []
        if pending:  # by a run of the engine, which has its lock: another one may have begun since
            self.refresh(clear_pending=True)
        for operation in pending:
            urn = operation["resource"]["urn"]
            yield f"cleared  the unfinished {operation['type']} of {urn.rpartition('::')[2]}"


@contextmanager
def _own_words(what: str) -> Iterator[None]:
    """Turn the engine's failure into a `FleetError`: its own words, without those of the Automation API around."""
    try:
        yield
    except automation.ConcurrentUpdateError as error:
        words = _words(error)
        locks = Lock.all_in(words)
        raise StackLockedError(
            f"{what}: another run holds the stack{_WAY_OUT if locks else ''}; {words}", locks
        ) from error
    except automation.StackNotFoundError as error:
        raise NoStackError(f"{what}: {_words(error)}; {_backend()}") from error
    except automation.CommandError as error:
        raise EngineError(f"{what}: {_words(error)}") from error


def _backend() -> str:
    """Where the engine looked for the stack, and the ways out."""
    named = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
    url = f"{named.scheme}://{named.hostname or ''}{named.path}"  # without user, password and query
    where = (
        f"PULUMI_BACKEND_URL is {url}"
        if named.scheme
        else "PULUMI_BACKEND_URL is not set, so it is where you logged in"
    )
    return f"{where}: name the backend that has the stack, or make it with `pulumi stack init`"


def _words(error: automation.CommandError) -> str:
    _, _, after = str(error).partition("stderr:")
    return (after or str(error)).strip()
