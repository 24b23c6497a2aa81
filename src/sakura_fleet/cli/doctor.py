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
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.engine.exit_codes import DoctorExit
from sakura_fleet.engine.project import Project, engine_path, pulumi
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import (
    EngineError,
    FleetError,
    InputError,
    KeyPermissionError,
    MissingToolError,
    NoStackError,
    Problem,
    ResourceError,
)
from sakura_fleet.model.api_root import is_emulator
from sakura_fleet.model.reading import concern
from sakura_fleet.provider.settings import DEFAULT_API_ROOT
from sakura_fleet.text_files import read_text_file, temporary_files

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
        _check_stack(report, project, name, plans=plans)
    report.end()
    if report.failed:
        raise click.exceptions.Exit(DoctorExit.FAILED)


def _check_stack(report: _Report, project: Project, name: str, *, plans: bool) -> None:
    """All that is to be known of one stack. What can be asked without its whole configuration is asked all the same."""
    config: StackConfig | None = None
    wrong: list[Problem] = []

    def read() -> str:
        nonlocal config, wrong
        if not project.raw_config(name).get("server_group"):
            return f"fleet {project.fleet_id(name)}; the program declares its servers itself"
        config, wrong = project.judge(name)
        if wrong:
            raise InputError(wrong, source=str(project.stack_file(name)))
        group = config.server_group
        return f"{group.size} servers of {group.name} in {', '.join(group.zones)}, generation {group.generation}"

    report.check("stack file", read)
    backend = cache(lambda: str(json.loads(pulumi(project, "whoami", "--verbose", "--json"))["url"]))
    if project.stack_file(name).is_file() and report.check("backend", lambda: _backend(project, name, backend())):
        report.check("state", lambda: _shared(project, name, backend()))
    if config and config.hosts and not concern(wrong, "hosts"):
        hosts = config.hosts
        report.check("hosts", lambda: _hosts(hosts))
        report.check("tools", lambda: _tools(hosts))
    with ExitStack() as opened:
        session = cache(lambda: opened.enter_context(open_session(project.setting(name), deadline=DEADLINE)))
        if report.check("API", lambda: _api(session())) and config:
            _check_cloud(report, session(), config, wrong)
            if plans and not concern(wrong, "server_group.zones"):
                zones = config.server_group.zones
                report.check("plans", lambda: _plans(session(), zones))


def _check_cloud(report: _Report, session: Session, config: StackConfig, wrong: Sequence[Problem]) -> None:
    """Whether the cloud has what the configuration wants, as far as that is not `wrong` by itself."""
    if config.elb and not concern(wrong, "elb", "server_group", "fleet_id"):
        report.check("ELB", lambda: _elb(session, config))
    templates = ("server_group.template.plan", "server_group.template.disks", "server_group.zones")
    if not concern(wrong, *templates, "hosts"):
        report.check("zones", lambda: _offered(session, config))
    if config.dns and not concern(wrong, "dns.zone", "dns.lookup", "dns.adopt_zone", "fleet_id"):
        report.check("DNS", lambda: _dns(session, config))


class _Warning(str):
    """What a check has found that is no failure, and yet not as it should be."""

    __slots__ = ()


class _Report:
    """Each check as it ends, or all in one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.checks: list[dict[str, Any]] = []

    @property
    def failed(self) -> bool:
        return not all(check["ok"] for check in self.checks)

    def check(self, what: str, find: Callable[[], str]) -> str:
        """Ask, and say what was found; empty where it failed."""
        try:
            found = find()
        except FleetError as error:
            self._add(what, str(error), error.code)
            self._say(f"{click.style('FAIL', fg='red')}  {what}: {error.coded()}")
            return ""
        warning = isinstance(found, _Warning)
        self._add(what, found, warning=warning)
        word = click.style("warn", fg="yellow") if warning else click.style("ok", fg="green") + "  "
        self._say(f"{word}  {what}: {found}")
        return found

    def end(self) -> None:
        if self.as_json:
            document = {"ok": not self.failed, "checks": self.checks}
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))

    def _add(self, what: str, message: str, code: str | None = None, *, warning: bool = False) -> None:
        found = {"check": what, "ok": code is None, "warning": warning, "code": code, "message": message.strip()}
        self.checks.append(found)

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


def _hosts(hosts: Sequence[CaddyHostArgs]) -> str:
    """What the machine that runs Pulumi finds in the hosts itself."""
    from sakura_fleet.resources.caddy.local_check import local_problems  # only such a stack needs it

    problems = [
        problem.under(f"hosts[{index}]") for index, host in enumerate(hosts) for problem in local_problems(host)
    ]
    if problems:
        raise InputError(problems)
    return (
        f"{', '.join(host.name for host in hosts)}: their keys can be read, and Caddy, if it is here, their Caddyfiles"
    )


def _tools(hosts: Sequence[CaddyHostArgs]) -> str:
    """What the machine that runs Pulumi needs for the stack's hosts."""
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
    if missing:
        raise MissingToolError(f"this machine lacks what a run needs for {'; for '.join(missing)}")
    return f"this machine has what hosts need ({len(over_ssh)} over SSH, {len(asked)} asked over HTTP/3)"


def _backend(project: Project, stack: str, backend: str) -> str:
    """Whether the engine has the stack, and the passphrase or key that its secrets need.

    The engine opens a stack's secrets only for a run or to encrypt one: here into a copy of the stack file.
    """
    text = read_text_file(project.stack_file(stack))
    with temporary_files("a copy of the stack file", {"copy.yaml": text}) as folder:
        setting = ("config", "set", "--secret", "--config-file", str(folder / "copy.yaml"), "doctor:probe", "probe")
        try:
            pulumi(project, *setting, "--stack", stack)
        except EngineError as error:
            raise _unusable(str(error), stack, backend) from None
    return f"{backend} has the stack, and its secrets can be read"


def _shared(project: Project, stack: str, backend: str) -> str:
    """Whether others who run the fleet, too, have its state: in CI nobody has, once the runner's folder is gone."""
    if not backend.startswith("file:"):
        return "others see it at the same backend"
    if is_emulator(str(project.raw_config(stack).get("api_root") or DEFAULT_API_ROOT)):
        return "in a folder of this machine, as the emulator is"
    message = (
        f"{backend} is a folder of this machine, and the fleet is in the real cloud: nobody else sees this state, and "
        "whoever runs the fleet elsewhere, such as CI, makes it a second time; set PULUMI_BACKEND_URL to a bucket that "
        "you share, before the first `pulumi up`"
    )
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise FleetError(message)
    return _Warning(message)


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
