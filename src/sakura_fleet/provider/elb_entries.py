"""Entering and leaving an ELB: each a write to a document that others write too, with a wait behind or between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sakura_fleet import client as api
from sakura_fleet.errors import NotFoundError, WaitTimeoutError
from sakura_fleet.model.elb import read_rule
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.model.zones import ZONES
from sakura_fleet.provider.references import elb_again, find_elb
from sakura_fleet.provider.shared_document import edit

if TYPE_CHECKING:
    from sakura_fleet.provider.lifecycle import Inputs
    from sakura_fleet.provider.session import Session

    Entries = Sequence[api.ElbEntry]


@dataclass(frozen=True, slots=True)
class Entry:
    """One server at one port. `key` is the server's owner tag; an entry is the same whoever's owner tag it carries."""

    key: str = field(compare=False)
    address: str
    port: int
    enabled: bool = field(default=True, compare=False)

    def output(self) -> dict[str, Any]:
        """The entry as a resource's outputs carry it."""
        return {"key": self.key, "address": self.address, "port": self.port}

    @classmethod
    def from_output(cls, output: Mapping[str, Any]) -> Entry:
        return cls(output["key"], output["address"], int(output["port"]))

    @classmethod
    def from_elb(cls, entry: api.ElbEntry) -> Entry:
        """An entry that an ELB has, whoever's it is."""
        return cls("", entry.ip_address, entry.port, enabled=entry.enabled)

    @property
    def place(self) -> tuple[str, int]:
        return self.address, self.port

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class ParkedRule:
    """A rule that was taken out with its group's last entry, and its place; it comes back with the next entry."""

    at: int
    rule: api.ElbRule

    def output(self) -> dict[str, Any]:
        """The rule as a resource's outputs carry it; `unknown` is what only the API knows of it."""
        unknown = self.rule.unknown
        return {"at": self.at, "rule": self.rule.rule.inputs(), **({"unknown": dict(unknown)} if unknown else {})}

    @classmethod
    def from_output(cls, output: Mapping[str, Any]) -> ParkedRule:
        return cls(
            int(output["at"]), api.ElbRule(read_rule(Reader(output["rule"], "", [])), sent=output.get("unknown"))
        )


class Group:
    """One server group of one ELB, and the times it is given; `before` are the entries that the state has written."""

    def __init__(self, inputs: Inputs, parked: Sequence[Mapping[str, Any]] = (), before: Sequence[Entry] = ()) -> None:
        self.before = list(before)
        self.elb = ElbReference.of(inputs["elb"])
        self.name = str(inputs.get("server_group_name") or "")
        self.up_deadline = float(inputs.get("up_deadline", 0))
        self.min_healthy_time = float(inputs.get("min_healthy_time", 0))
        self.drain_timeout = float(inputs.get("drain_timeout", 0))
        self.parked = [ParkedRule.from_output(output) for output in parked]

    def entries_in(self, elb: api.Elb) -> list[Entry]:
        """All entries under this group's name."""
        return [Entry.from_elb(entry) for entry in elb.entries if entry.server_group == self.name]

    def entered(self, entry: api.ElbEntry) -> api.ElbEntry:
        """The entry as it gets this group's requests; itself where it does already."""
        if entry.enabled and entry.server_group == self.name:
            return entry
        return replace(entry, enabled=True, server_group=self.name)

    def new(self, entry: Entry) -> api.ElbEntry:
        """An entry that the ELB does not have yet."""
        return api.ElbEntry(entry.address, entry.port, self.name)


def all_entries(session: Session, group: Group) -> list[Entry]:
    """Every entry of the ELB, whoever's it is."""
    return [Entry.from_elb(entry) for entry in find_elb(session, group.elb).entries]


def enter(session: Session, group: Group, wanted: Sequence[Entry], *, wait_for: Sequence[Entry]) -> None:
    """Have all wanted entries in the ELB, enabled, with at most one write; then wait until `wait_for` are UP."""
    places = {entry.place: entry for entry in wanted}

    def change(entries: Entries) -> list[api.ElbEntry]:
        kept = [group.entered(entry) if entry.place in places else entry for entry in entries]
        there = {entry.place for entry in entries}
        return kept + [group.new(entry) for place, entry in places.items() if place not in there]

    _edit(session, group, change)
    if wait_for and group.up_deadline > 0:
        _wait_up(session, group, wait_for)


