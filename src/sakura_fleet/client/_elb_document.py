"""What an ELB is set to, `Settings.ProxyLB` on the wire: typed views of it, and changes that keep all the rest of it.

The API replaces the document as a whole, and people and later releases of the API put into it what is not known here.
So nothing is dropped and nothing is rewritten that means the same: what is not changed goes back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, boolean, mapping, number, text
from sakura_fleet.model.elb.settings import (
    BindPort,
    ElbSettings,
    HealthCheck,
    ResponseHeader,
    Rule,
    SorryServer,
    Syslog,
)

__all__ = ["ElbDocument", "ElbEntry", "ElbRule"]

_BIND_PORT: Final = {
    "proxy_mode": "ProxyMode",
    "port": "Port",
    "redirect_to_https": "RedirectToHttps",
    "http2": "SupportHttp2",
    "ssl_policy": "SSLPolicy",
}
_HEALTH_CHECK: Final = {
    "protocol": "Protocol",
    "path": "Path",
    "host": "Host",
    "delay_loop": "DelayLoop",
}
_RULE: Final = {
    "host": "Host",
    "path": "Path",
    "source_ips": "SourceIPs",
    "request_header_name": "RequestHeaderName",
    "request_header_value": "RequestHeaderValue",
    "request_header_value_ignore_case": "RequestHeaderValueIgnoreCase",
    "request_header_value_not_match": "RequestHeaderValueNotMatch",
    "action": "Action",
    "server_group": "ServerGroup",
    "redirect_location": "RedirectLocation",
    "redirect_status_code": "RedirectStatusCode",
    "fixed_status_code": "FixedStatusCode",
    "fixed_content_type": "FixedContentType",
    "fixed_message_body": "FixedMessageBody",
}
_FLAGS: Final = frozenset(setting.name for setting in fields(Rule) if setting.default is False)

_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "BindPorts": frozenset({*_BIND_PORT.values(), "AddResponseHeader"}),
    "HealthCheck": frozenset(_HEALTH_CHECK.values()),
    "SorryServer": frozenset({"IPAddress", "Port"}),
    "Rules": frozenset(_RULE.values()),
    "StickySession": frozenset({"Enabled", "Method"}),
    "Gzip": frozenset({"Enabled"}),
    "ProxyProtocol": frozenset({"Enabled"}),
    "Timeout": frozenset({"InactiveSec"}),
    "Syslog": frozenset({"Server", "Port"}),
    "BackendHttpKeepAlive": frozenset({"Mode"}),
}
"""The keys that `_settings_to_api` writes."""


@dataclass(frozen=True, slots=True)
class ElbEntry:
    """One server at one port behind an ELB. `sent` is what the API sent for it; without it the entry is a new one."""

    ip_address: str
    port: int
    server_group: str = ""
    enabled: bool = True
    sent: Json | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.ip_address}:{self.port}"

    @property
    def place(self) -> tuple[str, int]:
        """What an entry is known by."""
        return self.ip_address, self.port

    @classmethod
    def from_api(cls, body: Json) -> Self:
        return cls(
            text(body.get("IPAddress")),
            number(body.get("Port")),
            text(body.get("ServerGroup")),
            body.get("Enabled") is not False,
            sent=body,
        )

    def to_api(self) -> Json:
        if self.sent is None:
            return {**self._known(), "ProxySSL": False}
        before = ElbEntry.from_api(self.sent)._known()
        return {**self.sent, **{key: value for key, value in self._known().items() if value != before[key]}}

    def _known(self) -> dict[str, Any]:
        return {
            "IPAddress": self.ip_address,
            "Port": self.port,
            "ServerGroup": self.server_group,
            "Enabled": self.enabled,
        }


@dataclass(frozen=True, slots=True)
class ElbRule:
    """One rule of an ELB, and what the API sent for it."""

    rule: Rule
    sent: Json | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_api(cls, body: Json) -> Self:
        return cls(_rule(body), sent=body)

    @property
    def unknown(self) -> Json:
        """What the API sent in it that is not known here."""
        return _unknown("Rules", self.sent or {})

    def to_api(self) -> Json:
        if self.sent is not None and _rule(self.sent) == self.rule:
            return self.sent
        return {**self.unknown, **_rule_to_api(self.rule)}


@dataclass(frozen=True, slots=True)
class ElbDocument:
    """All that an ELB is set to. `wire` is what the API sent."""

    wire: Json = field(default_factory=dict, repr=False)

    @classmethod
    def from_api(cls, fields: Fields) -> Self:
        """What an answer says. What is written as a whole must be there, and what would be taken for a change.

        The API keeps what a client sent, and one that knows no rules sends none, or null: an ELB made so has no
        `Rules`.
        """
        fields.child("HealthCheck").text("Protocol")
        if fields.get("Rules") is not None:
            fields.items("Rules")
        for port in fields.items("BindPorts"):
            port.text("ProxyMode")
            port.positive("Port")
        for entry in fields.items("Servers"):
            entry.text("IPAddress")
            entry.positive("Port")
        return cls(fields.body)

    @classmethod
    def new(cls, settings: ElbSettings) -> Self:
        """The document of an ELB that is to be made, without entries."""
        return cls({**_settings_to_api(settings), "Servers": []})

    @property
    def entries(self) -> tuple[ElbEntry, ...]:
        return tuple(ElbEntry.from_api(body) for body in _objects(self.wire.get("Servers")))

    @property
    def rules(self) -> tuple[ElbRule, ...]:
        return tuple(ElbRule.from_api(body) for body in _objects(self.wire.get("Rules")))

    @property
    def settings(self) -> ElbSettings:
        return _settings(self.wire)

    @property
    def lets_encrypt_names(self) -> tuple[str, ...]:
        """The names of the certificate from Let's Encrypt, the common name first; none where there is none."""
        found = mapping(self.wire.get("LetsEncrypt"))
        if not boolean(found.get("Enabled")):
            return ()
        others = text(found.get("SubjectAltNames")).replace(",", " ").split()
        return tuple(name for name in (text(found.get("CommonName")), *others) if name)

    def with_entries(self, entries: Sequence[ElbEntry], rules: Sequence[ElbRule]) -> ElbDocument:
        """With these entries and rules: the API judges a rule by the entries of its group."""
        changed = {"Servers": [entry.to_api() for entry in entries], "Rules": [rule.to_api() for rule in rules]}
        return ElbDocument({**self.wire, **changed})

    def with_settings(self, settings: ElbSettings) -> ElbDocument:
        """With these settings; itself where it means the same already."""
        return self if settings == self.settings else ElbDocument(_merged(self.wire, settings))

    def with_lets_encrypt_names(self, names: Sequence[str]) -> ElbDocument:
        """With a certificate from Let's Encrypt for these names; without one where there are none."""
        wanted = {
            "Enabled": bool(names),
            "CommonName": names[0] if names else "",
            "SubjectAltNames": ",".join(names[1:]),
        }
        return ElbDocument({**self.wire, "LetsEncrypt": wanted})


