"""Reading an ELB and its settings from configuration or inputs: typed values out, problems to the reader."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from sakura_fleet.model.elb.settings import (
    CONTENT_TYPES,
    MAX_BIND_PORTS,
    MAX_RESPONSE_HEADERS,
    PLANS,
    PROXY_MODES,
    REGIONS,
    RULE_ACTIONS,
    SSL_POLICIES,
    BindPort,
    ElbSettings,
    HealthCheck,
    ResponseHeader,
    Rule,
    SorryServer,
    Syslog,
)
from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.names import ELB_GROUP_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.serving import HTTP1, HTTP2, HTTPS_PORT, Serving


def read_settings(reader: Reader) -> ElbSettings:
    """An ELB's settings from configuration or inputs; problems go to the reader."""
    ports = tuple(_read_bind_port(child) for child in reader.children("bind_ports"))
    if len(ports) > MAX_BIND_PORTS:
        reader.problem("bind_ports", "too-many-ports", f"{len(ports)} ports; an ELB takes at most {MAX_BIND_PORTS}")
    return ElbSettings(
        bind_ports=ports or ElbSettings().bind_ports,
        health_check=_read_health_check(reader.child("health_check")),
        sorry_server=SorryServer(*place)
        if (place := _read_place(reader.child("sorry_server"), "ip_address", 80))
        else None,
        rules=tuple(read_rule(child) for child in reader.children("rules")),
        sticky_session=reader.flag("sticky_session", default=False),
        gzip=reader.flag("gzip", default=False),
        proxy_protocol=reader.flag("proxy_protocol", default=False),
        backend_keep_alive=reader.text("backend_keep_alive", "", choices=("safe", "aggressive")),
        timeout=reader.whole("timeout", 10, minimum=10, maximum=600),
        syslog=Syslog(*place) if (place := _read_place(reader.child("syslog"), "server", 514)) else None,
    )


def _read_bind_port(reader: Reader) -> BindPort:
    port = BindPort(
        proxy_mode=reader.text("proxy_mode", choices=PROXY_MODES),
        port=reader.whole("port", minimum=1, maximum=65_535),
        redirect_to_https=reader.flag("redirect_to_https", default=False),
        http2=reader.flag("http2", default=False),
        ssl_policy=reader.text("ssl_policy", "", choices=SSL_POLICIES),
        response_headers=tuple(_read_header(child) for child in reader.children("response_headers")),
    )
    mode = port.proxy_mode
    if port.redirect_to_https and mode != "http":
        reader.problem("redirect_to_https", "redirect-mode", f"only an http port redirects to https, not {mode}")
    if port.http2 and mode != "https":
        reader.problem("http2", "http2-mode", f"only an https port speaks HTTP/2, not {mode}")
    if port.ssl_policy and mode != "https":
        reader.problem("ssl_policy", "ssl-policy-mode", f"an SSL policy is for https, not {mode}")
    if len(port.response_headers) > MAX_RESPONSE_HEADERS:
        reader.problem("response_headers", "too-many-headers", f"at most {MAX_RESPONSE_HEADERS} headers are allowed")
    reader.close()
    return port


def _read_header(reader: Reader) -> ResponseHeader:
    header = ResponseHeader(
        header=reader.text("header", pattern=r"[A-Za-z0-9-]+", shape="a header name"), value=reader.text("value")
    )
    reader.close()
    return header


def _read_health_check(reader: Reader) -> HealthCheck:
    protocol = reader.text("protocol", "http", choices=("http", "tcp"))
    path = reader.text("path", "", pattern=r"/\S*", shape="a path that begins with /")
    check = HealthCheck(
        protocol=protocol,
        path=path or ("/" if protocol == "http" else ""),
        host=reader.text("host", ""),
        delay_loop=reader.whole("delay_loop", 10, minimum=10, maximum=60),
    )
    if protocol != "http" and (check.path or check.host):
        reader.problem("path", "health-check", "a tcp check has no path and no host; remove them or check by http")
    reader.close()
    return check


def _read_place(reader: Reader, key: str, port: int) -> tuple[str, int] | None:
    """Another server, by the setting `key`, and its port; None where `key` is not set."""
    if not reader.has(key):
        reader.structure("port")
        reader.close()
        return None
    place = (reader.text(key), reader.whole("port", port, minimum=1, maximum=65_535))
    reader.close()
    return place


