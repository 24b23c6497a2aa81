"""What a search condition matches: filters, order, page and projection, over finished answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sakura_emulator.clock import parse_stamp
from sakura_emulator.errors import bad_request
from sakura_emulator.query import Condition
from sakura_emulator.store import Record

Item = dict[str, Any]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


def find(items: list[Item], wanted: Condition, plural: str) -> dict[str, Any]:
    """The body of a find answer."""
    matches = [item for item in items if all(_matches(item, key, value) for key, value in wanted.filters.items())]
    for name in reversed(wanted.sort):
        matches.sort(key=_order(name.removeprefix("-")), reverse=name.startswith("-"))
    page = matches[wanted.offset :]
    if wanted.count:
        page = page[: wanted.count]
    listed = [{"Index": wanted.offset + index, **_project(item, wanted)} for index, item in enumerate(page)]
    return {"From": wanted.offset, "Count": len(listed), "Total": len(matches), plural: listed, "is_ok": True}


def find_records(records: list[Record], shape: Callable[[Record], Item], wanted: Condition, plural: str) -> Item:
    """The same over stored objects, of which only those are shaped that can be in the answer."""
    if wanted.filters or wanted.sort:
        return find([shape(record) for record in _candidates(records, wanted)], wanted, plural)
    page = records[wanted.offset :][: wanted.count or None]
    found = find([shape(record) for record in page], replace(wanted, offset=0, count=0), plural)
    for index, item in enumerate(found[plural]):
        item["Index"] = wanted.offset + index
    return found | {"From": wanted.offset, "Total": len(records)}


def _candidates(records: list[Record], wanted: Condition) -> list[Record]:
    """What a part of a name and tags leave over: both are stored as they are shown, and cost little to compare."""
    name, tags = wanted.filters.get("Name"), wanted.filters.get("Tags.Name")
    if isinstance(name, str):
        for word in name.lower().split():
            records = [record for record in records if word in record.data.get("name", "").lower()]
    if tags is not None:
        records = [record for record in records if _tagged(record.data.get("tags") or [], tags)]
    return records


def _project(item: Item, wanted: Condition) -> Item:
    if wanted.include:
        item = _included(item, wanted.include)
    if wanted.exclude:
        item = _excluded(item, wanted.exclude)
    return item


def _included(item: Item, names: tuple[str, ...]) -> Item:
    """`Plan.Name` keeps that part of Plan; a list is projected item by item."""
    kept: Item = {}
    for key, value in item.items():
        inner = tuple(name[len(key) + 1 :] for name in names if name.startswith(f"{key}."))
        if key in names:
            kept[key] = value
        elif inner and isinstance(value, dict):
            kept[key] = _included(value, inner)
        elif inner and isinstance(value, list):
            kept[key] = [_included(element, inner) if isinstance(element, dict) else element for element in value]
    return kept


def _excluded(item: Item, names: tuple[str, ...]) -> Item:
    kept: Item = {}
    for key, value in item.items():
        inner = tuple(name[len(key) + 1 :] for name in names if name.startswith(f"{key}."))
        if key in names:
            continue
        if inner and isinstance(value, dict):
            kept[key] = _excluded(value, inner)
        elif inner and isinstance(value, list):
            kept[key] = [_excluded(element, inner) if isinstance(element, dict) else element for element in value]
        else:
            kept[key] = value
    return kept


def _values(item: Any, key: str) -> list[Any]:
    """Every value a dotted key names; lists are searched."""
    found = [item]
    for part in key.split("."):
        found = [inner for value in found for inner in (value if isinstance(value, list) else [value])]
        found = [value[part] for value in found if isinstance(value, dict) and part in value]
    return [inner for value in found for inner in (value if isinstance(value, list) else [value])]


def _matches(item: Item, key: str, wanted: Any) -> bool:
    for operator, compare in _COMPARE.items():
        if key.endswith(operator):
            return _compared(_values(item, key.removesuffix(operator).strip()), wanted, compare)
    if key and not (key[-1].isalnum() or key[-1] in "_."):
        raise bad_request("filter_unknown_operator", f"Filter key {key}")
    if key in ("Tags.Name", "Tags"):
        return _tagged(item.get("Tags") or [], wanted)
    values = _values(item, key)
    if isinstance(wanted, list):
        return any(_same(value, candidate) for value in values for candidate in wanted)
    if isinstance(wanted, str) and not key.endswith("ID"):
        words = wanted.lower().split()
        return any(
            all(word in value.lower() for word in words) if isinstance(value, str) else _same(value, wanted)
            for value in values
        )
    return any(_same(value, wanted) for value in values)


def _same(value: Any, wanted: Any) -> bool:
    """Equal as text: clients send ["2"], [100] and ["0"] for numbers and booleans alike."""
    if isinstance(value, bool):
        return str(wanted).lower() in (("1", "true") if value else ("0", "false"))
    if value is None or wanted is None:
        return value is None and wanted in (None, "")
    if isinstance(wanted, bool):
        wanted = int(wanted)
    return str(value) == str(wanted)


def _tagged(tags: list[str], wanted: Any) -> bool:
    if not isinstance(wanted, list):
        return str(wanted) in tags
    for group in wanted:
        if isinstance(group, list):
            if all(str(tag) in tags for tag in group):
                return True
        elif str(group) in tags:
            return True
    return False


def _compared(values: list[Any], wanted: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if isinstance(wanted, list):
        raise bad_request("filter_array_comparison", "a list cannot be compared with < or >")
    if wanted is None:
        raise bad_request("filter_null_comparison", "null cannot be compared with < or >")
    for value in values:
        left, right = _comparable(value), _comparable(wanted)
        if left is not None and right is not None and type(left) is type(right) and compare(left, right):
            return True
    return False


def _comparable(value: Any) -> float | str | None:
    """Numbers and times as numbers, other text as text."""
    if value is None:
        return None
    try:
        return float(value if isinstance(value, bool | int | float) else str(value))
    except (ValueError, OverflowError):  # a whole number can be too large for a float
        pass
    moment = parse_stamp(str(value)) if len(str(value)) >= 10 else None
    return str(value) if moment is None else moment


def _order(name: str) -> Callable[[Item], tuple[int, float, str]]:
    def key(item: Item) -> tuple[int, float, str]:
        value = next(iter(_values(item, name)), None)
        if value is None:
            return (0, 0.0, "")
        if isinstance(value, bool | int | float):
            return (1, float(value), "")
        return (2, 0.0, str(value))

    return key
