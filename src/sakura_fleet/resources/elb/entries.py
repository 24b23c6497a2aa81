"""Entering and leaving an ELB: each a write to a document that others write too, with a wait behind or between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import WaitTimeoutError
from sakura_fleet.model.elb import same_rule
from sakura_fleet.provider.references import find_elb
from sakura_fleet.provider.shared_document import edit

if TYPE_CHECKING:
    from sakura_fleet.client import Elb, ElbServerHealth
    from sakura_fleet.provider.lifecycle import Inputs
    from sakura_fleet.provider.session import Session


Servers = list[dict[str, Any]]
"""`Settings.ProxyLB.Servers` as the API has it."""
Rules = list[dict[str, Any]]
"""`Settings.ProxyLB.Rules` as the API has it."""


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

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class Group:
    """One server group of one ELB, and the times it is given."""

    def __init__(self, inputs: Inputs, parked: Sequence[Mapping[str, Any]] = ()) -> None:
        self.elb: Mapping[str, Any] = inputs["elb"]
        self.name = str(inputs.get("server_group_name") or "")
        self.up_deadline = float(inputs.get("up_deadline", 0))
        self.min_healthy_time = float(inputs.get("min_healthy_time", 0))
        self.drain_timeout = float(inputs.get("drain_timeout", 0))
        self.parked = list(parked)
        """Rules taken out with the group's last entry, each with its place; they come back with the next entry."""

    def entries_in(self, settings: Mapping[str, Any]) -> list[Entry]:
        """All entries under this group's name."""
        return [
            Entry("", *_place(one), enabled=one.get("Enabled") is not False)
            for one in settings.get("Servers") or []
            if (one.get("ServerGroup") or "") == self.name
        ]

    def has(self, one: Mapping[str, Any]) -> bool:
        """Whether an entry of the wire gets this group's requests as it is, whoever wrote it and however."""
        return one.get("Enabled") is not False and (one.get("ServerGroup") or "") == self.name

    def wire(self, entry: Entry) -> dict[str, Any]:
        """The entry as the API takes it."""
        return {
            "IPAddress": entry.address,
            "Port": entry.port,
            "ServerGroup": self.name,
            "Enabled": True,
            "ProxySSL": False,
        }


def all_entries(session: Session, group: Group) -> list[Entry]:
    """Every entry of the ELB, whoever's it is."""
    servers = find_elb(session, group.elb).settings.get("Servers") or []
    return [Entry("", *_place(one), enabled=one.get("Enabled") is not False) for one in servers]


def enter(session: Session, group: Group, wanted: Sequence[Entry], *, wait_for: Sequence[Entry]) -> None:
    """Have all wanted entries in the ELB, enabled, with at most one write; then wait until `wait_for` are UP."""
    places = {(entry.address, entry.port): entry for entry in wanted}

    def change(servers: Servers) -> Servers:
        kept = [
            {**one, "Enabled": True, "ServerGroup": group.name} if _place(one) in places and not group.has(one) else one
            for one in servers
        ]
        there = {_place(one) for one in servers}
        return kept + [group.wire(entry) for place, entry in places.items() if place not in there]

    _edit(session, group, change)
    if wait_for and group.up_deadline > 0:
        _wait_up(session, group, wait_for)


def leave(session: Session, group: Group, leavers: Sequence[Entry]) -> None:
    """Disable the entries, wait for their connections to end, then remove them: at most two writes."""
    places = {(entry.address, entry.port) for entry in leavers}
    if not places:
        return

    def disabled(servers: Servers) -> Servers:
        return [{**one, "Enabled": False} if _place(one) in places else one for one in servers]

    def removed(servers: Servers) -> Servers:
        return [one for one in servers if _place(one) not in places]

    if group.drain_timeout > 0:
        elb = _edit(session, group, disabled)
        if any(_place(one) in places for one in elb.settings.get("Servers") or []):
            _wait_drained(session, group, elb.id, places)
    _edit(session, group, removed)


