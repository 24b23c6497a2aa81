"""`sakura-fleet dns check`: what the zone's name servers and a resolver answer for a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import click

from sakura_fleet.cli.options import output_option
from sakura_fleet.engine.exit_codes import DnsCheckExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.errors import DnsError, InputError, Problem
from sakura_fleet.inventory.dns_state import zone_of, zones_in
from sakura_fleet.model.dns import RecordSet
from sakura_fleet.model.dns.names import relative_name
from sakura_fleet.model.dns.svcb.names import DomainName

if TYPE_CHECKING:  # these load dnspython and the HTTP client, which other commands never need
    from sakura_fleet.client.name_servers import NameServer
    from sakura_fleet.model.dns.name_check import NameCheck
    from sakura_fleet.model.dns.published import Answer

TYPES: Final = ("A", "AAAA", "CNAME", "NS", "MX", "TXT", "SRV", "CAA", "HTTPS", "SVCB", "PTR")
"""What is asked for on the wire; ALIAS is answered as A and AAAA."""
LONGEST_PAUSE: Final = 10.0
"""Seconds between two rounds of `--wait`."""


@click.command()
@click.argument("name", metavar="NAME")
@click.option("-s", "--stack", metavar="STACK", help="Also compare with what this stack has written for the name.")
@click.option(
    "-t",
    "--type",
    "types",
    multiple=True,
    type=click.Choice(TYPES),
    help="A type; default: HTTPS, or all of the stack.",
)
@click.option(
    "--server", "servers", multiple=True, metavar="HOST[:PORT]", help="A name server; default: those of the zone."
)
@click.option("--doh", metavar="URL", default=None, help="The resolver; default: https://dns.google/resolve.")
@click.option("--no-doh", is_flag=True, help="Ask no resolver.")
@click.option("--wait", metavar="SECONDS", type=click.IntRange(0), default=0, help="Ask again until all agree.")
@output_option
def check(
    name: str,
    stack: str | None,
    types: tuple[str, ...],
    servers: tuple[str, ...],
    doh: str | None,
    no_doh: bool,
    wait: int,
    output: str,
) -> None:
    """Compare what the zone's own name servers and a resolver answer for NAME, byte by byte.

    Exit code 0: all agree. 3: the name servers differ from each other or from the stack. 4: only the resolver holds
    something else, and is told how long it may. 5: somebody gives no answer.

    \b
    Example:
      sakura-fleet dns check www.example.com -s production --wait 60
    """
    from sakura_fleet.client.doh import DEFAULT_URL, checked_url

    host = _whole_name(name)
    url = None if no_doh else checked_url(doh or DEFAULT_URL)
    written = _of_stack(stack, host) if stack else None
    if stack and written and not servers:
        _refuse_emulator(stack, written)
    asked = _name_servers(host, servers, written)
    kinds = (
        types or tuple(found.type for found in (written.sets if written else ()) if found.type in TYPES) or ("HTTPS",)
    )
    deadline = monotonic() + wait
    pause = 1.0
    while True:
        checks = [_ask(host, kind, asked, url, written) for kind in kinds]
        code = min((code for code in map(_exit_code, checks) if code), default=0)
        left = deadline - monotonic()
        if code == 0 or left <= 0:
            break
        sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
    if output == "json":
        click.echo(json.dumps([_as_json(found) for found in checks], indent=2, ensure_ascii=False))
    else:
        for found in checks:
            _show(found)
    if code:
        raise click.exceptions.Exit(code)


@dataclass(frozen=True, slots=True)
class _Written:
    """What a stack has written for a name."""

    source: str
    zone: str
    name_servers: Sequence[str]
    sets: Sequence[RecordSet]


def _ask(name: str, kind: str, servers: Sequence[NameServer], url: str | None, written: _Written | None) -> NameCheck:
    from sakura_fleet.client import doh, name_servers
    from sakura_fleet.model.dns.name_check import NameCheck, expected_of
    from sakura_fleet.model.dns.published import Answer, compare

    answers = [name_servers.ask(server, name, kind) for server in servers]
    expected = expected_of(written.source, written.sets, kind) if written else None
    if expected is None:
        expected = next((answer for answer in answers if not answer.error), Answer("nobody"))
    resolvers = [] if url is None else [doh.ask(url, name, kind)]
    return NameCheck(name, kind, expected, compare(expected, answers, resolvers), _odd(name, kind, servers, expected))


def _odd(name: str, kind: str, servers: Sequence[NameServer], answer: Answer) -> list[Problem]:
    """What the rules have against the set, beside the addresses at its name."""
    from sakura_fleet.client import name_servers
    from sakura_fleet.model.dns.name_check import odd_answer

    for server in servers:
        zone = name_servers.zone_of(server, name)
        owner = relative_name(name, zone) if zone else None
        if zone and owner is not None:
            beside = {other: name_servers.ask(server, name, other).values for other in ("A", "AAAA") if other != kind}
            return odd_answer(owner, kind, answer.values, beside, zone=zone)
    return []


def _exit_code(found: NameCheck) -> int:
    from sakura_fleet.model.dns.name_check import Outcome

    codes = {
        Outcome.DIFFERS: DnsCheckExit.DIFFERS,
        Outcome.CACHED: DnsCheckExit.CACHED,
        Outcome.NO_ANSWER: DnsCheckExit.NO_ANSWER,
    }
    return codes.get(found.outcome, 0)


def _show(found: NameCheck) -> None:
    click.echo(f"{found.name} {found.kind}")
    click.echo(f"  expected by {found.expected.source}: {found.expected.shown}{_seconds(found.expected)}")
    for finding in found.findings:
        answer = finding.answer
        answered = "" if answer.error else f": {answer.shown}{_seconds(answer)}"
        click.echo(f"  {finding.verdict.value:9}  {answer.source}{answered}")
        if finding.note:
            click.echo(f"             {finding.note}")
    for problem in found.odd:
        click.echo(f"  odd        {problem.message} [{problem.rule}]")


def _as_json(found: NameCheck) -> dict[str, Any]:
    return {
        "name": found.name,
        "type": found.kind,
        "expected": {"by": found.expected.source, **_plain(found.expected)},
        "answers": [
            {
                "source": finding.answer.source,
                "resolver": finding.resolver,
                "verdict": finding.verdict.value,
                "note": finding.note,
                **_plain(finding.answer),
            }
            for finding in found.findings
        ],
        "odd": [{"rule": problem.rule, "message": problem.message} for problem in found.odd],
    }


def _plain(answer: Answer) -> dict[str, Any]:
    values = [{"text": value.text, "wire": value.wire.hex()} for value in answer.values]
    return {"values": values, "cnames": list(answer.cnames), "ttl": answer.ttl}


def _seconds(answer: Answer) -> str:
    return "" if answer.ttl is None else f" ({answer.ttl} s)"


def _whole_name(text: str) -> str:
    """NAME with its final dot, in A-labels and lower case."""
    try:
        name, absolute = DomainName.read(text)
    except ValueError as error:
        raise InputError([Problem("NAME", "name", str(error))]) from None
    if not name.labels or (not absolute and len(name.labels) < 2):
        raise InputError([Problem("NAME", "name", f"{text!r} is not a whole name such as www.example.com")])
    return name.folded().text()


def _of_stack(stack: str, name: str) -> _Written:
    """The stack's sets at a name, as its state has them. Raises `InputError` where it has no zone for the name."""
    zones = zones_in(StackEngine(Project.here(), stack).resources())
    zone = zone_of(zones, name)
    if zone is None:
        known = ", ".join(sorted(other.zone_name for other in zones)) or "none"
        raise InputError([Problem("NAME", "no-zone", f"{name} is in no zone of the stack {stack}; those are {known}")])
    return _Written(f"the stack {stack}", zone.zone_name, zone.name_servers, zone.sets_for(name))


