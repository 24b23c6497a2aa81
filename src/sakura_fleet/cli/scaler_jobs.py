"""The requests of `scaler`: up, down, keep, set, state, and the history of what came of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet.cli.options import (
    confirm,
    output_option,
    policy_pack_option,
    progress_option,
    stack_option,
    yes_option,
)
from sakura_fleet.cli.progress import Progress
from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.session import open_session
from sakura_fleet.model.prices import Rate, cost_of
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.job_runner import EXIT_NOOP, Effort, JobResult, Rule, Scaler
from sakura_fleet.scaler.sizes import Target, after_down, after_set, after_state, after_up

if TYPE_CHECKING:
    from sakura_fleet.client import Client

COMPAT_NOOP, COMPAT_MESSAGE = 129, 130
"""sacloud/autoscaler's exit codes for "nothing to do" and "not now"."""


def _job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        [
            stack_option,
            click.option("--dry-run", is_flag=True, help="Print the decision only."),
            click.option("--preview", is_flag=True, help="Preview: what would change, and what it costs."),
            yes_option,
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
@click.option("--desired-state-name", "plan", default="", metavar="PLAN", help="Go to the size of this plan.")
def up(plan: str, **options: Any) -> None:
    """One server more, or the size of a named plan.

    \b
    Example:
      scaler up -s production --yes
    """
    _run("up", lambda group: after_up(group, plan), **options)


@click.command()
@_job_options
@click.option("--desired-state-name", "plan", default="", metavar="PLAN", help="Go to the size of this plan.")
def down(plan: str, **options: Any) -> None:
    """One server fewer, or the size of a named plan.

    \b
    Example:
      scaler down -s production --dry-run
    """
    _run("down", lambda group: after_down(group, plan), **options)


@click.command()
@_job_options
def keep(**options: Any) -> None:
    """The same size: make good what differs from the declared fleet.

    \b
    Example:
      scaler keep -s production --yes
    """
    _run("keep", lambda group: Target(group.size, "keep"), effort=Effort.REFRESH, **options)


@click.command("set")
@click.argument("size", type=int)
@_job_options
def set_size(size: int, **options: Any) -> None:
    """Exactly SIZE servers, within min_size..max_size.

    \b
    Example:
      scaler set 4 -s production --preview
    """
    _run("set", lambda group: after_set(group, size), **options)


@click.command()
@click.argument("name")
@_job_options
def state(name: str, **options: Any) -> None:
    """The size of the plan NAME, from either side.

    \b
    Example:
      scaler state smallest -s production --yes
    """
    _run("state", lambda group: after_state(group, name), **options)


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
    project = Project.here()
    since = datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None
    records = Scaler(project, project.selected_stack(stack)).history.last(count, since=since)
    for record in records:
        if output == "json":
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            change = f"{record['size_before']} -> {record['size_after']}"
            click.echo(
                f"{record['ts']}  {record['request']:<6} {record['status']:<10} {change:<10} "
                f"{record['duration_s']:>6.1f} s  {record['reason']}{_brief(record['error'])}"
            )


def _brief(error: str) -> str:
    return f": {error.splitlines()[0]}" if error else ""


def _run(request: str, rule: Rule, *, effort: Effort = Effort.SIZE, **options: Any) -> None:
    project = Project.here()
    stack = project.selected_stack(options["stack"])
    packs = list(options["policy_packs"]) or own_packs(project)
    with Progress(options["progress"]) as progress:
        runner = Scaler(project, stack, source=options["source"], policy_packs=packs, listener=progress.change)
        group = runner.group()
        target = rule(group)
        if options["dry_run"]:
            _say_decision(request, group, target, options["output"])
            return
        if options["preview"]:
            result = runner.run(request, rule, preview_only=True, effort=max(effort, Effort.UPDATE))
        else:
            if not options["yes"] and (effort is not Effort.SIZE or target.size != group.size):
                confirm(f"{stack}: {group.size} -> {target.size} servers ({target.reason}). Run `pulumi up`?")
            result = runner.run(request, rule, effort=effort)
    if options["preview"] and result.status == jobs.DONE:
        click.echo(result.diff)
        click.echo(_price(project, stack, group, target))
    say(result, options["output"])
    sys.exit(exit_code(result, detailed=options["detailed_exitcode"], compat=options["compat"]))


def own_packs(project: Project) -> list[str]:
    """The project's own policy pack, where it has one."""
    folder = project.root / "policies"
    return [str(folder)] if (folder / "PulumiPolicy.yaml").is_file() else []


def _say_decision(request: str, group: ServerGroupArgs, target: Target, output: str) -> None:
    decision = {"request": request, "size_before": group.size, "size_after": target.size, "reason": target.reason}
    if output == "json":
        click.echo(json.dumps(decision))
    else:
        click.echo(f"{request}: {group.size} -> {target.size} ({target.reason}); nothing was changed")


def say(result: JobResult, output: str) -> None:
    """Print what came of a job: the result on stdout, an error on stderr."""
    if output == "json":
        shown = {
            key: value for key, value in result.record("", "", "").items() if key not in ("stack", "group", "source")
        }
        click.echo(json.dumps({**shown, "notes": result.notes}, ensure_ascii=False))
        return
    for note in result.notes:
        click.echo(note)
    for server in result.servers:
        click.echo(f"  {server.operation:<8} {server.name}  {server.state}, {max(0, server.ended - server.began)} s")
    click.echo(
        f"{result.status}: {result.request} {result.size_before} -> {result.size_after} ({result.reason}) "
        f"in {result.duration_s:.1f} s"
    )
    if result.error:
        click.echo(result.error, err=True)


def exit_code(result: JobResult, *, detailed: bool = False, compat: bool = False) -> int:
    """The process's exit code for a result."""
    if result.exit_code:
        return result.exit_code
    if compat and result.detailed_exit_code:
        return COMPAT_NOOP if result.detailed_exit_code == EXIT_NOOP else COMPAT_MESSAGE
    return result.detailed_exit_code if detailed else 0


def _price(project: Project, stack: str, group: ServerGroupArgs, target: Target) -> str:
    """What the change costs by the cloud's public price list."""
    with open_session(project.setting(stack)) as session:
        cost = cost_of(group.template, _rates(session.client, group.zones[0]))
    difference = target.size - group.size
    missing = f"; not in the list: {', '.join(cost.missing)}" if cost.missing else ""
    return (
        f"price list of {group.zones[0]}: {cost.monthly:,} yen a month ({cost.hourly:,} an hour) for a server; "
        f"{target.size} servers {cost.monthly * target.size:,} yen a month, {cost.monthly * difference:+,}{missing}"
    )


def _rates(client: Client, zone: str) -> dict[str, Rate]:
    return {price.service_class: Rate(price.hourly, price.monthly) for price in client.prices.find(zone)}
