"""What a plan would destroy, as findings with a stable id.

A policy pack reads what a program declares. What a run takes away is only in its plan: deletions, replacements, how
many of a group go at once, protection that is taken off. Pure functions over the plan's steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sakura_fleet.engine.plan import REFRESH, Step, name_of
from sakura_fleet.engine.reasons import reasons
from sakura_fleet.tokens import (
    DNS_RECORD_SETS,
    DNS_ZONE,
    ELB,
    ELB_CERTIFICATE,
    ELB_MEMBERSHIP,
    SERVER,
    SERVER_GROUP,
)

DEFAULT_SHARE: Final = 50
"""Percent of a group's servers that may go in one step."""

_ALLOWED: Final = "if that is meant, name it: --allow-delete {name}"

_STACK: Final = "pulumi:pulumi:Stack"


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
        "elb-entries-deleted",
        "A group's entries leave an ELB for good, also one that is only looked up.",
        "The ELB stays, and sends no request to this group any more.",
    ),
    PlanRule(
        "elb-certificate-deleted",
        "An ELB's certificates are deleted, or Let's Encrypt's no longer holds a name.",
        "Browsers refuse every https page under a name that the ELB has no certificate for.",
    ),
    PlanRule(
        "dns-zone-deleted",
        "A DNS zone is deleted or replaced.",
        "A new zone may get other name servers, which only the registrar can enter.",
    ),
    PlanRule(
        "dns-records-deleted",
        "A record set of a stack or a host leaves a zone, also one that is only looked up.",
        "The zone stays, and the name in it leads nowhere.",
    ),
    PlanRule(
        "server-deleted",
        "A server that is in no group is deleted: a host was removed, or renamed.",
        "What is on its disks is lost, and a host with another name is another server.",
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
        "fleet-changed",
        "The stack gets another `fleet_id`.",
        "By its owner tags all that the fleet has is another fleet's from then on: a run that is cut short makes "
        "everything a second time.",
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
        return name_of(self.urn)

    def to_json(self) -> dict[str, str]:
        """The finding for `-o json`."""
        return {"name": self.name, **asdict(self)}


def check_plan(
    steps: Collection[Step],
    *,
    allow_delete: Collection[str] = (),
    max_removed: int = DEFAULT_SHARE,
    asked: int = 0,
) -> list[Finding]:
    """Everything in the plan that should not happen unasked.

    `allow_delete` names what may go: Pulumi names or URNs of resources, or of the components that they are in.
    `max_removed` is the percentage of a group's servers that may go in one step; `asked` is a number that may go in any
    case, as somebody asked for a group smaller by so many.
    """
    allowed = set(allow_delete)
    parents = {step.urn: step.parent for step in steps}
    found = [
        *_deletions(steps),
        *_lost_record_sets(steps),
        *_replaced_servers(steps),
        *_shrinking(steps, max_removed, asked),
        *_other_fleet(steps),
        *_protection(steps),
    ]
    unique = dict.fromkeys(found)
    return [finding for finding in unique if not allowed & _names(finding.urn, parents.get(finding.urn, ""))]


def _deletions(steps: Collection[Step]) -> Iterator[Finding]:
    """What goes for good, or goes and comes back as another object."""
    for step in steps:
        lost = _lost_names(step)
        if lost:
            message = f"the ELB's certificate would no longer hold {', '.join(lost)}"
            yield Finding("elb-certificate-deleted", step.urn, message, _put_back(step))
        if not step.removes:
            continue
        verb = "replaced" if step.replaces else "deleted"
        if step.type == ELB and not _made_elsewhere(step):
            yield Finding("elb-deleted", step.urn, f"the ELB would be {verb}", _put_back(step))
        if step.type == DNS_ZONE and not _made_elsewhere(step):
            yield Finding("dns-zone-deleted", step.urn, f"the DNS zone would be {verb}", _put_back(step))
        if step.type == ELB_MEMBERSHIP and step.old_inputs.get("members"):
            message = f"the entries of {len(step.old_inputs['members'])} servers would leave the ELB"
            yield Finding("elb-entries-deleted", step.urn, message, _put_back(step))
        if step.type == ELB_CERTIFICATE:
            yield Finding("elb-certificate-deleted", step.urn, f"the certificates would be {verb}", _put_back(step))
        if step.type == SERVER and step.op == "delete" and not _in_group(step.urn):
            yield Finding("server-deleted", step.urn, "the server would be deleted with its disks", _put_back(step))


def _lost_record_sets(steps: Collection[Step]) -> Iterator[Finding]:
    """Sets that are declared by nobody any more, be it that their resource goes or that it names them no longer."""
    kept = {found for step in steps for found in _record_sets(step.new_inputs, step)}
    for step in steps:
        if step.op == REFRESH or _is_unknown(step.new_inputs.get("record_sets")):
            continue
        lost = [
            f"{name} {kind}"
            for zone, name, kind in _record_sets(step.old_inputs, step)
            if (zone, name, kind) not in kept
        ]
        if lost:
            message = f"the record sets {', '.join(lost)} would be taken out of {_zone(step)}"
            yield Finding("dns-records-deleted", step.urn, message, _put_back(step))


def _record_sets(inputs: Mapping[str, Any], step: Step) -> list[tuple[str, str, str]]:
    """Zone ID, name and type of each set in the inputs of a `DnsRecordSets`."""
    given = inputs.get("record_sets") if step.type == DNS_RECORD_SETS else None
    sets = [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, list) else []
    return [(str(inputs.get("zone_id")), str(entry.get("name")), str(entry.get("type"))) for entry in sets]


def _is_unknown(record_sets: Any) -> bool:
    """Whether a preview cannot tell yet which sets there will be."""
    return isinstance(record_sets, str) or (
        isinstance(record_sets, list) and not all(isinstance(entry, Mapping) for entry in record_sets)
    )


def _zone(step: Step) -> str:
    return f"the zone {step.old_inputs.get('zone_name') or step.old_inputs.get('zone_id')}"


def _replaced_servers(steps: Collection[Step]) -> Iterator[Finding]:
    why = reasons(steps)
    for step in steps:
        if step.type == SERVER and step.replaces:
            reason = f" ({why[step.urn]})" if step.urn in why else ""
            message = f"the server would be deleted, and then made again{reason}"
            yield Finding(
                "server-replaced", step.urn, message, f"take the change back, or {_ALLOWED.format(name=step.name)}"
            )


def _put_back(step: Step) -> str:
    """The way out; one name allows all that goes with a component."""
    name = name_of(step.parent) if _is_component(step.parent) else step.name
    return f"put it back into the program; {_ALLOWED.format(name=name)}"


def _lost_names(step: Step) -> list[str]:
    """The names that a certificate which stays no longer holds."""
    if step.type != ELB_CERTIFICATE or step.removes or not step.new:
        return []
    kept = step.new_inputs.get("lets_encrypt_names")
    if not isinstance(kept, list):
        return []  # not known in a preview
    return [str(name) for name in step.old_inputs.get("lets_encrypt_names") or [] if name not in kept]


def _made_elsewhere(step: Step) -> bool:
    """Whether the object is only used, by a look-up, so that a delete forgets it and no more."""
    return bool((step.old.get("outputs") or step.old.get("inputs") or {}).get("lookup"))


def _in_group(urn: str) -> bool:
    return f"{SERVER_GROUP}$" in urn


def _names(urn: str, parent: str) -> set[str]:
    """What allows something to go: its own name, or that of the component it is in. A group's name lets the group
    shrink, and none of its servers be replaced."""
    own = {urn, name_of(urn)}
    return own | {parent, name_of(parent)} if _is_component(parent) and not _in_group(urn) else own


def _is_component(urn: str) -> bool:
    return bool(urn) and urn.split("::")[2] != _STACK


def _shrinking(steps: Collection[Step], max_removed: int, asked: int) -> Iterator[Finding]:
    groups: dict[str, list[Step]] = {}
    for step in steps:
        if step.type == SERVER and _in_group(step.urn) and step.op != "refresh":
            groups.setdefault(step.parent, []).append(step)
    for group, members in groups.items():
        # By URN, as a replacement may be up to three steps; what is pending is a member no more.
        before = len({step.urn for step in members if step.old and not step.is_pending})
        leaving = len({step.urn for step in members if step.op == "delete"})
        coming = len({step.urn for step in members if step.op == "create"})
        lost = leaving - coming  # a new generation brings as many as it takes
        if lost > asked and lost * 100 > before * max_removed:
            message = f"{lost} of {before} servers would go in one step, over {max_removed} %"
            way_out = "go down in smaller steps, raise --max-removed, or " + _ALLOWED.format(name=name_of(group))
            yield Finding("group-shrinks", group, message, way_out)


def _other_fleet(steps: Collection[Step]) -> Iterator[Finding]:
    """One finding for the stack, however many resources change their owner tags."""
    for step in steps:
        old, new = (_fleet(inputs) for inputs in (step.old_inputs, step.new_inputs))
        if old and new and old != new:
            stack, project = step.urn.split("::")[:2]
            urn = f"{stack}::{project}::{_STACK}::{project}-{stack.rpartition(':')[2]}"
            message = f"all that carries the fleet's owner tag would get another, {new} instead of {old}"
            way_out = f"put the fleet_id back into the stack file; {_ALLOWED.format(name=name_of(urn))}"
            yield Finding("fleet-changed", urn, message, way_out)


def _fleet(inputs: Mapping[str, Any]) -> str:
    owner_tags = inputs.get("owner_tags")
    return str(owner_tags.get("fleet") or "") if isinstance(owner_tags, Mapping) else ""


def _protection(steps: Collection[Step]) -> Iterator[Finding]:
    for step in steps:
        if step.op != "refresh" and step.old.get("protect") and step.new and not step.new.get("protect"):
            yield Finding(
                "protection-removed",
                step.urn,
                "the protection against deletion would be taken off",
                f"keep protect=True in the program; {_ALLOWED.format(name=step.name)}",
            )
