"""The settings of an ELB (enhanced load balancer): values, bounds, and their form on the wire.

`docs/configuration.md` lists them for users; the bounds are those of `Settings.ProxyLB` of the API. An ELB's entries
(the servers behind it) and its Let's Encrypt settings belong to others and never appear here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sakura_fleet.model.names import ELB_GROUP_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.template import read_description, read_tags
from sakura_fleet.model.serving import HTTP1, HTTP2, HTTPS_PORT, Serving

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

DEFAULTS: Final[Mapping[str, Any]] = {
    "bind_ports": [{"proxy_mode": "http", "port": 80}],
    "health_check": {"protocol": "http", "path": "/", "delay_loop": 10},
    "sorry_server": {},
    "rules": [],
    "sticky_session": False,
    "gzip": False,
    "proxy_protocol": False,
    "backend_keep_alive": "",
    "timeout": 10,
    "syslog": {},
}
"""The settings of an ELB about which nothing is said."""

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
    "port": "Port",
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
"""The keys of the wire that `to_wire` writes."""


def read_settings(reader: Reader) -> dict[str, Any]:
    """An ELB's settings from configuration or inputs, plain and complete; problems go to the reader."""
    ports = [_read_bind_port(child) for child in reader.children("bind_ports")]
    ports = ports or [_read_bind_port(Reader(one, "", [])) for one in DEFAULTS["bind_ports"]]
    if len(ports) > MAX_BIND_PORTS:
        reader.problem("bind_ports", "too-many-ports", f"{len(ports)} ports; an ELB takes at most {MAX_BIND_PORTS}")
    return {
        "bind_ports": ports,
        "health_check": _read_health_check(reader.child("health_check")),
        "sorry_server": _read_place(reader.child("sorry_server"), "ip_address", 80),
        "rules": [_read_rule(child) for child in reader.children("rules")],
        "sticky_session": reader.flag("sticky_session", default=False),
        "gzip": reader.flag("gzip", default=False),
        "proxy_protocol": reader.flag("proxy_protocol", default=False),
        "backend_keep_alive": reader.text("backend_keep_alive", "", choices=("safe", "aggressive")),
        "timeout": reader.whole("timeout", 10, minimum=10, maximum=600),
        "syslog": _read_place(reader.child("syslog"), "server", 514),
    }


def _read_bind_port(reader: Reader) -> dict[str, Any]:
    port: dict[str, Any] = {
        "proxy_mode": reader.text("proxy_mode", choices=PROXY_MODES),
        "port": reader.whole("port", minimum=1, maximum=65_535),
        "redirect_to_https": reader.flag("redirect_to_https", default=False),
        "http2": reader.flag("http2", default=False),
        "ssl_policy": reader.text("ssl_policy", "", choices=SSL_POLICIES),
        "response_headers": [_read_header(child) for child in reader.children("response_headers")],
    }
    mode = port["proxy_mode"]
    if port["redirect_to_https"] and mode != "http":
        reader.problem("redirect_to_https", "redirect-mode", f"only an http port redirects to https, not {mode}")
    if port["http2"] and mode != "https":
        reader.problem("http2", "http2-mode", f"only an https port speaks HTTP/2, not {mode}")
    if port["ssl_policy"] and mode != "https":
        reader.problem("ssl_policy", "ssl-policy-mode", f"an SSL policy is for https, not {mode}")
    if len(port["response_headers"]) > MAX_RESPONSE_HEADERS:
        reader.problem("response_headers", "too-many-headers", f"at most {MAX_RESPONSE_HEADERS} headers are allowed")
    reader.close()
    return port


def _read_header(reader: Reader) -> dict[str, str]:
    header = {
        "header": reader.text("header", pattern=r"[A-Za-z0-9-]+", shape="a header name"),
        "value": reader.text("value"),
    }
    reader.close()
    return header


def _read_health_check(reader: Reader) -> dict[str, Any]:
    check = {
        "protocol": reader.text("protocol", "http", choices=("http", "tcp")),
        "path": reader.text("path", "", pattern=r"/\S*", shape="a path that begins with /"),
        "host": reader.text("host", ""),
        "port": reader.whole("port", 0, minimum=0, maximum=65_535),
        "delay_loop": reader.whole("delay_loop", 10, minimum=10, maximum=60),
    }
    if check["protocol"] == "http":
        check["path"] = check["path"] or "/"
    elif check["path"] or check["host"]:
        reader.problem("path", "health-check", "a tcp check has no path and no host; remove them or check by http")
    reader.close()
    return check


def _read_place(reader: Reader, key: str, port: int) -> dict[str, Any]:
    """Another server, by the setting `key`, and its port; nothing where `key` is not set."""
    if not reader.has(key):
        reader.structure("port")
        reader.close()
        return {}
    place = {key: reader.text(key), "port": reader.whole("port", port, minimum=1, maximum=65_535)}
    reader.close()
    return place


