"""One stack through Pulumi's Automation API: what the state knows, what the program wants, what a crash left."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pulumi import automation

from sakura_fleet.cli.project import Project, confirm, engine_environment
from sakura_fleet.errors import FleetError


class StackEngine:
    """Commands on one stack. Raises `FleetError` with the engine's own words."""

    def __init__(self, project: Project, stack: str) -> None:
        os.environ["PATH"] = engine_environment()["PATH"]
        self._project = project
        self._name = stack
        with _own_words(f"the stack {stack} cannot be opened"):
            self._stack = automation.select_stack(stack_name=stack, work_dir=str(project.root))

    def resources(self) -> list[dict[str, Any]]:
        """The state's resources; secrets stay encrypted."""
        with _own_words("the state cannot be read"):
            return list((self._stack.export_stack().deployment or {}).get("resources") or [])

    def marks_in_state(self) -> set[str]:
        """The resource marks of everything in the state."""
        return {mark for resource in self.resources() for mark in _marks(resource)}

    def marks_in_program(self) -> set[str]:
        """The resource marks of everything that the program wants now, by a preview."""
        found: set[str] = set()

        def on_event(event: automation.EngineEvent) -> None:
            pre = event.resource_pre_event
            if pre and pre.metadata.new and pre.metadata.new.inputs:
                found.update(_marks({"inputs": pre.metadata.new.inputs}))

        with _own_words("the preview that tells what the program wants failed"):
            self._stack.preview(on_event=on_event)
        return found

    def clear_leftovers(self, *, assume_yes: bool) -> Iterator[str]:
        """Clear a dead process's lock and the pending operations; yields what was done."""
        for lock in self._locks():
            holder = json.loads(lock.read_text("utf-8"))
            who = f"{holder.get('username')}@{holder.get('hostname')}, process {holder.get('pid')}"
            if holder.get("hostname") != socket.gethostname() or _alive(int(holder.get("pid", 0))):
                raise FleetError(
                    f"the stack {self._name} is locked by {who} since {holder.get('timestamp')}, which is or may be "
                    f"still running; wait for it. If it is surely dead: `pulumi cancel --stack {self._name}`"
                )
            if not assume_yes:
                confirm(f"The stack is locked by {who}, which is dead. Remove the lock?")
            self._stack.cancel()
            yield f"cleared  the lock of {who}, which is dead"
            break
        state = self._stack.export_stack()
        deployment = dict(state.deployment or {})
        pending = deployment.get("pending_operations") or []
        if pending:
            state.deployment = {**deployment, "pending_operations": []}
            self._stack.import_stack(state)
            for operation in pending:
                urn = operation["resource"]["urn"]
                yield f"cleared  the unfinished {operation['type']} of {urn.rpartition('::')[2]}"

    def _locks(self) -> list[Path]:
        """The lock files of a local state folder; other backends report a lock when it is hit."""
        url = self._stack.workspace.who_am_i().url or ""
        parts = urlsplit(url)
        if parts.scheme != "file":
            return []
        folder = Path(unquote(parts.netloc + parts.path))
        folder = folder if folder.is_absolute() else self._project.root / folder
        project = self._stack.workspace.project_settings().name
        return sorted((folder / ".pulumi" / "locks" / "organization" / project / self._name).glob("*.json"))


def _marks(resource: dict[str, Any]) -> list[str]:
    marks = (resource.get("inputs") or {}).get("marks") or {}
    return [str(marks["resource"])] if marks.get("resource") else []


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _own_words(what: str) -> Iterator[None]:
    """Turn the engine's failure into ours: its own words, without the frame that the Automation API puts around."""
    try:
        yield
    except automation.CommandError as error:
        _, _, after = str(error).partition("stderr:")
        raise FleetError(f"{what}: {(after or str(error)).strip()}") from error
