"""Asking a resolver over HTTPS, in the JSON that Google's and Cloudflare's resolvers share."""

from __future__ import annotations

from typing import Final

import dns.rdatatype
import httpx

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.api_root import is_loopback
from sakura_fleet.model.dns.published import Answer, read_doh_json

DEFAULT_URL: Final = "https://dns.google/resolve"
TIMEOUT: Final = 5.0
"""Seconds."""


def checked_url(url: str) -> str:
    """The resolver's URL. Raises `InputError` for what is none, and for plain http elsewhere than on this machine."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InputError([Problem("--doh", "doh-url", f"{url!r} is not a URL: {error}")]) from None
    plain = parsed.scheme == "http" and is_loopback(parsed.host)
    if not parsed.host or not (parsed.scheme == "https" or plain):
        message = f"{url!r} is not an https URL such as {DEFAULT_URL} (http only to this machine)"
        raise InputError([Problem("--doh", "doh-url", message)])
    return url


def ask(url: str, name: str, kind: str) -> Answer:
    """What the resolver knows."""
    try:
        whole = httpx.URL(url).copy_merge_params({"name": name, "type": int(dns.rdatatype.from_text(kind))})
        response = httpx.get(whole, headers={"Accept": "application/dns-json"}, timeout=TIMEOUT)
        response.raise_for_status()
        document = response.json()
    except (httpx.HTTPError, ValueError) as error:
        return Answer(url, error=f"it gives no answer: {str(error) or type(error).__name__}".partition("\n")[0])
    return read_doh_json(url, name, kind, document)
