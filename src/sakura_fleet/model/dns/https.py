"""The record sets that lead to a host or an ELB: the one place that decides what an HTTPS record says.

Components, hosts and adoption all build them here, so what is adopted is what a program would write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.svcb import build_svcb
from sakura_fleet.model.dns.svcb.text import WrittenParam, join_list
from sakura_fleet.model.dns.values import STAND_IN, AddressOf, Pending, SvcbTemplate, Value
from sakura_fleet.model.reference import ElbReference, ServerReference
from sakura_fleet.model.serving import HTTP2, HTTP3, Serving

WEB_TTL: Final = 30
"""Seconds. Short, so that a changed address or protocol is seen soon."""
PRIORITY: Final = 10


def address_records(name: str, *servers: ServerReference, ttl: int = DEFAULT_TTL) -> RecordSet:
    """A: the addresses of one server, or of all members of a group."""
    return RecordSet(name, "A", tuple(AddressOf(server) for server in servers), ttl)


def elb_record(name: str, elb: ElbReference, *, failover: bool, ttl: int = WEB_TTL) -> RecordSet:
    """The address of an ELB: A, or ALIAS where VIP failover gives it a name."""
    return RecordSet(name, "ALIAS" if failover else "A", (AddressOf(elb),), ttl)


def https_record(
    name: str,
    *servers: ServerReference,
    alpn: Sequence[str] = (HTTP3, HTTP2),
    no_default_alpn: bool = False,
    priority: int = PRIORITY,
    ttl: int = WEB_TTL,
) -> RecordSet:
    """HTTPS for a host that serves HTTP/3: `10 . alpn=h3,h2 ipv4hint=` and its address, or those of all servers."""
    params = [WrittenParam("alpn", join_list(protocol.encode() for protocol in alpn))] if alpn else []
    if no_default_alpn:
        params.append(WrittenParam("no-default-alpn"))
    hints = tuple(AddressOf(server) for server in servers)
    return RecordSet(name, "HTTPS", (_value(priority, ".", params, hints),), ttl)


def https_record_of(name: str, serving: Serving, *, priority: int = PRIORITY, ttl: int = WEB_TTL) -> RecordSet:
    """HTTPS for what is served at port 443; without values where that is nothing, as no record is to say otherwise."""
    if not serving.protocols:
        return RecordSet(name, "HTTPS", (), ttl)
    return https_record(
        name,
        *serving.servers,
        alpn=serving.alpn,
        no_default_alpn=serving.no_default_alpn,
        priority=priority,
        ttl=ttl,
    )


def https_alias(target: str, name: str = "@", *, ttl: int = DEFAULT_TTL) -> RecordSet:
    """HTTPS alias mode, for the zone itself unless named. Not all clients follow it: keep A or ALIAS beside it."""
    return RecordSet(name, "HTTPS", (_value(0, target),), ttl)


def _value(priority: int, target: str, params: Sequence[WrittenParam] = (), hints: tuple[AddressOf, ...] = ()) -> Value:
    """The data; where something is wrong with it, that is kept until the set is judged."""
    problems: list[Problem] = []
    if hints:
        params = [*params, WrittenParam("ipv4hint", b",".join([STAND_IN.encode()] * len(hints)))]
    svcb = build_svcb(priority, target, params, "", problems)
    if svcb is None or problems:
        return Pending(f"{priority} {target}", tuple(problems))
    return SvcbTemplate(svcb, hints) if hints else svcb
