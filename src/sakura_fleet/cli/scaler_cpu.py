"""`scaler cpu`: how busy servers are, by the activity graph; takes the place of sacloud-cpu-usage in scripts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

from sakura_fleet import client as api
from sakura_fleet.cli.clock import now
from sakura_fleet.cli.failure import failing
from sakura_fleet.cli.options import complete_stack
from sakura_fleet.engine.exit_codes import CpuExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import UsageError
from sakura_fleet.interop.cpu_usage_report import DEFAULT_PERCENTILES, encode, progress, read_percentiles, report
from sakura_fleet.interop.dotenv import read_env_file
from sakura_fleet.interop.jq_query import JqQuery
from sakura_fleet.model.api_root import check_api_root, is_emulator
from sakura_fleet.provider.settings import DEFAULT_API_ROOT, DEFAULT_RATE_LIMIT
from sakura_fleet.scaler.metrics import fetch_by_prefix, fetch_group
from sakura_fleet.scaler.usage import Usage

API_ROOT_VARIABLES: Final = ("SAKURA_API_ROOT_URL", "SAKURACLOUD_API_ROOT_URL")
DEADLINE: Final = 60.0
MOST_SAMPLES: Final = 2_016
"""A week."""


class UnknownOnError(click.Command):
    """A command whose every failure, wrong usage included, ends with code 3."""

    def make_context(self, *arguments: Any, **keywords: Any) -> click.Context:
        with _code_three():
            return super().make_context(*arguments, **keywords)

    def invoke(self, ctx: click.Context) -> Any:
        with _code_three():
            return super().invoke(ctx)


@contextmanager
def _code_three() -> Iterator[None]:
    try:
        with failing(lambda _: CpuExit.UNKNOWN):
            yield
    except click.ClickException as error:
        error.show()
        raise click.exceptions.Exit(CpuExit.UNKNOWN) from error


@click.command(cls=UnknownOnError)
@click.option("--prefix", "prefixes", multiple=True, metavar="TEXT", help="How the servers' names begin; repeatable.")
@click.option("--zone", "zones", multiple=True, metavar="ZONE", help="A zone to search; repeatable.")
@click.option(
    "--time", "samples", type=click.IntRange(0, MOST_SAMPLES), default=3, show_default=True, metavar="N",
    help="How many of the newest samples count; each is the mean of five minutes.",
)  # fmt: skip
@click.option(
    "--percentile-set", default=DEFAULT_PERCENTILES, show_default=True, metavar="LIST",
    help="Percentiles over the servers, separated by commas.",
)  # fmt: skip
@click.option("--query", default="", metavar="JQ", help="Print what this jq program makes of the report instead.")
@click.option(
    "--env-from", type=click.Path(path_type=Path), metavar="FILE",
    help="Read variables from this file; those that are set already win.",
)  # fmt: skip
@click.option("--compat", is_flag=True, help="As sacloud-cpu-usage from v0.1 on: servers without samples count as 0.")
@click.option(
    "-s", "--stack", metavar="NAME", shell_complete=complete_stack,
    help="Take API root, API key and zones from this stack; without --prefix, the servers of its group.",
)  # fmt: skip
@click.option("-v", "--version", "show_version", is_flag=True, is_eager=True, help="Show the version and stop.")
def cpu(
    prefixes: tuple[str, ...],
    zones: tuple[str, ...],
    samples: int,
    percentile_set: str,
    query: str,
    env_from: Path | None,
    compat: bool,
    stack: str | None,
    show_version: bool,
) -> None:
    """Show how busy servers are: mean, extremes and percentiles in per cent of their cores, as one line of JSON.

    The line goes to standard output, what was measured to standard error. The exit code is 0, or 3 for any error. The
    API key comes from SAKURA_ACCESS_TOKEN and SAKURA_ACCESS_TOKEN_SECRET.

    \b
    Example:
      scaler cpu --prefix web- --zone is1b --query '.avg|round'
    """
    if show_version:
        click.echo(f"scaler cpu {version('sakura-fleet')}")
        return
    percentiles = read_percentiles(percentile_set)
    program = JqQuery(query) if query else None
    if len(set(zones)) < len(zones):
        doubled = next(zone for index, zone in enumerate(zones) if zone in zones[:index])
        raise click.UsageError(f"--zone {doubled} is given twice; its servers would count twice")
    env = {**(read_env_file(env_from) if env_from else {}), **os.environ}
    count = max(samples, 1)
    usage = _of_stack(stack, prefixes, zones, count, env) if stack else _by_prefix(prefixes, zones, count, env)
    moment = now().isoformat(timespec="seconds")
    for line in progress(usage, compat=compat):
        click.echo(f"{moment} {line}", err=True)
    text = encode(report(usage, percentiles, compat=compat))
    if program is None:
        click.echo(text)
        return
    values, failure = program.run(text)
    for value in values:
        if value is None:
            raise UsageError(f"--query {query}: nothing in the report fits, the result is null")
        click.echo(encode(value))
    if failure:
        raise UsageError(f"--query {query}: {failure}")


def _by_prefix(prefixes: tuple[str, ...], zones: tuple[str, ...], samples: int, env: Mapping[str, str]) -> Usage:
    """Servers by the beginnings of their names; root and key from the environment."""
    missing = [option for option, values in (("--prefix", prefixes), ("--zone", zones)) if not values]
    if missing:
        raise click.UsageError(f"{' and '.join(missing)} must be given, or --stack")
    root = next((env[name] for name in API_ROOT_VARIABLES if env.get(name)), DEFAULT_API_ROOT)
    problem = check_api_root(root)
    if problem:
        raise UsageError(f"API root of the environment: {problem}")
    emulated = is_emulator(root)
    limit = 0.0 if emulated else DEFAULT_RATE_LIMIT
    with api.Client(
        root, api.Credentials.from_env(env), rate_limit=limit, retry=api.RetryPolicy(deadline=DEADLINE)
    ) as client:
        return fetch_by_prefix(client, prefixes, zones, samples=samples, now=None if emulated else now())


def _of_stack(
    stack: str, prefixes: tuple[str, ...], zones: tuple[str, ...], samples: int, env: Mapping[str, str]
) -> Usage:
    """A stack's own servers, or others in its account by the beginnings of their names."""
    project = Project.here()
    config = project.config(stack)
    group = config.server_group
    with open_session(project.setting(stack), env=env, deadline=DEADLINE) as session:
        emulated = session.settings.is_emulator
        if prefixes:
            places = zones or group.zones
            return fetch_by_prefix(session.client, prefixes, places, samples=samples, now=None if emulated else now())
        return fetch_group(
            session.client,
            config.fleet_id,
            group,
            now=now(),
            cloud_clock=emulated,
            samples=samples,
            zones=zones or None,
        )
