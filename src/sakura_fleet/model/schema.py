"""The JSON Schema (2020-12) of a stack file, taken from the readers that judge it.

The readers run over a `Tracer`: a reader without input, which answers with harmless values and notes what it is asked
for. They run once for each of `ANSWERS`, as some of them choose by a value how to read it; whatever was asked for in
any run is a form of the setting. So a setting is in the schema as soon as it is read. What readers take whole, to judge
it on their own, is said in `_TAKEN_WHOLE`.

The schema refuses no file that `read_stack` accepts; rules over several settings are left to `read_stack`. Its keywords
mean the same in draft 7, which editors know best.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sakura_fleet.model.dns.rdata import HINTS, read_mapping
from sakura_fleet.model.dns.rules import ALLOWABLE
from sakura_fleet.model.dns.svcb import read_structure
from sakura_fleet.model.dns.values import REFERENCES
from sakura_fleet.model.elb import PLANS
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.stack import MAY_BE_SECRET, STRUCTURED, read_sections
from sakura_fleet.model.zones import ZONES

PREFIX: Final = "sakura-fleet:"
Schema = dict[str, Any]

# In quotes or not: bounds hold for the number, and the pattern for the text.
_WHOLE: Final[Schema] = {"type": ["integer", "string"], "pattern": "^[-+]?[0-9]{1,18}$"}
_NUMBER: Final[Schema] = {"type": ["number", "string"], "pattern": "^[-+]?[0-9]{1,18}([.][0-9]{1,18})?$"}

_OWN_KEY: Final = "*"
"""Stands for the keys of a mapping that the user chooses, such as zones or numbers of servers."""


_DEEPEST: Final = 8
"""More mappings than lie within each other in any stack file."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How a `Tracer` answers: down to which depth sections are there, what a whole value is, and what texts are."""

    depth: int = _DEEPEST
    whole_value: Any = None
    text: str = ""


ANSWERS: Final = (
    *(Answers(depth) for depth in range(_DEEPEST + 1)),
    Answers(whole_value={_OWN_KEY: _OWN_KEY}, text="x"),
    Answers(whole_value=0),
)


@dataclass(slots=True)
class Asked:
    """What readers asked one mapping for, over all runs."""

    forms: dict[str, list[Schema]] = field(default_factory=dict)
    mappings: dict[str, Asked] = field(default_factory=dict)
    lists: dict[str, Asked] = field(default_factory=dict)
    visits: int = 0
    needed: Counter[str] = field(default_factory=Counter)
    """How many visits asked for a key without a default, or opened the mapping under it."""
    closed: bool = False


class Tracer(Reader):
    """A reader that knows nothing and notes what it is asked for."""

    def __init__(self, asked: Asked, answers: Answers, depth: int = 0) -> None:
        super().__init__({}, "", [])
        asked.visits += 1
        self._asked = asked
        self._depth = depth
        self._answers = answers
        self._needed: set[str] = set()

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
        form: Schema = {"type": ["string", "integer"]}
        if choices:
            form["enum"] = [*([] if default is None or default in choices else [default]), *choices]
            form["enum"] += [int(choice) for choice in choices if choice.isdigit()]
        if pattern:
            form["pattern"] = _ecma(pattern, default)
        if longest is not None:
            form["maxLength"] = longest
        if shape:
            form["description"] = shape
        self._note(key, form, default)
        return self._answers.text or default or ""

    def whole(
        self, key: str, default: int | None = None, *, minimum: int | None = None, maximum: int | None = None
    ) -> int:
        bounds = {"minimum": minimum, "maximum": maximum}
        form: Schema = {**_WHOLE, **{name: bound for name, bound in bounds.items() if bound is not None}}
        self._note(key, form, default)
        return minimum or 0 if default is None else default

    def number(self, key: str, default: float, *, above: float, shape: str) -> float:
        self._note(key, {**_NUMBER, "exclusiveMinimum": above, "description": shape}, "")
        return default

    def flag(self, key: str, default: bool | None = None) -> bool:
        self._note(key, {"type": "boolean"}, default)
        return bool(default)

    def texts(self, key: str, default: Sequence[str] | None = None, *, choices: Sequence[str] = ()) -> tuple[str, ...]:
        item: Schema = {"type": ["string", "integer"], **({"enum": list(choices)} if choices else {})}
        self._note(key, {"type": "array", "items": item}, "" if default == () else default)
        return tuple(default or ())

    def whole_list(self, key: str) -> list[int]:
        self._note(key, {"type": "array", "items": _WHOLE}, "")
        return []

    def child(self, key: str) -> Reader:
        self._need(key)
        self._asked.forms.setdefault(key, [])
        return Tracer(self._asked.mappings.setdefault(key, Asked()), self._answers, self._depth + 1)

    def children(self, key: str) -> list[Reader]:
        self._asked.forms.setdefault(key, [])
        return [Tracer(self._asked.lists.setdefault(key, Asked()), self._answers, self._depth + 1)]

    def structure(self, key: str) -> Any:
        self._asked.forms.setdefault(key, [])
        return self._answers.whole_value

    def has(self, key: str) -> bool:
        self._asked.forms.setdefault(key, [])
        return self._depth < self._answers.depth

    def close(self) -> None:
        self._asked.closed = True

    def _note(self, key: str, form: Schema, default: Any) -> None:
        if default is None:
            self._need(key)
        elif default != "":
            form["default"] = default
        known = self._asked.forms.setdefault(key, [])
        if form not in known:
            known.append(form)

    def _need(self, key: str) -> None:
        if key not in self._needed:
            self._needed.add(key)
            self._asked.needed[key] += 1