def _refuse_emulator(stack: str, written: _Written) -> None:
    """Raises `DnsError` where the zone is in an emulator: the name servers that it names know nothing of the zone."""
    from sakura_fleet.provider.settings import DEFAULT_API_ROOT, SessionSettings

    project = Project.here()
    api_root = project.setting(project.selected_stack(stack))("api_root") or DEFAULT_API_ROOT
    if SessionSettings(api_root=api_root).is_emulator:
        raise DnsError(
            f"the stack {stack} is in an emulator, which answers no DNS questions, and the real name servers do not "
            f"know its zone. Write the zone to a file (`sakura-fleet dns export {written.zone} -s {stack} -f "
            f"{written.zone}.zone`), load that into a name server of your own, and run this command with --no-doh "
            "and --server HOST:PORT"
        )


def _name_servers(name: str, given: Sequence[str], written: _Written | None) -> list[NameServer]:
    from sakura_fleet.client import name_servers

    if given:
        return [server for text in given for server in name_servers.addresses_of(*_host_and_port(text))]
    known = (written.name_servers if written else ()) or name_servers.name_servers_of(name)
    return [address for server in known for address in name_servers.addresses_of(server, name_servers.PORT)]


def _host_and_port(text: str) -> tuple[str, int]:
    from sakura_fleet.client.name_servers import PORT

    if text.count(":") > 1 and not text.startswith("["):
        return text, PORT  # an IPv6 address
    host, _, port = text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
    number = int(port) if port.isascii() and port.isdigit() else PORT if not port else 0
    if not host or not 0 < number <= 0xFFFF:
        raise InputError([Problem("--server", "server", f"{text!r} is not HOST or HOST:PORT")])
    return host.strip("[]"), number
