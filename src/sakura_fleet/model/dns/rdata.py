"""Record data by type: typed values, read once from a text or mapping, and their canonical text.

`text()` is the one canonical text, `identity` is equal for values that mean the same: spelling, quotes, order of keys
and letter case of names aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Protocol

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import absolute_target
from sakura_fleet.model.dns.svcb import read_svcb
from sakura_fleet.model.dns.svcb.text import read_uint16
from sakura_fleet.model.reading import Reader

TYPES: Final = ("A", "AAAA", "ALIAS", "CNAME", "NS", "MX", "TXT", "SRV", "CAA", "HTTPS", "SVCB", "PTR")
SVCB_TYPES: Final = ("HTTPS", "SVCB")
HINTS: Final = ("ipv4hint", "ipv6hint")
ADDRESS_TYPES: Final = ("A", "AAAA", "ALIAS", "CNAME")
"""The types that say where a name's host is."""
HOST_TYPES: Final = ("MX", "NS", "SRV")
"""The types whose target must be a host, not a CNAME."""
STRUCTURED: Final = (*SVCB_TYPES, "MX", "SRV", "CAA")
"""The types whose values may be mappings."""
MAX_TXT: Final = 255

_CAA: Final = re.compile(r'([0-9]{1,3})\s+([A-Za-z0-9]+)\s+(?:"([^"]*)"|([^\s"]+))')


class Rdata(Protocol):
    """The data of one record."""

    @property
    def identity(self) -> Hashable:
        """Equal for data of one type that means the same."""

    def text(self) -> str:
        """The canonical text, as the appliance takes it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A or AAAA."""

    ip: IPv4Address | IPv6Address

    @property
    def identity(self) -> Hashable:
        return self.ip

    def text(self) -> str:
        return str(self.ip)


@dataclass(frozen=True, slots=True)
class Target:
    """ALIAS, CNAME, NS or PTR: an absolute name in lower case."""

    target: str

    @property
    def identity(self) -> Hashable:
        return self.target

    def text(self) -> str:
        return self.target


@dataclass(frozen=True, slots=True)
class Mx:
    """MX; the target `.` at priority 0 says that the name takes no mail (RFC 7505)."""

    priority: int
    target: str

    @property
    def identity(self) -> Hashable:
        return self

    def text(self) -> str:
        return f"{self.priority} {self.target}"