def _settings(wire: Json) -> ElbSettings:
    """The settings as the API sent them; what it left out is the default, but no port at all is not the default one."""
    health, sorry, syslog = (mapping(wire.get(key)) for key in ("HealthCheck", "SorryServer", "Syslog"))
    protocol = text(health.get("Protocol")) or "http"
    return ElbSettings(
        bind_ports=tuple(_bind_port(body) for body in _objects(wire.get("BindPorts"))),
        health_check=HealthCheck(
            protocol=protocol,
            path=text(health.get("Path")) or ("/" if protocol == "http" else ""),
            host=text(health.get("Host")),
            delay_loop=number(health.get("DelayLoop")) or HealthCheck().delay_loop,
        ),
        sorry_server=(
            SorryServer(text(sorry["IPAddress"]), number(sorry.get("Port")) or 80) if sorry.get("IPAddress") else None
        ),
        rules=tuple(_rule(body) for body in _objects(wire.get("Rules"))),
        sticky_session=_enabled(wire, "StickySession"),
        gzip=_enabled(wire, "Gzip"),
        proxy_protocol=_enabled(wire, "ProxyProtocol"),
        backend_keep_alive=text(mapping(wire.get("BackendHttpKeepAlive")).get("Mode")),
        timeout=number(mapping(wire.get("Timeout")).get("InactiveSec")) or ElbSettings().timeout,
        syslog=Syslog(text(syslog["Server"]), number(syslog.get("Port")) or 514) if syslog.get("Server") else None,
    )


