"""What several commands share: how a stack is named, files that are never overwritten, the question before a loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sakura_fleet.errors import FleetError

stack_option: Callable[[Any], Any] = click.option(
    "-s", "--stack", "stack", metavar="NAME", help="The stack; default: the one that `pulumi stack select` chose."
)


def confirm(question: str) -> None:
    """Ask, and stop on no. Raises `FleetError` where nobody answers."""
    try:
        agreed = click.confirm(question)
    except click.Abort:
        raise FleetError("nobody answered: run the same command with --yes. Nothing was changed") from None
    if not agreed:
        raise click.Abort


def check_stack_name(stack: str) -> None:
    """Raises `FleetError` for what cannot be a stack's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", stack):
        raise FleetError(f"{stack!r} is not a stack name: use letters, digits, dots, hyphens and underscores")


def write_new(output: Path, text: str) -> None:
    """Write a file that is not there yet. Raises `FleetError` where it is, or where it cannot be written."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise FleetError(f"{output} exists; nothing was written. Remove it, or choose another name") from None
    except OSError as error:
        raise FleetError(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {output}", err=True)
