"""The API's own words stay in the client: above it an ELB is an ELB, and nobody reads the API's JSON."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sakura_fleet import client

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "src/sakura_fleet/client"
ABOVE = [
    path
    for folder in ("src/sakura_fleet", "components", "policies")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if CLIENT not in path.parents
]
HUMPS = re.compile(r"(?=.*[a-z])[A-Z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*")
NEVER = re.compile(r"ProxyLB|common_?service_?item", re.IGNORECASE)
OTHERS = {
    "src/sakura_fleet/model/dns/published.py": {"Status", "Answer", "Authority"},  # words of DNS over HTTPS
}
"""Words that are also those of another format, by the file that reads it."""


CLASSES = {
    *client.__all__,
    *(node.name for path in ABOVE for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)),
}
"""Names of classes may also be words of the wire."""


def texts(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def keys(tree: ast.AST) -> Iterator[str]:
    """The texts by which mappings are read, by `[…]` or `.get(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield from texts(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            yield from (text for argument in node.args[:1] for text in texts(argument))


@pytest.fixture(scope="module")
def wire_words() -> set[str]:
    """The words of more than one hump that the client writes to the wire or reads from it."""
    words = {text for path in CLIENT.glob("*.py") for text in texts(ast.parse(path.read_text()))}
    found = {word for word in words if HUMPS.fullmatch(word)} - CLASSES
    assert {"IPAddress", "SupportHttp2", "CommonServiceItem", "ResourceRecordSets", "SettingsHash"} <= found
    return found


def test_every_file_with_words_of_its_own_exists() -> None:
    assert {name for name in OTHERS if ROOT / name not in ABOVE} == set()


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_of_the_wire_above_the_client(path: Path, wire_words: set[str]) -> None:
    source = path.read_text()
    tree = ast.parse(source)
    allowed = OTHERS.get(str(path.relative_to(ROOT)), set())
    # What is read by a key in capitals is the API's; other texts may be names of classes.
    read = {key for key in keys(tree) if re.fullmatch(r"[A-Z][A-Za-z]+", key) and not key.isupper()}
    assert read - allowed - set(client.__all__) == set()
    assert {text for text in texts(tree) if text in wire_words} - allowed == set()
    assert [line for line in source.splitlines() if NEVER.search(line) and ".proxylb" not in line] == []
