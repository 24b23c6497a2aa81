"""Keeps secrets out of messages: a server may echo what it was sent, and messages end up in logs and in CI.

Nobody can say in which form a server echoes: as it came, escaped for JSON, HTML or a URL, twice over, as base64, cut
off, one line of a key alone. So a text is unescaped level by level, each byte remembering where it came from, and what
matches a part of a secret on any level is masked where it came from.
"""

from __future__ import annotations

import base64
import functools
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from sakura_fleet.client.credentials import Credentials

__all__ = ["LEFT_OUT", "hider", "secrets_in", "secrets_of"]

SECRET_KEYS = frozenset({"Password", "PrivateKey", "Token"})  # of request bodies
SECRET_OBJECTS = frozenset({"Variables"})  # what startup scripts get: each value may be a secret
SHORTEST_MASKED: Final = 4
"""Characters. A shorter secret is not masked, as that would garble the text and tell the secret by what is missing:
where it is there as a word, the text is left out altogether."""
PART: Final = 8
"""Characters of a secret that are masked when they appear without the rest; at the end of a text, where it may be cut,
`SHORTEST_MASKED` are enough."""
DEPTH: Final = 4
"""How many times over a text may be escaped."""
LEFT_OUT: Final = "(the words are left out, as a short secret of the request is among them)"

_ESCAPES: Final = (
    re.compile(
        rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a character beyond the first 65,536
        rb"|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[0-7]{3}|\\[\"'\\/bfnrt]"
    ),
    re.compile(rb"&#[0-9]{1,7};?|&#[xX][0-9a-fA-F]{1,6};?|&[a-zA-Z]{2,8};"),
    re.compile(rb"%[0-9a-fA-F]{2}"),
)
"""Of JSON and programs, of HTML, of URLs. A secret may itself hold what looks like one of another kind, so each kind is
undone by itself."""
_ESCAPED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_PRIVATE_KEY: Final = re.compile(  # anybody's, in lower case: an answer may hold one that no request has sent
    rb"-----begin [a-z0-9 ]*private key-----(?:\s*[a-z0-9+/=]{16,})+(?:\s*[a-z0-9+/=]+(?=\s*-----))?"
)
_MARK: Final = re.compile(rb"-----.*-----")  # the first and the last line of a PEM text are no secret


def secrets_of(credentials: Credentials) -> tuple[str, ...]:
    """The API key in each form in which a request carries it."""
    pair = f"{credentials.token}:{credentials.secret}".encode()
    return (base64.b64encode(pair).decode(), credentials.secret, credentials.token)


def secrets_in(body: object) -> Iterator[str]:
    """The passwords, private keys and script variables of a request body."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            if key in SECRET_OBJECTS and isinstance(value, Mapping):
                yield from (str(secret) for secret in value.values())
            elif key in SECRET_KEYS and isinstance(value, str):
                yield value
            else:
                yield from secrets_in(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from secrets_in(value)


def hider(*secrets: str) -> Callable[[str], str]:
    """A function that replaces each of `secrets` by `***`, however it is written, or leaves the text out."""
    masks = functools.cache(lambda: _Masks.of(secrets))  # hardly any text is hidden: most calls do not fail
    return lambda message: masks().hide(message)


@dataclass(frozen=True, slots=True)
class _Masks:
    """What is looked for: `parts` of secrets by their length, `beginnings` at the end of a text, `words` by
    themselves. All of it is in lower case, as a text is compared."""

    parts: Mapping[int, set[bytes]]
    beginnings: set[bytes]
    words: list[bytes]

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Self:
        whole = {secret.encode("utf-8", "replace") for secret in secrets}
        lines = {line for secret in whole for line in _lines(secret)}
        long = {line for line in lines if len(line) >= SHORTEST_MASKED}
        forms = (form for secret in long | whole if len(secret) >= SHORTEST_MASKED for form in _forms(secret))
        wanted = {text.lower() for text in (*long, *forms)}
        parts: dict[int, set[bytes]] = {}
        for text in wanted:
            size = min(PART, len(text))
            parts.setdefault(size, set()).update(text[at : at + size] for at in range(len(text) - size + 1))
        beginnings = {text[:size] for text in wanted for size in range(SHORTEST_MASKED, min(PART, len(text)))}
        return cls(parts, beginnings, [line.lower() for line in lines - long])

    def hide(self, message: str) -> str:
        """The message without the secrets."""
        text = message.encode("utf-8", "replace")
        secret = bytearray(len(text))  # "x" for each byte that is masked
        for level in _levels(text):
            lowered = level.text.lower()
            if any(_is_word_in(lowered, word) for word in self.words):
                return LEFT_OUT
            for start, end in self._found(lowered):
                first, last = level.origin[start], level.origin[end]
                secret[first:last] = b"x" * (last - first)
        return _masked(text, bytes(secret))

    def _found(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Where parts of secrets are."""
        for found in _PRIVATE_KEY.finditer(text):
            yield found.span()
        for size, wanted in self.parts.items():
            for start in range(len(text) - size + 1):
                if text[start : start + size] in wanted:
                    yield start, start + size
        end = len(text.rstrip(b" .\"'\xe2\x80\xa6"))  # before the dots or the ellipsis of a text that was cut
        for size in range(min(PART - 1, end), SHORTEST_MASKED - 1, -1):
            if text[end - size : end] in self.beginnings:
                yield end - size, end
                return


