"""`sakura-fleet deploy`: bring a commit up, without undoing what the autoscaler has decided since."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from sakura_fleet.cli.failure import JobCommand
from sakura_fleet.cli.jobs import agree_by, exit_code, job_runner, print_result
from sakura_fleet.cli.options import (
    allow_delete_option,
    max_removed_option,
    output_option,
    policy_pack_option,
    progress_option,
    stack_option,
    yes_option,
)
from sakura_fleet.cli.progress import Progress
from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.project import PREFIX, Project, stack_settings
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.errors import ProjectError
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.job_runner import Effort
from sakura_fleet.scaler.plan_limits import PlanLimits
from sakura_fleet.scaler.sizes import Target

COMMITS: Final = 500
"""So many commits back a deployed one is looked for."""


@click.command(cls=JobCommand)
@stack_option
@click.option(
    "--base", default="", metavar="COMMIT", help="The commit that was deployed before.  [default: as the state has it]"
)
@yes_option
@allow_delete_option
@max_removed_option
@output_option
@progress_option
@policy_pack_option
def deploy(
    stack: str | None,
    base: str,
    yes: bool,
    allowed: tuple[str, ...],
    max_removed: int,
    output: str,
    progress: str,
    policy_packs: tuple[str, ...],
) -> None:
    """Preview with policies and the rules of `plan-check`, then carry out that plan; keep the size that the stack has.

    The autoscaler owns `size` while it runs, and a commit that is about something else must not undo its work. So the
    size of the stack's last update stays, unless the stack file's size differs between the base and now: then a person
    changed it, and that counts. The base is the newest commit up to this one that the stack was brought up at, as its
    history has it, or the one before this.

    \b
    Example, in a pipeline with the whole history checked out:
      sakura-fleet deploy -s production --base "$BEFORE" --yes
    """
    limits = PlanLimits(size_only=False, allow_delete=allowed, max_removed=max_removed)
    with Progress(progress) as shown:
        runner = job_runner(stack, source="deploy", policy_packs=policy_packs, limits=limits, progress=shown)
        result = runner.run(
            "deploy",
            lambda group: _target(runner.project, runner.stack, group, base),
            effort=Effort.UPDATE,
            agree=agree_by(runner.stack, yes=yes),
        )
    print_result(result, output)
    sys.exit(exit_code(result, detailed=result.status == jobs.IGNORED))  # what was not deployed must not look as if


def _target(project: Project, stack: str, group: ServerGroupArgs, base: str) -> Target:
    engine = StackEngine(project, stack)
    last = engine.outputs().get("size")
    if not isinstance(last, int | float):
        return Target(group.size, "first update")
    if last == group.size:
        return Target(group.size, f"size of the last update, {int(last)}")
    base = base or _deployed(project, engine.commits())
    before = _size_at(project, stack, base)
    if before != group.size:
        return Target(group.size, f"changed from {before} since the commit {base[:12]}")
    kept = min(max(int(last), group.min_size), group.max_size)
    limited = "" if kept == int(last) else f", which is outside {group.min_size}..{group.max_size}"
    return Target(kept, f"size of the last update, {int(last)}{limited}")


def _deployed(project: Project, commits: Collection[str]) -> str:
    """Of the commits that the stack was brought up at, the newest that leads to this one, or is it; else the one before
    this."""
    line = _git(project, "rev-list", "--first-parent", f"--max-count={COMMITS}", "HEAD").stdout.split()
    return next((commit for commit in line if commit in commits), "HEAD^")


def _size_at(project: Project, stack: str, revision: str) -> int | None:
    """The size that the stack file had at a commit; None where it was not there yet."""
    path = project.stack_file(stack).relative_to(project.root).as_posix()
    if _git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode != 0:
        raise ProjectError(
            f"there is no commit {revision} here, so it cannot be told whether this one changes the size; check out "
            "more history (fetch-depth: 0), or name the commit that was deployed before with --base"
        )
    shown = _git(project, "show", f"{revision}:./{path}")
    if shown.returncode != 0:
        return None
    settings = stack_settings(shown.stdout, Path(f"{path} at {revision}"))
    try:
        return int(settings.get(f"{PREFIX}size", ""))
    except (TypeError, ValueError):
        return None


def _git(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)  # noqa: S603
