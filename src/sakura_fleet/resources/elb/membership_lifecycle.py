"""The life cycle of a group's entries in an ELB."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sakura_fleet.errors import FleetError, NotFoundError, Problem, ResourceError
from sakura_fleet.model.elb import MAX_ENTRIES
from sakura_fleet.model.names import ELB_GROUP_NAME
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ServerReference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.elb_entries import Entry, Group, all_entries, enter, leave
from sakura_fleet.provider.lifecycle import Checked, Found, Inputs, Lifecycle, Outputs, Unknown, canonical
from sakura_fleet.provider.references import elb_again, find_elb, find_server, needs_other_elb
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import confirm


class ElbMembershipLifecycle(Lifecycle):
    """Entries are known by state; an identical entry that is there already is this stack's from then on.

    `entries` are those that the ELB has called UP, `joining` those that a failed run entered before that: what is
    entered is in the state before it is waited for, so it leaves again if the next program does not want it.
    """

    defaults = {
        "members": [],
        "ports": [],
        "server_group_name": "",
        "up_deadline": 300,
        "min_healthy_time": 0,
        "drain_timeout": 60,
        "rules": [],
    }
    creation_only = frozenset({"up_deadline", "min_healthy_time", "drain_timeout", "rules"})

    def check(self, session: Session, olds: Inputs, news: Inputs) -> Checked:
        checked = super().check(session, olds, news)
        owner = OwnerTags.from_inputs(checked.inputs["owner_tags"]).resource
        session.claim(owner, _claims(checked.inputs))
        return checked

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        ports = reader.whole_list("ports")
        for index, port in enumerate(ports):
            if not 1 <= port <= 65_535:
                reader.problem(f"ports[{index}]", "port-range", f"port {port} is not within 1..65535")
        if not ports:
            reader.problem("ports", "no-port", "the list is empty; name the port that the ELB reaches the servers at")
        reader.text("server_group_name", "", pattern=ELB_GROUP_NAME, shape="1 to 10 letters or digits")
        reader.whole("up_deadline", minimum=0, maximum=3_600)
        reader.whole("min_healthy_time", minimum=0, maximum=600)
        reader.whole("drain_timeout", minimum=0, maximum=3_600)
        if not problems and olds.get("members") != inputs["members"]:
            problems += _check_room(session, olds, inputs)
        return problems

    def needs_replacement(self, key: str, olds: Outputs, news: Inputs) -> bool:
        return needs_other_elb(key, olds, news)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        owner_tags = OwnerTags.from_inputs(inputs["owner_tags"])
        # An earlier membership, of which a `destroy` did not go on to the ELB, has taken the group's rules with it.
        olds = {"members": [], "entries": [], "parked_rules": inputs["rules"]}
        return owner_tags.resource, self._converge(session, owner_tags.resource, inputs, olds)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        group = Group(outputs)
        try:
            elb = find_elb(session, group.elb)
        except NotFoundError:
            return None
        if outputs["entries"]:
            confirm(f"the ELB {elb.name} ({elb.id})", elb, lambda elb: elb_again(session, elb))
        there = {entry for entry in group.entries_in(elb) if entry.enabled}
        kept = [entry for entry in map(Entry.from_output, outputs["entries"]) if entry in there]
        joining = [entry for entry in _joining(outputs) if entry in there]
        inputs = {key: value for key, value in outputs.items() if key in self.defaults or key in ("elb", "owner_tags")}
        # A member of which an entry is missing or disabled is shown as gone; the next update enters it again.
        whole = {
            entry.key
            for entry in kept
            if all(any(k.key == entry.key and k.port == port for k in kept) for port in map(int, outputs["ports"]))
        }
        inputs["members"] = _with_joining([member for member in outputs["members"] if member["key"] in whole], joining)
        outs = {
            "entries": [entry.output() for entry in kept],
            "joining": [entry.output() for entry in joining],
            "parked_rules": outputs.get("parked_rules") or [],
        }
        return Found(object_id, inputs, {**inputs, **outs})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return self._converge(session, object_id, news, olds)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        group = Group(outputs)
        owner = OwnerTags.from_inputs(outputs["owner_tags"]).resource
        own = [*map(Entry.from_output, outputs["entries"]), *_joining(outputs)]
        # Another membership of today's program has taken them over: the ELB is looked up by another word, or adopted.
        moved = [e for e in own if session.is_claimed_by_another(owner, (group.elb.id, e.key, e.port))]
        try:
            leave(session, group, [entry for entry in own if entry not in moved])
        except NotFoundError:
            return  # the ELB is gone, and its entries with it

    def _converge(self, session: Session, object_id: str, inputs: Inputs, olds: Outputs) -> Outputs:
        before = [Entry.from_output(entry) for entry in olds["entries"]]
        joining = _joining(olds)
        group = Group(inputs, _still_parked(olds, inputs), before)
        wanted = _entries(session, inputs)
        try:
            _exchange(session, group, before, joining, wanted)
        except NotFoundError as error:
            raise ResourceError(
                f"the ELB {group.elb.id} that servers are to join is gone; run `pulumi up --refresh`, which "
                "makes it again, or correct its lookup"
            ) from error
        except FleetError as error:
            joining += [entry for entry in wanted if entry not in (*before, *joining)]
            error.left = (
                object_id,
                {
                    **inputs,
                    **olds,
                    "members": _with_joining(_members(olds), joining),
                    "entries": [entry.output() for entry in before],
                    "joining": [entry.output() for entry in joining],
                    "parked_rules": [parked.output() for parked in group.parked],
                },
            )
            raise
        return {
            **inputs,
            "entries": [entry.output() for entry in wanted],
            "parked_rules": [parked.output() for parked in group.parked],
        }


def _claims(inputs: Inputs) -> list[Hashable]:
    """The entries that a membership wants, as others of the same run refer to them; none before the ELB is there."""
    elb = Group(inputs).elb.id
    if not isinstance(elb, str):
        return []
    return [(elb, member["key"], int(port)) for member in inputs["members"] for port in inputs["ports"]]


def _joining(outputs: Outputs) -> list[Entry]:
    return [Entry.from_output(entry) for entry in outputs.get("joining") or []]


def _members(outputs: Outputs) -> list[Mapping[str, Any]]:
    """The members of all entries that were seen UP: without those that an earlier failure added."""
    return [member for member in outputs["members"] if ServerReference.of(member).is_whole]


def _with_joining(members: Sequence[Mapping[str, Any]], joining: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """The members, and by their key alone those who are joining: so every program differs, and the next run goes on."""
    return [*members, *({"key": key} for key in dict.fromkeys(entry.key for entry in joining))]


def _still_parked(olds: Outputs, news: Inputs) -> list[Mapping[str, Any]]:
    """The rules to bring back: without those that the program declared once and does not any more."""
    before, now = ([canonical(declared["rule"]) for declared in given.get("rules") or []] for given in (olds, news))
    return [
        parked
        for parked in olds.get("parked_rules") or []
        if (rule := canonical(parked["rule"])) in now or rule not in before
    ]


def _exchange(session: Session, group: Group, before: list[Entry], joining: list[Entry], wanted: list[Entry]) -> None:
    """Enter before anybody leaves; in portions where the ELB has no room for old and new at once."""
    there = all_entries(session, group)
    enabled = [entry for entry in there if entry.enabled]
    own = [*before, *joining]
    others = len([entry for entry in there if entry not in own and entry not in wanted])
    leavers = [entry for entry in own if entry not in wanted and entry in there]
    entered = [entry for entry in wanted if entry in there]
    joiners = [entry for entry in wanted if entry not in there]
    # What an earlier run entered and did not see UP, and what a person disabled.
    waited_for = [entry for entry in entered if entry not in before or entry not in enabled]
    while joiners or waited_for:
        room = max(0, MAX_ENTRIES - others - len(entered) - len(leavers))
        if not room and leavers and not waited_for:
            # Most of the group goes on serving meanwhile.
            portion = min(len(joiners), max(1, (len(entered) + len(leavers)) // 4))
            out, leavers = leavers[:portion], leavers[portion:]
            leave(session, group, out)
            continue
        portion = room or (0 if waited_for else len(joiners))  # without room at all the cloud says why
        new, joiners = joiners[:portion], joiners[portion:]
        entered += new
        enter(session, group, entered, wait_for=[*waited_for, *new])
        waited_for = []
    enter(session, group, wanted, wait_for=[])
    leave(session, group, leavers)


def _entries(session: Session, inputs: Inputs) -> list[Entry]:
    """The entries of all members, their addresses read now."""
    fleet = OwnerTags.from_inputs(inputs["owner_tags"]).fleet
    since = session.clock()
    entries = []
    for member in map(ServerReference.of, inputs["members"]):
        server = find_server(session, fleet, member, since=since)
        if server is None or not server.ip_address:
            raise ResourceError(
                f"the server {member.key} that is to join the ELB is not in {', '.join(member.zones)}; "
                "run `pulumi up --refresh`, which makes it again"
            )
        entries += [Entry(member.key, server.ip_address, int(port), enabled=True) for port in inputs["ports"]]
    return entries


def _addresses(session: Session, inputs: Inputs, members: Sequence[ServerReference]) -> set[str]:
    """The addresses of those members that are there."""
    fleet = OwnerTags.from_inputs(inputs["owner_tags"]).fleet
    since = session.clock()
    found = [find_server(session, fleet, member, since=since) for member in members]
    return {server.ip_address for server in found if server and server.ip_address}


def _check_room(session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
    """Whether the ELB has room; asked in previews too, so that nothing is changed where it has not."""
    wanted = len(inputs["members"]) * len(inputs["ports"])
    others = 0
    group = Group(inputs)
    if isinstance(group.elb.id, str):
        try:
            there = all_entries(session, group)
        except NotFoundError:
            there = []
        others = max(0, len(there) - len(olds.get("members") or []) * len(olds.get("ports") or []))
        if wanted + others > MAX_ENTRIES:
            # Entries that a run made which then did not come to its end are this stack's, though no state knows them.
            members = [*inputs["members"], *(olds.get("members") or [])]
            own = _addresses(session, inputs, [*map(ServerReference.of, members)])
            others = len([entry for entry in there if entry.address not in own])
    if wanted + others <= MAX_ENTRIES:
        return []
    message = (
        f"{wanted} entries of this group and {others} of others are {wanted + others}; an ELB takes {MAX_ENTRIES}: "
        "make the group smaller, expose fewer ports, or use another ELB"
    )
    return [Problem("members", "too-many-entries", message)]
