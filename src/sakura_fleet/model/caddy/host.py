"""A host on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3: its settings.

Where it is (`OwnServer` or `HostAddress`) and how it is reached (`StartupAccess` or `SshAccess`) are two choices; only
a host that is there already cannot have a startup script, as that runs at the first boot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from sakura_fleet.model.caddy.site import Site
from sakura_fleet.model.server.template import ServerTemplate
from sakura_fleet.model.serving import HTTP1, HTTP2, HTTP3

ALPN_IDS: Final = {"h1": HTTP1, "h2": HTTP2, "h3": HTTP3}
PROTOCOLS: Final = tuple(ALPN_IDS)
"""In Caddy's words."""
BEHIND_MODES: Final = ("http", "tcp")
MANAGED: Final = ("startup", "ssh")
DEFAULT_TTL: Final = 30
"""Seconds; short, as the record follows the host when it is replaced."""
DEFAULT_READY_DEADLINE: Final = 600
"""Seconds that a host has until it serves: a first boot, its packages, its certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What is before the host, an ELB or another proxy: `networks` are its addresses.

    `http`: it ends TLS and speaks plain HTTP to the host. `tcp`: it passes connections on, and TLS ends at the host.
    """

    networks: tuple[str, ...]
    mode: str = "http"
    proxy_protocol: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Caddy as one file, with the SHA-256 that it must have."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAccess:
    """How the host is reached. Without a key file the SSH agent is asked; without `host_key` the key is taken at the
    first connection."""

    user: str = "root"
    port: int = 22
    private_key_file: str = ""
    host_key: str = ""


@dataclass(frozen=True, slots=True)
class StartupAccess:
    """The host script runs at the first boot: other settings make another server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnServer:
    """A server of the stack in `zone`: made from `template`, or taken over by `adopt`, its ID."""

    zone: str
    template: ServerTemplate
    adopt: str = ""


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A host that is there already, by its IPv4 or IPv6 address; it stays when the stack goes."""

    ip: str

    @property
    def record_type(self) -> str:
        """The type of the record that leads there."""
        return "A" if ip_address(self.ip).version == 4 else "AAAA"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaddyHostArgs:
    """One host: a server that is made in `zone`, or one that is there already, by `address`; or one of `zone` that is
    there and becomes the stack's, by `adopt` (an ID).

    `record` and `records` are its names in the stack's DNS zone, with A and HTTPS records of `ttl` seconds.
    `acme_ca_root` and `trusted_ca` are PEM texts. `ready_deadline` is in seconds; 0 does not ask whether it serves.
    """

    name: str
    zone: str = ""
    address: str = ""
    adopt: str = ""
    sites: tuple[Site, ...] = ()
    caddyfile: str = ""
    protocols: tuple[str, ...] = ()
    record: str = ""
    records: tuple[str, ...] = ()
    ttl: int = DEFAULT_TTL
    email: str = ""
    acme_ca: str = ""
    acme_ca_root: str = ""
    storage: str = ""
    behind: Behind | None = None
    binary: Binary | None = None
    manage: str = ""
    ssh: SshAccess = field(default_factory=SshAccess)
    ready_deadline: int = DEFAULT_READY_DEADLINE
    trusted_ca: str = ""
    template: ServerTemplate = field(default_factory=ServerTemplate)

    @property
    def place(self) -> OwnServer | HostAddress:
        """Where the host is."""
        if self.address:
            return HostAddress(self.address)
        return OwnServer(zone=self.zone, template=self.template, adopt=self.adopt)

    @property
    def access(self) -> StartupAccess | SshAccess:
        """How the host script gets there."""
        return self.ssh if self.over_ssh else StartupAccess()

    @property
    def over_ssh(self) -> bool:
        """Whether changes reach the host over SSH, rather than a startup script at the first boot of another server."""
        return self.manage == "ssh" or bool(self.address)

    @property
    def serves(self) -> tuple[str, ...]:
        """The protocols: as set, else all that can reach the host."""
        return self.protocols or (("h1", "h2") if self.behind else PROTOCOLS)

    @property
    def answers_decide(self) -> bool:
        """Whether only its answers tell what it serves: a Caddyfile of its own, without `protocols`."""
        return bool(self.caddyfile) and not self.protocols

    @property
    def ends_tls(self) -> bool:
        """Whether the host has certificates of its own."""
        return self.behind is None or self.behind.mode == "tcp"

    @property
    def acme_names(self) -> tuple[str, ...]:
        """The names that the host gets certificates for from a CA."""
        return tuple(site.name for site in self.sites if site.tls == "auto") if self.ends_tls else ()

    @property
    def internal_names(self) -> tuple[str, ...]:
        """The names with certificates of Caddy's own CA."""
        return tuple(site.name for site in self.sites if site.tls == "internal") if self.ends_tls else ()

    @property
    def all_records(self) -> tuple[str, ...]:
        """All its names in the DNS zone."""
        return (self.record, *self.records) if self.record else self.records

    @property
    def open_ports(self) -> tuple[tuple[str, int], ...]:
        """What must be open: protocol and port."""
        ports = (("tcp", 80), ("tcp", 443)) if self.ends_tls else (("tcp", 80),)
        return (*ports, ("udp", 443)) if "h3" in self.serves else ports

    @property
    def alpn_ids(self) -> tuple[str, ...]:
        """What the host is declared to speak https over; nothing where its answers decide, or something before it ends
        TLS."""
        if self.answers_decide or not self.ends_tls:
            return ()
        return tuple(ALPN_IDS[protocol] for protocol in self.serves)
