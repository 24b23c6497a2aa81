"""The text layer of SvcParams: character-strings and value-lists (RFC 9460, Appendix A and A.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sakura_fleet.model.dns.svcb.rules import BrokenRuleError

BLANKS: Final = " \t\r\n"
_ENDING: Final = '";()'
"""What ends or changes an unquoted value in a zone file."""
_FOREIGN: Final = re.compile(r"[^\x21-\x7e \t\r\n]")
"""What no character-string is made of: controls, and all beyond ASCII."""
_DECIMAL: Final = re.compile(r"[0-9]{1,5}")
_TYPOGRAPHIC: Final = str.maketrans("“”„‟″‘’‐‑‒–—−", '"' * 5 + "'" * 2 + "-" * 6)
_UNQUOTED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:,/+=-_")


def read_uint16(text: str) -> int | None:
    """A number of 16 bits in decimal digits; None for any other text."""
    return int(text) if _DECIMAL.fullmatch(text) and int(text) <= 0xFFFF else None


@dataclass(frozen=True, slots=True)
class WrittenParam:
    """One parameter as it was written; `value` has its escapes decoded and is None without an equals sign."""

    key: str
    value: bytes | None = None
    escaped: bool = False


def check_ascii(text: str) -> None:
    """Raises `BrokenRuleError` for typographic quotes, full-width letters, no-break spaces and the like."""
    found = _FOREIGN.search(text)
    if found:
        raise BrokenRuleError("svcb-ascii", not_ascii(found[0], text))


def not_ascii(character: str, text: str) -> str:
    """What the rule `svcb-ascii` says of a character in a text, and what to write instead."""
    name = unicodedata.name(character, "")
    shown = f"U+{ord(character):04X}" + (f" ({name})" if name else "")
    return f"{text!r} holds {shown}, and SvcParams are printable ASCII; {_instead(character)}"


def _instead(character: str) -> str:
    """What was meant, as far as anybody can tell."""
    plain = unicodedata.normalize("NFKC", character).translate(_TYPOGRAPHIC)
    if plain.isspace():
        return "write a plain blank"
    if len(plain) == 1 and plain.isascii() and plain.isprintable():
        return f"write {plain}"
    return "octets beyond it are written as \\DDD, in a text"


def split_params(text: str) -> Iterator[WrittenParam]:
    """The parameters in the order of the text. Raises `BrokenRuleError`."""
    check_ascii(text)
    at = 0
    while at < len(text):
        if text[at] in BLANKS:
            at += 1
            continue
        if text[at] == '"':
            raise BrokenRuleError("svcb-quoting", 'a whole parameter is in quotes; write alpn="h2", not "alpn=h2"')
        start = at
        while at < len(text) and text[at] not in BLANKS and text[at] != "=":
            at += 1
        key = text[start:at]
        if not key:
            raise BrokenRuleError("svcb-key-syntax", "there is a value without a key; no blank may be around =")
        if at == len(text) or text[at] in BLANKS:
            yield WrittenParam(key)
            continue
        at += 1
        value, escaped, at = _character_string(text, at, key)
        yield WrittenParam(key, value, escaped)


def _character_string(text: str, at: int, key: str) -> tuple[bytes, bool, int]:
    if at == len(text) or text[at] in BLANKS:
        message = f'{key}= has no value; write {key} alone or {key}="" for an empty one, and no blank around ='
        raise BrokenRuleError("svcb-empty-value", message)
    quoted = text[at] == '"'
    at += quoted
    octets = bytearray()
    escaped = False
    while at < len(text):
        character = text[at]
        if character == "\\":
            octet, at = _escape(text, at + 1, key)
            octets += octet
            escaped = True
            continue
        if quoted and character == '"':
            if at + 1 < len(text) and text[at + 1] not in BLANKS:
                raise BrokenRuleError("svcb-quoting", f"the value of {key} goes on behind its closing quote")
            return bytes(octets), escaped, at + 1
        if not quoted and character in BLANKS:
            break
        if not quoted and character in _ENDING:
            message = f"{character} in the value of {key} ends or changes it; put the value in quotes"
            raise BrokenRuleError("svcb-quoting", message)
        octets += character.encode()
        at += 1
    if quoted:
        raise BrokenRuleError("svcb-quoting", f"the value of {key} has no closing quote")
    return bytes(octets), escaped, at


def _escape(text: str, at: int, key: str) -> tuple[bytes, int]:
    digits = text[at : at + 3]
    if not digits:
        raise BrokenRuleError("svcb-escape", f"the value of {key} ends in a backslash")
    if not digits[0].isdigit():
        return digits[0].encode(), at + 1
    if len(digits) < 3 or not (digits.isascii() and digits.isdigit()) or int(digits) > 255:
        raise BrokenRuleError("svcb-escape", f"\\{digits} in the value of {key} is not three digits from 000 to 255")
    return bytes([int(digits)]), at + 3


def value_text(octets: bytes) -> str:
    """The canonical character-string: unquoted where nothing asks for quotes."""
    if octets and all(octet in _UNQUOTED for octet in octets):
        return octets.decode()
    return '"' + "".join(_shown(octet) for octet in octets) + '"'


def _shown(octet: int) -> str:
    if chr(octet) in '"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet <= 0x7E else f"\\{octet:03}"


def split_list(octets: bytes, key: str) -> list[bytes]:
    """The items of a value-list; `\\,` and `\\\\` are the only escapes. Raises `BrokenRuleError` for an empty item."""
    items = [bytearray()]
    at = 0
    while at < len(octets):
        octet = octets[at : at + 1]
        if octet == b"\\":
            octet = octets[at + 1 : at + 2]
            if octet not in (b",", b"\\"):
                message = f"in the list of {key} a backslash goes before a comma or a backslash only, doubled: \\\\,"
                raise BrokenRuleError("svcb-list", message)
            items[-1] += octet
            at += 2
            continue
        if octet == b",":
            items.append(bytearray())
        else:
            items[-1] += octet
        at += 1
    if not all(items):
        raise BrokenRuleError("svcb-list", f"the list of {key} has an empty item")
    return [bytes(item) for item in items]


def join_list(items: Iterable[bytes]) -> bytes:
    """A value-list of items."""
    return b",".join(item.replace(b"\\", b"\\\\").replace(b",", b"\\,") for item in items)
