"""The registry of SvcParam keys: IANA "DNS SVCB Service Parameter Keys", as of 2026-06-25."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.values import Addresses, DohPath, EchConfigs, Flag, Format, Items, Numbers, Opaque

INVALID_KEY: Final = 65535
"""Reserved (14.3.2)."""
_SHAPE: Final = re.compile(r"[a-z0-9-]{1,63}")
_NUMBERED: Final = re.compile(r"key(0|[1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class MandatoryKeys:
    """A list of key names, ascending numbers on the wire (8)."""

    escapes: bool = False

    def encode(self, octets: bytes, key: str) -> bytes:
        names = octets.decode("utf-8", "replace").split(",")
        if not all(names):
            raise BrokenRuleError("svcb-mandatory", f"{key} needs a list of keys without empty items")
        return self._checked([key_number(name) for name in names], key)

    def decode(self, wire: bytes, key: str) -> bytes:
        if not wire or len(wire) % 2:
            raise BrokenRuleError("svcb-mandatory", f"{key} has {len(wire)} octets; each key takes two")
        numbers = list(struct.unpack(f"!{len(wire) // 2}H", wire))
        if self._checked(numbers, key) != wire:
            raise BrokenRuleError("svcb-wire", f"the keys in {key} are not in ascending order")
        return ",".join(key_name(number) for number in numbers).encode()

    def _checked(self, numbers: list[int], key: str) -> bytes:
        if 0 in numbers:
            raise BrokenRuleError("svcb-mandatory-self", f"{key} must not list itself")
        if len(set(numbers)) != len(numbers):
            raise BrokenRuleError("svcb-mandatory-duplicate", f"a key is in {key} twice")
        return struct.pack(f"!{len(numbers)}H", *sorted(numbers))


@dataclass(frozen=True, slots=True)
class SvcKey:
    """One registered key. Without a `name`, the key is written by number only."""

    number: int
    name: str
    format: Format
    section: str


ALPN_IDS: Final = Items("svcb-alpn")

REGISTRY: Final = (
    SvcKey(0, "mandatory", MandatoryKeys(), "RFC 9460 8"),
    SvcKey(1, "alpn", ALPN_IDS, "RFC 9460 7.1"),
    SvcKey(2, "no-default-alpn", Flag(), "RFC 9460 7.1"),
    SvcKey(3, "port", Numbers("svcb-port", single=True), "RFC 9460 7.2"),
    SvcKey(4, "ipv4hint", Addresses("svcb-ipv4hint", IPv4Address, 4), "RFC 9460 7.3"),
    SvcKey(5, "ech", EchConfigs(), "RFC 9848"),
    SvcKey(6, "ipv6hint", Addresses("svcb-ipv6hint", IPv6Address, 16), "RFC 9460 7.3"),
    SvcKey(7, "dohpath", DohPath(), "RFC 9461 5"),
    SvcKey(8, "ohttp", Flag(), "RFC 9540 4"),
    SvcKey(9, "tls-supported-groups", Numbers("svcb-groups"), "draft-ietf-tls-key-share-prediction 3.1"),
    SvcKey(10, "docpath", Items("svcb-list", may_be_empty=True), "RFC 9953 3"),
    SvcKey(11, "", Opaque(), "draft-ietf-intarea-proxy-config"),  # pvd
    SvcKey(12, "", Opaque(), "draft-johani-dnsop-svcb-oots"),  # oots
)

MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT, DOHPATH = range(8)
DOCPATH: Final = 10

_BY_NUMBER: Final = {key.number: key for key in REGISTRY}
_BY_NAME: Final = {key.name: key for key in REGISTRY if key.name}

NAMES: Final = tuple(_BY_NAME)
"""The keys that can be written by name."""


def key_number(written: str) -> int:
    """The number of a key by name or as `keyN`. Raises `BrokenRuleError`."""
    if not _SHAPE.fullmatch(written):
        raise BrokenRuleError(
            "svcb-key-syntax", f"{written!r} is not a key of 1 to 63 lower-case letters, digits or hyphens"
        )
    if written in _BY_NAME:
        return _BY_NAME[written].number
    numbered = _NUMBERED.fullmatch(written)
    if not numbered or int(numbered[1]) > INVALID_KEY:
        message = f"there is no key {written!r}; known are {', '.join(NAMES)}, others are key0 to key65534"
        raise BrokenRuleError("svcb-unknown-key", message)
    return int(numbered[1])


def key_name(number: int) -> str:
    """How a key is written: by name where it has one."""
    key = _BY_NUMBER.get(number)
    return key.name if key and key.name else f"key{number}"


def key_format(number: int) -> Format:
    """The format of a key's value; any octets for a key that is not registered."""
    key = _BY_NUMBER.get(number)
    return key.format if key else Opaque()
