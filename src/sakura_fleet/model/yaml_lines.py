"""YAML whose values remember the line on which they were written, for messages about a user's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from sakura_fleet.model.yaml_reader import read_nodes


class Lines:
    """A document and the line of each of its values, by path (`resources[0].template.plan`).

    Raises `FileError` where the text is no YAML.
    """

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._lines: dict[str, int] = {}
        self.document, node = read_nodes(text, source)
        if node is not None:
            self._walk(node, "", node.start_mark.line)

    def line(self, path: str) -> int:
        """The line of a value, or of the nearest one around it, as for what came in by an alias or a merge."""
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path, 1)

    def _walk(self, node: yaml.Node, path: str, line: int) -> None:
        self._lines.setdefault(path, line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    inner = f"{path}.{key.value}" if path else str(key.value)
                    self._walk(value, inner, key.start_mark.line)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, f"{path}[{index}]", value.start_mark.line)


class _Dumper(yaml.SafeDumper):
    """Scripts as blocks, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_NUMBER_ELSEWHERE = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+")
"""A text to this writer, and a number to the engine's reader: it gets quotes."""
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Characters that end a line in YAML, are not allowed in it, or change what a reader sees of it."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    escaped = _NUMBER_ELSEWHERE.fullmatch(value) or _HIDDEN.search(value)
    style = '"' if escaped else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump(document: Mapping[str, Any]) -> str:
    """The document as a person would write it: in order, scripts as blocks."""
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return _HIDDEN.sub(_escaped, text)  # they are in double quotes, and the writer leaves some as they are


def one_line(text: str) -> str:
    """A text as one line that shows all that is in it: line feeds are blanks, hidden characters escapes."""
    return _HIDDEN.sub(_escaped, re.sub(r"[\n\t]", " ", text))


def comment(text: str) -> str:
    """A comment of one line, whatever the text."""
    return f"# {one_line(text)}"


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