def stack_schema(descriptions: Mapping[str, str] | None = None) -> Schema:
    """The schema of a whole stack file. `descriptions` are what settings mean, by path: `elb.bind_ports[].port`.

    Raises `LookupError` for a setting whose form no reader says.
    """
    settings = _mapping(_traced(read_sections), "", descriptions or {})["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of sakura-fleet",
        "type": "object",
        "properties": {
            "config": {
                "type": ["object", "null"],
                "properties": {f"{PREFIX}{key}": _as_config(key, setting) for key, setting in settings.items()},
                "patternProperties": {f"^(?!{PREFIX})": {}},
                "additionalProperties": False,
            },
            "encryptionsalt": {"type": "string", "description": "written by the engine; never change it"},
            "encryptedkey": {"type": "string", "description": "written by the engine; never change it"},
            "secretsprovider": {"type": "string", "description": "what encrypts the secrets of this file"},
        },
    }


def _as_config(key: str, setting: Schema) -> Schema:
    """A setting as Pulumi's configuration takes it, which hands every value over as a text, structured ones as JSON."""
    if key in MAY_BE_SECRET or key not in STRUCTURED:
        return setting
    types = setting["type"]
    kinds = {"object": r"\{", "array": r"\[", "integer": "[0-9.eE+]+$", "number": "[0-9.eE+]+$"}
    (kind,) = kinds.keys() & {*([types] if isinstance(types, str) else types)}
    notes: Schema = {name: setting[name] for name in ("description", "default") if name in setting}
    form = {name: value for name, value in setting.items() if name not in notes}
    return {**notes, "anyOf": [form, {"type": "string", "pattern": rf"^\s*{kinds[kind]}"}]}


def _traced(read: Callable[[Reader], object]) -> Asked:
    asked = Asked()
    for answers in ANSWERS:
        read(Tracer(asked, answers))
    return asked


def _mapping(asked: Asked, path: str, descriptions: Mapping[str, str]) -> Schema:
    properties: Schema = {}
    required = []
    additional: Any = not asked.closed
    for key in asked.forms:
        where = f"{path}.{key}" if path else key
        forms = [*asked.forms[key]]
        is_needed = asked.needed[key] == asked.visits
        if key in asked.mappings:
            inner = _mapping(asked.mappings[key], where, descriptions)
            is_needed = is_needed and "required" in inner
            forms.append(inner)
        if key in asked.lists:
            item = _mapping(asked.lists[key], f"{where}[]", descriptions)
            forms.append({"type": "array", "items": item if "required" in item else _or_null(item)})
        if key == _OWN_KEY:
            (additional,) = forms
            continue
        properties[key] = _described(_setting(where, forms, is_needed=is_needed), where, descriptions)
        if is_needed:
            required.append(key)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": additional}
    return {**schema, "required": required} if required else schema


