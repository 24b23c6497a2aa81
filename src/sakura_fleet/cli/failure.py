"""How commands end with a `FleetError`: its message and code on the terminal, no traceback, an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from sakura_fleet.engine.exit_codes import ERROR, INTERRUPTED, USAGE, job_code
from sakura_fleet.errors import FleetError, UsageError


@contextmanager
def failing(exit_code: Callable[[FleetError], int]) -> Iterator[None]:
    """End the command with the message of a `FleetError`, and with this exit code; with one of its own at Ctrl-C."""
    try:
        yield
    except FleetError as error:
        click.echo(f"Error: {error.coded()}", err=True)
        raise click.exceptions.Exit(exit_code(error)) from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


class PlainGroup(click.Group):
    """Commands without colours where NO_COLOR is set (https://no-color.org), whose help has whole sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.get_short_help_str(limit=1_000)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class FleetGroup(PlainGroup):
    """Commands that end with 1 for an error, and with 2 for wrong usage."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: USAGE if isinstance(error, UsageError) else ERROR):
            return super().invoke(ctx)


class JobGroup(PlainGroup):
    """Commands whose exit code follows from the error's code, as that of a job does."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: job_code({error.code})):
            return super().invoke(ctx)


class JobCommand(click.Command):
    """A command whose exit code follows from the error's code."""

    def invoke(self, ctx: click.Context) -> Any:
        with failing(lambda error: job_code({error.code})):
            return super().invoke(ctx)
