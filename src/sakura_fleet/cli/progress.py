"""What happens while the engine works: a live line on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.status import Status

    from sakura_fleet.engine.outcome import Change

WIDTH: Final = 76
"""Columns of the live line: 80 without the spinner before it."""


class Progress:
    """Shows changes on stderr; `mode` is auto, plain, json or none."""

    def __init__(self, mode: str) -> None:
        self._mode = ("live" if sys.stderr.isatty() else "plain") if mode == "auto" else mode
        self._status: Status | None = None
        self._open: dict[str, str] = {}

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
            click.echo(f"{change.operation:<8} {change.name}: {change.phase or change.state}", err=True)
        elif self._status:
            self._live(change)

    def say(self, message: str) -> None:
        """Say what became of something that the person at the terminal did."""
        if self._status:
            self._status.console.print(message, highlight=False, soft_wrap=True)
        elif self._mode != "none":
            click.echo(json.dumps({"message": message}) if self._mode == "json" else message, err=True)

    def _live(self, change: Change) -> None:
        if self._status is None:
            return
        if change.state == "begun":
            self._open[change.name] = change.phase
        else:
            self._open.pop(change.name, None)
            self._status.console.print(f"{change.operation:<8} {change.name}: {change.state}")
        self._status.update(under_way(self._open))
        self._status.start()


def under_way(phases: Mapping[str, str]) -> str:
    """What is under way, on one line of a terminal with 80 columns; `phases` is what each wait sees, by name."""
    names = sorted(phases)
    if not names:
        return "under way: nothing more"
    line = "under way: "
    for number, name in enumerate(names):
        item = f"{', ' if number else ''}{name}" + (f" ({phases[name]})" if phases[name] else "")
        if number and len(line + item + _more(len(names) - number - 1)) > WIDTH:
            return _cut(line, _more(len(names) - number))
        line += item
    return _cut(line, "")


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def _cut(line: str, ending: str) -> str:
    room = WIDTH - len(ending)
    return (line if len(line) <= room else f"{line[: room - 1]}…") + ending
