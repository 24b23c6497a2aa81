"""`sakura-fleet schema`: the JSON Schema of a stack file, for editors and other tools; and new files that name it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import click

from sakura_fleet.cli.options import write_new

FILE: Final = "stack.schema.json"
MODELINE: Final = f"# yaml-language-server: $schema={FILE}\n"
"""The first line of a stack file: editors find the schema beside it, in every clone and without a network."""


def schema_text() -> str:
    """The schema of this version."""
    return resources.files("sakura_fleet").joinpath(FILE).read_text("utf-8")


def write_stack_file(path: Path, text: str) -> None:
    """Write a new stack file that names the schema, and the schema of this version beside it.

    Raises `FileError` where the file is there already, or cannot be written.
    """
    write_new(path, MODELINE + text)
    beside, wanted = path.parent / FILE, schema_text()
    if beside.is_file() and beside.read_text("utf-8") == wanted:
        return
    beside.write_text(wanted, "utf-8")
    click.echo(f"wrote {beside}, by which editors complete and check stack files", err=True)


@click.command()
def schema() -> None:
    """Print the JSON Schema of a stack file.

    Commands that write a stack file put it beside, and name it in the file's first line: an editor then completes and
    checks the settings. After an update of sakura-fleet, write it again.

    \b
    Example:
      sakura-fleet schema > stacks/stack.schema.json
    """
    click.echo(schema_text(), nl=False)
