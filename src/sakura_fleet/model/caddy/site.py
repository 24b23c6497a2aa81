"""One site of a Caddy host: its name, what it serves, and where its certificate comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sakura_fleet.model.names import HOST_NAME
from sakura_fleet.model.reading import Reader

CERTIFICATES: Final = ("auto", "internal")
DEFAULT_ROOT: Final = "/usr/share/caddy"
LB_POLICIES: Final = ("least_conn", "random", "round_robin", "first", "ip_hash", "client_ip_hash")
KINDS: Final = ("file_server", "reverse_proxy", "redirect")
_ADDRESS: Final = re.compile(r"[0-9.]+")
_UPSTREAM: Final = re.compile(r"(?:https?://)?(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileServer:
    """Files below `root`; `browse` lists folders without an index page."""

    root: str = DEFAULT_ROOT
    browse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseProxy:
    """Backends, with the three checks on: another try elsewhere, failures counted, and `health_uri` asked."""

    upstreams: tuple[str, ...]
    health_uri: str
    lb_policy: str = "least_conn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Every request goes to `to`; `{uri}` in it is path and query."""

    to: str
    permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One name and what it serves. `snippet` are lines of a Caddyfile that go into its block."""

    name: str
    file_server: FileServer | None = None
    reverse_proxy: ReverseProxy | None = None
    redirect: Redirect | None = None
    snippet: str = ""
    tls: str = "auto"
    log: bool = True


def read_sites(reader: Reader) -> tuple[Site, ...]:
    """The list under `sites`; problems go to the reader."""
    return tuple(_read_site(child) for child in reader.children("sites"))


def is_host_name(text: str) -> bool:
    """Whether `text` is a host's name in lower case, with A-labels; an IP address is none."""
    return bool(re.fullmatch(HOST_NAME, text)) and not _ADDRESS.fullmatch(text)


def _read_site(reader: Reader) -> Site:
    site = Site(
        name=reader.text("name"),
        file_server=_read_file_server(reader.child("file_server")) if reader.has("file_server") else None,
        reverse_proxy=_read_reverse_proxy(reader.child("reverse_proxy")) if reader.has("reverse_proxy") else None,
        redirect=_read_redirect(reader.child("redirect")) if reader.has("redirect") else None,
        snippet=reader.text("snippet", ""),
        tls=reader.text("tls", "auto", choices=CERTIFICATES),
        log=reader.flag("log", default=True),
    )
    kinds = [kind for kind in KINDS if getattr(site, kind)]
    if len(kinds) > 1:
        message = f"a site is one of {', '.join(KINDS)}, not {' and '.join(kinds)} at once; use a snippet with paths"
        reader.problem("", "site-kind", message)
    if not kinds and not site.snippet.strip():
        reader.problem("", "site-kind", f"say what the site serves: {', '.join(KINDS)}, or a snippet")
    reader.close()
    return site


def _read_file_server(reader: Reader) -> FileServer:
    served = FileServer(
        root=reader.text("root", DEFAULT_ROOT, pattern=r"/[^\n\r\"\\]*", shape="an absolute path"),
        browse=reader.flag("browse", default=False),
    )
    reader.close()
    return served


def _read_reverse_proxy(reader: Reader) -> ReverseProxy:
    proxy = ReverseProxy(
        upstreams=reader.texts("upstreams"),
        health_uri=reader.text(
            "health_uri", pattern=r"/[^\s\"\\]*", shape="a path that a backend answers with 2xx while it is well"
        ),
        lb_policy=reader.text("lb_policy", "least_conn", choices=LB_POLICIES),
    )
    if reader.has("upstreams") and not proxy.upstreams:
        reader.problem("upstreams", "no-upstream", "the list is empty; name at least one backend")
    for index, upstream in enumerate(proxy.upstreams):
        if not _UPSTREAM.fullmatch(upstream):
            message = f"{upstream!r} is not a backend such as 192.168.0.11:8080 or https://backend.example.com"
            reader.problem(f"upstreams[{index}]", "upstream", message)
    if len({upstream.startswith("https://") for upstream in proxy.upstreams}) > 1:
        message = "backends with https and without it cannot be mixed; use one of them for all"
        reader.problem("upstreams", "upstream-scheme", message)
    reader.close()
    return proxy


def _read_redirect(reader: Reader) -> Redirect:
    redirect = Redirect(
        to=reader.text("to", pattern=r"https?://[^\s\"\\]+", shape="a URL such as https://www.example.com{uri}"),
        permanent=reader.flag("permanent", default=False),
    )
    reader.close()
    return redirect
