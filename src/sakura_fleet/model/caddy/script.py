"""The script that prepares a Caddy host: one text, with the settings of the host at its head."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from shlex import quote
from typing import Final

from sakura_fleet.model.caddy.caddyfile import caddyfile
from sakura_fleet.model.caddy.host import CaddyHostArgs

PLACEHOLDER: Final = "# @SETTINGS@\n"
"""The line of the script in whose place the settings come."""


def host_script(host: CaddyHostArgs, *, names: Sequence[str] = ()) -> str:
    """The whole script for one host: as its startup script, or for a shell over SSH.

    `names` must resolve to the host before its sites start, beside those of its sites. What a person wrote goes in
    base64 or quoted, so that no quote, brace or variable in it means anything to a shell.
    """
    wanted = [] if host.behind else [*host.acme_names, *(name for name in names if name not in host.acme_names)]
    settings = {
        "CADDYFILE_BASE64": _base64(caddyfile(host)),
        "ACME_NAMES": " ".join(wanted),
        "ADDRESSES": host.address,
        "OPEN_PORTS": " ".join(f"{port}/{protocol}" for protocol, port in host.open_ports),
        "STORAGE": host.storage,
        "ACME_CA_ROOT_BASE64": _base64(host.acme_ca_root),
        "BINARY_URL": host.binary.url if host.binary else "",
        "BINARY_SHA256": host.binary.sha256 if host.binary else "",
        "PASSWORD_LOGIN": "off" if host.template.edit_parameter.disable_pw_auth else "keep",
        "LOCAL_CA": "1" if host.over_ssh and host.internal_names else "",
    }
    lines = "".join(f"{key}={quote(value)}\n" for key, value in settings.items() if value)
    return _template().replace(PLACEHOLDER, lines)


def local_ca(output: str) -> str:
    """The certificate (PEM) of the host's own CA, from what the script printed; empty where it printed none."""
    for line in output.splitlines():
        word, _, encoded = line.partition(": ")
        if word == "local-ca":
            return base64.b64decode(encoded).decode()
    return ""


def _template() -> str:
    return files(__package__).joinpath("host.sh").read_text("utf-8")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
