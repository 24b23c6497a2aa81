"""What the hosts of one stack must keep together, and with its DNS zone and ELB."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sakura_fleet.errors import Problem

if TYPE_CHECKING:
    from sakura_fleet.model.caddy.host import CaddyHostArgs
    from sakura_fleet.model.dns.args import DnsArgs

ADDRESS_COMES_FIRST: Final = {"svcb-target-without-address": "the host's addresses are written just before"}
"""What is allowed for HTTPS sets that lead to a host: a preview of the zone does not see its addresses yet."""


def check_hosts(
    hosts: Sequence[CaddyHostArgs], dns: DnsArgs | None, members: Collection[str] = ()
) -> Iterator[Problem]:
    """The rules over several hosts; paths are those of the stack file. `members` are the names of the group's
    servers."""
    for index, host in enumerate(hosts):
        others = hosts[:index]
        if host.name and host.name in [other.name for other in others]:
            yield Problem(f"hosts[{index}].name", "duplicate-host", f"{host.name!r} is in the list twice")
        if host.zone and host.name in members:
            message = f"{host.name!r} is, or may become, the name of a server of the group; choose another"
            yield Problem(f"hosts[{index}].name", "name-of-member", message)
        if host.all_records and not dns:
            message = "a record needs the stack's zone; add dns.zone, or remove this"
            yield Problem(f"hosts[{index}].{'record' if host.record else 'records'}", "no-dns-zone", message)
        yield from _shared_names(f"hosts[{index}]", host, others)
        yield from _records(f"hosts[{index}]", host, others, dns)
    if dns and dns.apex:
        yield from _apex(hosts, dns)


def _shared_names(path: str, host: CaddyHostArgs, others: Sequence[CaddyHostArgs]) -> Iterator[Problem]:
    for number, site in enumerate(host.sites):
        for other in others:
            together = host.storage and host.storage == other.storage
            if site.name and site.name in host.acme_names and site.name in other.acme_names and not together:
                message = (
                    f"the host {other.name} asks for a certificate for {site.name}, too, and each would answer the "
                    "CA's questions to the other; give both the same `storage`, a folder that they share"
                )
                yield Problem(f"{path}.sites[{number}].name", "acme-name-shared", message)


def _records(path: str, host: CaddyHostArgs, others: Sequence[CaddyHostArgs], dns: DnsArgs | None) -> Iterator[Problem]:
    """Names in the zone that something else of the stack has."""
    taken = _taken(others, dns)
    for name in host.all_records:
        if name in taken:
            yield _duplicate(f"{path}.{'record' if name == host.record else 'records'}", name, taken[name])


def _apex(hosts: Sequence[CaddyHostArgs], dns: DnsArgs) -> Iterator[Problem]:
    """The zone's own name, which `dns.apex` gives to a host, too."""
    taken = _taken(hosts, dns)
    if "@" in taken:
        yield _duplicate("dns.apex", "@", taken["@"])


def _taken(hosts: Sequence[CaddyHostArgs], dns: DnsArgs | None) -> dict[str, str]:
    """The names in the zone at which a host can have no records, and what has them."""
    taken = {name: f"the host {host.name}" for host in hosts for name in host.all_records}
    if dns:
        taken |= {
            record_set.name: f"dns.record_sets ({record_set})"
            for record_set in dns.record_sets
            if record_set.type in ("A", "AAAA", "HTTPS", "CNAME", "ALIAS")
        }
        taken |= {dns.elb: "dns.elb"} if dns.elb else {}
    return taken


def _duplicate(path: str, name: str, owner: str) -> Problem:
    message = f"{name!r} belongs to {owner} already; choose another name, or remove one of them"
    return Problem(path, "duplicate-record", message)


def with_host_names(dns: DnsArgs, hosts: Sequence[CaddyHostArgs]) -> DnsArgs:
    """The zone whose own HTTPS and SVCB sets may point at names that hosts get later in the same run."""
    names = {name for host in hosts for name in host.all_records}
    if not names:
        return dns
    from sakura_fleet.model.dns.names import relative_name
    from sakura_fleet.model.dns.values import Value, svcb_of

    def targets(values: Sequence[Value]) -> set[str | None]:
        return {relative_name(svcb.target.text(), dns.zone) for svcb in map(svcb_of, values) if svcb}

    return replace(
        dns,
        record_sets=tuple(
            replace(record_set, allow=(*record_set.allow, ADDRESS_COMES_FIRST))
            if record_set.type in ("HTTPS", "SVCB")
            and targets(record_set.values) & names
            and not record_set.allowed & {*ADDRESS_COMES_FIRST}
            else record_set
            for record_set in dns.record_sets
        ),
    )
