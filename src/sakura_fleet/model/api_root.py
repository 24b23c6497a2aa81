"""The API root: which URLs are taken, and which of them are on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def is_emulator(root: str) -> bool:
    """Whether an API root is the emulator on this machine: nothing else is reached without TLS."""
    return root.strip().casefold().startswith("http:")


def check_api_root(root: str) -> str:
    """Why `root` cannot be an API root; empty where it can.

    Plain http is for this machine only: every request carries the API key.
    """
    try:
        parts = urlsplit(root.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:  # half an IPv6 address, or a port that is none
        parts, host = urlsplit(""), None
    if parts.username or parts.password or parts.query or parts.fragment:  # never repeated: it may be an API key
        return "the API root must be only scheme, host and path; the API key belongs into the environment"
    if parts.scheme not in ("http", "https") or not host:
        return f"{root!r} is not a URL such as https://secure.sakura.ad.jp/cloud/zone"
    if parts.scheme == "http" and not is_loopback(host):
        return f"{root!r} would send the API key unencrypted; use https (plain http is for an emulator on this machine)"
    return ""
