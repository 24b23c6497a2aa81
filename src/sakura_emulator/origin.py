"""Which requests a web page may have sent: of those, only pages of this machine are answered.

A browser sends what any page asks for to an emulator on this machine, and a page whose name was made to lead here (DNS
rebinding) may read the answers. Such requests are known by their Host and Origin; clients that are no browsers send no
Origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit


def refusal(headers: Mapping[str, str], *, any_host: bool) -> str:
    """Why a request is not answered; empty where it is. `any_host` is for an emulator that listens on other addresses
    than loopback, where a page would need the token."""
    host = headers.get("host", "")
    if not any_host and not _is_local(f"//{host}"):
        return f"only a loopback Host is answered, not {host!r}"
    origin = headers.get("origin")
    if origin is None or _is_local(origin) or (any_host and origin.partition("://")[2] == host):
        return ""
    return f"the Origin {origin!r} is refused"


def _is_local(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.[0-9]+){1,3}", host) is not None
