"""The three facts of a certificate that the API shows, read from its DER without a library."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _SET, _UTC_TIME, _EXPLICIT_0, _EXPLICIT_3, _DNS_NAME = 0x30, 0x31, 0x17, 0xA0, 0xA3, 0x82
_COMMON_NAME = bytes.fromhex("550403")
_ALT_NAMES = bytes.fromhex("551d11")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)

Element = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the API shows of a certificate."""

    not_after: float
    common_name: str
    alt_names: tuple[str, ...]


def facts(pem: str) -> Facts | None:
    """The first certificate of a PEM text; None if it cannot be read."""
    match = _PEM.search(pem)
    if match is None:
        return None
    try:
        return _facts(base64.b64decode(match[1]))
    except (binascii.Error, IndexError, StopIteration, UnicodeDecodeError, ValueError):
        return None


def _elements(raw: bytes) -> list[Element]:
    """Tag and content of each element in a row."""
    found: list[Element] = []
    at = 0
    while at < len(raw):
        tag, length = raw[at], raw[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(raw[at : at + size], "big")
            at += size
        if at + length > len(raw):
            raise ValueError("an element is longer than what holds it")
        found.append((tag, raw[at : at + length]))
        at += length
    return found


def _facts(der: bytes) -> Facts:
    certificate = _elements(der)[0][1]
    fields = _elements(_elements(certificate)[0][1])
    if fields[0][0] == _EXPLICIT_0:  # the version
        fields = fields[1:]
    # serial number, signature, issuer, validity, subject, public key, then extensions
    validity, subject = _elements(fields[3][1]), fields[4][1]
    return Facts(_time(*validity[1]), _common_name(subject), tuple(_alt_names(fields[6:])))


def _time(tag: int, raw: bytes) -> float:
    text = raw.decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _common_name(subject: bytes) -> str:
    for _, relative in _elements(subject):
        for _, pair in _elements(relative):
            kind, value = _elements(pair)[:2]
            if kind[1] == _COMMON_NAME:
                return value[1].decode()
    return ""


def _alt_names(fields: list[Element]) -> list[str]:
    for tag, raw in fields:
        if tag != _EXPLICIT_3:
            continue
        for _, extension in _elements(_elements(raw)[0][1]):
            parts = _elements(extension)
            if parts[0][1] == _ALT_NAMES:
                names = _elements(_elements(parts[-1][1])[0][1])
                return [name.decode("ascii") for kind, name in names if kind == _DNS_NAME]
    return []
