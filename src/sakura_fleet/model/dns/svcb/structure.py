"""SVCB and HTTPS data as a mapping: `priority`, `target` and the registered keys with underscores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sakura_fleet.model.dns.svcb import keys
from sakura_fleet.model.dns.svcb.rdata import Svcb, build_svcb
from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import WrittenParam, check_ascii, join_list
from sakura_fleet.model.dns.svcb.values import Items
from sakura_fleet.model.reading import Reader

_LISTS: Final = ("alpn", "docpath")
_FLAGS: Final = ("no-default-alpn", "ohttp")
_NUMERIC: Final = ("port",)
_TEXTS: Final = ("ech", "dohpath")
_NUMBERS: Final = ("tls-supported-groups",)


def read_structure(reader: Reader, hints: Mapping[str, Iterable[str]]) -> Svcb | None:
    """The record that a program writes as a mapping.

    `hints` are the addresses of `ipv4hint` and `ipv6hint`, read and resolved by the caller.
    """
    before = len(reader.problems)
    priority = reader.whole("priority", minimum=0, maximum=0xFFFF)
    whole = len(reader.problems) == before
    target = reader.text("target", ".")
    written: list[WrittenParam] = []
    for name in keys.NAMES:
        key = name.replace("-", "_")
        before = len(reader.problems)
        if name in hints:
            value = ",".join(hints[name])
            present = bool(value)
        elif name in _FLAGS:
            value, present = "", reader.flag(key, default=False)
        elif name in _NUMERIC:
            present = reader.has(key)
            value = str(reader.whole(key, 0, minimum=0, maximum=0xFFFF))
        elif name in _TEXTS:
            value = reader.text(key, "")
            present = bool(value)
        elif name in _NUMBERS:
            value = ",".join(str(group) for group in reader.whole_list(key))
            present = bool(value)
        else:
            present = reader.has(key)
            items = reader.texts(key, ())
            value = join_list(i.encode() for i in items).decode() if name in _LISTS else ",".join(items)
        if not present or len(reader.problems) > before:
            continue
        try:
            check_ascii(value)
        except BrokenRuleError as error:
            reader.problem(key, error.rule, str(error))
        else:
            written.append(WrittenParam(name, value.encode()))
    reader.close()
    if not whole:
        return None
    return build_svcb(priority, target, written, reader.path, reader.problems)


def structure_of(svcb: Svcb) -> dict[str, Any]:
    """The mapping that `read_structure` reads as this record; all of its keys have a name."""
    found: dict[str, Any] = {"priority": svcb.priority, "target": svcb.target.text()}
    for number, wire in svcb.params:
        name = keys.key_name(number)
        found[name.replace("-", "_")] = _param(number, name, wire)
    return found


def _param(number: int, name: str, wire: bytes) -> Any:
    if name in _FLAGS:
        return True
    form = keys.key_format(number)
    if isinstance(form, Items):
        return [item.decode() for item in form.items(wire, name)]
    text = form.decode(wire, name).decode()
    if name in _TEXTS:
        return text
    if name in _NUMERIC:
        return int(text)
    return [int(item) for item in text.split(",")] if name in _NUMBERS else text.split(",")
