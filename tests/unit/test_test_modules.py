"""Modules with tests are for pytest alone: what two of them use is in a module beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_HELPER = 40
"""Lines of a class beside the tests that use it."""
MODULES = [path for folder in ("src", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(source: str) -> Iterator[str]:
    """The full name of every module and object that is imported."""
    if "test_" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def test_nothing_is_imported_from_a_test_module() -> None:
    found = {path: list(imported(path.read_text("utf-8"))) for path in MODULES}
    assert len(found) > 100
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path, names in found.items()
        for name in names
        if any(part.startswith("test_") for part in name.split("."))
    ] == []


def test_large_helpers_have_modules_of_their_own() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in MODULES
        if path.name.startswith("test_")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_HELPER
    ] == []
