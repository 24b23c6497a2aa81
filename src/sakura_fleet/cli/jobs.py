"""What commands that run jobs share: the stack's job runner, how a result is printed, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click

from sakura_fleet.cli.clock import clock_of, now
from sakura_fleet.cli.options import confirm
from sakura_fleet.cli.progress import Progress
from sakura_fleet.engine.exit_codes import CompatExit, JobExit
from sakura_fleet.engine.project import Project
from sakura_fleet.scaler.history import History
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import Agree, JobRunner
from sakura_fleet.scaler.plan_limits import PlanLimits


def job_runner(
    stack: str | None,
    *,
    source: str,
    policy_packs: Sequence[str] = (),
    limits: PlanLimits | None = None,
    progress: Progress | None = None,
) -> JobRunner:
    """The job runner of a stack of the project here; without packs, previews use the project's own, if it has one."""
    shown = progress or Progress("none")
    project = Project.here()
    name = project.selected_stack(stack)
    own = project.root / "policies"
    packs = list(policy_packs) or ([str(own)] if (own / "PulumiPolicy.yaml").is_file() else [])
    return JobRunner(
        *(project, name),
        clock=clock_of(project, name),
        machine_clock=now,
        source=source,
        policy_packs=packs,
        limits=limits,
        listener=shown.change,
        say=shown.say,
    )


def agree_by(stack: str, *, yes: bool) -> Agree:
    """Shows the plan on stderr and asks; with `yes` it does neither."""

    def agree(result: JobResult) -> bool:
        if yes:
            return True
        click.echo(result.diff, err=True)
        change = f"{result.request} with {result.size_after} servers, {result.size_before} before ({result.reason})"
        try:
            confirm(f"{stack}: {change}. Carry out this plan?")
        except click.Abort:
            return False
        return True

    return agree


def warn_of_damaged(history: History) -> None:
    """Say on stderr how many lines of the history are no records, if any; a crash can tear one."""
    if damaged := history.records().damaged:
        lines = f"{damaged} line{'s' if damaged != 1 else ''}"
        click.echo(f"{lines} of {history.path} cannot be read and {'are' if damaged != 1 else 'is'} left out", err=True)


def print_result(result: JobResult, output: str, before: Mapping[str, str] | None = None) -> None:
    """Print what came of a job: the result on stdout, an error on stderr; `before` are texts that come first."""
    before = before or {}
    if output == "json":
        record = result.record("", "", "")
        shown = {key: value for key, value in record.items() if key not in ("stack", "group", "source")}
        click.echo(json.dumps({**shown, **before}, ensure_ascii=False))
        return
    for text in before.values():
        click.echo(text)
    for note in result.notes:
        click.echo(note)
    for server in result.servers:
        click.echo(f"  {server.operation:<8} {server.name}  {server.state}, {max(0, server.ended - server.began)} s")
    stays = f"; {result.size_after} stay declared" if result.size_after != result.size_wanted else ""
    click.echo(
        f"{result.status}: {result.request} {result.size_before} -> {result.size_wanted} ({result.reason}) "
        f"in {result.duration_s:.1f} s{stays}"
    )
    if result.error:
        click.echo(result.error, err=True)


def exit_code(result: JobResult, *, detailed: bool = False, compat: bool = False) -> int:
    """The process's exit code for a result."""
    if result.exit_code:
        return result.exit_code
    if compat and result.detailed_exit_code:
        return CompatExit.NOOP if result.detailed_exit_code == JobExit.NOOP else CompatExit.MESSAGE
    return result.detailed_exit_code if detailed else 0
