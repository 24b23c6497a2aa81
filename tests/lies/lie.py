"""What an answer can be made into, and what can go wrong behind a call that was carried out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

JSON = dict[str, Any]

PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
"""What a gateway answers by itself."""
BUSY: JSON = {
    "is_fatal": True,
    "serial": "0123456789abcdef0123456789abcdef",
    "status": "503 Service Unavailable",
    "error_code": "busy",
    "error_msg": "busy",
}
"""The API's own envelope of a call that it turned away."""


class Lie(StrEnum):
    """One kind of lie: about answers, about the lists of finds, and about calls that were carried out.

    Of a list, that of a find or the one in a `field`, the first item is missing (`ITEM`); or that of a find is cut to
    its first half: as a page whose `Total` is right (`PAGE`), as all that there is though `Count` knows better
    (`TOTAL`), and so that both agree (`SHORT`).
    """

    MISSING = "field-missing"
    NULL = "field-null"
    EMPTY = "field-empty"
    STALE = "stale"
    HTML = "html"
    CUT_JSON = "cut-json"
    ITEM = "item-missing"
    PAGE = "page"
    TOTAL = "page-total"
    SHORT = "short-list"
    GATEWAY_503 = "gateway-503-after"
    API_503 = "api-503-after"
    CUT_AFTER = "cut-after"
    TWICE = "twice"
    HIDDEN = "hidden"
    DELAY = "delay"


FIELD_LIES = (Lie.MISSING, Lie.NULL, Lie.EMPTY)
LIST_LIES = (Lie.ITEM, Lie.PAGE, Lie.TOTAL, Lie.SHORT)
READ_LIES = (*FIELD_LIES, Lie.STALE, Lie.HTML, Lie.CUT_JSON)
WRITE_LIES = (Lie.GATEWAY_503, Lie.API_503, Lie.CUT_AFTER, Lie.TWICE)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which calls are lied about, and how.

    `path` is below the API's version, `*` for an ID: `/commonserviceitem/*`. The lie begins with the `nth` such call
    and is told `times` times. `field` is a dotted path into the answer for the lies about fields, such as
    `Servers.Instance`; in a list it means every item. `looks` is in how many finds a new object is `HIDDEN`, `seconds`
    how long an answer is held back by `DELAY`.
    """

    method: str
    path: str
    lie: Lie
    field: str = ""
    nth: int = 1
    times: int = 1
    looks: int = 3
    seconds: float = 0.0


def falsified(answer: bytes, rule: Rule) -> bytes:
    """The body of an answer with the rule's lie in it; as it was where the lie is about something else."""
    match rule.lie:
        case Lie.HTML:
            return PAGE
        case Lie.CUT_JSON:
            return answer[: len(answer) // 2]
        case Lie.MISSING:
            return _with_field(answer, rule.field, lambda parent, key: parent.pop(key))
        case Lie.NULL:
            return _with_field(answer, rule.field, lambda parent, key: parent.update({key: None}))
        case Lie.EMPTY:
            return _with_field(answer, rule.field, lambda parent, key: parent.update({key: _emptied(parent[key])}))
        case Lie.ITEM if rule.field:
            return _with_field(answer, rule.field, lambda parent, key: parent.update({key: parent[key][1:]}))
        case Lie.ITEM | Lie.PAGE | Lie.TOTAL | Lie.SHORT:
            return _with_list(answer, rule.lie)
    return answer


def _with_list(answer: bytes, lie: Lie) -> bytes:
    """The answer of a find with another list; as it was where nothing was found."""
    body = json.loads(answer)
    for key, items in body.items():
        if not isinstance(items, list) or not items:
            continue
        body[key] = items[1:] if lie is Lie.ITEM else items[: len(items) // 2]
        left = len(body[key])
        body |= {Lie.ITEM: {}, Lie.PAGE: {"Count": left}, Lie.TOTAL: {"Total": left}}.get(
            lie, {"Count": left, "Total": left}
        )
        return json.dumps(body).encode()
    return answer


def without_objects(answer: bytes, ids: set[str]) -> bytes:
    """The answer of a find in which the objects with these IDs are not seen yet."""
    body = json.loads(answer)
    for key, items in body.items():
        if isinstance(items, list):
            body[key] = [item for item in items if str(item.get("ID")) not in ids]
            gone = len(items) - len(body[key])
            body["Count"], body["Total"] = body["Count"] - gone, body["Total"] - gone
    return json.dumps(body).encode()


def made_by(answer: bytes) -> str:
    """The ID of the object that a create call has made."""
    return next((str(value["ID"]) for value in json.loads(answer).values() if isinstance(value, dict)), "")


def paths(answer: bytes) -> frozenset[str]:
    """The dotted paths of all fields in an answer."""
    return frozenset(_paths(json.loads(answer), ""))


def _paths(value: Any, above: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, above)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{above}{key}"
            yield from _paths(inner, f"{above}{key}.")


def _with_field(answer: bytes, field: str, change: Callable[[JSON, str], Any]) -> bytes:
    body = json.loads(answer)
    *_, last = names = field.split(".")
    for holder in _holders(body, names):
        change(holder, last)
    return answer if body == json.loads(answer) else json.dumps(body).encode()


def _holders(value: Any, names: Sequence[str]) -> list[JSON]:
    """The objects that hold the last name of the path; in lists those of every item."""
    if isinstance(value, list):
        return [holder for item in value for holder in _holders(item, names)]
    if not isinstance(value, dict) or names[0] not in value:
        return []
    return [value] if len(names) == 1 else _holders(value[names[0]], names[1:])


def _emptied(value: Any) -> Any:
    return value if value is None else type(value)()
