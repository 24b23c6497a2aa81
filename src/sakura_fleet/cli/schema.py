"""`sakura-fleet schema`: the JSON Schema of a stack file, for editors and other tools."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import click

FILE: Final = "stack.schema.json"
MODELINE: Final = f"# yaml-language-server: $schema={FILE}\n"
"""The first line of a stack file: editors find the schema beside it, in every clone and without a network."""


def schema_text() -> str:
    """The schema of this version."""
    return resources.files("sakura_fleet").joinpath(FILE).read_text("utf-8")


def write_schema(folder: Path) -> Path | None:
    """Put the schema of this version beside the stack files; None where it is there already."""
    path = folder / FILE
    text = schema_text()
    if path.is_file() and path.read_text("utf-8") == text:
        return None
    path.write_text(text, "utf-8")
    return path


@click.command()
def schema() -> None:
    """Print the JSON Schema of a stack file.

    `sakura-fleet init` puts it beside the stack files, which name it in their first line: an editor then completes and
    checks their settings. After an update of sakura-fleet, write it again.

    \b
    Example:
      sakura-fleet schema > stacks/stack.schema.json
    """
    click.echo(schema_text(), nl=False)
