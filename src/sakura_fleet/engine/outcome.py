"""What came of a preview or update, read from the engine's own events: per resource, and as an exit code.

Pulumi's own exit code is 1 for nearly everything. The events tell a refused policy from a failed server, and our own
errors among them have their codes, put there by the provider host or the program. The words of other providers, of
remote hosts or of the engine may end alike, and tell no code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sakura_fleet import tokens
from sakura_fleet.engine.exit_codes import JobExit, job_code
from sakura_fleet.engine.plan import Step
from sakura_fleet.errors import FleetError, InputError, code_of

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

_QUIET: Final = ("same", "read", "refresh")
_LEFT: Final = "1 error occurred:\n\t* "
"""The engine puts it before the error of a create or update of which it keeps the outputs."""
_BEYOND: Final = " violates plan: "
"""The engine puts it behind the URN of a resource that would be changed in another way than the plan has it."""
_UNDONE: Final = "expected resource operations for "
_CHECKED: Final = " has a problem: "
"""The engine puts it before the reason for which a check refuses, and the value in front, of many lines perhaps."""


@dataclass(slots=True)
class Change:
    """One resource that the engine changes: `state` is begun, done or failed; `phase` is what its wait sees."""

    name: str
    kind: str
    operation: str
    state: str = "begun"
    began: int = 0
    ended: int = 0
    phase: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is an object, and neither a component nor the stack, which are under way until the end."""
        return not self.kind.startswith(("pulumi:", f"{tokens.CONFIG_NAMESPACE}:"))


@dataclass(slots=True)
class Outcome:
    """What one run of the engine did, and why it failed."""

    changes: dict[str, Change] = field(default_factory=dict)
    summary: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    listener: Callable[[Change], None] = lambda _: None
    owner_tags: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    """All that the run sets out to do, in its order; what stays as it is, too."""
    undone: list[str] = field(default_factory=list)
    """What the plan has and the run did not come to, in the engine's words: it adds them to every failure."""

    def on_event(self, event: EngineEvent) -> None:
        """Take in one event; the Automation API calls this."""
        if event.resource_pre_event:
            metadata = event.resource_pre_event.metadata
            self._note_owner_tag(metadata)
            self.steps.append(step_of(metadata))
            if not _is_quiet(metadata):
                self._changed(metadata, "begun", event.timestamp)
        elif event.res_outputs_event and not _is_quiet(event.res_outputs_event.metadata):
            self._changed(event.res_outputs_event.metadata, "done", event.timestamp)
        elif event.res_op_failed_event:
            self._changed(event.res_op_failed_event.metadata, "failed", event.timestamp)
        elif event.policy_event and event.policy_event.enforcement_level == "mandatory":
            policy = event.policy_event
            self.violations.append(f"{policy.policy_name}: {_plain(policy.message)}")
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            message = _plain(event.diagnostic_event.message)
            (self.undone if message.startswith(_UNDONE) else self.errors).append(message)
            self.codes.add(_code(event.diagnostic_event.urn or "", message))
        elif event.diagnostic_event and event.diagnostic_event.ephemeral:
            self._waits(event.diagnostic_event.urn or "", _plain(event.diagnostic_event.message).strip())
        elif event.summary_event:
            changes = event.summary_event.resource_changes or {}
            self.summary = {str(getattr(op, "value", op)): int(count) for op, count in changes.items()}

    @property
    def servers(self) -> list[Change]:
        """The changes of servers, by name."""
        servers = (change for change in self.changes.values() if change.kind == tokens.SERVER)
        return sorted(servers, key=lambda server: server.name)

    @property
    def left_its_plan(self) -> bool:
        """Whether the update failed as it would have gone beyond its plan, or as something in it was not to be done."""
        return any(_BEYOND in error for error in self.errors) or bool(self.undone and not self.errors)

    @property
    def words(self) -> str:
        """Why the run failed, in the engine's words; empty where it said nothing."""
        return "\n".join(self.errors or self.undone)

    def exit_code(self, error: FleetError, *, interrupted: bool) -> JobExit:
        """The exit code for a run that ended with `error`."""
        if self.violations:
            return JobExit.POLICY
        if interrupted:
            return JobExit.CANCELED
        codes = self.codes | {error.code}
        if any(change.state == "failed" for change in self.changes.values()):
            # Other resources may have been made by then: that is no refusal of what was written.
            return job_code(codes - {InputError.code}, otherwise=JobExit.RESOURCE)
        return job_code(codes, otherwise=JobExit.ERROR)

    def _changed(self, metadata: Any, state: str, timestamp: int) -> None:
        operation = str(getattr(metadata.op, "value", metadata.op))
        key = f"{metadata.urn} {operation}"
        change = self.changes.get(key)
        if change is None:
            name = metadata.urn.rpartition("::")[2]
            change = self.changes[key] = Change(name, metadata.type, operation, began=timestamp)
        change.state, change.ended, change.phase = state, timestamp, ""
        self.listener(change)

    def _waits(self, urn: str, phase: str) -> None:
        """Take in what the wait of a resource sees; the engine says it of the resource and names no operation.
        An empty one ends with the operation, and says nothing."""
        under_way = (
            change for key, change in self.changes.items() if key.startswith(f"{urn} ") and change.state == "begun"
        )
        change = next(under_way, None)
        if urn and change and phase and change.phase != phase:
            change.phase = phase
            self.listener(change)

    def _note_owner_tag(self, metadata: Any) -> None:
        inputs = (metadata.new.inputs if metadata.new else None) or {}
        owner_tags = inputs.get("owner_tags") or {}
        if owner_tags.get("resource"):
            self.owner_tags.add(str(owner_tags["resource"]))


def step_of(metadata: StepEventMetadata) -> Step:
    """The step that an event announces; values of secrets are not in it."""
    operation = str(getattr(metadata.op, "value", metadata.op))
    return Step(operation, metadata.urn, _state(metadata.old), _state(metadata.new))


def _state(state: StepEventStateMetadata | None) -> dict[str, Any]:
    """A state of an event as a plan's JSON has it; empty where there is none."""
    if state is None:
        return {}
    return {
        "type": state.type,
        "parent": state.parent,
        "custom": bool(state.custom),
        "delete": bool(state.delete),
        "protect": bool(state.protect),
        "inputs": state.inputs or {},
        "outputs": state.outputs or {},
    }


def _code(urn: str, message: str) -> str:
    """The code of an error; empty for the words of others. The program's own errors have no URN."""
    if not urn:
        code = code_of(message)
        return code if code == InputError.code else ""
    kind = urn.split("::")[2].rpartition("$")[2]
    if not kind.startswith(tokens.DYNAMIC):
        return ""
    checked = message.startswith(f"{kind} resource '")
    return code_of(message.rpartition(_CHECKED)[2] if checked else message)


def _is_quiet(metadata: Any) -> bool:
    """Whether nobody asks about it: unchanged, or the engine's own bookkeeping."""
    operation = str(getattr(metadata.op, "value", metadata.op))
    return operation in _QUIET or metadata.type.startswith("pulumi:providers:")


def _plain(message: str) -> str:
    """The engine's words without its markup (`<{%reset%}>`)."""
    parts = message.split("<{%")
    plain = "".join([parts[0], *(part.partition("%}>")[2] for part in parts[1:])])
    return plain.strip().removeprefix(_LEFT)
