"""Reading what a person wrote: typed values out, every problem collected, unknown keys named with the nearest known
one.

A `Reader` reads one mapping. It never raises: it notes a `Problem` and goes on with a harmless value, so that one
run shows everything that is wrong. A value of the type `unknown` (what a preview cannot know yet) passes unjudged.

In a file, where nothing is unknown, a number may stand in quotes and a text that is a whole number without them: YAML
makes the difference, not the person. A program's values have types, and there both are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any, TypeVar

from sakura_fleet.errors import Problem

T = TypeVar("T")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18})?")


class Reader:
    """One mapping of the input, its path, and the shared list of problems."""

    def __init__(self, data: Any, path: str, problems: list[Problem], unknown: type | tuple[type, ...] = ()) -> None:
        self.path = path
        self.problems = problems
        self._unknown = unknown
        self._from_file = not unknown
        self._known: dict[Any, None] = {}
        self._mistyped = False
        self._data: Mapping[str, Any] = {}
        if isinstance(data, Mapping):
            self._data = data
        elif data is not None and not isinstance(data, unknown):
            self._note_type("", f"{_show(data)} is not a mapping of settings")
        self._is_mapping = not self._mistyped

    def problem(self, key: str, rule: str, message: str) -> None:
        """Note that the mapping breaks a rule: with `key`, or (empty) as a whole.

        Where one of its values has the wrong type it is not noted: what the rule saw is not what a person wrote.
        """
        self.add([Problem(self._at(key), rule, message)])

    def add(self, problems: Iterable[Problem]) -> None:
        """As `problem`, for rules that say the whole path."""
        if not self._mistyped:
            self.problems += problems

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        choices: Sequence[str] = (),
        pattern: str | None = None,
        shape: str = "",
        longest: int | None = None,
    ) -> str:
        """A string; `pattern` must match the whole of it, and `shape` says in words what that means."""
        value = self._as_text(self._take(key, default))
        if not isinstance(value, str):
            return self._wrong(key, value, (value is None and shape) or "a text", default or "")
        if value == default:
            return value
        if choices and value not in choices:
            self._found(
                key, "unknown-value", f"{_show(value)} is not one of {', '.join(choices)}{nearest(value, choices)}"
            )
        if pattern and not re.fullmatch(pattern, value):
            self._found(key, "shape", f"{_show(value)} is not {shape or f'of the form {pattern}'}")
        if longest is not None and len(value) > longest:
            self._found(key, "length", f"the text has {len(value)} characters; at most {longest} are allowed")
        return value

    def whole(
        self, key: str, default: int | None = None, *, minimum: int | None = None, maximum: int | None = None
    ) -> int:
        """A whole number between two bounds, both included."""
        value = self._as_whole(self._take(key, default))
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(key, value, "a whole number", minimum or 0 if default is None else default)
        if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            if maximum is None:
                bounds = f"at least {minimum}"
            elif minimum is None:
                bounds = f"at most {maximum}"
            else:
                bounds = f"from {minimum} to {maximum}"
            self._found(key, "range", f"{value} is out of range; allowed is {bounds}")
        return value

    def number(self, key: str, default: float, *, above: float, shape: str) -> float:
        """A finite number over a bound; `shape` says in words what it is."""
        value = self._take(key, None)
        if value is None or isinstance(value, self._unknown):
            return default
        if self._from_file and isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < inf:
            self._found(key, "range", f"{value!r} is not {shape}")
            return default
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            return self._wrong(key, value, "true or false", bool(default))
        return value

    def texts(self, key: str, default: Sequence[str] | None = None, *, choices: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, default)
        if isinstance(value, str) or not isinstance(value, Sequence):
            return self._wrong(key, value, "a list of texts", tuple[str, ...]())
        value = [self._as_text(item) for item in value]
        for index, item in enumerate(value):
            if not isinstance(item, str) and not isinstance(item, self._unknown):
                self._note_type(f"{key}[{index}]", f"{_show(item)} is not a text; put it in quotes")
            elif choices and isinstance(item, str) and item not in choices:
                self._found(f"{key}[{index}]", "unknown-value", f"{item!r} is not one of {', '.join(choices)}")
        return tuple(str(item) for item in value if not isinstance(item, self._unknown))

    def whole_list(self, key: str) -> list[int]:
        """A list of whole numbers; empty where it is absent."""
        value = self._take(key, ())
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            return self._wrong(key, value, "a list of whole numbers", list[int]())
        numbers = []
        for index, item in enumerate(map(self._as_whole, value)):
            if isinstance(item, int) and not isinstance(item, bool):
                numbers.append(item)
            elif not isinstance(item, self._unknown):
                self._note_type(f"{key}[{index}]", f"{_show(item)} is not a whole number")
        return numbers

    def child(self, key: str) -> Reader:
        """The mapping under `key`; an empty one where it is absent."""
        return self._inner(self._take(key, {}), key)

    def children(self, key: str) -> list[Reader]:
        """The list of mappings under `key`."""
        value = self._take(key, ())
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            value = self._wrong(key, value, "a list", tuple[Any, ...]())
        return [self._inner(item, f"{key}[{index}]") for index, item in enumerate(value)]

    def structure(self, key: str) -> Any:
        """The value under `key` as it is, for another reader; None where it is absent."""
        return self._take(key, None)

    def has(self, key: str) -> bool:
        """Whether the user wrote `key`."""
        return self._take(key, None) is not None

    def close(self) -> None:
        """Note every key that nobody asked for; call it when all known keys have been read."""
        known = sorted(map(str, self._known))
        listed = f"; known are {', '.join(known)}" if known else ""
        for key in self._data:
            if key not in self._known:
                self._found(str(key), "unknown-key", f"no such setting{nearest(str(key), known) or listed}")

    def _inner(self, data: Any, key: str) -> Reader:
        reader = Reader(data, self._at(key), self.problems, self._unknown)
        self._mistyped |= reader._mistyped
        return reader

    def _found(self, key: str, rule: str, message: str) -> None:
        self.problems.append(Problem(self._at(key), rule, message))

    def _note_type(self, key: str, message: str) -> None:
        self._mistyped = True
        self._found(key, "type", message)

    def _take(self, key: str, default: Any) -> Any:
        self._known[key] = None
        value = self._data.get(key)
        return default if value is None else value

    def _as_text(self, value: Any) -> Any:
        """A whole number of a file as its text; anything else as it is."""
        if self._from_file and not isinstance(value, str):
            whole = self._as_whole(value)
            return str(whole) if isinstance(whole, int) and not isinstance(whole, bool) else value
        return value

    def _as_whole(self, value: Any) -> Any:
        """A whole number as Pulumi sends it, or as a file's text; anything else as it is."""
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if self._from_file and isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        return value

    def _wrong(self, key: str, value: Any, wanted: str, instead: T) -> T:
        if isinstance(value, self._unknown):
            return instead
        if value is None and not self._is_mapping:
            return instead
        if value is None:
            self._found(key, "required", f"the setting is missing; it must be {wanted}")
        else:
            self._note_type(key, f"{_show(value)} is not {wanted}")
        return instead

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and key else self.path or key


def concern(problems: Iterable[Problem], *paths: str) -> bool:
    """Whether one of the problems is at one of the paths, in what is there, or in what it is a part of.

    A rule over several settings asks this first: of a setting that is wrong it would see what stands in for it.
    """
    return any(_is_part(problem.path, path) or _is_part(path, problem.path) for problem in problems for path in paths)


def _is_part(path: str, of: str) -> bool:
    return path == of or path.startswith((f"{of}.", f"{of}["))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the known word that the fewest slips lead to, or that begins with this one; empty where
    none is near."""
    written = _plain(word)
    near = {name: distance for name in known if (distance := _slips(written, _plain(name))) <= max(1, len(name) // 3)}
    return f"; did you mean {min(near, key=lambda name: near[name])}?" if near else ""


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


def _slips(written: str, wanted: str) -> int:
    begun = len(written) > 2 and wanted.startswith(written)
    return 1 if begun else _distance(written, wanted)


def _distance(one: str, other: str) -> int:
    """How many letters are missing, too many, others, or exchanged with their neighbour (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
