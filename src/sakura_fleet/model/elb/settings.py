"""The settings of an ELB as typed values, and the bounds that the API sets.

`docs/configuration.md` lists them for users. An ELB's entries (the servers behind it) and its Let's Encrypt settings
belong to others and never appear here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sakura_fleet.errors import Problem

PLANS: Final = (100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 400_000)
"""Connections per second."""
REGIONS: Final = ("is1", "tk1", "anycast")
PROXY_MODES: Final = ("http", "https", "tcp")
SSL_POLICIES: Final = ("TLS-1-2-2019-04", "TLS-1-2-2021-06", "TLS-1-3-2021-06")
RULE_ACTIONS: Final = ("forward", "redirect", "fixed")
CONTENT_TYPES: Final = ("text/plain", "text/html", "application/javascript", "application/json")
MAX_ENTRIES: Final = 40
MAX_BIND_PORTS: Final = 2
MAX_RESPONSE_HEADERS: Final = 10
NO_PORT: Final = Problem(
    "server_group.template.network_interfaces[0].expose.ports",
    "no-port",
    "an ELB needs a port to reach the servers at; name one, such as [80]",
)
"""What is wrong with a group behind an ELB that exposes nothing."""


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """A header that the ELB adds to every answer of a port."""

    header: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindPort:
    """A port that the ELB listens at, and how it speaks there."""

    proxy_mode: str
    port: int
    redirect_to_https: bool = False
    http2: bool = False
    ssl_policy: str = ""
    response_headers: tuple[ResponseHeader, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How the ELB asks its entries whether they are up, every `delay_loop` seconds, at the entry's own port."""

    protocol: str = "http"
    path: str = ""
    host: str = ""
    delay_loop: int = 10

    def __str__(self) -> str:
        """What is asked, as "GET /healthz" or "TCP"."""
        host = f" (Host: {self.host})" if self.host else ""
        return f"GET {self.path or '/'}{host}" if self.protocol == "http" else self.protocol.upper()


@dataclass(frozen=True, slots=True)
class SorryServer:
    """The server that gets the requests while no entry is up."""

    ip_address: str
    port: int = 80


@dataclass(frozen=True, slots=True)
class Syslog:
    """The server that the access log is sent to."""

    server: str
    port: int = 514


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a request matches, and what is done with it then; "" and False for what is not set."""

    host: str = ""
    path: str = ""
    source_ips: str = ""
    request_header_name: str = ""
    request_header_value: str = ""
    request_header_value_ignore_case: bool = False
    request_header_value_not_match: bool = False
    action: str = "forward"
    server_group: str = ""
    redirect_location: str = ""
    redirect_status_code: str = ""
    fixed_status_code: str = ""
    fixed_content_type: str = ""
    fixed_message_body: str = ""

    @property
    def target(self) -> str | None:
        """The server group that it forwards to; None where the ELB answers by itself."""
        return self.server_group if self.action == "forward" else None

    def inputs(self) -> dict[str, Any]:
        """The rule as a resource's inputs carry it: what is set."""
        return {key: value for key, value in asdict(self).items() if value not in ("", False)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElbSettings:
    """All settings of an ELB; the defaults are those of an ELB about which nothing is said."""

    bind_ports: tuple[BindPort, ...] = (BindPort(proxy_mode="http", port=80),)
    health_check: HealthCheck = HealthCheck(path="/")
    sorry_server: SorryServer | None = None
    rules: tuple[Rule, ...] = ()
    sticky_session: bool = False
    gzip: bool = False
    proxy_protocol: bool = False
    backend_keep_alive: str = ""
    timeout: int = 10
    syslog: Syslog | None = None

    def inputs(self) -> dict[str, Any]:
        """The settings as a resource's inputs carry them: plain, complete, and in one form only."""
        return {
            **asdict(self),
            "bind_ports": [
                {**asdict(port), "response_headers": [asdict(header) for header in port.response_headers]}
                for port in self.bind_ports
            ],
            "sorry_server": asdict(self.sorry_server) if self.sorry_server else {},
            "rules": [rule.inputs() for rule in self.rules],
            "syslog": asdict(self.syslog) if self.syslog else {},
        }
