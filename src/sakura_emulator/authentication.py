"""Who may call."""

from __future__ import annotations

import base64
import binascii
import hmac

from sakura_emulator.errors import ApiError
from sakura_emulator.settings import Settings

_ONE_PAIR = "this emulator takes one pair only; `sakura-emulator env TOOL` says where each tool reads it"


def authenticate(settings: Settings, header: str) -> None:
    """HTTP Basic: any pair that is not empty, or the one pair the emulator was started with."""
    scheme, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    token, _, secret = pair.partition(":")
    known = not settings.token or (
        hmac.compare_digest(token.encode(), settings.token.encode())
        and hmac.compare_digest(secret.encode(), settings.secret.encode())
    )
    if not token or not secret or not known:
        raise ApiError(401, "unauthorized", _ONE_PAIR if settings.token else "")
