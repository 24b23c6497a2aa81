"""`sakura-fleet plan-check`: would this plan destroy something that nobody meant to?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import click

from sakura_fleet.cli.options import allow_delete_option, max_removed_option, output_option, stack_option
from sakura_fleet.engine.exit_codes import PlanCheckExit
from sakura_fleet.engine.plan import read_plan
from sakura_fleet.engine.plan_check import Finding, check_plan
from sakura_fleet.engine.project import Project, engine_environment, required_engine
from sakura_fleet.errors import EngineError, FileError
from sakura_fleet.text_files import read_text_stream

MAX_PLAN: Final = 268_435_456
"""Bytes; that of a thousand servers has about thirty million."""


@click.command(name="plan-check")
@click.argument("plan", metavar="[FILE|-]", type=click.File("rb"), required=False)
@stack_option
@allow_delete_option
@max_removed_option
@output_option
def plan_check(
    plan: BinaryIO | None, stack: str | None, allowed: tuple[str, ...], max_removed: int, output: str
) -> None:
    """Refuse a plan that deletes or replaces what should stay; exit 5 if it does.

    FILE is the output of `pulumi preview --json --show-sames`, - is standard input. Without FILE the preview is
    run here, for the stack. Nothing is changed.

    \b
    Example:
      sakura-fleet plan-check -s production
      pulumi preview --json --show-sames > plan.json
      sakura-fleet plan-check plan.json --allow-delete web-elb
    """
    text = read_text_stream(plan, "the plan", limit=MAX_PLAN) if plan else _preview(Project.here(), stack)
    findings = check_plan(read_plan(_parsed(text)), allow_delete=allowed, max_removed=max_removed)
    if output == "json":
        report = {"ok": not findings, "findings": [finding.to_json() for finding in findings]}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        click.echo(_table(findings) if findings else "The plan takes nothing away that should stay.")
    if findings:
        raise click.exceptions.Exit(PlanCheckExit.REFUSED)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(
            f"the plan is not JSON ({error}); make it with `pulumi preview --json --show-sames`, and without "
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
        ) from error


def _preview(project: Project, stack: str | None) -> str:
    """The engine's plan; also that of a preview that failed, which tells why."""
    name = project.selected_stack(stack)
    done = subprocess.run(  # noqa: S603 - the engine itself, with arguments of this package
        [required_engine(), "preview", "--json", "--show-sames", "--non-interactive", "--stack", name],
        cwd=project.root,
        env={**engine_environment(), "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 and not done.stdout.lstrip().startswith("{"):
        raise EngineError(f"`pulumi preview` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _table(findings: Sequence[Finding]) -> str:
    lines = [
        f"{finding.rule}  {finding.name}: {finding.message}\n  {finding.urn}\n  Way out: {finding.way_out}"
        for finding in findings
    ]
    count = f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"
    return "\n".join([*lines, f"{count}; the plan is refused. Nothing was changed."])
