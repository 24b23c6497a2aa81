"""`sakura-fleet show`: the fleet as the state knows it, beside what the cloud says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.cli.table import aligned
from sakura_fleet.engine.exit_codes import ShowExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.inventory.fleet import NO_DIFFERENCE, observe_fleet
from sakura_fleet.ownership import fleet_tag


@click.command()
@stack_option
@output_option
@click.option("--exit-code", "differing", is_flag=True, help="End with 3 where file, state and cloud do not agree.")
def show(stack: str | None, output: str, differing: bool) -> None:
    """Show the fleet: its size, servers, ELB entries with their health, DNS records.

    Every row is one thing, as the stack file, the state and the cloud have it; `note` names what they do not agree on.
    What is not of this stack is no disagreement.

    \b
    Example:
      sakura-fleet show -s production -o json
    """
    project = Project.here()
    name = project.selected_stack(stack)
    fleet = fleet_tag(project.fleet_id(name))
    resources = StackEngine(project, name).resources()
    with open_session(project.setting(name)) as session:
        observed = asdict(observe_fleet(session, resources, fleet, project.size(name)))
    tables = {title: [_known(row) for row in rows] for title, rows in observed.items()}
    if output == "json":
        click.echo(json.dumps(tables, indent=2, ensure_ascii=False))
    else:
        for title, rows in tables.items():
            click.echo(f"{title.replace('_', ' ')}:")
            click.echo(_table(rows) if rows else "  none")
    if differing and any(row["note"] not in NO_DIFFERENCE for rows in tables.values() for row in rows):
        raise click.exceptions.Exit(ShowExit.DIFFERS)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if value is not None}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    header = list(dict.fromkeys(column for row in rows for column in row))
    lines = aligned([header, *([str(row.get(column, "")) for column in header] for row in rows)])
    return "\n".join(f"  {line}" for line in lines)
