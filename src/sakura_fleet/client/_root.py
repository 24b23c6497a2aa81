"""The API root: which URLs are accepted, and which of them are on this machine."""

from __future__ import annotations

import ipaddress

import httpx

from sakura_fleet.errors import InputError, Problem

__all__ = ["checked_root", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def checked_root(api_root: str) -> httpx.URL:
    """The API root as a URL without a final slash; `InputError` says what is wrong with it.

    Plain http is refused unless the host is this machine: every request carries the access token.
    """
    try:
        url = httpx.URL(api_root.strip().rstrip("/"))
    except httpx.InvalidURL as error:
        raise _bad_root(f"the API root is not a URL: {error}") from None
    if url.userinfo or url.query or url.fragment:
        raise _bad_root("the API root must be only scheme, host and path; the API key belongs into the environment")
    if url.scheme not in ("http", "https") or not url.host:
        raise _bad_root(f"{api_root!r} is not an http(s) URL such as https://secure.sakura.ad.jp/cloud/zone")
    if url.scheme == "http" and not is_loopback(url.host):
        raise _bad_root(f"{api_root!r} would send the access token unencrypted; use https (http only to this machine)")
    return url


def _bad_root(message: str) -> InputError:
    return InputError([Problem("apiRoot", "api-root", message)])
