"""One mapping of their file, read key by key: what was not taken from it is noted with its line.

A note tells what became of a setting: it means the same here in another form, or is not needed. What would be lost is
to be done instead: somebody has to decide or to write it before the stack does what their tool did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sakura_fleet.model.yaml_lines import Lines

NO_COUNTERPART: Final = "there is no counterpart for this key"


@dataclass(frozen=True, slots=True)
class Note:
    """A setting that is not, or not quite, in the result; `to_do` where something of it is lost."""

    path: str
    line: int
    message: str
    to_do: bool = False

    def at(self, source: str) -> str:
        """As compilers write it."""
        return f"{source}:{self.line}: {self.path}: {'to be done: ' * self.to_do}{self.message}"


class Notes:
    """Collects what is to be said about a file."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._notes: list[Note] = []

    def add(self, path: str, message: str, *, to_do: bool = False) -> None:
        self._notes.append(Note(path, self._lines.line(path), message, to_do))

    def by_line(self) -> tuple[Note, ...]:
        """All of them, in the file's order."""
        return tuple(sorted(self._notes, key=lambda note: note.line))


class Section:
    """A mapping at a path such as `resources[0].template`. Anything else counts as an empty one, and is noted."""

    def __init__(self, notes: Notes, path: str, body: Any) -> None:
        self.path = path
        self._notes = notes
        self._body: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
        if body is not None and not isinstance(body, Mapping):
            notes.add(path, "this is not a mapping; it was left out", to_do=True)

    def __contains__(self, key: str) -> bool:
        return self._body.get(key) is not None

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, default: Any = None) -> Any:
        """A value, which then counts as read; null is as good as absent."""
        value = self._body.pop(key, None)
        return default if value is None else value

    def items(self, key: str) -> list[Any]:
        """A list; empty where it is absent or no list."""
        value = self.take(key, [])
        if isinstance(value, list):
            return value
        self.to_do(key, "this is not a list; it was left out")
        return []

    def text(self, key: str, default: str = "") -> str:
        """A text, or a number as one; `default` where it is absent or something else."""
        value = self.take(key, default)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        self.to_do(key, "this is not a text; it was left out")
        return default

    def section(self, key: str) -> Section:
        return Section(self._notes, self.at(key), self.take(key))

    def sections(self, key: str) -> Iterator[Section]:
        """The mappings of a list."""
        for index, body in enumerate(self.items(key)):
            yield Section(self._notes, f"{self.at(key)}[{index}]", body)

    def copy(self, into: dict[str, Any], *keys: str) -> None:
        """Keys that are the same here and there."""
        for key in keys:
            value = self.take(key)
            if value is not None:
                into[key] = value

    def note(self, key: str, message: str) -> None:
        """Say something about a key."""
        self._notes.add(self.at(key), message)

    def to_do(self, key: str, message: str) -> None:
        """Say what is left to do about a key."""
        self._notes.add(self.at(key), message, to_do=True)

    def note_here(self, message: str) -> None:
        """Say something about the section."""
        self._notes.add(self.path, message)

    def drop(self, key: str, message: str, *, unless: Sequence[Any] = (), needed: bool = True) -> None:
        """Take a key that has no counterpart, which is to be done if it is `needed`; no note where it says nothing
        anyway."""
        value = self.take(key)
        if value is not None and value not in (*unless, "", False, 0) and value != {} and value != []:
            self._notes.add(self.at(key), message, to_do=needed)

    def close(self) -> None:
        """Whatever is left is unknown, there or here."""
        for key in self._body:
            self.to_do(str(key), NO_COUNTERPART)
