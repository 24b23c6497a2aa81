"""The commands that steer a running emulator: failures, load and time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from sakura_emulator.failure import Failure
from sakura_emulator.faults import ANSWER_KINDS, CHANGE_KINDS
from sakura_emulator.options import control, echo_json, output_option, url_option

MAX_TRACE: Final = 16_777_216
"""Characters; a step a second for ten days."""


@click.command()
@click.argument("kind", type=click.Choice(ANSWER_KINDS + CHANGE_KINDS))
@click.option("--method", metavar="METHOD", help="Only requests with this method.")
@click.option("--path", metavar="PATTERN", help="Only requests whose path after /1.1 has this regular expression.")
@click.option(
    "--nth", multiple=True, type=click.IntRange(1), metavar="N", help="Only the Nth of them; can be repeated."
)
@click.option("--share", type=click.FloatRange(0, 1), metavar="SHARE", help="Only this share of them.")
@click.option("--times", type=click.IntRange(1), metavar="N", help="At most N times.")
@click.option(
    "--status", type=click.IntRange(400, 599), metavar="STATUS", help="The status of `status`.  [default: 503]"
)
@click.option("--code", metavar="CODE", help="The error_code of `status`, if not the usual one.")
@click.option("--retry-after", type=click.IntRange(0), metavar="SECONDS", help="Its Retry-After header.")
@click.option("--seconds", type=click.FloatRange(0), metavar="SECONDS", help="How long `slow` and `timeout` last.")
@url_option
@output_option
def fault(kind: str, nth: tuple[int, ...], db: str | None, url: str | None, output: str, **rule: Any) -> None:
    """Let requests fail.

    \b
    Example:
        sakura-emulator fault status --status 503 --method POST --path '^/server$'
        sakura-emulator fault cut_after --path '^/disk$' --share 0.1
    """
    body = {"kind": kind, **{key: value for key, value in rule.items() if value is not None}}
    added = control(db, url, "POST", "/faults", body | ({"nth": list(nth)} if nth else {}))
    if output == "json":
        echo_json(added)
        return
    click.echo(f"fault {added['id']} is set")


@click.command()
@click.option("--clear", is_flag=True, help="Remove them all.")
@url_option
@output_option
def faults(clear: bool, db: str | None, url: str | None, output: str) -> None:
    """Show the failures that are set, and how often each happened.

    \b
    Example:
        sakura-emulator faults
        sakura-emulator faults --clear
    """
    if clear:
        removed = control(db, url, "DELETE", "/faults")["removed"]
        if output == "json":
            echo_json({"removed": removed})
            return
        click.echo(f"{removed} faults removed")
        return
    rules = control(db, url, "GET", "/faults")["faults"]
    if output == "json":
        echo_json({"faults": rules})
        return
    for rule in rules:
        told = {key: value for key, value in rule.items() if key not in ("id", "kind", "seen", "fired")}
        details = "".join(f" {key}={value}" for key, value in told.items() if value not in (None, "", []))
        click.echo(f"{rule['id']}  {rule['kind']}{details}: {rule['fired']} of {rule['seen']} requests")


@click.command()
@click.argument("value", type=click.FloatRange(0), required=False)
@click.option("--elb", metavar="ID|NAME", help="Spread over what this ELB has UP: VALUE is a number of busy cores.")
@click.option("--prefix", metavar="TEXT", help="To every server whose name begins so: VALUE is the share of each core.")
@click.option("--server", metavar="ID", help="To this server: VALUE is the share of each core.")
@click.option(
    "--trace",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of VALUE: a CSV file with lines of seconds and value.",
)
@click.option("--clear", is_flag=True, help="Remove all load.")
@url_option
@output_option
def offer(
    value: float | None,
    trace: Path | None,
    clear: bool,
    db: str | None,
    url: str | None,
    output: str,
    **target: str | None,
) -> None:
    """Offer load from now on: one value, or a trace.

    \b
    Example:
        sakura-emulator offer 3.5 --elb tk-elb
        sakura-emulator offer --trace day.csv --elb tk-elb
        sakura-emulator offer 0.8 --prefix web-
        sakura-emulator offer --clear
    """
    if clear:
        cleared = control(db, url, "DELETE", "/load")
        if output == "json":
            echo_json(cleared)
        else:
            click.echo("no load is offered any more")
        return
    if (value is None) == (trace is None):
        raise click.UsageError("give either VALUE or --trace")
    amount = {"value": value} if trace is None else {"trace": read_trace(trace)}
    chosen = {key: name for key, name in target.items() if name is not None}
    added = control(db, url, "POST", "/load", {**chosen, **amount})
    if output == "json":
        echo_json(added)
        return
    click.echo("load is offered from now on")


def read_trace(path: Path) -> list[list[float]]:
    """The steps of a trace file; a first line that is no number is its heading."""
    steps: list[list[float]] = []
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_TRACE + 1)
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read: {error}", "file") from error
    if len(text) > MAX_TRACE:
        raise Failure(f"{path} has more than {MAX_TRACE} characters; is it a trace?", "file")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            seconds, value = (float(cell) for cell in line.split(","))
        except ValueError:
            if number == 1:
                continue
            raise Failure(f"{path}, line {number}: {line[:60]!r} is not `seconds,value`", "file") from None
        steps.append([seconds, value])
    return steps


@click.command()
@click.option("--advance", type=click.FloatRange(0), metavar="SECONDS", help="Move ahead.")
@click.option("--step", is_flag=True, help="Move to the next change that is due: a boot, a copy, an ELB's health.")
@click.option("--freeze/--run", default=None, help="Stand still, or go on.")
@click.option("--time-scale", type=float, metavar="N", help="Run N times as fast as real time.")
@url_option
@output_option
def clock(step: bool, db: str | None, url: str | None, output: str, **wanted: Any) -> None:
    """Show or move the emulated clock.

    \b
    Example:
        sakura-emulator clock --freeze
        sakura-emulator clock --step
        sakura-emulator clock --advance 300
    """
    body = {key: value for key, value in wanted.items() if value is not None}
    if body:
        control(db, url, "POST", "/clock", body)
    state = control(db, url, "POST", "/clock", {"step": True}) if step else control(db, url, "GET", "/clock")
    if output == "json":
        echo_json(state)
        return
    for change in state.get("happened", []):
        click.echo(f"{change['kind']} {change['id']}: {change['becomes']}")
    if step and not state["happened"]:
        click.echo("nothing is due")
    doing = "stands still" if state["frozen"] else f"runs {state['time_scale']:g} times as fast as real time"
    click.echo(f"{state['time']}, {doing}")
