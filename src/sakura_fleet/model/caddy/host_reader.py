"""A Caddy host from the stack's configuration."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

from sakura_fleet.model.caddy.host import (
    BEHIND_MODES,
    DEFAULT_READY_DEADLINE,
    DEFAULT_TTL,
    MANAGED,
    PROTOCOLS,
    Behind,
    Binary,
    CaddyHostArgs,
    SshAccess,
)
from sakura_fleet.model.caddy.host_rules import host_problems
from sakura_fleet.model.caddy.site import read_sites
from sakura_fleet.model.names import CADDY_HOST_NAME, RELATIVE_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.template_reader import read_template
from sakura_fleet.model.zones import ZONES

_PEM: Final = re.compile(r"(?s)\s*-----BEGIN CERTIFICATE-----\s.+-----END CERTIFICATE-----\s*")


def read_caddy_host(reader: Reader) -> CaddyHostArgs:
    """A host from configuration; problems go to the reader."""
    shape = "a name in the DNS zone"
    host = CaddyHostArgs(
        name=reader.text("name", pattern=CADDY_HOST_NAME, shape="a host name of 1 to 64 characters"),
        zone=reader.text("zone", "", choices=tuple(ZONES)),
        address=reader.text("address", ""),
        adopt=reader.text("adopt", "", pattern=RESOURCE_ID, shape="the 12 digits of a server's ID, in quotes"),
        sites=read_sites(reader),
        caddyfile=reader.text("caddyfile", ""),
        protocols=_read_protocols(reader),
        record=reader.text("record", "", pattern=RELATIVE_NAME, shape=shape),
        records=reader.texts("records", ()),
        ttl=reader.whole("ttl", DEFAULT_TTL, minimum=10, maximum=3_600_000),
        email=reader.text("email", "", pattern=r"[^\s@\"\\]+@[^\s@\"\\]+", shape="an e-mail address"),
        acme_ca=reader.text(
            "acme_ca",
            "",
            pattern=r"staging|https://[^\s\"\\]+",
            shape="`staging` or an ACME directory's https URL",
        ),
        acme_ca_root=_read_pem(reader, "acme_ca_root"),
        storage=reader.text("storage", "", pattern=r"/[A-Za-z0-9._/-]+", shape="an absolute path"),
        behind=_read_behind(reader.child("behind")) if reader.has("behind") else None,
        binary=_read_binary(reader.child("binary")) if reader.has("binary") else None,
        manage=reader.text("manage", "", choices=MANAGED),
        ssh=_read_ssh(reader.child("ssh")),
        ready_deadline=reader.whole("ready_deadline", DEFAULT_READY_DEADLINE, minimum=0, maximum=3_600),
        trusted_ca=_read_pem(reader, "trusted_ca"),
        template=read_template(reader.child("template")),
    )
    for problem in host_problems(host):
        reader.problem(problem.path, problem.rule, problem.message)
    reader.close()
    return host


def _read_protocols(reader: Reader) -> tuple[str, ...]:
    written = reader.texts("protocols", (), choices=PROTOCOLS)
    return tuple(protocol for protocol in PROTOCOLS if protocol in written)


def _read_pem(reader: Reader, key: str) -> str:
    text = reader.text(key, "")
    if text and not _PEM.fullmatch(text):
        reader.problem(key, "pem", "this is no certificate in PEM form, from -----BEGIN CERTIFICATE----- on")
    return text


def _read_behind(reader: Reader) -> Behind:
    behind = Behind(
        networks=reader.texts("networks"),
        mode=reader.text("mode", "http", choices=BEHIND_MODES),
        proxy_protocol=reader.flag("proxy_protocol", default=False),
    )
    for index, network in enumerate(behind.networks):
        try:
            ip_network(network)
        except ValueError:
            reader.problem(f"networks[{index}]", "network", f"{network!r} is not a network such as 192.0.2.0/24")
    if reader.has("networks") and not behind.networks:
        reader.problem("networks", "no-network", "the list is empty; name the networks of what is before the host")
    reader.close()
    return behind


def _read_binary(reader: Reader) -> Binary:
    binary = Binary(
        url=reader.text("url", pattern=r"https://[^\s\"'\\]+", shape="an https URL"),
        sha256=reader.text("sha256", pattern=r"[0-9a-f]{64}", shape="a SHA-256: 64 hex digits in lower case"),
    )
    reader.close()
    return binary


def _read_ssh(reader: Reader) -> SshAccess:
    ssh = SshAccess(
        user=reader.text("user", "root", pattern=r"[a-z_][a-z0-9_-]{0,31}", shape="a user's name"),
        port=reader.whole("port", 22, minimum=1, maximum=65_535),
        private_key_file=reader.text("private_key_file", ""),
        host_key=reader.text(
            "host_key",
            "",
            pattern=r"(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+=*(?: .*)?",
            shape="a host's public key such as `ssh-ed25519 AAAA…`",
        ),
    )
    reader.close()
    return replace(ssh, host_key=" ".join(ssh.host_key.split()[:2]))
