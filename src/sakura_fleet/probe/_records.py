"""What the DNS says of a name: its addresses, and its HTTPS records (RFC 9460)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.rdatatype
import dns.resolver

from sakura_fleet.errors import DnsError, InputError, Problem
from sakura_fleet.model.dns.svcb import Svcb

MAX_ALIASES: Final = 8
"""Aliases that are followed one after the other; what clients do beyond the first is their own business (2.4.2)."""


@dataclass(frozen=True, slots=True)
class HttpsRecords:
    """The HTTPS records that a client ends up with: those of `owner`, after following `aliases`. No records at all:
    `records` is empty."""

    owner: str
    records: tuple[Svcb, ...] = ()
    ttl: int = 0
    aliases: tuple[str, ...] = ()

    def text(self) -> str:
        """As a person reads it."""
        way = "".join(f"0 {alias} -> " for alias in self.aliases)
        found = " | ".join(record.text() for record in self.records)
        return f"{way}{found}, TTL {self.ttl}"


class Resolver:
    """Asks one resolver, `host:port`, or those of this machine. Every method raises `DnsError` where no answer
    comes; that a name or type does not exist is an answer."""

    def __init__(self, server: str, *, timeout: float) -> None:
        self.server = server
        self._resolver = dns.resolver.Resolver(configure=not server)
        self._resolver.lifetime = timeout
        if server:
            address, port = read_server(server)
            self._resolver.nameservers = [address]
            self._resolver.port = port

    def addresses(self, name: str) -> tuple[str, ...]:
        """The name's IPv4 addresses, then its IPv6 addresses; an address is its own."""
        if is_address(name):
            return (name,)
        answers = (self._ask(name, "A"), self._ask(name, "AAAA"))
        return tuple(rdata.address for answer in answers if answer for rdata in answer)

    def https(self, owner: str) -> HttpsRecords:
        """The records for `owner`, aliases followed."""
        aliases: list[str] = []
        while True:
            answer = self._ask(owner, "HTTPS")
            if answer is None or answer.rrset is None:
                return HttpsRecords(owner, aliases=tuple(aliases))
            try:
                records = [Svcb.from_wire(rdata.to_wire()) for rdata in answer.rrset]
            except ValueError as error:
                raise DnsError(f"the HTTPS record of {owner} is malformed, so clients ignore it: {error}") from error
            records.sort(key=lambda entry: entry.priority)
            found = HttpsRecords(str(answer.canonical_name), tuple(records), answer.rrset.ttl, tuple(aliases))
            first = records[0]
            if not first.is_alias or not first.target.labels:
                return found
            if len(aliases) == MAX_ALIASES:
                raise DnsError(f"{owner} leads through more than {MAX_ALIASES} aliases; point it at the last one")
            aliases.append(first.target.text())
            owner = first.target.text()

    def _ask(self, name: str, kind: str) -> dns.resolver.Answer | None:
        try:
            return self._resolver.resolve(name, dns.rdatatype.from_text(kind), search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        except (dns.exception.DNSException, OSError) as error:
            where = self.server or "the resolvers of this machine"
            raise DnsError(f"{name} {kind} cannot be looked up at {where}: {error}") from error


def is_address(name: str) -> bool:
    """True for an IP address, which no DNS is asked for."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def read_server(text: str) -> tuple[str, int]:
    """A resolver's address and port from `address`, `address:port` or `[address]:port`. Raises `InputError`."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host, port = text, "53"
    try:
        address, number = ipaddress.ip_address(host.strip("[]")), int(port)
    except ValueError:
        number = 0
    if not 1 <= number <= 0xFFFF:
        message = f"{text!r} is not a resolver's address with a port, such as 198.51.100.53:53 or [2001:db8::53]:53"
        raise InputError([Problem("resolver", "probe-resolver", message)])
    return str(address), number
