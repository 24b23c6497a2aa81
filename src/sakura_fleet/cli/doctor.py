"""`sakura-fleet doctor`: is everything there that `pulumi up` needs?"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.engine.exit_codes import DoctorExit
from sakura_fleet.engine.project import Project, engine_path, pulumi
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import (
    EngineError,
    FileError,
    FleetError,
    InputError,
    KeyPermissionError,
    MissingToolError,
    NoStackError,
    Problem,
    ResourceError,
)
from sakura_fleet.model.stack import is_loopback
from sakura_fleet.text_files import read_text_file

if TYPE_CHECKING:
    from sakura_fleet.model.caddy.host import CaddyHostArgs
    from sakura_fleet.model.stack import StackConfig
    from sakura_fleet.provider.session import Session

COMMAND_PLUGIN = "plugins/resource-command-v*/pulumi-resource-command"
ENOUGH_PERMISSIONS = ("create", "arrange")
DEADLINE = 10.0


@click.command()
@stack_option
@click.option("--plans", is_flag=True, help="Also list the server plans of the stack's zones.")
@output_option
def doctor(stack: str | None, plans: bool, output: str) -> None:
    """Check engine, stack file, what hosts need, API root, credentials and account; exit 1 if something is wrong.

    Reads only: nothing is changed in the cloud or in the stack.

    \b
    Example:
      sakura-fleet doctor -s staging
    """
    project = Project.here()
    report = _Report(as_json=output == "json")
    report.check("engine", lambda: _engine(project))
    name = report.check("stack", lambda: project.selected_stack(stack))
    if name:
        if report.check("stack file", lambda: _stack_file(project, name)):
            report.check("backend", lambda: _backend(project, name))
        if _hosts(project, name):
            report.check("hosts", lambda: _for_hosts(project, name))
        with ExitStack() as opened:
            session = cache(lambda: opened.enter_context(open_session(project.setting(name), deadline=DEADLINE)))
            reached = report.check("API", lambda: _api(session()))
            if reached and _has_elb(project, name):
                report.check("ELB", lambda: _elb(session(), project.config(name)))
            if reached and _is_readable(project, name):
                report.check("zones", lambda: _offered(session(), project.config(name)))
                if project.config(name).dns:
                    report.check("DNS", lambda: _dns(session(), project.config(name)))
            if plans:
                report.check("plans", lambda: _plans(session(), project.config(name).server_group.zones))
    report.end()
    if report.failed:
        raise click.exceptions.Exit(DoctorExit.FAILED)


class _Report:
    """Each check as it ends, or all in one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.checks: list[dict[str, Any]] = []

    @property
    def failed(self) -> bool:
        return not all(check["ok"] for check in self.checks)

    def check(self, what: str, find: Callable[[], str]) -> str:
        try:
            found = find()
        except FleetError as error:
            self._add(what, str(error), error.code)
            self._say(f"{click.style('FAIL', fg='red')}  {what}: {error.coded()}")
            return ""
        self._add(what, found)
        self._say(f"{click.style('ok', fg='green')}    {what}: {found}")
        return found

    def end(self) -> None:
        if self.as_json:
            document = {"ok": not self.failed, "checks": self.checks}
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))

    def _add(self, what: str, message: str, code: str | None = None) -> None:
        self.checks.append({"check": what, "ok": code is None, "code": code, "message": message.strip()})

    def _say(self, line: str) -> None:
        if not self.as_json:
            click.echo(line)


def _engine(project: Project) -> str:
    found = pulumi(project, "version").strip()
    wanted = f"v{version('pulumi')}"
    where = f"pulumi {found} at {engine_path()}"
    if found.partition(".")[0] != wanted.partition(".")[0]:
        raise EngineError(f"{where} and the Python SDK {wanted} do not fit; install the same version of both")
    same = found.partition("+")[0].partition("-")[0] == wanted
    return where if same else f"{where}; the Python SDK is {wanted}: prefer the same version"


