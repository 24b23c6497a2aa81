"""The command `sakura-emulator`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.core import ParameterSource

from sakura_emulator import environment, process, steer
from sakura_emulator.failure import CodedGroup, Failure
from sakura_emulator.options import (
    DEFAULT_PORT,
    Command,
    control,
    db_option,
    echo_json,
    output_option,
    url_of,
    url_option,
)
from sakura_emulator.settings import PROFILES, Settings
from sakura_emulator.store import MEMORY

_START_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0 = any."),
    click.option("--latency", default="instant", show_default=True, type=click.Choice(list(PROFILES))),
    click.option("--time-scale", type=float, metavar="N", help="Emulated time runs N times as fast.  [default: 1]"),
    click.option("--seed", default=0, show_default=True, help="Decides all that looks random."),
    click.option("--token", envvar=process.TOKEN_VARIABLE, help="Take only this access token."),
    click.option("--secret", envvar=process.SECRET_VARIABLE, help="The secret that goes with --token."),
    click.option("--account-id", default=113000000001, show_default=True, help="Account.ID of auth-status."),
    click.option("--settings-hash", default="enforce", show_default=True, type=click.Choice(["enforce", "ignore"])),
    click.option("--elb-plan-change", default="new-id", show_default=True, type=click.Choice(["new-id", "same-id"])),
    click.option(
        "--last-entry-status",
        default="409",
        show_default=True,
        type=click.Choice(["400", "409"]),
        help="Answer to disabling the last server of a group that an ELB rule names.",
    ),
    click.option("--sandbox", default="refuse", show_default=True, type=click.Choice(["refuse", "allow"])),
    click.option("--health-delay", type=float, metavar="SECONDS", help="Until the ELB calls a server UP."),
    click.option("--drain", type=float, metavar="SECONDS", help="Until a disabled entry has no connections."),
    click.option("--request-log", metavar="FILE", help="Write every request there, as a line of JSON without secrets."),
    click.option("--connections", default=10, show_default=True, help="Connections on each UP entry of an ELB."),
)


def _start_options(command: Command) -> Command:
    for option in reversed(_START_OPTIONS):
        command = option(command)
    return db_option(command)


@click.group(cls=CodedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sakura-fleet")
def main() -> None:
    """A SAKURA Cloud on this machine: the API, without an account and without a network.

    \b
    Example:
        sakura-emulator start
        eval "$(sakura-emulator env usacloud)"
        sakura-emulator stop
    """


@contextmanager
def _failing() -> Iterator[None]:
    """End the command with what went wrong, and its code."""
    try:
        yield
    except process.ProcessError as error:
        raise Failure(str(error), error.code) from error
    except OSError as error:
        raise Failure(str(error), "file") from error


def _settings(options: dict[str, Any]) -> Settings:
    fields = {key: value for key, value in options.items() if key != "port" and value is not None}
    try:
        return Settings(**{**fields, "last_entry_status": int(fields["last_entry_status"])})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@_start_options
def serve(db: str | None, **options: Any) -> None:
    """Run in the foreground until Ctrl-C.

    \b
    Example:
        sakura-emulator serve --port 0 --db :memory: --latency seed
    """
    from sakura_emulator import server
    from sakura_emulator.cloud import Cloud
    from sakura_emulator.store import StoreError

    path = db or process.default_db()
    settings = _settings(options)
    try:
        sock = server.listen(settings.host, options["port"])
    except (server.PortInUseError, OSError) as error:
        raise Failure(str(error), "failed") from error
    try:
        cloud = Cloud(path, settings)
    except (StoreError, OSError) as error:
        sock.close()
        raise Failure(str(error), "file") from error
    url = server.url_of(sock)

    def ready() -> None:
        process.record(path, url)
        click.echo(f"sakura-emulator listening on {url} (root {url}{server.API_PREFIX})")
        click.echo(_page(url))

    # uvicorn ends on a signal and then raises it again: turn that into an orderly exit.
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    try:
        server.serve(cloud, sock, ready)
    finally:
        cloud.close()
        process.forget(path, os.getpid())


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _page(url: str) -> str:
    return f"status page {url}/ (`sakura-emulator env TOOL` prints what a tool needs to reach it)"


@main.command()
@_start_options
@output_option
@click.pass_context
def start(ctx: click.Context, /, db: str | None, output: str, **options: Any) -> None:
    """Run in the background; nothing happens if an emulator answers there already.

    One that runs with other options than those given here, or with the same --db elsewhere, is an error.

    \b
    Example:
        sakura-emulator start --latency seed --time-scale 10
    """
    settings = _settings(options)
    path = db or process.default_db()
    arguments = ["--db", path]
    for key, value in options.items():
        if value is not None and key not in ("token", "secret"):
            arguments += [f"--{key.replace('_', '-')}", str(value)]
    # By environment, not as arguments: every user of the machine can read those.
    os.environ |= {process.TOKEN_VARIABLE: settings.token, process.SECRET_VARIABLE: settings.secret}
    known = process.recorded(path)
    any_will_do = not options["port"] or (not _is_given(ctx, "port") and known is not None and known.alive())
    url = None if any_will_do else process.url_for(settings.host, options["port"])
    with _failing():
        running, is_new = process.start(path, url, arguments)
        other = [] if is_new else _differences(ctx, running.url, settings)
    if url and running.url != url:
        other.insert(0, f"there, not at {url}")
    if other:
        raise Failure(
            f"an emulator runs at {running.url} (pid {running.pid}) {', '.join(other)}; "
            "`sakura-emulator stop` it first, or start another one with another --port and --db",
            "refused",
        )
    root = f"{running.url}/cloud/zone"
    if output == "json":
        document = {"started": is_new, "url": running.url, "root": root, "page": f"{running.url}/", "pid": running.pid}
        echo_json(document)
        return
    verb = "started" if is_new else "is already running"
    click.echo(f"sakura-emulator {verb}: {running.url} (root {root}), pid {running.pid}")
    click.echo(_page(running.url))


def _differences(ctx: click.Context, url: str, settings: Settings) -> list[str]:
    """What the emulator that runs there has otherwise than the options that were given; defaults ask for nothing."""
    health = process.control(url, "GET", "/health")
    runs = {**health.get("settings", {}), "time_scale": health["time_scale"], "db": health["db"]}
    wants = {**settings.public(), "time_scale": settings.time_scale, "db": ctx.params["db"]}
    given = [name for name in ctx.params if _is_given(ctx, name) and name in runs and name in wants]
    other = [
        f"with --{name.replace('_', '-')} {runs[name]}, not {wants[name]}"
        for name in given
        if (not _same_file(runs[name], wants[name]) if name in ("db", "request_log") else runs[name] != wants[name])
    ]
    if settings.token and not health.get("token"):
        other.append("without a token")
    elif settings.token and not process.takes(url, settings.token, settings.secret):
        other.append("with another token")
    return other


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _same_file(one: str, other: str) -> bool:
    return one == other or (MEMORY not in (one, other) and Path(one).resolve() == Path(other).resolve())


@main.command()
@db_option
@output_option
def stop(db: str | None, output: str) -> None:
    """Stop the emulator of --db and wait until it is gone; the cloud stays in its file.

    \b
    Example:
        sakura-emulator stop
    """
    with _failing():
        stopped = process.stop(db or process.default_db())
    if output == "json":
        echo_json({"stopped": stopped is not None, "pid": stopped.pid if stopped else None})
        return
    click.echo(f"sakura-emulator stopped: pid {stopped.pid}" if stopped else "sakura-emulator is not running")


@main.command()
@url_option
@output_option
def status(db: str | None, url: str | None, output: str) -> None:
    """Say whether an emulator answers, with what it holds; exit code 1 if none does.

    \b
    Example:
        sakura-emulator status
    """
    where = url_of(db, url)
    health = control(db, url, "GET", "/health")
    counts = control(db, url, "GET", "/state")
    if output == "json":
        echo_json({"url": where, "root": f"{where}/cloud/zone", **health, **counts})
        return
    click.echo(f"sakura-emulator {health['version']} at {where} (root {where}/cloud/zone), pid {health['pid']}")
    click.echo(f"database {health['db']}, latency {health['latency']}, time scale {health['time_scale']:g}")
    made = ", ".join(f"{kind} {count['total']}" for kind, count in counts["resources"].items() if count["total"])
    click.echo(f"{counts['total']} objects{': ' if made else ''}{made}; {health['requests']} requests answered")


@main.command()
@click.argument("tool", type=click.Choice(environment.TOOLS))
@url_option
def env(tool: str, db: str | None, url: str | None) -> None:
    """Print the lines that point a tool at the emulator.

    \b
    Example:
        eval "$(sakura-emulator env usacloud)"
    """
    where = url_of(db, url)
    click.echo("\n".join(environment.lines(tool, where, has_token=process.wants_token(where))))


@main.command()
@url_option
@output_option
def reset(db: str | None, url: str | None, output: str) -> None:
    """Make the cloud empty.

    \b
    Example:
        sakura-emulator reset
    """
    answer = control(db, url, "POST", "/reset")
    if output == "json":
        echo_json(answer)
        return
    click.echo("the cloud is empty")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@url_option
@output_option
def save(file: Path, db: str | None, url: str | None, output: str) -> None:
    """Save the whole cloud as one JSON document.

    \b
    Example:
        sakura-emulator save before.json
    """
    document = control(db, url, "GET", "/snapshot")
    with _failing():
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    total = len(document["objects"])
    if output == "json":
        echo_json({"ok": True, "file": str(file), "total": total})
        return
    click.echo(f"{total} objects saved to {file}")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@url_option
@output_option
def load(file: Path, db: str | None, url: str | None, output: str) -> None:
    """Replace the whole cloud by a document that `save` wrote.

    \b
    Example:
        sakura-emulator load before.json
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Failure(f"{file} is not a JSON document: {error}", "file") from error
    try:
        answer = process.control(url_of(db, url), "PUT", "/snapshot", document)
    except process.ProcessError as error:
        raise Failure(f"{file} cannot be loaded: {error}", "file" if error.code == "api" else error.code) from error
    if output == "json":
        echo_json({"file": str(file), **answer})
        return
    click.echo(f"{answer['total']} objects loaded from {file}")


for _command in (steer.fault, steer.faults, steer.offer, steer.clock):
    main.add_command(_command)
