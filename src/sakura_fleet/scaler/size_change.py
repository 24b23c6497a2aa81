"""What a change of a group's size brings about, and what it does not: pure functions over a plan.

Expected are new members, members that leave by number, servers that were to be replaced, and what follows from these:
other resources in which nothing but references to members differs, such as a group's entries in an ELB. With a state
that was compared with the cloud, members are also brought back to what the state had them at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.engine.plan import REFRESH, SECRET, Step, name_of
from sakura_fleet.engine.plan_check import Finding
from sakura_fleet.engine.reasons import reasons
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.tokens import ELB_CERTIFICATE, PACKET_FILTER, SERVER, SERVER_GROUP, STARTUP_SCRIPT

RULE: Final = "beyond-the-size"

_WAY_OUT: Final = "bring it up first (`sakura-fleet deploy`, `pulumi up`), or let this run do it with --allow-changes"
_VERBS: Final = {"create": "made", "update": "changed", "delete": "deleted"}
_GONE: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeChange:
    """What a job was asked for: the size of the group called `group`, `before` and `after`; servers to be replaced, by
    URN; with `repair` also to bring everything that differs in the cloud back to what was brought up last."""

    group: str
    before: int
    after: int
    replaced: frozenset[str] = frozenset()
    repair: bool = False

    @property
    def removed(self) -> int:
        """How many servers fewer somebody asked for."""
        return max(0, self.before - self.after)


def unexpected(steps: Collection[Step], change: SizeChange) -> list[Finding]:
    """The steps that do not come from the change of the size, in the plan's order, each resource once."""
    judge = _Judge(steps, change)
    why = reasons(steps)
    found = [_finding(step, why.get(step.urn, "")) for step in steps if step.changes and not judge.expects(step)]
    return list({finding.urn: finding for finding in reversed(found)}.values())[::-1]


def is_begun(step: Step) -> bool:
    """Whether an earlier job began to replace this server: its place was given up, and another may be half made."""
    owner_tags = step.old_inputs.get("owner_tags")
    resource = owner_tags.get("resource") if isinstance(owner_tags, Mapping) else ""
    return step.type == SERVER and OwnerTags("", str(resource)).is_freed


def _finding(step: Step, why: str) -> Finding:
    if step.is_pending:
        message = "what an earlier run has replaced would be deleted"
    else:
        verb = "replaced" if step.replaces else _VERBS.get(step.op, step.op)
        message = f"it would be {verb}{f' ({why})' if why else ''}"
    return Finding(RULE, step.urn, message, _WAY_OUT)


class _Judge:
    """Tells the steps of one plan apart."""

    def __init__(self, steps: Collection[Step], change: SizeChange) -> None:
        self._change = change
        self._recorded = {step.urn: step.old_inputs for step in steps if step.op == REFRESH}
        self._all_keys = frozenset(key for step in steps for key in _keys(step))
        self._member_keys = frozenset(key for step in steps if self._is_member(step) for key in _keys(step))

    def expects(self, step: Step) -> bool:
        if self._is_member(step):
            return self._expects_member(step)
        if step.op == "create":
            is_for_members = step.type in (STARTUP_SCRIPT, PACKET_FILTER) and self._in_group(step)
            return is_for_members or (self._change.repair and self._was_recorded(step))
        if step.op == "update":
            return (
                self._follows_members(step) or _is_renewal(step) or (self._change.repair and self._was_recorded(step))
            )
        return False

    def _expects_member(self, step: Step) -> bool:
        change = self._change
        if step.replaces:
            return step.urn in change.replaced or is_begun(step)
        if step.op == "delete":
            return change.after <= change.before and _number(step.name) > change.after
        if step.op == "update":
            return self._was_recorded(step) or _only_differs_in("power", step)
        return step.op == "create" or step.is_pending

    def _is_member(self, step: Step) -> bool:
        return step.type == SERVER and self._in_group(step)

    def _in_group(self, step: Step) -> bool:
        return f"{SERVER_GROUP}$" in step.urn and name_of(step.parent) == self._change.group

    def _follows_members(self, step: Step) -> bool:
        """Whether what differs is references to members and nothing else."""
        old, new = step.old_inputs, step.new_inputs
        return old != new and not _hides(new) and _equal(old, new, self._member_keys)

    def _was_recorded(self, step: Step) -> bool:
        """Whether the program declares what the state had before it was compared with the cloud."""
        recorded = self._recorded.get(step.urn)
        if recorded is None or (step.type != SERVER and _hides(step.new_inputs)):
            return False
        return _equal(recorded, step.new_inputs, self._all_keys)


def _number(name: str) -> int:
    """A member's number, at the end of its name; a name without one has the lowest, which no group gives up."""
    number = name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _only_differs_in(key: str, step: Step) -> bool:
    """Whether nothing else differs: a power state is no setting of the program."""
    old, new = ({**inputs, key: ""} for inputs in (step.old_inputs, step.new_inputs))
    return old == new


def _is_renewal(step: Step) -> bool:
    """Whether a certificate of Let's Encrypt ends soon and is issued again for the same names."""
    old, new = step.old_inputs, step.new_inputs
    return step.type == ELB_CERTIFICATE and bool(new.get("lets_encrypt_names")) and old == new


def _keys(step: Step) -> Iterator[str]:
    """The owner tags by which other resources refer to this one."""
    for inputs in (step.old_inputs, step.new_inputs):
        owner_tags = inputs.get("owner_tags")
        if isinstance(owner_tags, Mapping) and owner_tags.get("resource"):
            yield str(owner_tags["resource"])


def _equal(old: Mapping[str, Any], new: Mapping[str, Any], keys: frozenset[str]) -> bool:
    """Whether inputs differ in nothing but references to the resources with these owner tags."""
    return bool(_without(old, keys) == _without(new, keys))


def _without(value: Any, keys: frozenset[str]) -> Any:
    """The value without references to these resources, and without what only holds such."""
    if isinstance(value, Mapping):
        if "id" in value and value.get("key") in keys:
            return _GONE
        kept = {key: _without(inner, keys) for key, inner in value.items()}
        left = {key: inner for key, inner in kept.items() if inner is not _GONE}
        return left if left or not kept else _GONE
    if isinstance(value, list | tuple):
        return [inner for inner in (_without(item, keys) for item in value) if inner is not _GONE]
    return value


def _hides(value: Any) -> bool:
    """Whether something in it is secret, so that nobody can tell here whether it differs."""
    if isinstance(value, Mapping):
        return any(_hides(inner) for inner in value.values())
    return any(_hides(inner) for inner in value) if isinstance(value, list | tuple) else value == SECRET