def _stack_file(project: Project, stack: str) -> str:
    if not project.raw_config(stack).get("server_group"):
        return f"fleet {project.fleet_id(stack)}; the program declares its servers itself"
    config = project.config(stack)
    group = config.server_group
    if config.elb and not group.exposed_ports:
        path = "server_group.template.network_interfaces[0].expose.ports"
        message = "an ELB needs a port to reach the servers at; name one, such as [80]"
        raise InputError([Problem(path, "no-port", message)], source=str(project.stack_file(stack)))
    return f"{group.size} servers of {group.name} in {', '.join(group.zones)}, generation {group.generation}"


def _hosts(project: Project, stack: str) -> Sequence[CaddyHostArgs]:
    """The stack's Caddy hosts, as far as the stack file can be read; whether it can is another check."""
    try:
        return project.config(stack).hosts if project.raw_config(stack).get("hosts") else ()
    except FleetError:
        return ()


def _for_hosts(project: Project, stack: str) -> str:
    """What the machine that runs Pulumi needs for the stack's hosts."""
    hosts = _hosts(project, stack)
    over_ssh = [host.name for host in hosts if host.over_ssh]
    asked = [host.name for host in hosts if host.ready_deadline and "h3" in host.serves]
    missing = []
    if over_ssh and not _has_command_plugin():
        install = f"pulumi plugin install resource command {version('pulumi-command')}"
        missing.append(f"{', '.join(over_ssh)} over SSH: the pulumi-command plugin; run `{install}`")
    if over_ssh and shutil.which("ssh-keyscan") is None:
        missing.append(f"{', '.join(over_ssh)} over SSH: ssh-keyscan; install OpenSSH's client")
    if asked and importlib.util.find_spec("aioquic") is None:
        missing.append(f"{', '.join(asked)} over HTTP/3: aioquic; run `pip install 'sakura-fleet[http3]'`")
    missing += [f"{host.name} over SSH: {problem}" for host in hosts if (problem := _key_file(host))]
    if missing:
        raise MissingToolError(f"this machine lacks what a run needs for {'; for '.join(missing)}")
    return f"this machine has what they need ({len(over_ssh)} over SSH, {len(asked)} asked over HTTP/3)"


def _key_file(host: CaddyHostArgs) -> str:
    """Why a host's private key cannot be read; empty where it can, or none is named."""
    if not host.over_ssh or not host.ssh.private_key_file:
        return ""
    try:
        read_text_file(Path(host.ssh.private_key_file).expanduser())
    except (FileError, RuntimeError) as error:
        return f"its private key: {error}; name a private key's file, or leave it out to use the SSH agent"
    return ""


def _backend(project: Project, stack: str) -> str:
    """Whether the engine has the stack, and the passphrase or key that its secrets need.

    The engine opens a stack's secrets only for a run or to encrypt one: here into a copy of the stack file.
    """
    backend = json.loads(pulumi(project, "whoami", "--verbose", "--json"))["url"]
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.yaml"
        copy.write_text(project.stack_file(stack).read_text("utf-8"), "utf-8")
        setting = ("config", "set", "--secret", "--config-file", str(copy), "doctor:probe", "probe")
        try:
            pulumi(project, *setting, "--stack", stack)
        except EngineError as error:
            raise _unusable(str(error), stack, backend) from None
    if backend.startswith("file:") and not is_loopback(str(project.raw_config(stack).get("api_root") or "")):
        return (
            f"{backend} has the stack. Nobody else sees this state: where others or CI run this fleet, too, set "
            "PULUMI_BACKEND_URL to a bucket that you share, before the first `pulumi up`"
        )
    return f"{backend} has the stack, and its secrets can be read"


def _unusable(words: str, stack: str, backend: str) -> FleetError:
    """What the engine's refusal of a stack means."""
    if "no stack named" in words:
        return NoStackError(
            f"{backend} has no stack {stack}; run `pulumi stack init {stack}`, or, where it was made elsewhere, set "
            "PULUMI_BACKEND_URL to where its state is"
        )
    if "passphrase" in words:
        said = words.rpartition("error: ")[2].strip()
        return EngineError(
            f"the secrets of {stack} cannot be read: {said}; set PULUMI_CONFIG_PASSPHRASE to the one that the stack "
            "was made with"
        )
    return EngineError(words)


