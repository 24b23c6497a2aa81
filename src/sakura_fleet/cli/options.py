"""What several commands share: the option that names the stack, and the question before something is lost."""

from __future__ import annotations

from collections.abc import Callable
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
