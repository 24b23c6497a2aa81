"""What the commands that talk to a running emulator share: which one it is, and one request to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from sakura_emulator import process
from sakura_emulator.failure import Failure

DEFAULT_PORT = 18080

Command = Callable[..., None]


def db_option(command: Command) -> Command:
    """--db."""
    return click.option(
        "--db",
        metavar="PATH",
        help="SQLite file that holds the cloud, or :memory:.  [default: $XDG_STATE_HOME/sakura-fleet/emulator.db]",
    )(command)


def url_option(command: Command) -> Command:
    """--db and --url."""
    return click.option("--url", metavar="URL", help="Where the emulator answers, if not as recorded beside --db.")(
        db_option(command)
    )


def output_option(command: Command) -> Command:
    """-o, as the commands of sakura-fleet have it."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print it.",
    )(command)


def echo_json(document: Any) -> None:
    """Print a document of `--output json`."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def url_of(db: str | None, url: str | None) -> str:
    """The URL of the emulator that is meant."""
    if url:
        return url.rstrip("/").removesuffix("/cloud/zone")
    known = process.recorded(db or process.default_db())
    return known.url if known and known.alive() else f"http://127.0.0.1:{DEFAULT_PORT}"


def control(db: str | None, url: str | None, method: str, path: str, body: Any = None) -> Any:
    """One request to a control route."""
    try:
        return process.control(url_of(db, url), method, path, body)
    except process.ProcessError as error:
        raise Failure(str(error), error.code) from error
