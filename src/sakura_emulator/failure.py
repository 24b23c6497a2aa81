"""How commands end with an error: its message, and the code by which scripts tell it (docs/exit-codes.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

CODES = ("failed", "usage", "file", "refused", "auth", "api", "unreachable")


class Failure(click.ClickException):
    """An error of a command: its first line ends with the code, exit code 1."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(_with_code(message, code))


class CodedGroup(click.Group):
    """Commands whose usage errors have their code, too; exit code 2. The help has whole sentences."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.get_short_help_str(limit=1_000)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _coded_usage():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _coded_usage():
            return super().invoke(ctx)


@contextmanager
def _coded_usage() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help text
            raise
        raise click.UsageError(_with_code(error.format_message(), "usage"), error.ctx) from error


def _with_code(text: str, code: str) -> str:
    line, newline, rest = text.partition("\n")
    colon = ":" if line.endswith(":") else ""
    return f"{line.removesuffix(':').removesuffix('.')} [{code}]{colon}{newline}{rest}"
