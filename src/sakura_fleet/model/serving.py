"""What answers https at a host or an ELB: what its HTTPS record has to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sakura_fleet.model.reference import ServerReference

HTTP1 = "http/1.1"
HTTP2 = "h2"
HTTP3 = "h3"
PROTOCOLS = (HTTP3, HTTP2, HTTP1)
"""ALPN ids, in the order in which a record lists them."""
HTTPS_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The protocols that are served at `HTTPS_PORT`, as ALPN ids; none: there is no https, and no HTTPS record.

    `servers` are those whose addresses a client may go to at once. An ELB has none: with VIP
    failover its address changes.
    """

    protocols: Sequence[str]
    servers: Sequence[ServerReference] = ()

    @property
    def alpn(self) -> list[str]:
        """What `alpn` lists: HTTP/1.1 goes without saying (RFC 9460, 9)."""
        return [protocol for protocol in PROTOCOLS if protocol in self.protocols and protocol != HTTP1]

    @property
    def no_default_alpn(self) -> bool:
        """Whether HTTP/1.1 is not served."""
        return bool(self.protocols) and HTTP1 not in self.protocols


class Serves(Protocol):
    """A component that knows what it serves: `CaddyHost`, `WebElb`."""

    @property
    def serving(self) -> Serving: ...