@dataclass(frozen=True, slots=True)
class Srv:
    """SRV; the target `.` says that there is no such service (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str

    @property
    def identity(self) -> Hashable:
        return self

    def text(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target}"


@dataclass(frozen=True, slots=True)
class Caa:
    """CAA; `tag` in lower case."""

    flags: int
    tag: str
    value: str

    @property
    def identity(self) -> Hashable:
        return self

    def text(self) -> str:
        return f'{self.flags} {self.tag} "{self.value}"'


@dataclass(frozen=True, slots=True)
class Txt:
    """TXT as the appliance has it: one text. Written by others it may be in quotes, which mean nothing."""

    written: str

    @property
    def identity(self) -> Hashable:
        return _unquoted(self.written)

    def text(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Unread:
    """Data that cannot be read: it is only equal to the same text."""

    written: str

    @property
    def identity(self) -> Hashable:
        return self

    def text(self) -> str:
        return self.written


def read_rdata(kind: str, text: str) -> Rdata:
    """The data of a record that is there, whoever made it: what cannot be read is `Unread`."""
    if kind in SVCB_TYPES:
        return read_svcb(text, "", []) or Unread(text)
    if kind == "TXT":
        return Txt(text)
    try:
        return _READERS[kind](text)
    except (KeyError, ValueError):
        return Unread(text)


def read_declared(kind: str, text: str, path: str, problems: list[Problem]) -> Rdata:
    """The data of a record that somebody asks for; what is wrong with the text goes to `problems`."""
    if kind in SVCB_TYPES:
        return read_svcb(text, path, problems) or Unread(text)
    try:
        return _READERS[kind](text)
    except ValueError as error:
        problems.append(Problem(path, f"{kind.lower()}-value", str(error)))
        return Unread(text)


def read_mapping(kind: str, reader: Reader) -> Rdata | None:
    """An MX, SRV or CAA value that a program writes as a mapping; problems go to the reader, with None."""
    before = len(reader.problems)
    if kind == "CAA":
        flags, tag, value = reader.whole("flags", 0, minimum=0, maximum=255), reader.text("tag"), reader.text("value")
        text = f'{flags} {tag} "{value}"'
    else:
        names = ("priority",) if kind == "MX" else ("priority", "weight", "port")
        numbers = [reader.whole(name, minimum=0, maximum=0xFFFF) for name in names]
        text = " ".join([*map(str, numbers), reader.text("target")])
    reader.close()
    found = None if len(reader.problems) > before else read_declared(kind, text, reader.path, reader.problems)
    return None if len(reader.problems) > before else found


def target_of(value: object) -> str | None:
    """The name that a value of another type than SVCB leads to; None for what leads nowhere."""
    return value.target if isinstance(value, Target | Mx | Srv) else None


def _read_ipv4(text: str) -> Address:
    return _address(IPv4Address, "IPv4", text)


def _read_ipv6(text: str) -> Address:
    return _address(IPv6Address, "IPv6", text)


def _address(family: type[IPv4Address] | type[IPv6Address], what: str, text: str) -> Address:
    try:
        return Address(family(text.replace("%", " ")))  # no zone IDs
    except ValueError:
        raise ValueError(f"{text!r} is not an {what} address") from None


def _read_target(text: str) -> Target:
    return Target(absolute_target(text))


def _read_mx(text: str) -> Mx:
    parts = text.split()
    if len(parts) != 2:
        raise ValueError(f"{text!r} is not `priority name`, such as `10 mail.example.com.`")
    priority = _whole(parts[0])
    return Mx(priority, "." if parts[1] == "." and priority == 0 else absolute_target(parts[1]))


def _read_srv(text: str) -> Srv:
    parts = text.split()
    if len(parts) != 4:
        raise ValueError(f"{text!r} is not `priority weight port name`, such as `10 5 443 host.example.com.`")
    priority, weight, port = (_whole(part) for part in parts[:3])
    return Srv(priority, weight, port, "." if parts[3] == "." else absolute_target(parts[3]))


def _read_caa(text: str) -> Caa:
    match = _CAA.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{text!r} is not `flags tag "value"`, such as `0 issue "letsencrypt.org"`')
    flags, tag, quoted, bare = match.groups()
    if int(flags) not in (0, 128):
        raise ValueError(f"flags {flags} of {text!r} are neither 0 nor 128 (critical)")
    return Caa(int(flags), tag.lower(), bare if quoted is None else quoted)


def _read_txt(text: str) -> Txt:
    if _unquoted(text) != text:
        raise ValueError(f"{text!r} is in quotes; write the text alone, the appliance adds none and removes none")
    length = len(text.encode())
    if not 1 <= length <= MAX_TXT:
        raise ValueError(f"the text has {length} octets; the appliance takes 1 to {MAX_TXT} and joins no strings")
    if any(not character.isprintable() for character in text):
        raise ValueError(f"{text!r} holds a control character or line break")
    return Txt(text)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _whole(text: str) -> int:
    number = read_uint16(text)
    if number is None:
        raise ValueError(f"{text!r} is not a whole number from 0 to 65535")
    return number


_READERS: Final[Mapping[str, Callable[[str], Rdata]]] = {
    "A": _read_ipv4,
    "AAAA": _read_ipv6,
    "ALIAS": _read_target,
    "CNAME": _read_target,
    "NS": _read_target,
    "PTR": _read_target,
    "MX": _read_mx,
    "SRV": _read_srv,
    "CAA": _read_caa,
    "TXT": _read_txt,
}
