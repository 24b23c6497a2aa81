"""`scaler auto` and the commands that show what it does: status, describe, explain, validate."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from sakura_fleet.cli.jobs import job_runner, print_result, warn_of_damaged
from sakura_fleet.cli.options import allow_changes_option, output_option, stack_option
from sakura_fleet.cli.progress import Progress
from sakura_fleet.cli.table import aligned
from sakura_fleet.engine.job_lock import CANCELED
from sakura_fleet.engine.project import Project
from sakura_fleet.errors import FleetError
from sakura_fleet.scaler.autoscaler import Autoscaler, Observation, exit_code_of
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import JobRunner
from sakura_fleet.scaler.plan_limits import PlanLimits


@click.command()
@stack_option
@click.option("--once", is_flag=True, help="One tick, then end: for cron.")
@click.option("--interval", default=120, show_default=True, metavar="SECONDS", help="Time between two ticks.")
@click.option("--dry-run", is_flag=True, help="Decide only; change and remember nothing.")
@click.option("--detailed-exitcode", is_flag=True, help="With --once: 10 no-op, 11 cooldown, 12 busy, 13 no metric.")
@allow_changes_option
@output_option
def auto(
    stack: str | None,
    once: bool,
    interval: int,
    dry_run: bool,
    detailed_exitcode: bool,
    allow_changes: bool,
    output: str,
) -> None:
    """Scale by CPU: up over one threshold, down under another, with a cooldown between.

    \b
    Example, every two minutes from cron:
      scaler auto --once -s production
    """
    runner = _runner(stack, PlanLimits(size_only=not allow_changes))
    autoscaler = Autoscaler(runner)

    def tick() -> tuple[Observation, JobResult | None]:
        observation, result = (autoscaler.observe(), None) if dry_run else autoscaler.tick()
        _report(observation, result, runner.stack, output)
        return observation, result

    if once:
        plain, detailed = exit_code_of(*tick())
        sys.exit(detailed if detailed_exitcode else plain)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    with suppress(KeyboardInterrupt):
        while not _interrupted(tick):
            time.sleep(interval)


def _interrupted(tick: Callable[[], tuple[Observation, JobResult | None]]) -> bool:
    """Whether a tick of the loop was interrupted in the middle of its job."""
    try:
        _, result = tick()
    except FleetError as error:  # such as a stack file that is just being written: the next tick sees
        click.echo(f"Error: {error.coded()}", err=True)
        return False
    return result is not None and result.status == CANCELED


@click.command()
@stack_option
@output_option
def explain(stack: str | None, output: str) -> None:
    """Every step to the decision that `auto` would make now; nothing is changed.

    \b
    Example:
      scaler explain -s production
    """
    runner = _runner(stack)
    _report(Autoscaler(runner).observe(), None, runner.stack, output)


@click.command()
@stack_option
@output_option
def validate(stack: str | None, output: str) -> None:
    """Read the stack's configuration and refuse what cannot work, such as thresholds between which the group flaps.

    \b
    Example:
      scaler validate -s production
    """
    project = Project.here()
    name = project.selected_stack(stack)
    config = project.config(name)
    scaling, group = config.scaling_rules, config.server_group
    if output == "json":
        limits = {"group": group.name, "min_size": group.min_size, "max_size": group.max_size}
        click.echo(json.dumps({"ok": True, **limits, "up": scaling.up, "down": scaling.down}, ensure_ascii=False))
        return
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
    runner = _runner(stack)
    observation = Autoscaler(runner).observe()
    row = _status(runner, observation)
    if observation.trouble:
        click.echo(observation.trouble, err=True)
    if output == "json":
        click.echo(json.dumps(_status_document(runner, observation, row), ensure_ascii=False))
        return
    orphans = row.pop("ORPHANS")
    for line in [
        *aligned([list(row), ["<unknown>" if value is None else str(value) for value in row.values()]]),
        *orphans,
    ]:
        click.echo(line)


@click.command()
@stack_option
@output_option
def describe(stack: str | None, output: str) -> None:
    """The group's conditions and its last ten jobs.

    \b
    Example:
      scaler describe -s production
    """
    runner = _runner(stack)
    observation = Autoscaler(runner).observe()
    orphans, jobs = observation.orphans(runner.stack), runner.history.last(10)
    if output == "json":
        warn_of_damaged(runner.history)
        conditions = [asdict(condition) for condition in observation.decision.conditions]
        click.echo(json.dumps({"conditions": conditions, "orphans": orphans, "jobs": jobs}, ensure_ascii=False))
        return
    click.echo("conditions:")
    for condition in observation.decision.conditions:
        click.echo(f"  {condition.type:<16} {condition.status:<8} {condition.reason:<26} {condition.message}")
    click.echo("\n".join([*orphans, "jobs:"]))
    warn_of_damaged(runner.history)
    for record in jobs:
        change = f"{record['size_before']} -> {record['size_after']}"
        click.echo(f"  {record['ts']}  {record['status']:<10} New size: {change}; reason: {record['reason']}")
        click.echo("".join(f"    {note}\n" for note in record.get("notes", ())), nl=False)


def _runner(stack: str | None, limits: PlanLimits | None = None) -> JobRunner:
    progress = Progress("plain" if not sys.stderr.isatty() else "auto")
    return job_runner(stack, source="auto", limits=limits, progress=progress)


def _report(observation: Observation, result: JobResult | None, stack: str, output: str) -> None:
    orphans = observation.orphans(stack)
    if output == "json":
        job = result.record("", "", "auto") if result else None
        document = {**observation.decision.to_json(), "job": job, "trouble": observation.trouble, "orphans": orphans}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    click.echo("\n".join([observation.decision.explain(), *orphans]))
    if observation.trouble:
        click.echo(observation.trouble, err=True)
    if result:
        print_result(result, "table")


def _status(runner: JobRunner, observation: Observation) -> dict[str, Any]:
    """The row by its columns; None where the cloud did not say."""
    group, scaling, decision = observation.config.server_group, observation.config.scaling_rules, observation.decision
    known = decision.metric.rounded
    usage = observation.usage
    last = runner.history.last(1)
    return {
        "GROUP": group.name,
        "STACK": runner.stack,
        "TARGETS": f"cpu: {'<unknown>' if known is None else f'{known}%'}/{scaling.down}..{scaling.up}%",
        "MIN": group.min_size,
        "MAX": group.max_size,
        "SIZE": group.size,
        "READY": sum(server.ready for server in usage.servers) if usage else None,
        "DESIRED": decision.recommended,
        "STATE": "BUSY" if runner.folder.is_busy() else decision.reason.value,
        "COOLDOWN": f"{decision.wait} s" if decision.wait else "",
        "LAST": f"{last[0]['status']} {_age(last[0]['ts'], runner.clock())} ago" if last else "",
        "ORPHANS": observation.orphans(runner.stack),
    }


def _status_document(runner: JobRunner, observation: Observation, row: dict[str, Any]) -> dict[str, Any]:
    """The same for programs: what has a unit is a number, and its key says which."""
    scaling, decision = observation.config.scaling_rules, observation.decision
    kept = {key: value for key, value in row.items() if key not in ("TARGETS", "COOLDOWN", "LAST")}
    last = runner.history.last(1)
    return {
        **kept,
        "CPU_PERCENT": decision.metric.rounded,
        "DOWN_PERCENT": scaling.down,
        "UP_PERCENT": scaling.up,
        "COOLDOWN_SECONDS": decision.wait,
        "LAST": {key: last[0][key] for key in ("status", "ts")} if last else None,
    }


def _age(stamp: str, moment: datetime) -> str:
    seconds = max(0, int((moment - datetime.fromisoformat(stamp)).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
