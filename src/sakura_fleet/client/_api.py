"""What all kinds of objects share: find with paging, read, create, update and delete, each in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from sakura_fleet.client._fields import Fields
from sakura_fleet.client._query import condition, is_match
from sakura_fleet.client._values import Json, number
from sakura_fleet.errors import InputError, Problem

if TYPE_CHECKING:
    from sakura_fleet.client._transport import Transport

__all__ = ["Api", "Caller", "GlobalApi", "GlobalReadApi", "ZonedApi", "checked_id"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """Makes a value from one object of an answer: mostly the value's own class."""

    def from_api(self, body: Json | Fields, /) -> T_co: ...


ID = re.compile(r"[0-9]+")
ZONE = re.compile(r"[a-z0-9]+")


def checked_id(value: str) -> str:
    """An ID as a part of a path: an empty or foreign one would address something else than meant (`InputError`)."""
    return _checked(value, ID, "resource-id", "a resource ID (12 digits, as the control panel shows it)")


def _checked(value: str, pattern: re.Pattern[str], rule: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise InputError([Problem("", rule, f"{value!r} is not {what}")])
    return value


def _checked_zone(value: str) -> str:
    return _checked(value, ZONE, "zone-name", "a zone such as is1a")


class Caller:
    """Sends calls to paths below one kind of object."""

    PATH: ClassVar[str]

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _call(self, method: str, zone: str, path: str, *, body: Json | None = None) -> Fields:
        return self._transport.request(method, _checked_zone(zone), path, body=body)

    def _ask(self, zone: str, path: str, query: Json) -> Fields:
        """A GET with a condition."""
        return self._transport.request("GET", _checked_zone(zone), path, query=query)

    def _at(self, object_id: str, action: str = "") -> str:
        """The path of an object, or of something below it."""
        path = f"{self.PATH}/{checked_id(object_id)}"
        return f"{path}/{action}" if action else path


class Api(Caller, Generic[T]):
    """Calls for one kind of object. A subclass names its place on the wire and its value class."""

    SINGULAR: ClassVar[str]
    """The key of one object in requests and answers."""
    PLURAL: ClassVar[str]
    """The key of a list of objects in the answer of a find."""
    FILTERS: ClassVar[Mapping[str, Any]] = {}
    """Conditions of every find."""
    VALUE: Reader[T]

    def _parse(self, zone: str, fields: Fields) -> T:
        """The value for one object as it was found in `zone`."""
        return self.VALUE.from_api(fields)

    def _object(self, method: str, zone: str, path: str, body: Json | None = None) -> T:
        return self._parse(zone, self._call(method, zone, path, body=body).child(self.SINGULAR))

    def _find(
        self,
        zone: str,
        *,
        tags: Sequence[str] = (),
        name: str | None = None,
        filters: Json | None = None,
        description: str = "",
    ) -> list[T]:
        """All matches, asking for further pages until `Total` items came.

        Of what has another `description` nothing else is read: it belongs to somebody else, whose object may lack what
        is needed of one's own.

        A page that brings nothing new before is no end, and one that has fewer items than it counts (`Count`) is none
        at all: what is not listed would be taken for gone, and made again.
        """
        found: dict[str, Fields] = {}
        seen = 0
        while True:
            query = condition(start=seen, tags=tags, name=name, filters={**self.FILTERS, **(filters or {})})
            answer = self._ask(zone, self.PATH, query)
            page, total = answer.items(self.PLURAL), answer.number("Total")
            counted = number(answer.get("Count"))
            if counted > len(page):
                raise answer.unusable(self.PLURAL, f"has {len(page)} objects, and counts {counted}")
            known = len(found)
            found.update((self._key(item), item) for item in page)
            seen += len(page)
            if seen >= total:
                matches = [item for item in found.values() if self._is_match(item, tags, name)]
                return [
                    self._parse(zone, item)
                    for item in matches
                    if not description or description in item.blank_text("Description")
                ]
            if len(found) == known:
                raise answer.unusable(self.PLURAL, f"has {len(found)} of {total} objects, and no more come")

    def _is_match(self, item: Fields, tags: Sequence[str], name: str | None) -> bool:
        """Whether an item is what was asked for: an API that overlooks a condition answers with everything."""
        return is_match(item.tags() if tags else (), item.text("Name") if name else "", tags=tags, name=name)

    def _key(self, item: Fields) -> str:
        """What tells two items of a list apart."""
        return item.own_id()

    def _create(self, zone: str, body: Json, beside: Json | None = None) -> T:
        """`beside` is what is next to the object in the request."""
        return self._object("POST", zone, self.PATH, {self.SINGULAR: body, **(beside or {})})

    def _update(self, zone: str, object_id: str, body: Json, beside: Json | None = None) -> T:
        return self._object("PUT", zone, self._at(object_id), {self.SINGULAR: body, **(beside or {})})


class ZonedApi(Api[T]):
    """Objects that live in a zone. Every call names it: an ID of another zone is not found."""

    def find(self, zone: str, *, tags: Sequence[str] = (), name: str | None = None) -> list[T]:
        """All objects of the zone that carry every one of `tags` and whose name contains each word of `name`.

        The match by name is partial and ignores case: check the name again before changing what was found.
        """
        return self._find(zone, tags=tags, name=name)

    def read(self, zone: str, object_id: str, /) -> T:
        """One object. Raises `NotFoundError` if it is gone or lives in another zone."""
        return self._object("GET", zone, self._at(object_id))

    def delete(self, zone: str, object_id: str, /) -> None:
        """Delete one object. Raises `NotFoundError` if it is gone, `ConflictError` while it is in use."""
        self._call("DELETE", zone, self._at(object_id))


class GlobalReadApi(Api[T]):
    """Objects that live in no zone, to be read.

    The API wants a zone in the path all the same: the client's default zone.
    """

    def __init__(self, transport: Transport, zone: str) -> None:
        super().__init__(transport)
        self._zone = zone

    def find(self, *, tags: Sequence[str] = (), name: str | None = None) -> list[T]:
        """All objects that carry every one of `tags` and whose name contains each word of `name`.

        The match by name is partial and ignores case: check the name again before changing what was found.
        """
        return self._find(self._zone, tags=tags, name=name)

    def read(self, object_id: str, /) -> T:
        """One object. Raises `NotFoundError` if it is gone."""
        return self._object("GET", self._zone, self._at(object_id))


class GlobalApi(GlobalReadApi[T]):
    """Objects that live in no zone."""

    def delete(self, object_id: str, /) -> None:
        """Delete one object. Raises `NotFoundError` if it is gone, `ConflictError` while it is in use."""
        self._call("DELETE", self._zone, self._at(object_id))
