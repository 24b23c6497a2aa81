"""Domain names: text to labels and back, with the limits of RFC 1035 (2.3.4) and its escapes (5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

MAX_LABEL: Final = 63
MAX_WIRE: Final = 255
_A_LABEL: Final = b"xn--"
_DOTS: Final = ".。．｡"
"""What separates labels in an internationalized name (UTS 46, section 2.3)."""
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*")


@dataclass(frozen=True, slots=True)
class DomainName:
    """An absolute name; the root has no labels."""

    labels: tuple[bytes, ...]

    @classmethod
    def read(cls, text: str) -> tuple[Self, bool]:
        """The name, and whether it was written with its final dot. Raises `ValueError` with what is wrong.

        Labels that are not ASCII become A-labels (IDNA 2008 with the mapping of UTS 46).
        """
        if text == ".":
            return cls(()), True
        labels = _split(text)
        absolute = labels[-1] == b""
        if absolute:
            labels.pop()
        name = cls(tuple(labels))
        name._check(text)
        return name, absolute

    @classmethod
    def from_wire(cls, wire: bytes) -> tuple[Self, int]:
        """The name at the start of `wire`, and how many octets it takes. Raises `ValueError`."""
        labels: list[bytes] = []
        at = 0
        while True:
            if at >= len(wire):
                raise ValueError("the name has no end")
            length = wire[at]
            at += 1
            if length == 0:
                break
            if length > MAX_LABEL or at + length > len(wire):
                raise ValueError("the name is cut off or compressed")
            labels.append(wire[at : at + length])
            at += length
        name = cls(tuple(labels))
        if len(name.wire()) > MAX_WIRE:
            raise ValueError(f"the name has {len(name.wire())} octets; at most {MAX_WIRE} are allowed")
        return name, at

    def wire(self) -> bytes:
        """The name uncompressed, as it is in record data."""
        return b"".join(bytes([len(label)]) + label for label in self.labels) + b"\0"

    def folded(self) -> Self:
        """The same name in lower case: names are compared without regard to it."""
        return type(self)(tuple(label.lower() for label in self.labels))

    def text(self) -> str:
        """The name with its final dot."""
        return "".join(_label_text(label) + "." for label in self.labels) or "."

    def broken_a_labels(self) -> list[str]:
        """The labels that begin as A-labels do and mean no Unicode label (RFC 5890 2.3.2.1)."""
        found = [label.lower() for label in self.labels if label.lower().startswith(_A_LABEL)]
        if not found:
            return []
        import idna

        broken = []
        for label in found:
            try:
                idna.ulabel(label)
            except UnicodeError:  # IDNAError is one
                broken.append(label.decode("ascii", "replace"))
        return broken

    def _check(self, text: str) -> None:
        for label in self.labels:
            if not label:
                raise ValueError(f"{text!r} has an empty label: two dots in a row, or one at the start")
            if len(label) > MAX_LABEL:
                raise ValueError(f"a label of {text!r} has {len(label)} octets; at most {MAX_LABEL} are allowed")
        if len(self.wire()) > MAX_WIRE:
            raise ValueError(f"the name has {len(self.wire())} octets; at most {MAX_WIRE} are allowed")


def _split(text: str) -> list[bytes]:
    labels: list[bytes] = []
    label = ""
    octets = b""
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character in _DOTS:
            labels.append(octets + _encoded(label))
            label, octets = "", b""
        elif character == "\\":
            octet, at = _escape(text, at)
            octets, label = octets + _encoded(label) + octet, ""
        elif character.isspace():
            raise ValueError(f"{text!r} holds a blank")
        else:
            label += character
    return [*labels, octets + _encoded(label)]


def _escape(text: str, at: int) -> tuple[bytes, int]:
    """What comes after a backslash, and where to go on."""
    digits = text[at : at + 3]
    if digits[:1].isdigit():
        if len(digits) < 3 or not (digits.isascii() and digits.isdigit()) or int(digits) > 255:
            raise ValueError(f"\\{digits} is not an octet; write three digits from 000 to 255")
        return bytes([int(digits)]), at + 3
    if not digits:
        raise ValueError(f"{text!r} ends in a backslash")
    return digits[0].encode(), at + 1


def _encoded(label: str) -> bytes:
    if label.isascii():
        return label.encode()
    import idna  # only for names that need it: loading it takes a while

    try:
        return idna.encode(label, uts46=True)
    except idna.IDNAError as error:
        raise ValueError(f"{label!r} is no label of an internationalized name: {error}") from None


def _label_text(label: bytes) -> str:
    return "".join(
        chr(octet) if octet in _PLAIN else f"\\{chr(octet)}" if 0x21 <= octet <= 0x7E else f"\\{octet:03}"
        for octet in label
    )
