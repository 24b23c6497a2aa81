"""The value formats of SvcParams: octets of the text to wire bytes, and back.

Each format refuses what its RFC does not allow, in both directions: `encode` judges what a person wrote, `decode` what
came over the wire or was written as `keyN`.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Protocol

from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import join_list, read_uint16, split_list

_TEMPLATE_WITH_DNS: Final = re.compile(r"\{[^{}]*\bdns\b[^{}]*\}")


class Format(Protocol):
    """How one kind of value is written and sent."""

    @property
    def escapes(self) -> bool:
        """Whether the text may hold escapes."""

    def encode(self, octets: bytes, key: str) -> bytes:
        """Wire bytes of decoded text. Raises `BrokenRuleError`."""

    def decode(self, wire: bytes, key: str) -> bytes:
        """Text, before escaping, of wire bytes. Raises `BrokenRuleError`."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Any octets."""

    escapes: bool = True

    def encode(self, octets: bytes, key: str) -> bytes:
        return octets

    def decode(self, wire: bytes, key: str) -> bytes:
        return wire


@dataclass(frozen=True, slots=True)
class Flag:
    """No value at all."""

    escapes: bool = False

    def encode(self, octets: bytes, key: str) -> bytes:
        if octets:
            raise BrokenRuleError("svcb-flag", f"{key} takes no value; write it alone")
        return b""

    def decode(self, wire: bytes, key: str) -> bytes:
        return self.encode(wire, key)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of octet strings, each with a length octet before it on the wire."""

    rule: str
    may_be_empty: bool = False
    escapes: bool = True

    def encode(self, octets: bytes, key: str) -> bytes:
        items = split_list(octets, key) if octets or not self.may_be_empty else []
        for item in items:
            if len(item) > 255:
                raise BrokenRuleError(self.rule, f"an item of {key} has {len(item)} octets; at most 255 are allowed")
        return b"".join(bytes([len(item)]) + item for item in items)

    def decode(self, wire: bytes, key: str) -> bytes:
        return join_list(self.items(wire, key))

    def items(self, wire: bytes, key: str) -> list[bytes]:
        """The single items."""
        items: list[bytes] = []
        at = 0
        while at < len(wire):
            item = wire[at + 1 : at + 1 + wire[at]]
            if len(item) != wire[at] or not item:
                raise BrokenRuleError(self.rule, f"the list of {key} holds an empty item, or is cut off")
            items.append(item)
            at += 1 + len(item)
        if not items and not self.may_be_empty:
            raise BrokenRuleError(self.rule, f"{key} needs at least one item")
        return items


@dataclass(frozen=True, slots=True)
class Numbers:
    """16-bit numbers, without repetition; just one for `port`."""

    rule: str
    single: bool = False
    escapes: bool = False

    def encode(self, octets: bytes, key: str) -> bytes:
        numbers = []
        for item in [octets] if self.single else octets.split(b","):
            number = read_uint16(item.decode("latin-1"))
            if number is None:
                raise BrokenRuleError(self.rule, f"{_shown(item)} of {key} is not a whole number from 0 to 65535")
            numbers.append(number)
        return self._checked(numbers, key)

    def decode(self, wire: bytes, key: str) -> bytes:
        if not wire or len(wire) % 2 or (self.single and len(wire) != 2):
            raise BrokenRuleError(self.rule, f"{key} has {len(wire)} octets; each number takes two")
        numbers = struct.unpack(f"!{len(wire) // 2}H", wire)
        self._checked(numbers, key)
        return ",".join(str(number) for number in numbers).encode()

    def _checked(self, numbers: Sequence[int], key: str) -> bytes:
        if len(set(numbers)) != len(numbers):
            raise BrokenRuleError(self.rule, f"a number is in {key} twice")
        return struct.pack(f"!{len(numbers)}H", *numbers)


@dataclass(frozen=True, slots=True)
class Addresses:
    """IP addresses of one family: no names, no prefixes, no blanks."""

    rule: str
    family: type[IPv4Address] | type[IPv6Address]
    size: int
    escapes: bool = False

    def encode(self, octets: bytes, key: str) -> bytes:
        return b"".join(self._address(item, key) for item in octets.split(b","))

    def decode(self, wire: bytes, key: str) -> bytes:
        if not wire or len(wire) % self.size:
            raise BrokenRuleError(self.rule, f"{key} has {len(wire)} octets; each address takes {self.size}")
        return ",".join(str(self.family(wire[at : at + self.size])) for at in range(0, len(wire), self.size)).encode()

    def _address(self, item: bytes, key: str) -> bytes:
        text = item.decode("utf-8", "replace")
        try:
            return self.family(text.replace("%", " ")).packed  # no zone IDs
        except ValueError:
            version = 4 if self.size == 4 else 6
            raise BrokenRuleError(self.rule, f"{_shown(item)} of {key} is not an IPv{version} address") from None


@dataclass(frozen=True, slots=True)
class EchConfigs:
    """An ECHConfigList in base64, its own length in front."""

    escapes: bool = False

    def encode(self, octets: bytes, key: str) -> bytes:
        try:
            wire = base64.b64decode(octets, validate=True)
        except binascii.Error as error:
            raise BrokenRuleError("svcb-ech", f"the value of {key} is not base64: {error}") from None
        self.decode(wire, key)
        return wire

    def decode(self, wire: bytes, key: str) -> bytes:
        if len(wire) < 6 or int.from_bytes(wire[:2]) != len(wire) - 2:
            raise BrokenRuleError("svcb-ech", f"the value of {key} is no ECHConfigList: its length does not match")
        return base64.b64encode(wire)


@dataclass(frozen=True, slots=True)
class DohPath:
    """A relative URI template with the variable `dns`, in UTF-8."""

    escapes: bool = True

    def encode(self, octets: bytes, key: str) -> bytes:
        try:
            template = octets.decode()
        except UnicodeDecodeError:
            template = ""
        if not template.startswith("/") or not _TEMPLATE_WITH_DNS.search(template):
            raise BrokenRuleError(
                "svcb-dohpath", f"{_shown(octets)} is not a path with the variable dns, as in /dns-query{{?dns}}"
            )
        return octets

    def decode(self, wire: bytes, key: str) -> bytes:
        return self.encode(wire, key)


def _shown(octets: bytes) -> str:
    return repr(octets.decode("utf-8", "replace"))
