"""YAML that people wrote, read as far as JSON can say it, too: texts, numbers, lists, mappings.

Aliases are bounded by what they stand for: nine lines of them can stand for a billion values (a "YAML bomb"), and
whatever goes through the document then, such as a check or a writer, would not end. A date stays a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from sakura_fleet.errors import FileError

MAX_WEIGHT: Final = 2_000_000
"""Values and letters of a document, each as often as aliases repeat it; a file of a megabyte without aliases has half
of it."""
_LONGEST_NUMBER: Final = 64
_TAG: Final = "tag:yaml.org,2002:"
_JSON_TAGS: Final = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")}


class _Loader(yaml.SafeLoader):
    """The loader of what JSON can say."""

    def construct_number(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > _LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number of {len(node.value)} digits; a text needs quotes", node.start_mark
            )
        return self.construct_yaml_int(node)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    **{tag: made for tag, made in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _JSON_TAGS},
    f"{_TAG}int": _Loader.construct_number,
}


def read_yaml(text: str, source: str) -> Any:
    """The document; None for an empty one. Raises `FileError` where it is not YAML, nested too deeply, or its aliases
    stand for too much."""
    return read_nodes(text, source)[0]


def read_nodes(text: str, source: str) -> tuple[Any, yaml.Node | None]:
    """The document, and its nodes, which know their lines. Raises `FileError` as `read_yaml`."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        twice = sorted(set(_twice(node)), key=lambda found: found[1])
        if twice:
            listed = ", ".join(f"{key!r} (line {line})" for key, line in twice)
            raise FileError(f"{source}: a key is there twice, and only one of its values would count: {listed}")
        if _weight(node, {}, source) > MAX_WEIGHT:
            raise FileError(f"{source}: its aliases (`*name`) stand for too much; write out what they repeat")
        return loader.construct_document(node), node
    except yaml.YAMLError as error:
        raise FileError(f"{source} is not YAML: {error}") from None
    except ValueError as error:  # such as `!!int x`
        raise FileError(f"{source} is not YAML: {error}") from None
    except RecursionError:
        raise FileError(f"{source} is nested too deeply") from None


def _twice(root: yaml.Node) -> Iterator[tuple[str, int]]:
    """Keys that stand twice in one mapping, with the line of the second; `<<` may."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            continue
        if isinstance(node, yaml.MappingNode):
            first: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                    if key.value in first:
                        yield key.value, key.start_mark.line + 1
                    first.add(key.value)
        inner = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        waiting += [part for part in inner if id(part) not in seen]
        seen |= {id(part) for part in inner}


def _weight(node: yaml.Node, known: dict[int, int | None], source: str) -> int:
    """How much a node stands for; `known` has the nodes that were weighed, and None for those around this one."""
    if isinstance(node, yaml.ScalarNode):
        return 1 + len(node.value)
    weight = known.setdefault(id(node), 0)
    if weight is None:
        line = node.start_mark.line + 1
        raise FileError(f"{source}:{line}: an alias stands for what is around it, without an end")
    if not weight:
        known[id(node)] = None
        inner = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        weight = known[id(node)] = 1 + sum(_weight(part, known, source) for part in inner)
    return weight
