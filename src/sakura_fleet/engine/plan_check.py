"""What a plan (the JSON of `pulumi preview --json --show-sames`) would destroy, as findings with a stable id.

A policy pack reads what a program declares. What a run takes away is only in its plan: deletions, replacements, how
many of a group go at once, protection that is taken off. Pure functions over the parsed JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sakura_fleet.errors import EngineError, FileError
from sakura_fleet.tokens import DNS_ZONE, ELB, SERVER, SERVER_GROUP

DEFAULT_SHARE: Final = 50
"""Percent of a group's servers that may go in one step."""

REPLACES: Final = ("replace", "create-replacement", "delete-replaced")
"""Steps of a replacement; which of them a plan shows depends on `--show-replacement-steps`."""

_ALLOWED: Final = "if that is meant, name it: --allow-delete {name}"


@dataclass(frozen=True, slots=True)
class PlanRule:
    """One rule of the plan: its id, what it refuses and why."""

    id: str
    what: str
    why: str


RULES: Final = (
    PlanRule(
        "elb-deleted",
        "An ELB is deleted or replaced.",
        "Its address goes with it and never comes back; every name that points there leads nowhere.",
    ),
    PlanRule(
        "dns-zone-deleted",
        "A DNS zone is deleted or replaced.",
        "A new zone may get other name servers, which only the registrar can enter.",
    ),
    PlanRule(
        "server-replaced",
        "A single server is replaced.",
        "The old one goes first, so what it serves is away until the new one is up.",
    ),
    PlanRule(
        "group-shrinks",
        "More than half of a group's servers go in one step (`--max-removed` sets the share), and not for as many new "
        "ones.",
        "The rest must carry all the load at once; a wrong size in a stack file has just this effect.",
    ),
    PlanRule(
        "protection-removed",
        "Something loses its protection against deletion.",
        "The next run could delete it, and nothing would ask.",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the plan would do and should not: the rule's id, the resource, the words, the way out."""

    rule: str
    urn: str
    message: str
    way_out: str

    @property
    def name(self) -> str:
        """The resource's Pulumi name."""
        return self.urn.rpartition("::")[2]

    def to_json(self) -> dict[str, str]:
        """The finding for `-o json`."""
        return {"name": self.name, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan; `old` and `new` are states."""

    op: str
    urn: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The resource's Pulumi name."""
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """The resource's type token."""
        return str((self.new or self.old).get("type", ""))

    @property
    def parent(self) -> str:
        """The parent's URN."""
        return str((self.old or self.new).get("parent", ""))

    @property
    def replaces(self) -> bool:
        """Whether a new object takes the place of the old one."""
        return self.op in REPLACES

    @property
    def removes(self) -> bool:
        """Whether the object that is there now goes."""
        return self.op == "delete" or self.replaces


def read_plan(document: Any) -> list[Step]:
    """The steps of a plan. Raises `FileError` for what is no plan, for one that failed, and for one that leaves out
    what it would have to show."""
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


def check_plan(
    steps: Collection[Step], *, allow_delete: Collection[str] = (), max_removed: int = DEFAULT_SHARE
) -> list[Finding]:
    """Everything in the plan that should not happen unasked.

    `allow_delete` names what may go (Pulumi names or URNs), `max_removed` is the percentage of a group's servers that
    may go in one step.
    """
    found = [*_removals(steps), *_shrinking(steps, max_removed), *_protection(steps)]
    return list(dict.fromkeys(finding for finding in found if not {finding.name, finding.urn} & set(allow_delete)))


def _removals(steps: Collection[Step]) -> Iterator[Finding]:
    for step in steps:
        way_out = _ALLOWED.format(name=step.name)
        verb = "replaced" if step.replaces else "deleted"
        if step.type in (ELB, DNS_ZONE) and step.removes and not _made_elsewhere(step):
            rule, what = ("elb-deleted", "ELB") if step.type == ELB else ("dns-zone-deleted", "DNS zone")
            yield Finding(rule, step.urn, f"the {what} would be {verb}", f"put it back into the program; {way_out}")
        if step.type == SERVER and step.replaces:
            message = "the server would be deleted, and then made again"
            yield Finding("server-replaced", step.urn, message, f"take the change back, or {way_out}")


def _made_elsewhere(step: Step) -> bool:
    """Whether the object is only used, by a look-up, so that a delete forgets it and no more."""
    return bool((step.old.get("outputs") or step.old.get("inputs") or {}).get("lookup"))


def _shrinking(steps: Collection[Step], max_removed: int) -> Iterator[Finding]:
    groups: dict[str, list[Step]] = {}
    for step in steps:
        if step.type == SERVER and f"{SERVER_GROUP}$" in step.urn:
            groups.setdefault(step.parent, []).append(step)
    for group, members in groups.items():
        before = sum(bool(step.old) for step in members)
        leaving = sum(step.op == "delete" for step in members)
        coming = sum(step.op == "create" for step in members)
        lost = leaving - coming  # a new generation brings as many as it takes
        if lost * 100 > before * max_removed:
            message = f"{lost} of {before} servers would go in one step, over {max_removed} %"
            way_out = "go down in smaller steps, raise --max-removed, or " + _ALLOWED.format(
                name=group.rpartition("::")[2]
            )
            yield Finding("group-shrinks", group, message, way_out)


def _protection(steps: Collection[Step]) -> Iterator[Finding]:
    for step in steps:
        if step.old.get("protect") and step.new and not step.new.get("protect"):
            yield Finding(
                "protection-removed",
                step.urn,
                "the protection against deletion would be taken off",
                f"keep protect=True in the program; {_ALLOWED.format(name=step.name)}",
            )
