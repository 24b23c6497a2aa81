"""Which number each server gets in its group, and the format in which most of them keep their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sakura_fleet.model.names import SERVER_NAME, group_name_like
from sakura_fleet.model.server.group import DEFAULT_NAME_FORMAT

_NUMBERED: Final = re.compile(r"(.*?)([0-9]+)([^0-9]*)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A way to write names: `stem`, the number (with leading zeros up to `width`), `tail`."""

    stem: str
    width: int
    tail: str

    def name(self, number: int) -> str:
        return f"{self.stem}{number:0{self.width}}{self.tail}"


@dataclass(frozen=True, slots=True)
class Numbering:
    """A group's name, its `name_format`, and the numbers of the servers in the order in which they were given."""

    group: str
    name_format: str
    numbers: tuple[int, ...]

    def name(self, number: int) -> str:
        return self.name_format.format(group=self.group, number=number)


def numbered(names: Sequence[str], *, group: str = "") -> Numbering:
    """Number servers 1, 2, … without a gap; who has one of these numbers in its name already keeps it."""
    pattern = _pattern(names)
    group = group or group_name_like(pattern.stem if pattern else names[0])
    name_format = _format(pattern, group) if pattern else DEFAULT_NAME_FORMAT
    made = Numbering(group, name_format, ())
    free = dict.fromkeys(range(1, len(names) + 1))
    numbers: dict[int, int] = {}
    for number in list(free):
        holder = next((index for index, name in enumerate(names) if name == made.name(number)), None)
        if holder is not None:
            numbers[holder] = number
            del free[number]
    for index in sorted(set(range(len(names))) - numbers.keys(), key=lambda number: (names[number], number)):
        numbers[index] = next(iter(free))
        del free[numbers[index]]
    return Numbering(group, name_format, tuple(numbers[index] for index in range(len(names))))


def _pattern(names: Sequence[str]) -> Pattern | None:
    """The pattern of most names that can be names here."""
    counted: Counter[Pattern] = Counter()
    for name in names:
        found = _NUMBERED.fullmatch(name)
        if found and re.fullmatch(SERVER_NAME, name):
            stem, digits, tail = found.groups()
            padded = digits.startswith("0")
            widths = {len(digits) if padded else 1, len(digits)}
            counted.update(Pattern(stem, width, tail) for width in widths)
    return max(counted, key=lambda form: (counted[form], -form.width), default=None)


def _format(pattern: Pattern, group: str) -> str:
    number = f"{{number:0{pattern.width}}}" if pattern.width > 1 else "{number}"
    named = pattern.stem.startswith(group)
    rest = pattern.stem.removeprefix(group) if named else pattern.stem
    return ("{group}" if named else "") + _literal(rest) + number + _literal(pattern.tail)


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