def leave(session: Session, group: Group, leavers: Sequence[Entry]) -> None:
    """Disable the entries, wait for their connections to end, then remove them: at most two writes."""
    places = {entry.place for entry in leavers}
    if not places:
        return

    def disabled(entries: Entries) -> list[api.ElbEntry]:
        return [replace(entry, enabled=False) if entry.place in places else entry for entry in entries]

    def removed(entries: Entries) -> list[api.ElbEntry]:
        return [entry for entry in entries if entry.place not in places]

    if group.drain_timeout > 0:
        elb = _edit(session, group, disabled)
        if any(entry.place in places for entry in elb.entries):
            _wait_drained(session, group, elb.id, places)
    _edit(session, group, removed)


def leave_all(session: Session, server: api.Server, *, since: float, drain_timeout: float) -> None:
    """Take a server that is about to go out of every ELB of the account, whoever entered it.

    The ELBs are those of a find that began at or after `since`. An entry stays where another server has the address,
    too, as one that takes this one's place or one in another network may; and where a rule names its group, which has
    no other: no state would know the rule that had to go with it.
    """
    address = server.ip_address
    entered = {elb.id: elb for elb in session.elbs(since=since) if any(e.ip_address == address for e in elb.entries)}
    if not address or not entered or _is_anothers(session, server, since):
        return
    for elb in entered.values():
        entries = [entry for entry in elb.entries if entry.ip_address == address]
        emptied = _groups(elb.entries) - _groups([entry for entry in elb.entries if entry not in entries])
        for name in {entry.server_group for entry in entries}:
            if name in emptied & {rule.rule.target for rule in elb.document.rules}:
                session.log.warn(
                    f"{address} stays in the ELB {elb.name} ({elb.id}) after its server {server.name} is gone: a rule "
                    f"names the group {name}, which has no other entry. `sakura-fleet repair` shows such entries"
                )
                continue
            inputs = {"elb": {"key": "", "id": elb.id}, "server_group_name": name, "drain_timeout": drain_timeout}
            leavers = [Entry.from_elb(entry) for entry in entries if entry.server_group == name]
            try:
                leave(session, Group(inputs), leavers)
            except NotFoundError:
                continue  # the ELB has gone meanwhile, and its entries with it


def _is_anothers(session: Session, server: api.Server, since: float) -> bool:
    """Whether another server of the account has noted down the same address."""
    return any(
        other.id != server.id and server.ip_address in (nic.ip_address, nic.user_ip_address)
        for zone in ZONES
        for other in session.account_servers(zone, since=since)
        for nic in other.interfaces
    )


def _edit(session: Session, group: Group, change: Callable[[Entries], list[api.ElbEntry]]) -> api.Elb:
    """Change the list of entries with one write, and the rules that name a group in the same one.

    The cloud refuses to remove or disable the last enabled entry of a group that a rule names; with nothing behind it
    such a rule could only fail anyhow. So it is parked, and comes back to its place with the group's next entry.
    """
    taken: list[ParkedRule] = []

    def changed(elb: api.Elb) -> tuple[list[api.ElbEntry], list[api.ElbRule], list[ParkedRule]]:
        after = change(elb.entries)
        emptied = _groups(elb.entries) - _groups(after)
        rules = elb.document.rules
        parked = [ParkedRule(at, rule) for at, rule in enumerate(rules) if rule.rule.target in emptied]
        kept = [rule for rule in rules if rule.rule.target not in emptied]
        for back in group.parked:
            if back.rule.rule.target in _groups(after) and back.rule not in kept:
                kept.insert(back.at, back.rule)
        return after, kept, parked

    def differs(elb: api.Elb) -> bool:
        entries, rules, _ = changed(elb)
        return (tuple(entries), tuple(rules)) != (elb.entries, elb.document.rules)

    def write(elb: api.Elb) -> api.Elb:
        entries, rules, parked = changed(elb)
        # Noted before the write: its answer may be lost, and then nobody could tell what it took out.
        again = [new.rule for new in parked]
        taken[:] = [before for before in taken if before.rule not in again] + parked
        return session.client.elbs.update_document(elb, elb.document.with_entries(entries, rules))

    elb = edit(
        session,
        f"the ELB {group.elb.id}",
        read=lambda: find_elb(session, group.elb),
        again=lambda elb: elb_again(session, elb),
        differs=differs,
        write=write,
        wrote=group.before,
    )
    group.before = []  # what is missing from now on was taken out here
    group.parked = [parked for parked in [*group.parked, *taken] if parked.rule not in elb.document.rules]
    return elb


