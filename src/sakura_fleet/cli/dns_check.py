"""`sakura-fleet dns check`: what the zone's name servers and a resolver answer for a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import click

from sakura_fleet import tokens
from sakura_fleet.cli.options import output_option
from sakura_fleet.engine.exit_codes import DnsCheckExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.dns import Record, RecordSet, lint
from sakura_fleet.model.dns.names import relative_name, wildcards
from sakura_fleet.model.dns.rdata import SVCB_TYPES
from sakura_fleet.model.dns.svcb import check_svcb, check_svcb_set, read_svcb
from sakura_fleet.model.dns.svcb.names import DomainName

if TYPE_CHECKING:  # these load dnspython and the HTTP client, which other commands never need
    from sakura_fleet.client.name_servers import NameServer
    from sakura_fleet.model.dns.published import Answer, Finding

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
    asked = _name_servers(host, servers, written)
    kinds = types or tuple(one.type for one in (written.sets if written else ()) if one.type in TYPES) or ("HTTPS",)
    deadline = monotonic() + wait
    pause = 1.0
    while True:
        looks = [_look(host, kind, asked, url, written) for kind in kinds]
        code = min((one.exit_code for one in looks if one.exit_code), default=0)
        left = deadline - monotonic()
        if code == 0 or left <= 0:
            break
        sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
    if output == "json":
        click.echo(json.dumps([one.as_json() for one in looks], indent=2, ensure_ascii=False))
    else:
        for one in looks:
            one.show()
    if code:
        raise click.exceptions.Exit(code)


@dataclass(frozen=True, slots=True)
class _Written:
    """What a stack has written for a name."""

    source: str
    name_servers: Sequence[str]
    sets: Sequence[RecordSet]

    def expected(self, kind: str) -> Answer | None:
        """The answer that the sets ask for; None where the cloud works it out, as for ALIAS."""
        from sakura_fleet.model.dns.published import Answer, expected_answer

        by_type = {one.type: one for one in self.sets}
        if kind in by_type:
            return expected_answer(self.source, by_type[kind])
        if "ALIAS" in by_type and kind in ("A", "AAAA"):
            return None
        cname = by_type.get("CNAME")
        return Answer(self.source, cnames=(cname.values[0],) if cname else ())


@dataclass(frozen=True, slots=True)
class _Look:
    """One type at a name, as everybody answers it."""

    name: str
    kind: str
    expected: Answer
    findings: Sequence[Finding]
    odd: Sequence[Problem]

    @property
    def exit_code(self) -> int:
        from sakura_fleet.model.dns.published import Verdict

        if any(one.verdict is Verdict.DIFFERS and not one.resolver for one in self.findings):
            return DnsCheckExit.DIFFERS
        if any(one.verdict is Verdict.NO_ANSWER for one in self.findings):
            return DnsCheckExit.NO_ANSWER
        return DnsCheckExit.CACHED if any(one.verdict is Verdict.DIFFERS for one in self.findings) else 0

    def show(self) -> None:
        click.echo(f"{self.name} {self.kind}")
        click.echo(f"  expected by {self.expected.source}: {self.expected.shown}{_seconds(self.expected)}")
        for one in self.findings:
            answered = "" if one.answer.error else f": {one.answer.shown}{_seconds(one.answer)}"
            click.echo(f"  {one.verdict.value:9}  {one.answer.source}{answered}")
            if one.note:
                click.echo(f"             {one.note}")
        for problem in self.odd:
            click.echo(f"  odd        {problem.message} [{problem.rule}]")

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.kind,
            "expected": {"by": self.expected.source, **_plain(self.expected)},
            "answers": [
                {
                    "source": one.answer.source,
                    "resolver": one.resolver,
                    "verdict": one.verdict.value,
                    "note": one.note,
                    **_plain(one.answer),
                }
                for one in self.findings
            ],
            "odd": [{"rule": problem.rule, "message": problem.message} for problem in self.odd],
        }


def _plain(answer: Answer) -> dict[str, Any]:
    values = [{"text": one.text, "wire": one.wire.hex()} for one in answer.values]
    return {"values": values, "cnames": list(answer.cnames), "ttl": answer.ttl}


def _seconds(answer: Answer) -> str:
    return "" if answer.ttl is None else f" ({answer.ttl} s)"


def _look(name: str, kind: str, servers: Sequence[NameServer], url: str | None, written: _Written | None) -> _Look:
    from sakura_fleet.client import doh, name_servers
    from sakura_fleet.model.dns.published import Answer, compare

    answers = [name_servers.ask(one, name, kind) for one in servers]
    expected = written.expected(kind) if written else None
    if expected is None:
        expected = next((one for one in answers if not one.error), Answer("nobody"))
    resolvers = [] if url is None else [doh.ask(url, name, kind)]
    return _Look(name, kind, expected, compare(expected, answers, resolvers), _odd(name, kind, servers, expected))


def _odd(name: str, kind: str, servers: Sequence[NameServer], answer: Answer) -> list[Problem]:
    """What the rules have against the set, beside the addresses at its name."""
    from sakura_fleet.client import name_servers

    zone, server = next(((zone, one) for one in servers if (zone := name_servers.zone_of(one, name))), ("", None))
    owner = relative_name(name, zone) if zone else None
    if owner is None or server is None:
        return []
    texts = [one.text for one in answer.values]
    problems: list[Problem] = []
    if kind in SVCB_TYPES:
        parsed = [value for value in (read_svcb(text, "", []) for text in texts) if value is not None]
        for value in parsed:
            problems += check_svcb(value, "", https=kind == "HTTPS")
        problems += check_svcb_set(parsed, owner=owner, zone=zone, https=kind == "HTTPS", path="")
        # Whether a hint does harm shows beside the addresses.
        problems = [one for one in problems if one.rule != "svcb-hint-at-owner"]
    beside = {other: name_servers.ask(server, name, other).values for other in ("A", "AAAA") if other != kind}
    records = [Record(owner, other, one.text) for other, values in beside.items() for one in values]
    records += [Record(owner, kind, text) for text in texts]
    return problems + lint(records, zone=zone, of=[(owner, kind)], complete=False)


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
    resources = [one for one in StackEngine(Project.here(), stack).resources() if not one.get("delete")]
    zones = {
        str(one["outputs"]["zone_id"]): one["outputs"] for one in resources if one["type"] == tokens.DNS_RECORD_SETS
    }
    servers = {str(one["id"]): one["outputs"]["name_servers"] for one in resources if one["type"] == tokens.DNS_ZONE}
    inside = {zone_id: one for zone_id, one in zones.items() if relative_name(name, one["zone_name"]) is not None}
    if not inside:
        known = ", ".join(sorted(str(one["zone_name"]) for one in zones.values())) or "none"
        raise InputError([Problem("NAME", "no-zone", f"{name} is in no zone of the stack {stack}; those are {known}")])
    zone_id, outputs = max(inside.items(), key=lambda one: len(one[1]["zone_name"]))
    owner = relative_name(name, outputs["zone_name"]) or "@"
    sets: list[RecordSet] = []
    for covering in (owner, *wildcards(owner)):
        sets = sets or [RecordSet.from_inputs(one) for one in outputs["records"] if one["name"] == covering]
    return _Written(f"the stack {stack}", servers.get(zone_id, []), sets)


def _name_servers(name: str, given: Sequence[str], written: _Written | None) -> list[NameServer]:
    from sakura_fleet.client import name_servers

    if given:
        return [one for text in given for one in name_servers.addresses_of(*_host_and_port(text))]
    known = (written.name_servers if written else ()) or name_servers.name_servers_of(name)
    return [one for server in known for one in name_servers.addresses_of(server, name_servers.PORT)]


def _host_and_port(text: str) -> tuple[str, int]:
    from sakura_fleet.client.name_servers import PORT

    if text.count(":") > 1 and not text.startswith("["):
        return text, PORT  # an IPv6 address
    host, _, port = text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
    number = int(port) if port.isascii() and port.isdigit() else PORT if not port else 0
    if not host or not 0 < number <= 0xFFFF:
        raise InputError([Problem("--server", "server", f"{text!r} is not HOST or HOST:PORT")])
    return host.strip("[]"), number
