"""How commands end with a `FleetError`: its message and code on the terminal, no traceback, an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from sakura_fleet.engine.exit_codes import ERROR, USAGE, job_code
from sakura_fleet.errors import FleetError, UsageError


@contextmanager
def failing(exit_code: Callable[[FleetError], int]) -> Iterator[None]:
    """End the command with the message of a `FleetError`, and with this exit code."""
    try:
        yield
    except FleetError as error:
        click.echo(f"Error: {error.coded()}", err=True)
        raise click.exceptions.Exit(exit_code(error)) from error


class FleetGroup(click.Group):
    """Commands that end with 1 for an error, and with 2 for wrong usage."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: USAGE if isinstance(error, UsageError) else ERROR):
            return super().invoke(ctx)


class JobGroup(click.Group):
    """Commands whose exit code follows from the error's code, as that of a job does."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: job_code({error.code})):
            return super().invoke(ctx)


class JobCommand(click.Command):
    """A command whose exit code follows from the error's code."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: job_code({error.code})):
            return super().invoke(ctx)
