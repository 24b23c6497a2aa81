"""Reading what a person wrote: typed values out, every problem collected, unknown keys named with the nearest known
one.

A `Reader` reads one mapping. It never raises: it notes a `Problem` and goes on with a harmless value, so that one
run shows everything that is wrong. A value of the type `unknown` (what a preview cannot know yet) passes unjudged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, TypeVar

from sakura_fleet.errors import Problem

T = TypeVar("T")


class Reader:
    """One mapping of the input, its path, and the shared list of problems."""

    def __init__(self, data: Any, path: str, problems: list[Problem], unknown: type | tuple[type, ...] = ()) -> None:
        self.path = path
        self.problems = problems
        self._unknown = unknown
        self._known: list[str] = []
        self._data: Mapping[str, Any] = {}
        if isinstance(data, Mapping):
            self._data = data
        elif data is not None and not isinstance(data, unknown):
            self.problem("", "type", f"{_show(data)} is not a mapping of settings")

    def problem(self, key: str, rule: str, message: str) -> None:
        """Note one problem with `key` (empty: with the mapping itself)."""
        self.problems.append(Problem(self._at(key), rule, message))

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
        value = self._take(key, default)
        if not isinstance(value, str):
            return self._wrong(key, value, (value is None and shape) or "a text", default or "")
        if value == default:
            return value
        if choices and value not in choices:
            self.problem(
                key, "unknown-value", f"{_show(value)} is not one of {', '.join(choices)}{_nearest(value, choices)}"
            )
        if pattern and not re.fullmatch(pattern, value):
            self.problem(key, "shape", f"{_show(value)} is not {shape or f'of the form {pattern}'}")
        if longest is not None and len(value) > longest:
            self.problem(key, "length", f"the text has {len(value)} characters; at most {longest} are allowed")
        return value

    def whole(
        self, key: str, default: int | None = None, *, minimum: int | None = None, maximum: int | None = None
    ) -> int:
        """A whole number between two bounds, both included."""
        value = self._take(key, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(key, value, "a whole number", minimum or 0 if default is None else default)
        if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            if maximum is None:
                bounds = f"at least {minimum}"
            elif minimum is None:
                bounds = f"at most {maximum}"
            else:
                bounds = f"from {minimum} to {maximum}"
            self.problem(key, "range", f"{value} is out of range; allowed is {bounds}")
        return value

    def number(self, key: str, default: float, *, above: float, shape: str) -> float:
        """A finite number over a bound; `shape` says in words what it is."""
        value = self._take(key, None)
        if value is None or isinstance(value, self._unknown):
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < inf:
            self.problem(key, "range", f"{value!r} is not {shape}")
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
        for index, item in enumerate(value):
            if not isinstance(item, str) and not isinstance(item, self._unknown):
                self.problem(f"{key}[{index}]", "type", f"{_show(item)} is not a text; put it in quotes")
            elif choices and isinstance(item, str) and item not in choices:
                self.problem(f"{key}[{index}]", "unknown-value", f"{item!r} is not one of {', '.join(choices)}")
        return tuple(str(item) for item in value if not isinstance(item, self._unknown))

    def whole_list(self, key: str) -> list[int]:
        """A list of whole numbers; empty where it is absent."""
        value = self._take(key, ())
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            return self._wrong(key, value, "a list of whole numbers", list[int]())
        numbers = []
        for index, item in enumerate(value):
            if isinstance(item, float) and item.is_integer():
                numbers.append(int(item))
            elif isinstance(item, int) and not isinstance(item, bool):
                numbers.append(item)
            elif not isinstance(item, self._unknown):
                self.problem(f"{key}[{index}]", "type", f"{_show(item)} is not a whole number")
        return numbers

    def child(self, key: str) -> Reader:
        """The mapping under `key`; an empty one where it is absent."""
        return Reader(self._take(key, {}), self._at(key), self.problems, self._unknown)

    def children(self, key: str) -> list[Reader]:
        """The list of mappings under `key`."""
        value = self._take(key, ())
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            value = self._wrong(key, value, "a list", tuple[Any, ...]())
        return [
            Reader(item, self._at(f"{key}[{index}]"), self.problems, self._unknown) for index, item in enumerate(value)
        ]

    def structure(self, key: str) -> Any:
        """The value under `key` as it is, for another reader; None where it is absent."""
        return self._take(key, None)

    def has(self, key: str) -> bool:
        """Whether the user wrote `key`."""
        return self._take(key, None) is not None

    def close(self) -> None:
        """Note every key that nobody asked for; call it when all known keys have been read."""
        for key in self._data:
            if key not in self._known:
                known = f"; known are {', '.join(sorted(self._known))}" if self._known else ""
                self.problem(str(key), "unknown-key", f"no such setting{_nearest(str(key), self._known) or known}")

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        value = self._data.get(key)
        return default if value is None else value

    def _wrong(self, key: str, value: Any, wanted: str, instead: T) -> T:
        if isinstance(value, self._unknown):
            return instead
        if value is None:
            self.problem(key, "required", f"the setting is missing; it must be {wanted}")
        else:
            self.problem(key, "type", f"{_show(value)} is not {wanted}")
        return instead

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and key else self.path or key


def _nearest(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # for mistakes only

    found = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
