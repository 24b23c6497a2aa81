"""What a package offers, loaded when it is first asked for: much of it takes long to load, and few need all of it.

A package says what it offers in the form that type checkers read, and nowhere else:

    if TYPE_CHECKING:
        from sakura_fleet.client.servers import Server as Server

    __getattr__ = LazyExports(__name__)
"""

from __future__ import annotations

import re
import sys
from functools import cached_property
from importlib import import_module
from inspect import getsource
from typing import Any

_EXPORT = re.compile(r"^ +from (\S+) import (\w+) as \2$", re.MULTILINE)


class LazyExports:
    """The `__getattr__` of a package, which imports by name what the package imports for type checkers."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __call__(self, name: str) -> Any:
        if name == "__all__":
            return sorted(self.homes)
        if name.startswith("__") or name not in self.homes:  # Python itself asks for its own names
            raise AttributeError(f"module {self._package!r} has no attribute {name!r}")
        value = getattr(import_module(self.homes[name], self._package), name)
        setattr(sys.modules[self._package], name, value)
        return value

    @cached_property
    def homes(self) -> dict[str, str]:
        """The module of each name."""
        source = getsource(sys.modules[self._package])
        return {name: module for module, name in _EXPORT.findall(source)}
