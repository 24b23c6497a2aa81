"""What several commands share: their options, files that are never overwritten, the question before a loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sakura_fleet.engine.plan_check import DEFAULT_SHARE
from sakura_fleet.engine.project import Project
from sakura_fleet.errors import FileError, FleetError, UsageError

Option = Callable[[Any], Any]


def check_stack_name(stack: str) -> None:
    """Raises `UsageError` for what cannot be a stack's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", stack):
        raise UsageError(f"{stack!r} is not a stack name: use letters, digits, dots, hyphens and underscores")


def _known_shape(_ctx: click.Context, _param: click.Parameter, stack: str | None) -> str | None:
    """The stack that `--stack` names; before it, the organisation and project that some backends have."""
    if stack:
        for part in stack.split("/", 2):
            check_stack_name(part)
    return stack


def complete_stack(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The stacks that have a file in the project here, for the shell's completion; none outside a project."""
    try:
        stacks = Project.here().stacks()
    except FleetError:
        return []
    return [name for name in stacks if name.startswith(incomplete)]


stack_option: Option = click.option(
    "-s", "--stack", "stack", metavar="NAME", callback=_known_shape, shell_complete=complete_stack,
    help="The stack; default: the one that `pulumi stack select` chose.",
)  # fmt: skip
output_option: Option = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print it."
)
yes_option: Option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
progress_option: Option = click.option(
    "--progress", type=click.Choice(["auto", "plain", "json", "none"]), default="auto", show_default=True,
    help="How to show what happens meanwhile, on stderr.",
)  # fmt: skip
policy_pack_option: Option = click.option(
    "--policy-pack", "policy_packs", multiple=True, metavar="FOLDER",
    help="A policy pack for the preview; default: policies/ of the project.",
)  # fmt: skip
allow_changes_option: Option = click.option(
    "--allow-changes", is_flag=True,
    help="Also do what the plan has beyond the size, such as a changed template; plan-check's rules still hold.",
)  # fmt: skip
allow_delete_option: Option = click.option(
    "--allow-delete", "allowed", metavar="NAME", multiple=True,
    help="What may be deleted, replaced, shrunk or lose its protection: the Pulumi name or URN of a resource or of the "
    "component it is in. May be repeated.",
)  # fmt: skip
max_removed_option: Option = click.option(
    "--max-removed", type=click.IntRange(0, 100), metavar="PERCENT", default=DEFAULT_SHARE, show_default=True,
    help="How many of a group's servers may go in one step.",
)  # fmt: skip


def output_file_option(what: str) -> Option:
    """`-f FILE` for a file that a command writes and that must not exist yet."""
    return click.option(
        "-f", "--file", "output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help=f"{what}; it must not exist.",
    )  # fmt: skip


def confirm(question: str) -> None:
    """Ask, and stop on no. Raises `UsageError` where nobody answers, and `KeyboardInterrupt` at Ctrl-C."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise UsageError("nobody answered: run the same command with --yes. Nothing was changed") from None
    if not agreed:
        raise click.Abort


def write_new(output: Path, text: str) -> None:
    """Write a file that is not there yet. Raises `FileError` where it is, or where it cannot be written."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise FileError(f"{output} exists; nothing was written. Remove it, or choose another name") from None
    except OSError as error:
        raise FileError(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {output}", err=True)
