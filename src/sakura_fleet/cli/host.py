"""`sakura-fleet host`: what a host serves, asked from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from sakura_fleet.cli.clock import now
from sakura_fleet.cli.failure import PlainGroup
from sakura_fleet.cli.options import output_option
from sakura_fleet.engine.exit_codes import HostCheckExit

if TYPE_CHECKING:
    from sakura_fleet.probe import HostReport, Protocol

COLOURS = {"ok": "green", "info": "", "warning": "yellow", "failed": "red"}


@click.group(cls=PlainGroup)
def host() -> None:
    """Check hosts from outside, as their visitors see them."""


@host.command()
@click.argument("url", metavar="URL")
@click.option(
    "--require",
    type=click.Choice(["h1", "h2", "h3"]),
    multiple=True,
    help="A protocol that must answer even if neither the HTTPS record nor Alt-Svc promises it. May be repeated.",
)
@click.option(
    "--resolver",
    metavar="ADDRESS[:PORT]",
    default="",
    help="The name server to ask for records and addresses; default: those of this machine.",
)
@click.option("--address", metavar="IP", help="Where to connect instead of the address of the URL's host.")
@click.option("--ca-file", metavar="FILE", help="The CAs to trust, in PEM form, instead of the public ones.")
@click.option(
    "--days",
    type=click.IntRange(0),
    default=14,
    show_default=True,
    help="Warn where the certificate has fewer days left.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    default=10.0,
    show_default=True,
    help="How long each protocol and each DNS query may take.",
)
@output_option
def check(
    url: str,
    require: tuple[str, ...],
    resolver: str,
    address: str | None,
    ca_file: str | None,
    days: int,
    timeout: float,
    output: str,
) -> None:
    """Ask URL over HTTP/1.1, HTTP/2 and HTTP/3, and see whether its HTTPS record agrees.

    Nothing is changed. Exit code 0: all that is promised is served. 3: something wants attention, such as a
    certificate that ends soon. 4: a promise is not kept. 1: the check itself could not be made.

    \b
    Example:
      sakura-fleet host check https://www.example.com/
      sakura-fleet host check https://www.example.com/ --require h3 -o json
    """
    from sakura_fleet.probe import check_host

    report = check_host(
        url,
        now=now(),
        resolver=resolver,
        address=address,
        ca_file=ca_file,
        timeout=timeout,
        require=cast("tuple[Protocol, ...]", require),
        days=days,
    )
    click.echo(json.dumps(report.to_json(), indent=2, ensure_ascii=False) if output == "json" else _table(report))
    code = {"warning": HostCheckExit.WARNING, "failed": HostCheckExit.FAILED}.get(report.verdict, 0)
    if code:
        raise click.exceptions.Exit(code)


def _table(report: HostReport) -> str:
    width = max(len(finding.check) for finding in report.findings)
    lines = []
    for finding in report.findings:
        verdict = click.style(f"{finding.verdict:<7}", fg=COLOURS[finding.verdict] or None)
        lines.append(f"{verdict}  {finding.check:<{width}}  {finding.text}")
    return "\n".join(lines)
