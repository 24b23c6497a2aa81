"""Where the commands begin. Ctrl-C ends them without a traceback, also while their modules are imported."""

from __future__ import annotations

import sys
from importlib import import_module

from sakura_fleet import interrupts


def main() -> None:
    """The command `sakura-fleet`."""
    _run("sakura_fleet.cli.main", "main")


def scaler() -> None:
    """The command `scaler`."""
    _run("sakura_fleet.cli.scaler", "scaler")


def _run(module: str, command: str) -> None:
    try:
        interrupts.watch()
        getattr(import_module(module), command)()
    except KeyboardInterrupt:
        sys.exit(interrupts.CODE)
