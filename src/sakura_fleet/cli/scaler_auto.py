"""`scaler auto` and the commands that look at it: status, describe, explain, validate."""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.cli.progress import Progress
from sakura_fleet.cli.scaler_jobs import own_packs, say
from sakura_fleet.engine.project import Project
from sakura_fleet.scaler.autoscaler import AutoScaler, Look, exit_code_of
from sakura_fleet.scaler.decide import explain as explained
from sakura_fleet.scaler.job_runner import JobResult, Scaler


@click.command()
@stack_option
@click.option("--once", is_flag=True, help="One look, then end: for cron.")
@click.option("--interval", default=120, show_default=True, metavar="SECONDS", help="Time between two looks.")
@click.option("--dry-run", is_flag=True, help="Decide only; change and remember nothing.")
@click.option("--detailed-exitcode", is_flag=True, help="With --once: 10 no-op, 11 cooldown, 12 busy, 13 no metric.")
@output_option
def auto(stack: str | None, once: bool, interval: int, dry_run: bool, detailed_exitcode: bool, output: str) -> None:
    """Scale by CPU: up over one threshold, down under another, with a cooldown between.

    \b
    Example, every two minutes from cron:
      scaler auto --once -s production
    """
    runner = _runner(stack)
    scaler = AutoScaler(runner)
    stop = threading.Event()
    if not once:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    while True:
        look, result = (scaler.look(), None) if dry_run else scaler.tick()
        _report(look, result, output)
        if once:
            plain, detailed = exit_code_of(look, result)
            sys.exit(detailed if detailed_exitcode else plain)
        if stop.wait(interval):
            return


@click.command()
@stack_option
@output_option
def explain(stack: str | None, output: str) -> None:
    """Every step to the decision that `auto` would make now; nothing is changed.

    \b
    Example:
      scaler explain -s production
    """
    _report(AutoScaler(_runner(stack)).look(), None, output)


@click.command()
@stack_option
def validate(stack: str | None) -> None:
    """Read the stack's configuration and refuse what cannot work, such as thresholds between which the group flaps.

    \b
    Example:
      scaler validate -s production
    """
    project = Project.here()
    name = project.selected_stack(stack)
    config = project.config(name)
    scaling, group = config.scaling_rules, config.server_group
    click.echo(
        f"OK: {group.name}, {group.min_size}..{group.max_size} servers, up over {scaling.up} %, down under "
        f"{scaling.down} %"
    )


@click.command()
@stack_option
@output_option
def status(stack: str | None, output: str) -> None:
    """One line on the group: load, limits, size, servers that are ready, cooldown, last job.

    \b
    Example:
      scaler status -s production
    """
    row = _status(_runner(stack))
    if output == "json":
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    widths = [max(len(str(key)), len(str(value))) for key, value in row.items()]
    for cells in (row.keys(), row.values()):
        click.echo("  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


@click.command()
@stack_option
def describe(stack: str | None) -> None:
    """The group's conditions and its last ten jobs.

    \b
    Example:
      scaler describe -s production
    """
    runner = _runner(stack)
    look = AutoScaler(runner).look()
    click.echo("conditions:")
    for one in look.decision.conditions:
        click.echo(f"  {one.type:<16} {one.status:<8} {one.reason:<26} {one.message}")
    click.echo("jobs:")
    for record in runner.history.last(10):
        change = f"{record['size_before']} -> {record['size_after']}"
        click.echo(f"  {record['ts']}  {record['status']:<10} New size: {change}; reason: {record['reason']}")


def _runner(stack: str | None) -> Scaler:
    project = Project.here()
    name = project.selected_stack(stack)
    progress = Progress("plain" if not sys.stderr.isatty() else "auto")
    return Scaler(project, name, source="auto", policy_packs=own_packs(project), listener=progress.change)


def _report(look: Look, result: JobResult | None, output: str) -> None:
    if output == "json":
        job = result.record("", "", "auto") if result else None
        click.echo(json.dumps({**look.decision.to_json(), "job": job, "trouble": look.trouble}, ensure_ascii=False))
        return
    click.echo(explained(look.decision))
    if look.trouble:
        click.echo(look.trouble, err=True)
    if result:
        say(result, "table")


def _status(runner: Scaler) -> dict[str, Any]:
    look = AutoScaler(runner).look()
    group, scaling, decision = look.config.server_group, look.config.scaling_rules, look.decision
    known = decision.metric.rounded
    servers = look.usage.servers if look.usage else ()
    last = runner.history.last(1)
    return {
        "GROUP": group.name,
        "STACK": runner.stack,
        "TARGETS": f"cpu: {'<unknown>' if known is None else f'{known}%'}/{scaling.down}..{scaling.up}%",
        "MIN": group.min_size,
        "MAX": group.max_size,
        "SIZE": group.size,
        "READY": sum(not (server.booting or server.failed) for server in servers),
        "DESIRED": decision.recommended,
        "STATE": "BUSY" if runner.folder.is_busy() else decision.reason.value,
        "COOLDOWN": f"{decision.wait} s" if decision.wait else "",
        "LAST": f"{last[0]['status']} {_age(last[0]['ts'])} ago" if last else "",
    }


def _age(stamp: str) -> str:
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
