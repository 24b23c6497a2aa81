"""The requests of `scaler`: up, down, keep, set, state, and the history of what came of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from sakura_fleet.cli.jobs import agree_by, exit_code, job_runner, print_result, warn_of_damaged
from sakura_fleet.cli.options import (
    allow_changes_option,
    output_option,
    policy_pack_option,
    progress_option,
    stack_option,
    yes_option,
)
from sakura_fleet.cli.progress import Progress
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import NoStackError
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.job_runner import Effort, Rule
from sakura_fleet.scaler.plan_limits import PlanLimits
from sakura_fleet.scaler.price import price_of
from sakura_fleet.scaler.sizes import Target, after_down, after_set, after_state, after_up

Members = Callable[[], int]
"""Asks how many members of the group the cloud has."""


def _job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        [
            stack_option,
            click.option("--dry-run", is_flag=True, help="Print the decision only."),
            click.option("--preview", is_flag=True, help="Preview: what would change, and what it costs."),
            yes_option,
            allow_changes_option,
            output_option,
            progress_option,
            policy_pack_option,
            click.option("--source", default="cli", show_default=True, help="Who asks, for the history."),
            click.option("--detailed-exitcode", is_flag=True, help="10 for nothing to do, 12 for busy, instead of 0."),
            click.option("--compat", is_flag=True, help="sacloud/autoscaler's codes: 129 nothing to do, 130 not now."),
        ]
    ):
        command = option(command)
    return command


@click.command()
@_job_options
@click.option(
    "--desired-state-name",
    "preset",
    default="",
    metavar="PRESET",
    help="One of server_group.presets, of no fewer servers than are there.",
)
def up(preset: str, **options: Any) -> None:
    """One server more, or the size of a preset.

    \b
    Example:
      scaler up -s production --yes
    """
    _run("up", lambda group, members: after_up(group, members(), preset), **options)


@click.command()
@_job_options
@click.option(
    "--desired-state-name",
    "preset",
    default="",
    metavar="PRESET",
    help="One of server_group.presets, of no more servers than are declared.",
)
def down(preset: str, **options: Any) -> None:
    """One server fewer, or the size of a preset.

    \b
    Example:
      scaler down -s production --dry-run
    """
    _run("down", lambda group, members: after_down(group, members(), preset), **options)


@click.command()
@_job_options
def keep(**options: Any) -> None:
    """The same size: make good what differs from the declared fleet.

    \b
    Example:
      scaler keep -s production --yes
    """
    _run("keep", lambda group, _: Target(group.size, "keep"), effort=Effort.REFRESH, repair=True, **options)


@click.command("set")
@click.argument("size", type=int)
@_job_options
def set_size(size: int, **options: Any) -> None:
    """Exactly SIZE servers, within min_size..max_size.

    \b
    Example:
      scaler set 4 -s production --preview
    """
    _run("set", lambda group, members: after_set(group, members(), size), **options)


@click.command()
@click.argument("name")
@_job_options
def state(name: str, **options: Any) -> None:
    """The size of the preset NAME, from either side.

    \b
    Example:
      scaler state smallest -s production --yes
    """
    _run("state", lambda group, members: after_state(group, members(), name), **options)


@click.command()
@stack_option
@click.option("-n", "count", default=20, show_default=True, help="How many jobs.")
@click.option("--since", "hours", type=float, help="Only those of the last HOURS hours.")
@output_option
def history(stack: str | None, count: int, hours: float | None, output: str) -> None:
    """The newest jobs, oldest first.

    \b
    Example:
      scaler history -s production --since 24 -o json
    """
    runner = job_runner(stack, source="cli")
    since = runner.clock() - timedelta(hours=hours) if hours is not None else None
    records = runner.history
    if not runner.project.stack_file(runner.stack).is_file() and not records.path.is_file():
        raise NoStackError(
            f"the stack {runner.stack} has no stack file {runner.project.stack_file(runner.stack)} and no jobs; "
            "name one of the project's stacks with --stack"
        )
    warn_of_damaged(records)
    for record in records.last(count, since=since):
        if output == "json":
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            change = f"{record['size_before']} -> {record['size_after']}"
            click.echo(
                f"{record['ts']}  {record['request']:<6} {record['status']:<10} {change:<10} "
                f"{record['duration_s']:>6.1f} s  {record['reason']}{_brief(record['error'])}"
            )
            click.echo("".join(f"  {note}\n" for note in record.get("notes", ())), nl=False)


def _brief(error: str) -> str:
    return f": {error.splitlines()[0]}" if error else ""


def _run(
    request: str,
    rule: Callable[[ServerGroupArgs, Members], Target],
    *,
    effort: Effort = Effort.SIZE,
    repair: bool = False,
    **options: Any,
) -> None:
    with Progress(options["progress"]) as progress:
        runner = job_runner(
            options["stack"],
            source=options["source"],
            policy_packs=options["policy_packs"],
            limits=PlanLimits(size_only=not options["allow_changes"]),
            progress=progress,
        )
        decide: Rule = lambda group: rule(group, runner.members)  # noqa: E731
        if options["dry_run"]:
            group = runner.group()
            _print_decision(request, group, decide(group), options["output"])
            return
        if options["preview"]:
            result = runner.run(request, decide, preview_only=True, effort=max(effort, Effort.UPDATE), repair=repair)
        else:
            agree = agree_by(runner.stack, yes=options["yes"])
            result = runner.run(request, decide, effort=effort, repair=repair, agree=agree)
    shown = {}
    if options["preview"] and result.diff:
        with open_session(runner.project.setting(runner.stack)) as session:
            shown = {"plan": result.diff, "price": price_of(session.client, runner.group(), result.size_after)}
    print_result(result, options["output"], shown)
    sys.exit(exit_code(result, detailed=options["detailed_exitcode"], compat=options["compat"]))


def _print_decision(request: str, group: ServerGroupArgs, target: Target, output: str) -> None:
    decision = {"request": request, "size_before": group.size, "size_after": target.size, "reason": target.reason}
    if output == "json":
        click.echo(json.dumps(decision))
    else:
        click.echo(f"{request}: {group.size} -> {target.size} ({target.reason}); nothing was changed")
