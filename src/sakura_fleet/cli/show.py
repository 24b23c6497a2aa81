"""`sakura-fleet show`: the fleet as the state knows it, beside what the cloud says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.cli.table import aligned
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.inventory.fleet import observe_fleet
from sakura_fleet.ownership import fleet_tag


@click.command()
@stack_option
@output_option
def show(stack: str | None, output: str) -> None:
    """Show the fleet: servers, ELB entries with their health, DNS records.

    Every row is one thing, as the state and the cloud have it; `note` names what they do not agree on.

    \b
    Example:
      sakura-fleet show -s production -o json
    """
    project = Project.here()
    name = project.selected_stack(stack)
    fleet = fleet_tag(project.fleet_id(name))
    resources = StackEngine(project, name).resources()
    with open_session(project.setting(name)) as session:
        observed = asdict(observe_fleet(session, resources, fleet))
    tables = {title: [_known(row) for row in rows] for title, rows in observed.items()}
    if output == "json":
        click.echo(json.dumps(tables, indent=2, ensure_ascii=False))
        return
    for title, rows in tables.items():
        click.echo(f"{title.replace('_', ' ')}:")
        click.echo(_table(rows) if rows else "  none")


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if value is not None}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    header = list(dict.fromkeys(column for row in rows for column in row))
    lines = aligned([header, *([str(row.get(column, "")) for column in header] for row in rows)])
    return "\n".join(f"  {line}" for line in lines)
