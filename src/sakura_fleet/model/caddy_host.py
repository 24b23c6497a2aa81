"""A host on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3: its settings, and the script that makes it
so."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

from sakura_fleet.model.reading import Reader
from sakura_fleet.model.template import ServerTemplate, read_template
from sakura_fleet.model.zones import ZONES

PLACEHOLDER: Final = "@CADDYFILE_BASE64@"
"""Where the host script takes the Caddyfile: in base64, so that no quote, brace or variable in it can do harm."""
DEFAULT_TTL: Final = 30
"""Seconds; short, as the record follows the host when it is built anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaddyHostArgs:
    """One host. `record` is its name in the stack's DNS zone, with A and HTTPS records of `ttl` seconds; empty for
    none."""

    name: str
    zone: str
    caddyfile: str
    record: str = ""
    ttl: int = DEFAULT_TTL
    template: ServerTemplate = field(default_factory=ServerTemplate)


def read_caddy_host(reader: Reader) -> CaddyHostArgs:
    """One host from configuration; problems go to the reader."""
    host = CaddyHostArgs(
        name=reader.text("name", pattern=r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", shape="a host name of 1 to 32 characters"),
        zone=reader.text("zone", choices=tuple(ZONES)),
        caddyfile=reader.text("caddyfile"),
        record=reader.text("record", "", pattern=r"@|[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?", shape="a name in the DNS zone"),
        ttl=reader.whole("ttl", DEFAULT_TTL, minimum=10, maximum=3_600_000),
        template=read_template(reader.child("template")),
    )
    if host.template.edit_parameter.startup_scripts:
        message = "a Caddy host brings its own startup script; remove this one, or use a server group"
        reader.problem("template.edit_parameter.startup_scripts", "caddy-host-script", message)
    reader.close()
    return host


def host_script(script: str, caddyfile: str) -> str:
    """The startup script of one host: the host script with the Caddyfile in it."""
    return script.replace(PLACEHOLDER, base64.b64encode(caddyfile.encode()).decode())
