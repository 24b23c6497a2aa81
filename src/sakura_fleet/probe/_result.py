"""What a probe asks, and what it learns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Protocol = Literal["h1", "h2", "h3"]
PROTOCOLS: Final[tuple[Protocol, ...]] = ("h1", "h2", "h3")
BODY_LIMIT: Final = 1024 * 1024
"""Octets of an answer's body that are read and kept."""
HTTPS_PORT: Final = 443
_H3: Final = re.compile(r'\bh3="([^":]*):([0-9]+)"')
NO_CERTIFICATE: Final = "the server has no certificate for this name"
"""What the TLS alerts internal_error and unrecognized_name mean where a server knows the name not, or not yet."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and what to ask there. `authority` is the Host of the request, `name` the one that the
    certificate must be for."""

    url: str
    name: str
    authority: str
    path: str
    address: str
    port: int
    ca_file: str
    timeout: float


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One answer. Redirects are not followed, and any status is an answer.

    `alt_svc` is the header of that name (RFC 7838), empty where there is none. `body` holds at most 1 MiB. `seconds`
    is the time from the first packet to the end of the answer, the handshake included.
    """

    protocol: Protocol
    address: str
    status: int
    alt_svc: str
    certificate_not_after: datetime
    certificate_issuer: str
    seconds: float
    body: bytes = field(repr=False)

    @property
    def alternatives(self) -> list[tuple[str, int]]:
        """Where its Alt-Svc promises HTTP/3: host, empty for the same one, and port."""
        return [(host, int(port)) for host, port in _H3.findall(self.alt_svc)]

    @property
    def promises_h3(self) -> bool:
        """Whether its Alt-Svc promises HTTP/3 at the same host and the port of https."""
        return ("", HTTPS_PORT) in self.alternatives
