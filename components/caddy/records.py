"""The records of a host in the stack's zone: its address before it serves, HTTPS once it does, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulumi

from sakura_fleet.model.caddy.host import ALPN_IDS
from sakura_fleet.model.serving import Serving

if TYPE_CHECKING:
    from sakura_fleet.model.dns import RecordSet
    from sakura_fleet.resources import HostProbe, Http3Withdrawal

    from ..dns import DnsRecords
    from .context import HostContext, Resources
    from .place import Placed


def withdraw(host: HostContext) -> Sequence[Http3Withdrawal]:
    """What takes a protocol out of the host's HTTPS records before the host stops to serve it.

    All of them before it gets another Caddyfile, which decides what it serves.
    """
    if not host.dns or not host.args.all_records:
        return []
    from sakura_fleet.resources import Http3Withdrawal

    return [
        Http3Withdrawal(
            f"{host.name}-withdrawal",
            zone_name=host.dns.zone_name,
            names=host.args.all_records,
            protocols=Serving(protocols=host.args.alpn_ids).alpn,
            ttl=host.args.ttl,
            content=host.content if host.args.caddyfile else "",
            opts=host.options(),
        )
    ]


def record_address(host: HostContext, place: Placed) -> Resources:
    """A or AAAA, at once: a CA checks a name before the host can serve it."""
    names = [*host.args.all_records, *(["@"] if host.apex else [])]
    if not host.dns or not names:
        return []
    sets = [place.address_record(name, ttl=host.args.ttl) for name in names]
    # After the zone's other sets: where this host had a place among them, it has left it by then.
    return [_sets(host, host.dns, "address", sets, [host.dns])]


def announce(
    host: HostContext,
    serving: Serving,
    *,
    probe: HostProbe | None,
    withdrawals: Sequence[Http3Withdrawal],
    after: Sequence[pulumi.Resource],
) -> Resources:
    """HTTPS, once the host was seen to serve: what is declared, or where a Caddyfile decides, what was answered.

    Nothing where a proxy before the host says what is served.
    """
    args = host.args
    if not host.dns or not args.ends_tls or not args.all_records or (args.answers_decide and not probe):
        return []
    from sakura_fleet.model.caddy.rules import ADDRESS_COMES_FIRST
    from sakura_fleet.model.dns.https import https_alias, https_record_of

    if args.answers_decide and probe:
        sets = [_as_answered(name, serving, probe, args.ttl) for name in args.all_records]
    else:
        sets = [https_record_of(name, serving, ttl=args.ttl) for name in args.all_records]
    if host.apex:
        sets.append(https_alias(f"{args.record}.{host.dns.zone_name}.", ttl=args.ttl))
    allowed = [replace(record_set, allow=(ADDRESS_COMES_FIRST,)) for record_set in sets]
    trigger = withdrawals[0].withdrawn if args.caddyfile and withdrawals else None
    return [_sets(host, host.dns, "https", allowed, after, trigger)]


def _as_answered(name: str, serving: Serving, probe: HostProbe, ttl: int) -> RecordSet:
    """The HTTPS record set of the protocols that the host was seen to serve."""
    from sakura_fleet.model.dns import RecordSet
    from sakura_fleet.model.dns.https import https_record_of
    from sakura_fleet.model.dns.values import Pending

    def written(verified: Sequence[str]) -> pulumi.Output[Any]:
        record_set = https_record_of(name, seen(serving, verified), ttl=ttl)
        return pulumi.Output.from_input(record_set.inputs()["values"][0])

    return RecordSet(name, "HTTPS", (Pending(probe.verified.apply(written)),), ttl)


def seen(serving: Serving, verified: Sequence[str]) -> Serving:
    """What is served, by the protocols that a probe saw (in Caddy's words)."""
    return replace(serving, protocols=[ALPN_IDS[protocol] for protocol in verified])


def https_text(serving: Serving, address: str) -> str:
    """The HTTPS record's text, as in a zone file; empty where the host has no TLS, or nobody has seen it."""
    from sakura_fleet.model.dns.https import https_record_of

    record = https_record_of("@", serving).resolved(lambda *_: address)
    return "".join(value.text() for value in record.values)


def _sets(
    host: HostContext,
    dns: DnsRecords,
    what: str,
    sets: Sequence[RecordSet],
    after: Sequence[pulumi.Resource],
    trigger: pulumi.Input[int] | None = None,
) -> pulumi.Resource:
    from sakura_fleet.resources import DnsRecordSets

    return DnsRecordSets(
        f"{host.name}-{what}",
        zone_id=dns.zone_id,
        zone_name=dns.zone_name,
        record_sets=sets,
        adopt=dns.adopt,
        shared=dns.shared,
        trigger=trigger,
        opts=host.options(*after),
    )