def _read_rule(reader: Reader) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "host": reader.text("host", ""),
        "path": reader.text("path", ""),
        "source_ips": reader.text("source_ips", ""),
        "request_header_name": reader.text("request_header_name", ""),
        "request_header_value": reader.text("request_header_value", ""),
        "request_header_value_ignore_case": reader.flag("request_header_value_ignore_case", default=False),
        "request_header_value_not_match": reader.flag("request_header_value_not_match", default=False),
        "action": reader.text("action", "forward", choices=RULE_ACTIONS),
        "server_group": reader.text("server_group", "", pattern=ELB_GROUP_NAME, shape="1 to 10 letters or digits"),
        "redirect_location": reader.text("redirect_location", ""),
        "redirect_status_code": reader.text("redirect_status_code", "", choices=("301", "302")),
        "fixed_status_code": reader.text("fixed_status_code", "", choices=("200", "403", "503")),
        "fixed_content_type": reader.text("fixed_content_type", "", choices=CONTENT_TYPES),
        "fixed_message_body": reader.text("fixed_message_body", ""),
    }
    needed = {
        "forward": ("server_group",),
        "redirect": ("redirect_location", "redirect_status_code"),
        "fixed": ("fixed_status_code",),
    }
    for key in needed.get(rule["action"], ()):
        if not rule[key]:
            reader.problem(key, "rule-action", f"the action {rule['action']} needs {key}")
    if not any(rule[key] for key in ("host", "path", "source_ips", "request_header_name")):
        reader.problem("", "rule-match", "a rule matches by host, path, source_ips or request_header_name; give one")
    reader.close()
    return {key: value for key, value in rule.items() if value not in ("", False)}