def _setting(path: str, forms: Sequence[Schema], *, is_needed: bool) -> Schema:
    """One setting; where it has a default, null says what a missing key says."""
    for tail, whole in _TAKEN_WHOLE.items():
        if path == tail or path.endswith(f".{tail}"):
            return whole()
    if not forms:
        raise LookupError(f"{path}: no reader says what form this setting has; say it in {__name__}")
    form = forms[0] if len(forms) == 1 else {"anyOf": list(forms)}
    return form if is_needed else _or_null(form)


def _or_null(form: Schema) -> Schema:
    if "anyOf" in form:
        return {**form, "anyOf": [*form["anyOf"], {"type": "null"}]}
    choices = {"enum": [*form["enum"], None]} if "enum" in form else {}
    types = form["type"]
    return {**form, "type": [*([types] if isinstance(types, str) else types), "null"], **choices}


def _described(setting: Schema, path: str, descriptions: Mapping[str, str]) -> Schema:
    # A Caddy host's template is that of a server group.
    text = descriptions.get(path) or descriptions.get(path.replace("hosts[].template", "server_group.template"))
    return {"description": text, **{k: v for k, v in setting.items() if k != "description"}} if text else setting


def _ecma(pattern: str, default: str | None) -> str:
    """A pattern for the whole text in the regular expressions of JSON Schema; the default is allowed, too."""
    also = "" if default is None or re.fullmatch(pattern, default) else f"|{re.escape(default)}"
    body = pattern.replace("(?s).", r"[\s\S]").replace(r"\"", '"')
    return f"^(?:{body}{also})$"


def _values() -> Schema:
    """A record set's values: texts, references, or mappings that follow the record's type."""

    def form(read: Callable[[Reader], object]) -> Schema:
        return _mapping(_traced(read), "", {})

    def mapping(kind: str) -> Schema:
        return form(lambda reader: read_mapping(kind, reader))

    references = [{"type": "object", "required": [kind]} for kind in REFERENCES]
    svcb = form(lambda reader: read_structure(reader, dict.fromkeys(HINTS, ())))
    hint = {"type": ["array", "null"], "items": {"anyOf": [{"type": "string"}, *references]}}
    svcb["properties"] |= dict.fromkeys(HINTS, hint)
    forms = [{"type": "string"}, svcb, *(mapping(kind) for kind in ("MX", "SRV", "CAA")), *references]
    return {"type": "array", "minItems": 1, "items": {"anyOf": forms}}


def _allowed_rules() -> Schema:
    rule: Schema = {"enum": list(ALLOWABLE)}
    with_reason = {"type": "object", "propertyNames": rule, "additionalProperties": {"type": "string"}}
    forms = [rule, {**with_reason, "minProperties": 1, "maxProperties": 1}]
    return {"type": ["array", "null"], "items": {"anyOf": forms}}


_SECRET: Final[Schema] = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
"""What `pulumi config set --secret` writes."""

_TAKEN_WHOLE: Final[Mapping[str, Callable[[], Schema]]] = {
    "server_group.zones": lambda: {
        "type": "array",
        "items": {"enum": list(ZONES)},
        "minItems": 1,
        "uniqueItems": True,
    },
    "expose.ports": lambda: {
        "type": ["array", "null"],
        "items": {**_WHOLE, "minimum": 1, "maximum": 65_535},
        "uniqueItems": True,
    },
    "edit_parameter.password": lambda: {
        "enum": ["", None],
        "description": "never here in plain text: run `pulumi config set --secret server_password`",
    },
    "elb.plan": lambda: {"enum": [*PLANS, *map(str, PLANS), None], "default": PLANS[0]},
    "dns.record_sets[].values": _values,
    "dns.record_sets[].allow": _allowed_rules,
    **dict.fromkeys(MAY_BE_SECRET, lambda: {"anyOf": [_SECRET, {"const": ""}]}),
}
"""Settings that readers judge by themselves, by the end of their path."""