def read_rule(reader: Reader) -> Rule:
    """One rule of an ELB; problems go to the reader."""
    rule = Rule(
        host=reader.text("host", ""),
        path=reader.text("path", ""),
        source_ips=reader.text("source_ips", ""),
        request_header_name=reader.text("request_header_name", ""),
        request_header_value=reader.text("request_header_value", ""),
        request_header_value_ignore_case=reader.flag("request_header_value_ignore_case", default=False),
        request_header_value_not_match=reader.flag("request_header_value_not_match", default=False),
        action=reader.text("action", "forward", choices=RULE_ACTIONS),
        server_group=reader.text("server_group", "", pattern=ELB_GROUP_NAME, shape="1 to 10 letters or digits"),
        redirect_location=reader.text("redirect_location", ""),
        redirect_status_code=reader.text("redirect_status_code", "", choices=("301", "302")),
        fixed_status_code=reader.text("fixed_status_code", "", choices=("200", "403", "503")),
        fixed_content_type=reader.text("fixed_content_type", "", choices=CONTENT_TYPES),
        fixed_message_body=reader.text("fixed_message_body", ""),
    )
    needed = {
        "forward": {"server_group": rule.server_group},
        "redirect": {
            "redirect_location": rule.redirect_location,
            "redirect_status_code": rule.redirect_status_code,
        },
        "fixed": {"fixed_status_code": rule.fixed_status_code},
    }
    for key, value in needed.get(rule.action, {}).items():
        if not value:
            reader.problem(key, "rule-action", f"the action {rule.action} needs {key}")
    if not (rule.host or rule.path or rule.source_ips or rule.request_header_name):
        reader.problem("", "rule-match", "a rule matches by host, path, source_ips or request_header_name; give one")
    reader.close()
    return rule


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
    settings: ElbSettings = field(default_factory=ElbSettings)
    description: str = ""
    tags: tuple[str, ...] = ()
    icon_id: str = ""
    lets_encrypt_names: tuple[str, ...] = ()
    up_deadline: int = 300
    min_healthy_time: int = 0
    drain_timeout: int = 60

    @property
    def resource_name(self) -> str:
        """The name of its Pulumi resources: its own, or what it is looked up by."""
        return self.name or self.lookup

    @property
    def serving(self) -> Serving:
        """What it answers at port 443; of an ELB made elsewhere HTTP/2 is believed. It carries no UDP, so no HTTP/3."""
        if self.lookup:
            return Serving(protocols=(HTTP2, HTTP1))
        for port in self.settings.bind_ports:
            if port.proxy_mode == "https" and port.port == HTTPS_PORT:
                return Serving(protocols=(HTTP2, HTTP1) if port.http2 else (HTTP1,))
        return Serving(protocols=())


def read_elb(reader: Reader) -> ElbArgs:
    """The stack's ELB from configuration; problems go to the reader."""
    lookup = reader.text("lookup", "")
    plan = reader.whole("plan", 100)
    if plan not in PLANS:
        reader.problem("plan", "elb-plan", f"{plan} is not one of {', '.join(map(str, PLANS))}")
    labels = ("name", "adopt", "plan", "region", "description", "tags", "icon_id")
    own = {key for key in (*labels, *(setting.name for setting in fields(ElbSettings))) if reader.has(key)}
    if lookup and own:
        reader.problem("lookup", "lookup", f"an ELB that is looked up is not changed; remove {', '.join(sorted(own))}")
    if lookup and reader.has("lets_encrypt_names"):
        reader.problem(
            "lets_encrypt_names",
            "lookup",
            "the certificates of an ELB made elsewhere are not this stack's; remove them",
        )
    settings = read_settings(reader)
    elb = ElbArgs(
        name=reader.text("name", "" if lookup else None, pattern=r".{1,64}", shape="a name of 1 to 64 characters"),
        lookup=lookup,
        adopt=reader.text("adopt", "", pattern=RESOURCE_ID, shape="the 12 digits of an ELB's ID, in quotes"),
        plan=plan,
        region=reader.text("region", "is1", choices=REGIONS),
        vip_failover=reader.flag("vip_failover", default=False),
        settings=settings,
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
