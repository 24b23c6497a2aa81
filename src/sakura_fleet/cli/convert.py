"""`scaler convert`: a stack file from sacloud/autoscaler's configuration."""

from __future__ import annotations

from pathlib import Path

import click

from sakura_fleet.cli.options import output_file_option
from sakura_fleet.cli.schema import write_stack_file
from sakura_fleet.engine.exit_codes import DraftExit
from sakura_fleet.interop import autoscaler_yaml
from sakura_fleet.model.yaml_lines import one_line
from sakura_fleet.text_files import read_text_file


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="AUTOSCALER_YAML")
@output_file_option("Write the stack file here instead of to standard output")
@click.option("--group", default="", metavar="NAME", help="Which server group, where the file has several.")
def convert(file: Path, output: Path | None, group: str) -> None:
    """Make a stack file from AUTOSCALER_YAML, the configuration of sacloud/autoscaler.

    What becomes something else is listed on standard error with its line, and in comments of the stack file. What would
    be lost is listed as to be done. The exit code is 0 where nothing is, and the result is accepted as it is; else 2.

    \b
    Example:
      scaler convert autoscaler.yaml -f stacks/Pulumi.production.yaml
      sakura-fleet init production
    """
    found = autoscaler_yaml.convert(read_text_file(file), source=file.name, folder=file.parent, group=group)
    if output is None:
        click.echo(found.text(), nl=False)
    else:
        write_stack_file(output, found.text())
    for note in found.notes:
        click.echo(one_line(note.at(str(file))), err=True)
    for problem in found.problems:
        click.echo(one_line(f"to be done: {problem}"), err=True)
    if not found.is_whole:
        raise click.exceptions.Exit(DraftExit.UNFINISHED)
