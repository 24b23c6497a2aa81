"""A Caddy host's settings: what is read, what is refused, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.model.caddy.host import (
    DEFAULT_READY_DEADLINE,
    DEFAULT_TTL,
    PROTOCOLS,
    Behind,
    Binary,
    CaddyHostArgs,
    SshAccess,
)
from sakura_fleet.model.caddy.host_reader import read_caddy_host
from sakura_fleet.model.caddy.site import FileServer, Redirect, ReverseProxy, Site
from sakura_fleet.model.server.template import ServerTemplate
from tests.unit.model.read import read, rules

CADDYFILE = "www.example.com {\n  file_server\n}\n"
RAW = {"name": "www", "zone": "is1b", "caddyfile": CADDYFILE}
SITE = {"name": "www.example.com", "file_server": {}}
SITES = {"name": "www", "zone": "is1b", "sites": [SITE]}
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8AKyLHm0LLUxWMBKNbA4zdETB+3fP0eRNPoFYYo3cx example"
WITH_KEY = {"edit_parameter": {"ssh_keys": [KEY]}}


def host_of(base: dict[str, Any] | None = None, **changes: Any) -> tuple[CaddyHostArgs, list[tuple[str, str]]]:
    given = {**(RAW if base is None else base), **changes}
    host, problems = read(read_caddy_host, {key: value for key, value in given.items() if value is not None})
    return host, rules(problems)


def typed(**changes: Any) -> tuple[CaddyHostArgs, list[tuple[str, str]]]:
    return host_of(SITES, **changes)


def site(**changes: Any) -> list[tuple[str, str]]:
    """What is wrong with a host whose one site is changed."""
    return typed(sites=[{key: value for key, value in {**SITE, **changes}.items() if value is not None}])[1]


def test_a_host_with_defaults() -> None:
    host, problems = host_of()
    assert problems == []
    assert host == CaddyHostArgs(name="www", zone="is1b", caddyfile=CADDYFILE)
    assert (host.record, host.ttl, host.template) == ("", DEFAULT_TTL, ServerTemplate())
    assert (host.ready_deadline, host.serves, host.over_ssh) == (DEFAULT_READY_DEADLINE, PROTOCOLS, False)


def test_a_host_with_everything() -> None:
    host, problems = typed(
        sites=[
            {"name": "a.example.com", "file_server": {"root": "/srv/www", "browse": True}, "log": False},
            {
                "name": "b.example.com",
                "reverse_proxy": {"upstreams": ["10.0.0.1:80"], "health_uri": "/up", "lb_policy": "first"},
                "tls": "internal",
            },
            {"name": "c.example.com", "redirect": {"to": "https://a.example.com{uri}", "permanent": True}},
            {"name": "d.example.com", "snippet": "respond hello"},
        ],
        protocols=["h2", "h1"],
        record="www",
        records=["a", "@"],
        email="ops@example.com",
        acme_ca="https://ca.example.com/directory",
        acme_ca_root=PEM,
        storage="/mnt/caddy",
        behind={"networks": ["192.0.2.0/24"], "mode": "tcp", "proxy_protocol": True},
        binary={"url": "https://example.com/caddy", "sha256": "ab" * 32},
        manage="ssh",
        ssh={"user": "admin", "port": 2222, "private_key_file": "~/.ssh/id", "host_key": KEY},
        ready_deadline=30,
        trusted_ca=PEM,
        template=WITH_KEY,
    )
    assert problems == []
    assert host.sites == (
        Site(name="a.example.com", file_server=FileServer(root="/srv/www", browse=True), log=False),
        Site(
            name="b.example.com",
            reverse_proxy=ReverseProxy(upstreams=("10.0.0.1:80",), health_uri="/up", lb_policy="first"),
            tls="internal",
        ),
        Site(name="c.example.com", redirect=Redirect(to="https://a.example.com{uri}", permanent=True)),
        Site(name="d.example.com", snippet="respond hello"),
    )
    assert host.behind == Behind(networks=("192.0.2.0/24",), mode="tcp", proxy_protocol=True)
    assert host.binary == Binary(url="https://example.com/caddy", sha256="ab" * 32)
    pinned = " ".join(KEY.split()[:2])
    assert host.ssh == SshAccess(user="admin", port=2222, private_key_file="~/.ssh/id", host_key=pinned)
    assert host.serves == ("h1", "h2")
    assert host.all_records == ("www", "a", "@")
    assert host.acme_names == ("a.example.com", "c.example.com", "d.example.com")
    assert host.internal_names == ("b.example.com",)


@pytest.mark.parametrize("key", RAW)
def test_what_every_host_needs(key: str) -> None:
    assert host_of(**{key: None})[1] == [(key, "required")]


@pytest.mark.parametrize("name", ["a", "a1", "a-b", "a" * 64])
def test_good_names(name: str) -> None:
    assert host_of(name=name)[1] == []


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "A", "a.b", "a_b", "a" * 65, "ホスト"])
def test_bad_names(name: str) -> None:
    assert host_of(name=name)[1] == [("name", "shape")]


@pytest.mark.parametrize("record", ["", "@", "www", "a.b", "_a", "a-b", "1"])
def test_good_records(record: str) -> None:
    assert host_of(record=record)[1] == []


@pytest.mark.parametrize("record", ["-a", "a-", "a.", "A", "a b", "*"])
def test_bad_records(record: str) -> None:
    assert host_of(record=record)[1] == [("record", "shape")]
    assert typed(records=[record])[1] == [("records[0]", "shape")]


def test_records_each_once() -> None:
    assert typed(record="www", records=["a", "www", "a"])[1] == [
        ("records[1]", "duplicate-record"),
        ("records[2]", "duplicate-record"),
    ]


def test_numbers_at_both_edges() -> None:
    assert [host_of(ttl=ttl)[1] for ttl in (10, 3_600_000)] == [[], []]
    assert [host_of(ttl=ttl)[1] for ttl in (9, 3_600_001)] == [[("ttl", "range")]] * 2
    assert [typed(ready_deadline=seconds)[1] for seconds in (0, 3_600)] == [[], []]
    assert [typed(ready_deadline=seconds)[1] for seconds in (-1, 3_601)] == [[("ready_deadline", "range")]] * 2
    ports = [host_of({**SITES, "manage": "ssh", "template": WITH_KEY}, ssh={"port": port})[1] for port in (0, 65_536)]
    assert ports == [[("ssh.port", "range")]] * 2


def test_other_problems_have_their_paths() -> None:
    script = {"edit_parameter": {"startup_scripts": ["#!/bin/sh\n"]}}
    assert host_of(template=script)[1] == [("template.edit_parameter.startup_scripts", "caddy-host-script")]
    assert host_of(zone="is2a", caddy_file="x", template={"plan": {"core": 0}})[1] == [
        ("zone", "unknown-value"),
        ("template.plan.core", "range"),
        ("caddy_file", "unknown-key"),
    ]


@pytest.mark.parametrize(
    "name",
    ["www.example.com", "example.com", "a-b.example.com", "xn--wgv71a.example.com", "localhost", "1.example.com"],
)
def test_good_site_names(name: str) -> None:
    assert site(name=name) == []


@pytest.mark.parametrize(
    "name",
    [
        "WWW.example.com",
        "https://www.example.com",
        "www.example.com:443",
        "www.example.com/path",
        "*.example.com",
        "a b.example.com",
        "-a.example.com",
        "a..example.com",
        "example.com.",
        "192.0.2.1",
        "日本.example.com",
        "a" * 64 + ".example.com",
        "www.example.com {\n}",
    ],
)
def test_bad_site_names(name: str) -> None:
    assert site(name=name) == [("sites[0].name", "site-name")]


def test_two_sites_of_one_name() -> None:
    assert typed(sites=[SITE, {**SITE, "name": "b.example.com"}, SITE])[1] == [("sites[2].name", "duplicate-site")]


def test_a_site_is_one_thing() -> None:
    assert site(file_server=None) == [("sites[0]", "site-kind")]
    assert site(redirect={"to": "https://example.com"}) == [("sites[0]", "site-kind")]
    assert site(file_server=None, snippet="  \n") == [("sites[0]", "site-kind")]
    assert site(snippet="header X y") == []


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"tls": "off"}, "tls", "unknown-value"),
        ({"file_server": {"root": "srv"}}, "file_server.root", "shape"),
        ({"file_server": {"root": '/srv" {\n}'}}, "file_server.root", "shape"),
        ({"reverse_proxy": {"upstreams": [], "health_uri": "/"}}, "reverse_proxy.upstreams", "no-upstream"),
        ({"reverse_proxy": {"upstreams": ["a b"], "health_uri": "/"}}, "reverse_proxy.upstreams[0]", "upstream"),
        (
            {"reverse_proxy": {"upstreams": ["a:1", "https://b"], "health_uri": "/"}},
            "reverse_proxy.upstreams",
            "upstream-scheme",
        ),
        ({"reverse_proxy": {"upstreams": ["a:1"]}}, "reverse_proxy.health_uri", "required"),
        ({"reverse_proxy": {"upstreams": ["a:1"], "health_uri": "x"}}, "reverse_proxy.health_uri", "shape"),
        ({"redirect": {"to": "/elsewhere"}}, "redirect.to", "shape"),
        ({"redirect": {"to": "https://x", "status": 301}}, "redirect.status", "unknown-key"),
    ],
)
def test_bad_sites(changes: dict[str, Any], path: str, rule: str) -> None:
    file_server = changes.get("file_server")
    assert site(**{"file_server": file_server, **changes} if "tls" not in changes else changes) == [
        (f"sites[0].{path}", rule)
    ]


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"protocols": ["h1", "h4"]}, "protocols[1]", "unknown-value"),
        ({"protocols": ["h3"]}, "protocols", "h3-only"),
        ({"protocols": ["h1", "h2", "h3"], "behind": {"networks": ["192.0.2.0/24"]}}, "protocols", "h3-behind"),
        ({"behind": {"networks": []}}, "behind.networks", "no-network"),
        ({"behind": {"networks": ["x"]}}, "behind.networks[0]", "network"),
        ({"behind": {"networks": ["192.0.2.0/24"], "mode": "udp"}}, "behind.mode", "unknown-value"),
        ({"email": "ops"}, "email", "shape"),
        ({"acme_ca": "http://ca.example.com"}, "acme_ca", "shape"),
        ({"acme_ca_root": "/etc/ca.pem"}, "acme_ca_root", "pem"),
        ({"trusted_ca": "x"}, "trusted_ca", "pem"),
        ({"storage": "mnt"}, "storage", "shape"),
        ({"storage": "/mnt/a b"}, "storage", "shape"),
        ({"binary": {"url": "http://example.com/caddy", "sha256": "0" * 64}}, "binary.url", "shape"),
        ({"binary": {"url": "https://example.com/caddy", "sha256": "0" * 63}}, "binary.sha256", "shape"),
        ({"binary": {"url": "https://example.com/caddy"}}, "binary.sha256", "required"),
        ({"manage": "cloudinit"}, "manage", "unknown-value"),
        ({"manage": "ssh"}, "template.edit_parameter.ssh_keys", "ssh-key-missing"),
        ({"ssh": {"port": 2222}}, "ssh", "ssh-not-used"),
        ({"caddyfile": "x"}, "caddyfile", "sites-or-caddyfile"),
        ({"sites": []}, "caddyfile", "required"),
        ({"address": "192.0.2.1"}, "zone", "existing-host"),
        ({"zone": None, "address": "host.example.com"}, "address", "ip-address"),
        ({"zone": None, "address": "192.0.2.1", "adopt": "113800000021"}, "adopt", "existing-host"),
        ({"adopt": "www"}, "adopt", "shape"),
        ({"zone": None, "address": "192.0.2.1", "template": {"tags": ["a"]}}, "template", "existing-host"),
        ({"zone": None, "address": "192.0.2.1", "manage": "startup"}, "manage", "address-needs-ssh"),
        ({"sites": [{**SITE, "tls": "internal"}]}, "trusted_ca", "trusted-ca-missing"),
        ({"acme_ca": "staging"}, "trusted_ca", "trusted-ca-missing"),
    ],
)
def test_refused(changes: dict[str, Any], path: str, rule: str) -> None:
    assert typed(**changes)[1] == [(path, rule)]


@pytest.mark.parametrize("ssh", [{"host_key": "AAAA"}, {"host_key": "ssh-rsa AAAA"}, {"user": "Root"}, {"key": "x"}])
def test_bad_ssh_settings(ssh: dict[str, Any]) -> None:
    (problem,) = typed(manage="ssh", template=WITH_KEY, ssh=ssh)[1]
    assert problem[0] == f"ssh.{next(iter(ssh))}"


@pytest.mark.parametrize(
    "changes",
    [
        {"acme_ca": "staging", "trusted_ca": PEM},
        {"acme_ca": "staging", "ready_deadline": 0},
        {"sites": [{**SITE, "tls": "internal"}], "manage": "ssh", "template": WITH_KEY},
        {"manage": "ssh", "template": {"disks": [{"source_archive": "113000000001"}]}},
        {"zone": None, "address": "2001:db8::1", "ssh": {"user": "admin"}},
    ],
)
def test_the_ways_out_are_ways(changes: dict[str, Any]) -> None:
    assert typed(**changes)[1] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{$DOMAIN} {\n\trespond hi\n}\n", 1),
        ("www.example.com {\n\ttls {$EMAIL}\n}\n", 2),
        ("www.example.com {\n\trespond {$A:x} {$B}\n}\n", 2),
        ("{$DOMAIN:www.example.com} {\n\trespond hi\n}\n", 0),
        ("{$DOMAIN:} {\n\trespond hi\n}\n", 0),
        ("# {$DOMAIN}\nwww.example.com {\n\trespond {env.HOME}\n}\n", 0),
    ],
)
def test_a_variable_without_a_value_is_refused_with_its_line(text: str, line: int) -> None:
    for path, changes in (
        ("caddyfile", {**RAW, "caddyfile": text}),
        ("sites[0].snippet", {"sites": [{"name": "www.example.com", "snippet": text}]}),
    ):
        raw = changes if path == "caddyfile" else {"name": "www", "zone": "is1b", **changes}
        _, problems = read(read_caddy_host, raw)
        found = [problem for problem in problems if problem.rule == "caddyfile-variable"]
        assert [(problem.path, problem.message.partition(":")[0]) for problem in found] == (
            [(path, f"line {line}")] if line else []
        )


def test_a_caddyfile_that_nobody_asks_about_must_say_what_it_serves() -> None:
    assert host_of(record="www", ready_deadline=0)[1] == [("ready_deadline", "caddyfile-unseen")]
    assert host_of(record="www", ready_deadline=0, protocols=["h1", "h2"])[1] == []
    assert host_of(ready_deadline=0)[1] == []


@pytest.mark.parametrize("key", ["email", "acme_ca", "acme_ca_root", "storage", "behind"])
def test_with_a_caddyfile_of_one_s_own_this_stands_in_there(key: str) -> None:
    good = {
        "email": "a@b",
        "acme_ca": "https://ca",
        "acme_ca_root": PEM,
        "storage": "/mnt",
        "behind": {"networks": ["192.0.2.0/24"]},
    }
    assert host_of(**{key: good[key]})[1] == [(key, "in-the-caddyfile")]


def filtered(*filters: dict[str, str], protocols: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    interface = {"upstream": "shared", "packet_filter": list(filters)}
    return typed(template={"network_interfaces": [interface]}, protocols=list(protocols) or None)[1]


DENY_ALL = {"protocol": "ip", "action": "deny"}
OPEN_TCP = ({"protocol": "tcp", "destination_port": "80"}, {"protocol": "tcp", "destination_port": "443"})
WHERE = "template.network_interfaces[0].packet_filter"


def test_http3_needs_its_port() -> None:
    open_udp = {"protocol": "udp", "destination_port": "443"}
    assert filtered(*OPEN_TCP, DENY_ALL) == [(WHERE, "h3-port-closed")]
    assert filtered(*OPEN_TCP, open_udp, DENY_ALL) == []
    assert filtered(*OPEN_TCP, DENY_ALL, open_udp) == [(WHERE, "h3-port-closed")]
    assert filtered(*OPEN_TCP, DENY_ALL, protocols=("h1", "h2")) == []
    assert filtered({"protocol": "udp", "destination_port": "443", "action": "deny"}) == [(WHERE, "h3-port-closed")]
    assert filtered({"protocol": "udp", "destination_port": "53", "action": "deny"}) == []


def test_a_site_needs_its_ports() -> None:
    assert filtered(DENY_ALL) == [(WHERE, "port-closed"), (WHERE, "port-closed"), (WHERE, "h3-port-closed")]
    assert filtered({"protocol": "http"}, {"protocol": "https"}, DENY_ALL) == [(WHERE, "h3-port-closed")]
    assert filtered() == []


def test_what_is_spoken_over_https() -> None:
    assert typed()[0].alpn_ids == ("http/1.1", "h2", "h3")
    assert typed(protocols=["h2", "h3"])[0].alpn_ids == ("h2", "h3")
    behind = {"networks": ["192.0.2.0/24"]}
    assert typed(behind={**behind, "mode": "tcp"})[0].alpn_ids == ("http/1.1", "h2")
    assert typed(behind=behind)[0].alpn_ids == ()


def test_ports() -> None:
    assert typed()[0].open_ports == (("tcp", 80), ("tcp", 443), ("udp", 443))
    assert typed(protocols=["h1", "h2"])[0].open_ports == (("tcp", 80), ("tcp", 443))
    assert typed(behind={"networks": ["192.0.2.0/24"]})[0].open_ports == (("tcp", 80),)
