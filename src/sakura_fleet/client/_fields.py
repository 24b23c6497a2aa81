"""One object of an answer, read strictly: what the API always sends and an answer does not have makes it unusable.

A missing field is no empty value. Were an answer without records read as a zone without records, the next write would
wipe those of everybody, and a server without interfaces would be replaced.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

from sakura_fleet.client._values import MB_PER_GB, Json, moment, reference, text
from sakura_fleet.errors import UnusableAnswerError

__all__ = ["Fields", "Source"]


class Source(NamedTuple):
    """The call that an answer belongs to."""

    method: str = ""
    path: str = ""


NO_CALL = Source()
LONGEST_NAME = 64
"""Characters of a name in a message, as many as the API allows."""


class Fields:
    """An object of an answer.

    The methods are for fields that the API always sends: each raises `UnusableAnswerError`, which names call, object
    and field, where its field is missing or of another type. What may be missing by right is read with `get` and the
    readers of `_values`. `place` is where the object is in the answer, `thing` the object that it is, or is a part of.
    """

    __slots__ = ("_source", "_thing", "body", "place")

    def __init__(self, body: Json, source: Source = NO_CALL, place: str = "", thing: str = "") -> None:
        self.body = body
        self.place = place
        self._source = source
        self._thing = thing or _name(body)

    @classmethod
    def of(cls, body: Json | Fields) -> Fields:
        """The object itself where it is one already."""
        return body if isinstance(body, Fields) else cls(body)

    def copy(self) -> Fields:
        """The same with a body of its own."""
        return Fields(copy.deepcopy(dict(self.body)), self._source, self.place, self._thing)

    def get(self, key: str) -> Any:
        """What is under a key that may be missing by right."""
        return self.body.get(key)

    def text(self, key: str) -> str:
        """A text that is never empty."""
        found = text(self._present(key))
        if not found:
            raise self.unusable(key, "is no text")
        return found

    def blank_text(self, key: str) -> str:
        """A text that may be empty; so is null."""
        value = self._present(key)
        if value is not None and not isinstance(value, str):
            raise self.unusable(key, "is no text")
        return value or ""

    def optional_text(self, key: str) -> str | None:
        """A text; None for null and the empty text."""
        return self.blank_text(key) or None

    def number(self, key: str) -> int:
        """A whole number, also written as text."""
        value = text(self._present(key))
        try:
            return int(float(value))
        except (ValueError, OverflowError):
            raise self.unusable(key, "is no number") from None

    def positive(self, key: str) -> int:
        """A whole number that is never 0, such as a port."""
        found = self.number(key)
        if found <= 0:
            raise self.unusable(key, f"is {found}, which it never is")
        return found

    def gigabytes(self, key: str) -> int:
        """Megabytes on the wire as whole GB (1024 MB); something always has a size."""
        return self.positive(key) // MB_PER_GB

    def flag(self, key: str) -> bool:
        """A boolean."""
        value = self._present(key)
        if not isinstance(value, bool):
            raise self.unusable(key, "is neither true nor false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, in its order."""
        return tuple(text(item) for item in self._list(key))

    def tags(self, key: str = "Tags") -> tuple[str, ...]:
        """Tags, sorted: their order means nothing."""
        return tuple(sorted(self.texts(key)))

    def reference(self, key: str) -> str | None:
        """The ID behind a reference such as `"Icon": {"ID": 1}`; None for null, which means that there is none."""
        return reference(self._present(key))

    def child(self, key: str) -> Fields:
        """An object within this one."""
        value = self._present(key)
        if not isinstance(value, Mapping):
            raise self.unusable(key, "is no object")
        return Fields(value, self._source, self._at(key), self._thing)

    def optional_child(self, key: str) -> Fields | None:
        """An object within this one; None for null."""
        return None if self._present(key) is None else self.child(key)

    def items(self, key: str) -> list[Fields]:
        """A list of objects."""
        found = []
        for index, item in enumerate(self._list(key)):
            place = f"{key}[{index}]"
            if not isinstance(item, Mapping):
                raise self.unusable(place, "is no object")
            found.append(Fields(item, self._source, self._at(place), self._thing))
        return found

    def own_id(self) -> str:
        """The object's own ID, as text whichever way it was sent; 0 is the API's way to say that there is none."""
        found = self.text("ID")
        if found == "0":
            raise self.unusable("ID", "is no ID")
        return found

    def optional_items(self, key: str) -> list[Fields]:
        """A list of objects; null is an empty one. For what no write follows that would wipe it."""
        return [] if self._present(key) is None else self.items(key)

    def optional_texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, in its order; null is an empty one."""
        return () if self._present(key) is None else self.texts(key)

    def replaced(self, key: str, value: object) -> Fields:
        """The same with another value under a key."""
        return Fields({**self.body, key: value}, self._source, self.place, self._thing)

    def named(self) -> dict[str, Any]:
        """The fields that every kind of object has: `id`, `name` and `created_at`."""
        return {"id": self.own_id(), "name": self.text("Name"), "created_at": moment(self.get("CreatedAt"))}

    def described(self) -> dict[str, Any]:
        """The fields of an object that can be described: `named`, `description` and `tags`."""
        return {**self.named(), "description": self.blank_text("Description"), "tags": self.tags()}

    def unusable(self, key: str, problem: str) -> UnusableAnswerError:
        """The error for a field with a problem, such as `is missing`."""
        where = f"{self._at(key)} {problem}"
        return UnusableAnswerError(
            f"{self._thing}: {where}" if self._thing else where, method=self._source.method, path=self._source.path
        )

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _present(self, key: str) -> Any:
        if key not in self.body:
            raise self.unusable(key, "is missing")
        return self.body[key]

    def _list(self, key: str) -> list[Any]:
        value = self._present(key)
        if not isinstance(value, list):
            raise self.unusable(key, "is no list")
        return value


def _name(body: Json) -> str:
    """What an object is called in a message; empty for what has no ID."""
    name, own_id = text(body.get("Name"))[:LONGEST_NAME], text(body.get("ID"))
    return f"{name} ({own_id})".strip() if own_id else ""
