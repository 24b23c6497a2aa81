"""The Caddyfile of a host's sites (https://caddyserver.com/docs/caddyfile). Caddy 2.6 and newer take it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sakura_fleet.model.caddy.host import CaddyHostArgs
    from sakura_fleet.model.caddy.site import Site

HEALTH_PATH: Final = "/live"
"""Answered in plain HTTP at the host's address: what an ELB's health check asks for."""
ACME_CA_ROOT: Final = "/etc/caddy/acme-ca-root.pem"
"""Where the host script puts `acme_ca_root`."""
STAGING_CA: Final = "https://acme-staging-v02.api.letsencrypt.org/directory"
_BARE: Final = re.compile(r"[A-Za-z0-9/.:@_?&=%~+-]+")


def caddyfile(host: CaddyHostArgs) -> str:
    """The Caddyfile of a host with typed sites; for a raw one, that."""
    if host.caddyfile:
        return host.caddyfile
    blocks = [_block("", _options(host))]
    blocks += [_block(_address(host, site), _site(site)) for site in host.sites]
    blocks.append(_block("http://", [f"respond {HEALTH_PATH} 200"]))
    return "\n".join(blocks)


def _options(host: CaddyHostArgs) -> Iterator[str]:
    yield "admin unix//run/caddy/admin.sock"
    yield "grace_period 30s"
    if host.email:
        yield f"email {_token(host.email)}"
    if host.acme_ca:
        yield f"acme_ca {_token(STAGING_CA if host.acme_ca == 'staging' else host.acme_ca)}"
    if host.acme_ca_root:
        yield f"acme_ca_root {ACME_CA_ROOT}"
    if any(site.tls == "internal" for site in host.sites):
        yield "skip_install_trust"
    if host.storage:
        yield f"storage file_system {_token(host.storage)}"
    yield from _nested("servers", _servers(host))


def _servers(host: CaddyHostArgs) -> Iterator[str]:
    yield f"protocols {' '.join(host.serves)}"
    if not host.behind:
        return
    networks = " ".join(host.behind.networks)
    if host.behind.mode == "http":
        yield f"trusted_proxies static {networks}"
        yield "trusted_proxies_strict"
    if host.behind.proxy_protocol:
        wrapper = _nested("proxy_protocol", ["timeout 2s", f"allow {networks}"])
        yield from _nested("listener_wrappers", [*wrapper, "tls"])


def _address(host: CaddyHostArgs, site: Site) -> str:
    return f"http://{site.name}" if host.behind and host.behind.mode == "http" else site.name


def _site(site: Site) -> Iterator[str]:
    if site.tls == "internal":
        yield "tls internal"
    if site.log:
        yield from _nested("log", [f"output file /var/log/caddy/{site.name}.log"])
    yield from (line.rstrip() for line in site.snippet.strip("\n").split("\n") if site.snippet.strip())
    if site.file_server:
        yield f"root * {_token(site.file_server.root)}"
        yield "encode zstd gzip"
        yield "file_server browse" if site.file_server.browse else "file_server"
    if site.reverse_proxy:
        proxy = site.reverse_proxy
        checks = [
            f"lb_policy {proxy.lb_policy}",
            "lb_try_duration 5s",
            f"health_uri {_token(proxy.health_uri)}",
            "health_interval 5s",
            "fail_duration 10s",
        ]
        yield from _nested(f"reverse_proxy {' '.join(proxy.upstreams)}", checks)
    if site.redirect:
        yield f"redir {_token(site.redirect.to)} {'permanent' if site.redirect.permanent else 'temporary'}"


def _nested(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"\t{line}" for line in lines), "}"]


def _block(head: str, lines: Iterable[str]) -> str:
    opening = f"{head} {{" if head else "{"
    return "\n".join([opening, *_indented(list(lines)), "}", ""])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"\t{line}" if line else "" for line in lines]


def _token(text: str) -> str:
    """One word of a Caddyfile, in quotes where it might not be one. The settings hold no quotes themselves."""
    return text if _BARE.fullmatch(text) else f'"{text}"'
