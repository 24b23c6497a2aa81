"""`sakura-fleet drift`: what the cloud has otherwise than the state, property by property."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.cli.table import aligned
from sakura_fleet.engine.drift import GONE, Drift, Property, drift_in
from sakura_fleet.engine.exit_codes import DriftExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.tokens import ELB_MEMBERSHIP

CELL: Final = 40
"""Characters of a value in the table; JSON has all of it."""


@click.command()
@stack_option
@output_option
def drift(stack: str | None, output: str) -> None:
    """Show what the cloud has otherwise than the stack's state, property by property; exit 3 if anything.

    Reads only: neither the state nor the cloud is changed. `pulumi up --refresh` puts right what differs.

    \b
    Example:
      sakura-fleet drift -s production -o json
    """
    project = Project.here()
    name = project.selected_stack(stack)
    refreshed = StackEngine(project, name).preview_refresh()
    found = drift_in(refreshed)
    if output == "json":
        click.echo(json.dumps(_document(name, found), indent=2, ensure_ascii=False))
    elif found:
        for line in aligned([("resource", "property", "state", "cloud"), *_rows(found)]):
            click.echo(line)
        click.echo(f"{_count(found, name)}; `pulumi up --refresh --stack {name}` puts it right")
    else:
        click.echo(f"no drift: the cloud has what the state of {name} says")
    if found:
        raise click.exceptions.Exit(DriftExit.DRIFT)


def _document(stack: str, found: Sequence[Drift]) -> dict[str, Any]:
    return {
        "stack": stack,
        "drift": bool(found),
        "resources": [{**asdict(drift), "type": _kind(drift), "gone": drift.is_gone} for drift in found],
    }


def _rows(found: Sequence[Drift]) -> Iterator[tuple[str, str, str, str]]:
    for drift in found:
        what = f"{_kind(drift)} {drift.name}"
        if drift.is_gone:
            yield what, "", "there", GONE
        for differs in drift.properties:
            yield what, differs.path, *_words(drift, differs)


def _words(drift: Drift, differs: Property) -> tuple[str, str]:
    """What the state and the cloud have, each in a cell."""
    if drift.type == ELB_MEMBERSHIP and differs.path.startswith("members["):
        return ("enabled", "disabled or gone") if differs.cloud is None else ("none", "enabled")
    return _cell(differs.state), _cell(differs.cloud)


def _cell(value: Any) -> str:
    """A value on one line: a plan as the control panel has it, texts without quotes, nothing as `none`."""
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, dict) and {"core", "memory"} <= value.keys():
        core, rest = value["core"], {key: value[key] for key in value if key not in ("core", "memory")}
        words = f"{core} core{'' if core == 1 else 's'}/{value['memory']} GB"
        return f"{words} {_cell(rest)}" if rest else words
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _short(", ".join(value))
    return _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CELL else f"{line[: CELL - 1]}…"


def _count(found: Sequence[Drift], stack: str) -> str:
    return f"1 resource of {stack} differs" if len(found) == 1 else f"{len(found)} resources of {stack} differ"


def _kind(drift: Drift) -> str:
    """The resource's type as people call it: `Server`."""
    return drift.type.rpartition(":")[2]
