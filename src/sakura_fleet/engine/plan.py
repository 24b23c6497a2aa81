"""A plan: the steps that a run of the engine would take, from a preview's JSON or from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.errors import EngineError, FileError
from sakura_fleet.tokens import SERVER

REPLACES: Final = ("replace", "create-replacement", "delete-replaced")
"""Steps of a replacement; which of them a plan shows depends on `--show-replacement-steps`."""

REFRESH: Final = "refresh"
"""The step that compares the state with the cloud; its `old` is what the state held before."""

SECRET: Final = "[secret]"  # noqa: S105 - what stands for one
"""What the engine shows in the place of a secret."""

_STAYS: Final = ("same", "read", REFRESH)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan; `old` and `new` are states, empty where there is none."""

    op: str
    urn: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The resource's Pulumi name."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """The resource's type token."""
        return str((self.new or self.old).get("type", ""))

    @property
    def parent(self) -> str:
        """The parent's URN."""
        return str((self.old or self.new).get("parent", ""))

    @property
    def old_inputs(self) -> Mapping[str, Any]:
        """The inputs that the state holds."""
        return self.old.get("inputs") or {}

    @property
    def new_inputs(self) -> Mapping[str, Any]:
        """The inputs that the program declares."""
        return self.new.get("inputs") or {}

    @property
    def is_pending(self) -> bool:
        """Whether the object was replaced in an earlier run already, and only waits for its deletion."""
        return self.op == "delete-replaced" and bool(self.old.get("delete"))

    @property
    def replaces(self) -> bool:
        """Whether a new object takes the place of the old one."""
        return self.op in REPLACES and not self.is_pending

    @property
    def removes(self) -> bool:
        """Whether the object that is there now goes."""
        return self.op == "delete" or self.replaces

    @property
    def changes(self) -> bool:
        """Whether anything is done to an object; a component and the engine's own resources are none."""
        return self.op not in _STAYS and (self.new or self.old).get("custom", True) and not _is_engines(self.type)


def name_of(urn: str) -> str:
    """The Pulumi name in a URN."""
    return urn.rpartition("::")[2]


def read_plan(document: Any) -> list[Step]:
    """The steps of a plan (the JSON of `pulumi preview --json --show-sames`).

    Raises `FileError` for what is no plan, for one that failed, and for one that leaves out what it would have to show.
    """
    errors = [
        str(diagnostic.get("message", "")).strip()
        for diagnostic in (document.get("diagnostics") or [] if isinstance(document, Mapping) else [])
        if isinstance(diagnostic, Mapping) and diagnostic.get("severity") == "error"
    ]
    if not isinstance(document, Mapping) or "changeSummary" not in document:
        if errors:
            raise EngineError("the preview itself failed, so there is no plan to check: " + "\n".join(errors))
        raise FileError("this is not the output of `pulumi preview --json`; make it with --json --show-sames")
    if errors:
        raise EngineError(f"the preview itself failed, so its plan is not whole: {errors[0]}")
    steps = [
        Step(str(step.get("op")), str(step.get("urn")), step.get("oldState") or {}, step.get("newState") or {})
        for step in document.get("steps") or []
    ]
    same = int((document["changeSummary"] or {}).get("same", 0))
    if same > sum(step.op == "same" for step in steps) and any(s.type == SERVER and s.op == "delete" for s in steps):
        raise FileError(
            "servers would go, but the plan leaves out what stays, so nobody can tell how many are left; make it with "
            "`pulumi preview --json --show-sames`"
        )
    return steps


def _is_engines(kind: str) -> bool:
    return kind.startswith("pulumi:")