def _edit(session: Session, group: Group, change: Callable[[Servers], Servers]) -> Elb:
    """Change the list of entries with one write, and the rules that name a group in the same one.

    The cloud refuses to remove or disable the last enabled entry of a group that a rule names; with nothing behind it
    such a rule could only fail anyhow. So it is parked, and comes back to its place with the group's next entry.
    """
    taken: list[Mapping[str, Any]] = []

    def changed(elb: Elb) -> tuple[Servers, Rules, list[Mapping[str, Any]]]:
        before = [dict(one) for one in elb.settings.get("Servers") or []]
        after = change(before)
        emptied = _groups(before) - _groups(after)
        rules = list(elb.settings.get("Rules") or [])
        parked: list[Mapping[str, Any]] = [
            {"at": at, "rule": rule} for at, rule in enumerate(rules) if _target(rule) in emptied
        ]
        rules = [rule for rule in rules if _target(rule) not in emptied]
        for one in group.parked:
            if _target(one["rule"]) in _groups(after) and not _is_among(one["rule"], rules):
                rules.insert(int(one["at"]), dict(one["rule"]))
        return after, rules, parked

    def differs(elb: Elb) -> bool:
        servers, rules, _ = changed(elb)
        return (servers, rules) != (list(elb.settings.get("Servers") or []), list(elb.settings.get("Rules") or []))

    def write(elb: Elb) -> Elb:
        servers, rules, parked = changed(elb)
        # Noted before the write: its answer may be lost, and then nobody could tell what it took out.
        taken[:] = [one for one in taken if not _is_among(one["rule"], [new["rule"] for new in parked])] + parked
        settings = {**elb.settings, "Servers": servers, "Rules": rules}
        return session.client.elbs.update_settings(elb.id, settings, elb.settings_hash)

    elb = edit(
        session,
        f"the ELB {group.elb['id']}",
        read=lambda: find_elb(session, group.elb),
        differs=differs,
        write=write,
    )
    rules = list(elb.settings.get("Rules") or [])
    group.parked = [one for one in [*group.parked, *taken] if not _is_among(one["rule"], rules)]
    return elb


def _is_among(rule: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> bool:
    return any(same_rule(rule, one) for one in rules)


def _target(rule: Mapping[str, Any]) -> str | None:
    """The group that a rule forwards to; None where it answers by itself."""
    return str(rule.get("ServerGroup") or "") if (rule.get("Action") or "forward") == "forward" else None


def _wait_up(session: Session, group: Group, entries: Sequence[Entry]) -> None:
    elb = find_elb(session, group.elb)
    waiting = {(entry.address, entry.port) for entry in entries}
    words = ", ".join(str(entry) for entry in entries)
    session.waiter.wait_for(
        f"the ELB {elb.name} ({elb.id}) to call {words} UP",
        lambda _: session.client.elbs.health(elb.id).servers,
        lambda servers: waiting <= {(server.ip_address, server.port) for server in servers if server.up},
        steady=group.min_healthy_time,
        deadline=group.up_deadline + group.min_healthy_time,
        way_out="check the health check's path and port, the servers' firewall (let proxy_networks in) and their "
        "startup script; the old entries are still in place, and `pulumi up` goes on from here",
    )


def _wait_drained(session: Session, group: Group, elb_id: str, places: set[tuple[str, int]]) -> None:
    def drained(servers: Sequence[ElbServerHealth]) -> bool:
        return not any((server.ip_address, server.port) in places and server.active_connections for server in servers)

    try:
        session.waiter.wait_for(
            "connections to end",
            lambda _: session.client.elbs.health(elb_id).servers,
            drained,
            deadline=group.drain_timeout,
            way_out="they are cut next",
        )
    except WaitTimeoutError:
        return  # they had their time


def _groups(servers: Sequence[Mapping[str, Any]]) -> set[str]:
    """The groups with an enabled entry."""
    return {str(one.get("ServerGroup") or "") for one in servers if one.get("Enabled") is not False} - {""}


def _place(one: Mapping[str, Any]) -> tuple[str, int]:
    return str(one["IPAddress"]), int(one["Port"])
