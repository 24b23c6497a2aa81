"""YAML whose values remember the line on which they were written, for messages about a user's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from sakura_fleet.errors import FileError


class Lines:
    """A document and the line of each of its values, by path (`resources[0].template.plan`)."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._lines: dict[str, int] = {}
        try:
            self.document: Any = yaml.safe_load(text)
            node = yaml.compose(text, yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise FileError(f"{source} is not YAML: {error}") from None
        except RecursionError:
            raise FileError(f"{source} is nested too deeply") from None
        if node is not None:
            self._walk(node, "", node.start_mark.line, ())

    def line(self, path: str) -> int:
        """The line of a value, or of the nearest one around it, as for what came in by an alias or a merge."""
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path, 1)

    def _walk(self, node: yaml.Node, path: str, line: int, above: tuple[int, ...]) -> None:
        self._lines.setdefault(path, line + 1)
        if id(node) in above:
            return
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    inner = f"{path}.{key.value}" if path else str(key.value)
                    self._walk(value, inner, key.start_mark.line, (*above, id(node)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, f"{path}[{index}]", value.start_mark.line, (*above, id(node)))


class _Dumper(yaml.SafeDumper):
    """Scripts as blocks, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_NUMBER_ELSEWHERE = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+")
"""A text to this writer, and a number to the engine's reader: it gets quotes."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else '"' if _NUMBER_ELSEWHERE.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump(document: Mapping[str, Any]) -> str:
    """The document as a person would write it: in order, scripts as blocks."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