def _lines(secret: bytes) -> list[bytes]:
    """The lines of a secret, as a server may quote one alone, or join them with other line ends."""
    lines = [line.strip() for line in secret.splitlines()]
    return [line for line in lines if line and not _MARK.fullmatch(line)]


def _forms(secret: bytes) -> Iterator[bytes]:
    """What a secret looks like as base64, wherever in a longer text it is, and as hex; without what its neighbours
    change."""
    yield secret.hex().encode()
    for before in range(3):
        code = base64.b64encode(bytes(before) + secret)
        first, last = (8 * before + 5) // 6, 8 * (before + len(secret)) // 6
        if last - first > SHORTEST_MASKED:
            yield code[first:last]
            yield code[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _is_word_in(text: bytes, word: bytes) -> bool:
    return re.search(rb"(?<![0-9A-Za-z])" + re.escape(word) + rb"(?![0-9A-Za-z])", text) is not None


def _masked(text: bytes, secret: bytes) -> str:
    result, at = bytearray(), 0
    for run in re.finditer(rb"x+", secret):
        result += text[at : run.start()] + b"***"
        at = run.end()
    return (bytes(result) + text[at:]).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Level:
    """A text as it is after some unescaping. `origin` has for each of its bytes, and for its end, where in the first
    text it begins."""

    text: bytes
    origin: list[int]

    def unescaped(self, escape: re.Pattern[bytes]) -> _Level:
        """The text with escapes of one kind undone once."""
        result, origin, at = bytearray(), list[int](), 0
        for found in escape.finditer(self.text):
            value = _value(found[0])
            result += self.text[at : found.start()] + value
            origin += [*self.origin[at : found.start()], *[self.origin[found.start()]] * len(value)]
            at = found.end()
        result += self.text[at:]
        return _Level(bytes(result), [*origin, *self.origin[at:]])


def _levels(text: bytes) -> Iterator[_Level]:
    """The text as it is, and what comes of it by undoing escapes of any kinds, up to `DEPTH` times."""
    seen, level = {text}, [_Level(text, [*range(len(text) + 1)])]
    for _ in range(DEPTH + 1):
        yield from level
        deeper = [one.unescaped(escape) for one in level for escape in _ESCAPES]
        level = list({one.text: one for one in deeper if one.text not in seen}.values())
        seen |= {one.text for one in level}


def _value(escape: bytes) -> bytes:
    """What an escape stands for; itself where it stands for nothing."""
    kind = escape[:2].lower()
    if escape[:1] == b"%":
        return bytes([int(escape[1:], 16)])
    if escape[:1] == b"&":
        return html.unescape(escape.decode()).encode("utf-8", "replace")
    if kind == b"\\u" and len(escape) > 2:
        units = bytes.fromhex(escape.replace(b"\\u", b"").decode())
        return units.decode("utf-16-be", "replace").encode()
    if kind == b"\\x" and len(escape) > 2:
        return bytes([int(escape[2:], 16)])
    if len(escape) == 4:
        return bytes([int(escape[1:], 8) & 0xFF])
    return _ESCAPED.get(escape[1:], escape[1:])
