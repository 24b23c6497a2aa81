"""Record data by type: the canonical text, and when two texts mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import absolute_target
from sakura_fleet.model.dns.svcb import Svcb, check_svcb, read_structure, read_svcb
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
_NUMBER: Final = re.compile(r"[0-9]{1,5}")


def read_rdata(kind: str, text: str, path: str, problems: list[Problem]) -> str:
    """The canonical text of one value, or `text` itself where it is wrong."""
    if kind in SVCB_TYPES:
        value = read_svcb(text, path, problems)
        if value is None:
            return text
        problems += check_svcb(value, path, https=kind == "HTTPS")
        return value.text()
    try:
        return _CANONICAL[kind](text)
    except ValueError as error:
        problems.append(Problem(path, f"{kind.lower()}-value", str(error)))
        return text


def identity(kind: str, text: str) -> Hashable:
    """Equal for values that mean the same; a text that cannot be read stands for itself."""
    if kind in SVCB_TYPES:
        value = parsed_svcb(text)
        return text if value is None else value.identity
    try:
        return _unquoted(text) if kind == "TXT" else _CANONICAL[kind](text)
    except (KeyError, ValueError):
        return text


def same_rdata(kind: str, one: str, other: str) -> bool:
    """Whether two values of a type mean the same: spelling, quotes, order of keys and letter case of names aside."""
    return identity(kind, one) == identity(kind, other)


def written_identity(kind: str, value: Any) -> Hashable | None:
    """The identity of a text, or of a mapping that stands for one; None where it takes more than the value to know."""
    if isinstance(value, str):
        return identity(kind, value)
    if kind not in STRUCTURED or not isinstance(value, Mapping):
        return None
    problems: list[Problem] = []
    if kind not in SVCB_TYPES:
        text = read_mapping(kind, Reader(value, "", problems))
        return None if problems else identity(kind, text)
    hints = {name: value.get(name) or [] for name in HINTS}
    if not all(isinstance(one, str) for found in hints.values() for one in found):
        return None
    parsed = read_structure(Reader({k: v for k, v in value.items() if k not in HINTS}, "", []), hints)
    return None if parsed is None else parsed.identity


def read_mapping(kind: str, reader: Reader) -> str:
    """The canonical text of an MX, SRV or CAA value that a program writes as a mapping; problems go to the reader."""
    before = len(reader.problems)
    if kind == "CAA":
        flags, tag, value = reader.whole("flags", 0, minimum=0, maximum=255), reader.text("tag"), reader.text("value")
        text = f'{flags} {tag} "{value}"'
    else:
        names = ("priority",) if kind == "MX" else ("priority", "weight", "port")
        numbers = [reader.whole(name, minimum=0, maximum=0xFFFF) for name in names]
        text = " ".join([*map(str, numbers), reader.text("target")])
    reader.close()
    if len(reader.problems) > before:
        return text
    return read_rdata(kind, text, reader.path, reader.problems)


def target_of(kind: str, text: str) -> str | None:
    """The name that a value leads to, as it stands there; None for types that lead nowhere."""
    parts = text.split()
    return parts[-1] if parts and kind in (*HOST_TYPES, "CNAME", "ALIAS", "PTR") else None


def parsed_svcb(text: str) -> Svcb | None:
    """The SVCB or HTTPS value of a text; None where it is malformed."""
    return read_svcb(text, "", [])


def _address(family: type[IPv4Address] | type[IPv6Address], what: str) -> Callable[[str], str]:
    def canonical(text: str) -> str:
        try:
            return str(family(text.replace("%", " ")))  # no zone IDs
        except ValueError:
            raise ValueError(f"{text!r} is not an {what} address") from None

    return canonical


def _mx(text: str) -> str:
    parts = text.split()
    if len(parts) != 2:
        raise ValueError(f"{text!r} is not `priority name`, such as `10 mail.example.com.`")
    priority = _whole(parts[0])
    return f"{priority} ." if parts[1] == "." and priority == 0 else f"{priority} {absolute_target(parts[1])}"


def _srv(text: str) -> str:
    parts = text.split()
    if len(parts) != 4:
        raise ValueError(f"{text!r} is not `priority weight port name`, such as `10 5 443 host.example.com.`")
    numbers = " ".join(str(_whole(part)) for part in parts[:3])
    return f"{numbers} ." if parts[3] == "." else f"{numbers} {absolute_target(parts[3])}"


def _caa(text: str) -> str:
    match = _CAA.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{text!r} is not `flags tag "value"`, such as `0 issue "letsencrypt.org"`')
    flags, tag, quoted, bare = match.groups()
    if int(flags) not in (0, 128):
        raise ValueError(f"flags {flags} of {text!r} are neither 0 nor 128 (critical)")
    return f'{int(flags)} {tag.lower()} "{bare if quoted is None else quoted}"'


def _txt(text: str) -> str:
    if _unquoted(text) != text:
        raise ValueError(f"{text!r} stands in quotes; write the text alone, the appliance adds none and removes none")
    length = len(text.encode())
    if not 1 <= length <= MAX_TXT:
        raise ValueError(f"the text has {length} octets; the appliance takes 1 to {MAX_TXT} and joins no strings")
    if any(not character.isprintable() for character in text):
        raise ValueError(f"{text!r} holds a control character or line break")
    return text


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > 0xFFFF:
        raise ValueError(f"{text!r} is not a whole number from 0 to 65535")
    return int(text)


_CANONICAL: Final[Mapping[str, Callable[[str], str]]] = {
    "A": _address(IPv4Address, "IPv4"),
    "AAAA": _address(IPv6Address, "IPv6"),
    "ALIAS": absolute_target,
    "CNAME": absolute_target,
    "NS": absolute_target,
    "PTR": absolute_target,
    "MX": _mx,
    "SRV": _srv,
    "CAA": _caa,
    "TXT": _txt,
}