def _settings_to_api(settings: ElbSettings) -> dict[str, Any]:
    sorry, syslog = settings.sorry_server, settings.syslog
    wire: dict[str, Any] = {
        "BindPorts": [_bind_port_to_api(port) for port in settings.bind_ports],
        "HealthCheck": _health_check_to_api(settings.health_check),
        "SorryServer": {"IPAddress": sorry.ip_address if sorry else "", "Port": sorry.port if sorry else None},
        "Rules": [_rule_to_api(rule) for rule in settings.rules],
        "StickySession": {"Enabled": True, "Method": "cookie"} if settings.sticky_session else {"Enabled": False},
        "Gzip": {"Enabled": settings.gzip},
        "ProxyProtocol": {"Enabled": settings.proxy_protocol},
        "Timeout": {"InactiveSec": settings.timeout},
        # An empty object is refused by the API.
        "Syslog": {"Server": syslog.server if syslog else "", "Port": syslog.port if syslog else 514},
    }
    if settings.backend_keep_alive:
        wire["BackendHttpKeepAlive"] = {"Mode": settings.backend_keep_alive}
    return wire


def _merged(there: Json, settings: ElbSettings) -> dict[str, Any]:
    """The settings, and whatever else is there, inside of them too."""
    whole = {key: value for key, value in there.items() if key != "BackendHttpKeepAlive"}
    for key, value in _settings_to_api(settings).items():
        if isinstance(value, list):
            known = [(_identity(key, body), _unknown(key, body)) for body in _objects(there.get(key))]
            whole[key] = [
                {**next((more for same, more in known if same == _identity(key, body)), {}), **body} for body in value
            ]
        else:
            whole[key] = {**_unknown(key, mapping(there.get(key))), **value}
    return whole


def _identity(key: str, body: Json) -> Any:
    """What makes a bind port or a rule the same one as another."""
    return number(body.get("Port")) if key == "BindPorts" else _rule(body)


def _unknown(key: str, body: Json) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _KNOWN[key]}


def _objects(value: object) -> list[Json]:
    """A list that the document may not have yet."""
    return list(value) if isinstance(value, list) else []


def _enabled(wire: Json, key: str) -> bool:
    return boolean(mapping(wire.get(key)).get("Enabled"))


def _bind_port(body: Json) -> BindPort:
    return BindPort(
        proxy_mode=text(body.get("ProxyMode")),
        port=number(body.get("Port")),
        redirect_to_https=boolean(body.get("RedirectToHttps")),
        http2=boolean(body.get("SupportHttp2")),
        ssl_policy=text(body.get("SSLPolicy")),
        response_headers=tuple(
            ResponseHeader(text(header.get("Header")), text(header.get("Value")))
            for header in _objects(body.get("AddResponseHeader"))
        ),
    )


def _bind_port_to_api(port: BindPort) -> dict[str, Any]:
    wire = {"RedirectToHttps": False, "SupportHttp2": False, **_set(port, _BIND_PORT)}
    headers = [{"Header": header.header, "Value": header.value} for header in port.response_headers]
    return {**wire, "AddResponseHeader": headers} if headers else wire


def _health_check_to_api(check: HealthCheck) -> dict[str, Any]:
    if check.protocol == "tcp":
        check = HealthCheck(protocol="tcp", delay_loop=check.delay_loop)
    return _set(check, _HEALTH_CHECK)


def _rule(body: Json) -> Rule:
    texts = {name: text(body.get(key)) for name, key in _RULE.items() if name not in _FLAGS}
    flags = {name: boolean(body.get(_RULE[name])) for name in _FLAGS}
    return Rule(**{**texts, "action": texts["action"] or "forward"}, **flags)  # type: ignore[arg-type]


def _rule_to_api(rule: Rule) -> dict[str, Any]:
    return {_RULE[name]: value for name, value in rule.inputs().items()}


def _set(value: object, names: Mapping[str, str]) -> dict[str, Any]:
    """What is set of a value, under the names of the wire."""
    return {key: found for name, key in names.items() if (found := getattr(value, name)) not in ("", 0, None)}
