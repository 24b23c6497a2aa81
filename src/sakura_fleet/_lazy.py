"""What a package offers, loaded when it is first asked for: much of it takes long to load, and few need all of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any


class LazyExports:
    """The `__getattr__` of a package: `LazyExports(__name__, {".module": ("Name", …)})`."""

    def __init__(self, package: str, names: Mapping[str, Iterable[str]]) -> None:
        self._package = package
        self.homes = {name: module for module, offered in names.items() for name in offered}

    def __call__(self, name: str) -> Any:
        if name not in self.homes:
            raise AttributeError(f"module {self._package!r} has no attribute {name!r}")
        value = getattr(import_module(self.homes[name], self._package), name)
        setattr(sys.modules[self._package], name, value)
        return value
