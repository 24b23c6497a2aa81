"""Asking a zone's own name servers, over UDP and where that is too small over TCP (RFC 1035, RFC 7766)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from sakura_fleet.errors import DnsError
from sakura_fleet.model.dns.published import Answer, value_of

PORT: Final = 53
TIMEOUT: Final = 3.0
"""Seconds for one try."""
TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class NameServer:
    """One address of a name server."""

    name: str
    address: str
    port: int = PORT

    def __str__(self) -> str:
        port = "" if self.port == PORT else f"@{self.port}"
        where = f"{self.address}{port}"
        return where if self.name == self.address else f"{self.name} ({where})"


def addresses_of(host: str, port: int = PORT) -> list[NameServer]:
    """A name server by name or address. Raises `DnsError` where the name has no address."""
    try:
        return [NameServer(host, str(ip_address(host)), port)]
    except ValueError:
        pass
    found: list[NameServer] = []
    for kind in ("A", "AAAA"):
        try:
            answer = dns.resolver.resolve(host, kind, search=False)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            continue
        except (dns.exception.DNSException, OSError) as error:
            raise DnsError(f"the name server {host} cannot be looked up: {error}") from error
        found += [NameServer(host, record.to_text(), port) for record in answer]
    if not found:
        raise DnsError(f"the name server {host} has no address")
    return found


def name_servers_of(name: str) -> list[str]:
    """The names of the servers of the zone that `name` is in. Raises `DnsError`."""
    try:
        zone = dns.resolver.zone_for_name(name)
        return sorted(record.target.to_text(omit_final_dot=True) for record in dns.resolver.resolve(zone, "NS"))
    except (dns.exception.DNSException, OSError) as error:
        raise DnsError(f"the name servers of {name} cannot be found: {error}; name them with --server") from error


def ask(server: NameServer, name: str, kind: str) -> Answer:
    """What a name server says of its own knowledge."""
    try:
        response = _query(server, name, kind)
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return Answer(str(server), error=_words(error))
    code = response.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer(str(server), error=f"it answers {dns.rcode.to_text(code)}")
    if not response.flags & dns.flags.AA:
        return Answer(str(server), error="it has not the zone: its answer is not authoritative")
    wanted = dns.rdatatype.from_text(kind)
    here = dns.name.from_text(name)
    cnames: list[str] = []
    while wanted != dns.rdatatype.CNAME and len(cnames) < len(response.answer):
        alias = response.get_rrset(response.answer, here, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None:
            break
        here = alias[0].target
        cnames.append(here.to_text().casefold())
    found = response.get_rrset(response.answer, here, dns.rdataclass.IN, wanted)
    if found is None:
        absent = min(_absence(response), default=None)
        return Answer(str(server), (), absent, tuple(cnames), code == dns.rcode.NOERROR)
    try:
        values = tuple(value_of(kind, rdata) for rdata in found)
    except ValueError as error:
        return Answer(str(server), error=f"its answer cannot be read: {error}")
    return Answer(str(server), values, found.ttl, tuple(cnames))


def zone_of(server: NameServer, name: str) -> str | None:
    """The zone, without final dot, in which the server has the name; None where it does not say."""
    try:
        response = _query(server, name, "SOA")
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    for rrset in (*response.answer, *response.authority):
        if rrset.rdtype == dns.rdatatype.SOA:
            return rrset.name.to_text(omit_final_dot=True).casefold()
    return None


def _query(server: NameServer, name: str, kind: str) -> dns.message.Message:
    question = dns.message.make_query(name, kind, use_edns=0, payload=1232, flags=0)
    for attempt in range(TRIES):
        try:
            return dns.query.udp_with_fallback(question, server.address, TIMEOUT, server.port)[0]
        except dns.exception.Timeout:
            if attempt == TRIES - 1:
                raise
    raise AssertionError  # the loop returns or raises


def _absence(response: dns.message.Message) -> Iterator[int]:
    """How long an absence may be kept (RFC 2308, 5)."""
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            yield min(rrset.ttl, rrset[0].minimum)


def _words(error: Exception) -> str:
    if isinstance(error, dns.exception.Timeout):
        return f"it does not answer within {TRIES * TIMEOUT:.0f} s"
    return f"it gives no answer: {str(error) or type(error).__name__}"