def to_wire(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`Settings.ProxyLB` without entries and Let's Encrypt. `settings` is what `read_settings` returns."""
    sorry, syslog = settings["sorry_server"], settings["syslog"]
    wire: dict[str, Any] = {
        "BindPorts": [_port_to_wire(port) for port in settings["bind_ports"]],
        "HealthCheck": _health_check_to_wire(settings["health_check"]),
        "SorryServer": {"IPAddress": sorry.get("ip_address", ""), "Port": sorry.get("port")},
        "Rules": [rule_to_wire(rule) for rule in settings["rules"]],
        "StickySession": {"Enabled": True, "Method": "cookie"} if settings["sticky_session"] else {"Enabled": False},
        "Gzip": {"Enabled": settings["gzip"]},
        "ProxyProtocol": {"Enabled": settings["proxy_protocol"]},
        "Timeout": {"InactiveSec": settings["timeout"]},
        "Syslog": {"Server": syslog.get("server", ""), "Port": syslog.get("port", 514)},
    }
    if settings["backend_keep_alive"]:
        wire["BackendHttpKeepAlive"] = {"Mode": settings["backend_keep_alive"]}
    return wire


def rule_to_wire(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One of `Settings.ProxyLB.Rules`."""
    return _renamed(rule, _RULE)


def from_wire(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that an ELB has now, in the form that `read_settings` returns."""
    sorry, syslog = wire.get("SorryServer") or {}, wire.get("Syslog") or {}
    raw = {
        "bind_ports": [_port_from_wire(port) for port in wire.get("BindPorts") or []],
        "health_check": _named(wire.get("HealthCheck") or {}, _HEALTH_CHECK),
        "sorry_server": (
            {"ip_address": sorry["IPAddress"], "port": sorry.get("Port") or 80} if sorry.get("IPAddress") else {}
        ),
        "rules": [_named(rule, _RULE) for rule in wire.get("Rules") or []],
        "sticky_session": bool((wire.get("StickySession") or {}).get("Enabled")),
        "gzip": bool((wire.get("Gzip") or {}).get("Enabled")),
        "proxy_protocol": bool((wire.get("ProxyProtocol") or {}).get("Enabled")),
        "backend_keep_alive": (wire.get("BackendHttpKeepAlive") or {}).get("Mode") or "",
        "timeout": (wire.get("Timeout") or {}).get("InactiveSec") or 10,
        "syslog": {"server": syslog["Server"], "port": syslog.get("Port") or 514} if syslog.get("Server") else {},
    }
    settings = read_settings(Reader(raw, "", []))
    return settings if raw["bind_ports"] else {**settings, "bind_ports": []}  # no port at all is not the default one


def merged(there: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """`Settings.ProxyLB` as it is to be: these settings, and whatever else stands there, inside of them too."""
    whole = {key: value for key, value in there.items() if key != "BackendHttpKeepAlive"}
    for key, value in to_wire(settings).items():
        before = there.get(key)
        if isinstance(value, list):
            known = [(_same_as(key, one), _unknown(key, one)) for one in before or []]
            whole[key] = [
                {**next((more for same, more in known if same == _same_as(key, one)), {}), **one} for one in value
            ]
        else:
            whole[key] = {**_unknown(key, before or {}), **value}
    return whole


def same_rule(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rules of the wire mean the same."""
    return bool(_same_as("Rules", one) == _same_as("Rules", other))


def _same_as(key: str, one: Mapping[str, Any]) -> Any:
    """What makes a bind port or a rule of the wire the same one as another."""
    return one.get("Port") if key == "BindPorts" else _read_rule(Reader(_named(one, _RULE), "", []))


def _unknown(key: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in _KNOWN[key]}


def _port_to_wire(port: Mapping[str, Any]) -> dict[str, Any]:
    wire = {"RedirectToHttps": False, "SupportHttp2": False, **_renamed(port, _BIND_PORT)}
    headers = [{"Header": one["header"], "Value": one["value"]} for one in port.get("response_headers") or []]
    return {**wire, "AddResponseHeader": headers} if headers else wire


def _port_from_wire(wire: Mapping[str, Any]) -> dict[str, Any]:
    headers = [{"header": one["Header"], "value": one["Value"]} for one in wire.get("AddResponseHeader") or []]
    return {**_named(wire, _BIND_PORT), "response_headers": headers}


def _health_check_to_wire(check: Mapping[str, Any]) -> dict[str, Any]:
    if check["protocol"] == "tcp":
        check = {"protocol": "tcp", "port": check.get("port"), "delay_loop": check["delay_loop"]}
    return _renamed(check, _HEALTH_CHECK)


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Our names to the wire's; what is not set is left out."""
    return {names[key]: value for key, value in values.items() if key in names and value not in ("", 0, None)}


def _named(wire: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The wire's names to ours; what is not set is left out."""
    return {key: wire[name] for key, name in names.items() if wire.get(name) not in ("", None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElbArgs:
    """An ELB and how its groups join and leave it; times are seconds.

    Of those made elsewhere, `lookup` names one that is only used, and `adopt` (an ID) one that is taken over.
    """

    name: str = ""
    lookup: str = ""
    adopt: str = ""
    plan: int = 100
    region: str = "is1"
    vip_failover: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    icon_id: str = ""
    lets_encrypt_names: tuple[str, ...] = ()
    up_deadline: int = 300
    min_healthy_time: int = 0
    drain_timeout: int = 60

    @property
    def serving(self) -> Serving:
        """What it answers at port 443; of an ELB made elsewhere HTTP/2 is believed. It carries no UDP, so no HTTP/3."""
        if self.lookup:
            return Serving(protocols=(HTTP2, HTTP1))
        for port in self.settings.get("bind_ports", ()):
            if port["proxy_mode"] == "https" and port["port"] == HTTPS_PORT:
                return Serving(protocols=(HTTP2, HTTP1) if port["http2"] else (HTTP1,))
        return Serving(protocols=())


def read_elb(reader: Reader) -> ElbArgs:
    """The stack's ELB from configuration; problems go to the reader."""
    lookup = reader.text("lookup", "")
    plan = reader.whole("plan", 100)
    if plan not in PLANS:
        reader.problem("plan", "elb-plan", f"{plan} is not one of {', '.join(map(str, PLANS))}")
    labels = ("name", "adopt", "plan", "region", "description", "tags", "icon_id")
    own = {key for key in (*labels, *DEFAULTS) if reader.has(key)}
    if lookup and own:
        reader.problem("lookup", "lookup", f"an ELB that is looked up is not changed; remove {', '.join(sorted(own))}")
    if lookup and reader.has("lets_encrypt_names"):
        reader.problem(
            "lets_encrypt_names", "lookup", "the certificates of an ELB made elsewhere are not ours; remove them"
        )
    settings = read_settings(reader)
    elb = ElbArgs(
        name=reader.text("name", "" if lookup else None, pattern=r".{1,64}", shape="a name of 1 to 64 characters"),
        lookup=lookup,
        adopt=reader.text("adopt", "", pattern=RESOURCE_ID, shape="the 12 digits of an ELB's ID, in quotes"),
        plan=plan,
        region=reader.text("region", "is1", choices=REGIONS),
        vip_failover=reader.flag("vip_failover", default=False),
        settings={} if lookup else settings,
        description=read_description(reader),
        tags=read_tags(reader),
        icon_id=reader.text("icon_id", "", pattern=RESOURCE_ID, shape="the 12 digits of an icon's ID"),
        lets_encrypt_names=reader.texts("lets_encrypt_names", ()),
        up_deadline=reader.whole("up_deadline", 300, minimum=0, maximum=3_600),
        min_healthy_time=reader.whole("min_healthy_time", 0, minimum=0, maximum=600),
        drain_timeout=reader.whole("drain_timeout", 60, minimum=0, maximum=3_600),
    )
    reader.close()
    return elb
