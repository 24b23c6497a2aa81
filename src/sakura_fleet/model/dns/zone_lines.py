"""The grammar of a zone file (RFC 1035, section 5.1): its entries, each with owner, TTL, type and data as written.

What an entry says is judged elsewhere. A line that is none is a problem of its own, and the lines after it are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL
from sakura_fleet.model.dns.svcb.names import DomainName

_PART: Final = re.compile(
    r"""(?P<blank>[ \t\r]+) | (?P<comment>;[^\n]*) | (?P<end>\n) | (?P<parenthesis>[()])
    | (?P<field>(?: \\[^\n] | "(?:\\[^\n]|[^"\\\n])*" | [^ \t\r\n;()"\\]+ )+)
    | (?P<open>["\\])[^\n]*""",
    re.VERBOSE,
)
_TTL: Final = re.compile(r"(?:[0-9]{1,10}[wdhms]?)+", re.IGNORECASE)
_TTL_PART: Final = re.compile(r"([0-9]+)([wdhms]?)", re.IGNORECASE)
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_CLASS: Final = re.compile(r"IN|CH|HS|CS|CLASS[0-9]{1,5}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the file. `owner` is absolute; `fields` are its data, with quotes and escapes as written."""

    line: int
    owner: DomainName
    ttl: int
    type: str
    fields: tuple[str, ...]
    origin: DomainName


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, or several in parentheses, without comments; `indented` where it begins with a blank."""

    number: int
    indented: bool
    fields: tuple[str, ...]


def problem_at(line: int, message: str, rule: str = "zone-file") -> Problem:
    """A problem of one line of the file."""
    return Problem(f"line {line}", rule, message)


def read_entries(text: str, zone: str, problems: list[Problem]) -> Iterator[Entry]:
    """The entries in the order of the file."""
    origin = owner = DomainName.read(f"{zone}.")[0]
    default = DEFAULT_TTL
    for line in _lines(text, problems):
        fields = list(line.fields)
        try:
            if fields[0].startswith("$") and not line.indented:
                origin, default = _directive(fields, origin, default)
                continue
            if not line.indented:
                owner = absolute(fields.pop(0), origin)
            ttl, kind = _ttl_and_type(fields, default)
        except ValueError as error:
            problems.append(problem_at(line.number, str(error)))
        else:
            yield Entry(line.number, owner, ttl, kind, tuple(fields), origin)


def absolute(written: str, origin: DomainName) -> DomainName:
    """A name of the file as a whole name. Raises `ValueError`."""
    if written == "@":
        return origin
    name, is_absolute = DomainName.read(written)
    if is_absolute or not origin.labels:
        return name
    return DomainName.read(f"{written}.{origin.text()}")[0]


def _lines(text: str, problems: list[Problem]) -> Iterator[_Line]:
    fields: list[str] = []
    number = begun = 1
    opened: list[int] = []
    indented = broken = False
    fresh = True
    for part in _PART.finditer(f"{text}\n"):
        found = part[0]
        if part.lastgroup == "blank":
            indented |= fresh and not opened
        elif part.lastgroup == "field":
            begun = begun if fields else number
            fields.append(found)
        elif part.lastgroup == "open":
            what = "quotes that are not closed" if found[0] == '"' else "a backslash at its end"
            problems.append(problem_at(number, f"the line has {what}"))
            broken = True
        elif found == "(":
            opened.append(number)
        elif found == ")" and opened:
            opened.pop()
        elif found == ")":
            problems.append(problem_at(number, "a parenthesis is closed that was not opened"))
            broken = True
        elif found == "\n":
            number += 1
            if not opened:
                if fields and not broken:
                    yield _Line(begun, indented, tuple(fields))
                fields, indented, broken = [], False, False
        fresh = found == "\n"
    if opened:
        problems.append(problem_at(opened[0], "a parenthesis is opened that is not closed"))


def _directive(fields: list[str], origin: DomainName, default: int) -> tuple[DomainName, int]:
    """Origin and default TTL from here on. Raises `ValueError`."""
    name = fields[0].upper()
    if name not in ("$ORIGIN", "$TTL"):
        raise ValueError(f"{fields[0]} is not read; only $ORIGIN and $TTL are")
    if len(fields) != 2:
        raise ValueError(f"{fields[0]} takes one value")
    if name == "$ORIGIN":
        return absolute(fields[1], origin), default
    return origin, _seconds(fields[1])


def _ttl_and_type(fields: list[str], default: int) -> tuple[int, str]:
    """Takes TTL, class and type off the fields, the first two in any order. Raises `ValueError`."""
    ttl, seen = default, set[str]()
    while fields:
        field = fields.pop(0)
        if _CLASS.fullmatch(field) and "class" not in seen:
            if field.upper() not in ("IN", "CLASS1"):
                raise ValueError(f"the class {field} is not IN")
            seen.add("class")
        elif _TTL.fullmatch(field) and "ttl" not in seen:
            ttl = _seconds(field)
            seen.add("ttl")
        elif not fields:
            raise ValueError(f"there is nothing behind {field}; a line is `name TTL type data`")
        else:
            return ttl, field.upper()
    raise ValueError("there is no type; a line is `name TTL type data`")


def _seconds(written: str) -> int:
    if not _TTL.fullmatch(written):
        raise ValueError(f"{written} is not a TTL, such as 300 or 1h30m")
    return sum(int(count) * _SECONDS[unit.lower()] for count, unit in _TTL_PART.findall(written))