def _is_readable(project: Project, stack: str) -> bool:
    """Whether the stack file has a fleet and nothing is wrong with it; if not, another check says so."""
    try:
        return bool(project.raw_config(stack).get("server_group")) and bool(project.config(stack))
    except FleetError:
        return False


def _offered(session: Session, config: StackConfig) -> str:
    """Whether the zones have the plans and disks of the group and of the hosts that are made."""
    from sakura_fleet.resources.server.offer import not_offered

    group = config.server_group
    wanted = {"server_group": (group.template, group.zones)}
    wanted |= {f"hosts[{at}]": (host.template, (host.zone,)) for at, host in enumerate(config.hosts) if host.zone}
    problems = [
        problem.under(f"{path}.template")
        for path, (template, zones) in wanted.items()
        for problem in not_offered(
            session,
            {"plan": asdict(template.plan), "disks": [asdict(disk) for disk in template.disks], "zones": zones},
        )
    ]
    if problems:
        raise ResourceError("; ".join(map(str, problems)))
    zones = dict.fromkeys(zone for _, zones in wanted.values() for zone in zones)
    return f"{', '.join(zones)} have the plans and disks"


def _dns(session: Session, config: StackConfig) -> str:
    """Whether the zone can be made or used."""
    from sakura_fleet.ownership import fleet_tag
    from sakura_fleet.resources.dns.zone_lifecycle import zone_problems
    from sakura_fleet.resources.dns.zone_records import zone_named

    dns = config.dns
    if dns is None:
        return ""
    zone = zone_named(session, dns.zone)
    if zone and fleet_tag(config.fleet_id) in zone.tags:
        return f"{dns.zone} is this fleet's"
    if dns.adopt_zone:
        return f"{dns.zone} is taken over by `pulumi up`"
    problems = zone_problems(session, dns.zone, dns.lookup)
    if problems:
        raise ResourceError("; ".join(problem.message for problem in problems))
    return f"{dns.zone} is there" if zone else f"{dns.zone} is made by `pulumi up`"


def _has_command_plugin() -> bool:
    """Whether the engine finds a plugin that fits the SDK: of its major version, and not older."""
    if shutil.which("pulumi-resource-command"):
        return True
    wanted = _numbers(version("pulumi-command"))
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    found = (_numbers(path.parent.name.partition("-v")[2]) for path in home.glob(COMMAND_PLUGIN))
    return any(plugin[:1] == wanted[:1] and plugin >= wanted for plugin in found)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", text)[:3])


def _api(session: Session) -> str:
    account = session.account
    if account.permission not in ENOUGH_PERMISSIONS:
        raise KeyPermissionError(
            f"the API key's permission is {account.permission!r}; it must be one of {', '.join(ENOUGH_PERMISSIONS)}: "
            "make another key in the control panel"
        )
    who = f"account {account.account_id} ({account.account_name})"
    return f"{who} at {session.settings.api_root}, permission {account.permission}"


def _has_elb(project: Project, stack: str) -> bool:
    """Whether the stack has an ELB, as far as its file can be read; whether it can is another check."""
    try:
        return bool(project.raw_config(stack).get("elb")) and project.config(stack).elb is not None
    except FleetError:
        return False


def _elb(session: Session, config: StackConfig) -> str:
    from sakura_fleet.scaler.elb import check_room  # only such a stack needs it

    return check_room(session, config)


def _plans(session: Session, zones: Sequence[str]) -> str:
    lines = []
    for zone in zones:
        offered = sorted(
            {
                (plan.core, plan.memory_gb, plan.dedicated_cpu)
                for plan in session.client.server_plans.find(zone)
                if not plan.gpu
            }
        )
        words = [f"{core} core {memory} GB{' dedicated' * dedicated}" for core, memory, dedicated in offered]
        lines.append(f"{zone}: {', '.join(words)}")
    return "\n      ".join(["", *lines])