def _wait_up(session: Session, group: Group, entries: Sequence[Entry]) -> None:
    elb = find_elb(session, group.elb)
    waiting = {entry.place for entry in entries}
    words = ", ".join(str(entry) for entry in entries)
    check = elb.document.settings.health_check
    session.waiter.wait_for(
        f"the ELB {elb.name} ({elb.id}) to call {words} UP",
        lambda: session.client.elbs.health(elb.id).servers,
        lambda servers: waiting <= {(server.ip_address, server.port) for server in servers if server.up},
        phase=lambda servers: _health_phase(waiting, servers, str(check)),
        steady=group.min_healthy_time,
        remains="they stay in the ELB, and the old entries go on serving",
        deadline=group.up_deadline + group.min_healthy_time,
        way_out=lambda servers: (
            f"it says {_unready(waiting, servers)}, and no reason; it asks {check} every {check.delay_loop} s: check "
            "the health check's path and port, the servers' firewall (let proxy_networks in) and their startup script; "
            "the old entries are still in place, and `pulumi up` goes on from here"
        ),
    )


def _wait_drained(session: Session, group: Group, elb_id: str, places: set[tuple[str, int]]) -> None:
    def drained(servers: Sequence[api.ElbServerHealth]) -> bool:
        return not any((server.ip_address, server.port) in places and server.active_connections for server in servers)

    try:
        session.waiter.wait_for(
            "connections to end",
            lambda: session.client.elbs.health(elb_id).servers,
            drained,
            phase=lambda servers: _drain_phase(places, servers),
            deadline=group.drain_timeout,
            way_out="they are cut next",
        )
    except WaitTimeoutError:
        return  # they had their time


def _health_phase(waiting: set[tuple[str, int]], servers: Sequence[api.ElbServerHealth], check: str) -> str:
    up = {(server.ip_address, server.port) for server in servers if server.up} & waiting
    if up == waiting:
        return f"ELB UP {len(up)} of {len(up)}, steady?"
    count = f"UP {len(up)} of {len(waiting)}, " if len(waiting) > 1 else ""
    return f"ELB {count}{_unready(waiting, servers)}, {check}"


def _unready(waiting: set[tuple[str, int]], servers: Sequence[api.ElbServerHealth]) -> str:
    """The entries that are not UP: the API tells which are DOWN, not why, and leaves out those not asked yet."""
    seen = {(server.ip_address, server.port): server.up for server in servers}
    words = {"DOWN": [place for place in sorted(waiting) if seen.get(place) is False]}
    words["not checked yet"] = [place for place in sorted(waiting) if place not in seen]
    groups = {word: [f"{address}:{port}" for address, port in places] for word, places in words.items() if places}
    return ", ".join(f"{word}: {', '.join(places)}" for word, places in groups.items()) or "UP"


def _drain_phase(places: set[tuple[str, int]], servers: Sequence[api.ElbServerHealth]) -> str:
    count = sum(server.active_connections for server in servers if (server.ip_address, server.port) in places)
    return f"draining, {count} connection{'' if count == 1 else 's'} left"


def _groups(entries: Entries) -> set[str]:
    """The groups with an enabled entry."""
    return {entry.server_group for entry in entries if entry.enabled} - {""}
