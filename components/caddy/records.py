"""The records of a host in the stack's zone: its address before it serves, HTTPS once it does, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi

from sakura_fleet.model.serving import Serving

if TYPE_CHECKING:
    from sakura_fleet.model.dns import RecordSet

    from ..dns import DnsRecords
    from .context import HostContext, Resources
    from .place import Placed


def withdraw(host: HostContext) -> Resources:
    """What takes a protocol out of the host's HTTPS records before the host stops to serve it."""
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


def announce(host: HostContext, serving: Serving, *, after: Sequence[pulumi.Resource]) -> Resources:
    """HTTPS, once the host was seen to serve; nothing where a proxy before the host says what is served."""
    args = host.args
    if not host.dns or not args.ends_tls or not args.all_records:
        return []
    from sakura_fleet.model.caddy.rules import ADDRESS_COMES_FIRST
    from sakura_fleet.model.dns.https import https_alias, https_record_of

    sets = [https_record_of(name, serving, ttl=args.ttl) for name in args.all_records]
    if host.apex:
        sets.append(https_alias(f"{args.record}.{host.dns.zone_name}.", ttl=args.ttl))
    allowed = [replace(record_set, allow=(ADDRESS_COMES_FIRST,)) for record_set in sets]
    return [_sets(host, host.dns, "https", allowed, after)]


def https_text(serving: Serving, address: str) -> str:
    """The HTTPS record's text, as in a zone file; empty where the host has no TLS."""
    from sakura_fleet.model.dns.https import https_record_of

    record = https_record_of("@", serving).resolved(lambda *_: address)
    return "".join(value.text() for value in record.values)


def _sets(
    host: HostContext, dns: DnsRecords, what: str, sets: Sequence[RecordSet], after: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    from sakura_fleet.resources import DnsRecordSets

    return DnsRecordSets(
        f"{host.name}-{what}",
        zone_id=dns.zone_id,
        zone_name=dns.zone_name,
        record_sets=sets,
        adopt=dns.adopt,
        opts=host.options(*after),
    )
