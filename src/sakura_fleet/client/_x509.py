"""When an X.509 certificate begins: the one thing that the API does not say of it (RFC 5280, 4.1)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_VERSION: Final = 0xA0
_TIMES: Final = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime, for years before 2050, and GeneralizedTime."""


def not_before(pem: str) -> datetime | None:
    """From when on the first certificate of a PEM text is valid; None where it cannot be read."""
    found = _PEM.search(pem)
    try:
        der = base64.b64decode(found[1]) if found else b""
        to_sign = _values(_values(der)[0][1])[0][1]
        fields = [(tag, value) for tag, value in _values(to_sign) if tag != _VERSION]
        tag, written = _values(fields[3][1])[0]  # serial number, signature, issuer, validity
        return datetime.strptime(written.decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC)
    except (binascii.Error, IndexError, KeyError, ValueError):
        return None


def _values(der: bytes) -> list[tuple[int, bytes]]:
    """The values that lie in a row, each as its tag and content. Raises `IndexError` or `ValueError`."""
    found, at = [], 0
    while at < len(der):
        tag, length, start = der[at], der[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start], "big")
        if start + length > len(der):
            raise ValueError("a value is longer than what it is in")
        found.append((tag, der[start : start + length]))
        at = start + length
    return found
