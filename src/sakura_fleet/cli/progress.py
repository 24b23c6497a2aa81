"""What happens while the engine works: a live line on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.status import Status

    from sakura_fleet.engine.outcome import Change


class Progress:
    """Shows changes on stderr; `mode` is auto, plain, json or none."""

    def __init__(self, mode: str) -> None:
        self._mode = ("live" if sys.stderr.isatty() else "plain") if mode == "auto" else mode
        self._status: Status | None = None
        self._open: set[str] = set()

    def __enter__(self) -> Progress:
        if self._mode == "live":
            from rich.console import Console

            self._status = Console(stderr=True).status("reading the stack")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def change(self, change: Change) -> None:
        """Show one change of one resource."""
        if self._mode == "json":
            click.echo(json.dumps(asdict(change)), err=True)
        elif self._mode == "plain":
            click.echo(f"{change.operation:<8} {change.name}: {change.state}", err=True)
        elif self._status:
            self._live(change)

    def _live(self, change: Change) -> None:
        if self._status is None:
            return
        if change.state == "begun":
            self._open.add(change.name)
        else:
            self._open.discard(change.name)
            self._status.console.print(f"{change.operation:<8} {change.name}: {change.state}")
        self._status.update(f"under way: {', '.join(sorted(self._open)) or 'nothing more'}")
        self._status.start()
