"""`sakura-fleet dns export`, `plan` and `apply`: a zone on the appliance and a zone file (RFC 1035)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import click

from sakura_fleet import tokens
from sakura_fleet.cli.options import confirm, stack_option, yes_option
from sakura_fleet.client import DnsZone
from sakura_fleet.engine.exit_codes import DnsPlanExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.session import open_session
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.errors import FleetError, InputError, NoStackError, Problem
from sakura_fleet.model.dns import ALLOWABLE, Record, RecordSet, identity, zone_name
from sakura_fleet.model.dns.plan import (
    FEW_RECORDS,
    MOST_CHANGED,
    Change,
    ZonePlan,
    judge,
    odd_already,
    plan_zone,
    read_wanted,
)
from sakura_fleet.model.dns.rules import without_way_out
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.dns.zone_records import records_in, rewrite, zone_named

_zone_argument: Callable[[Any], Any] = click.argument("zone", metavar="ZONE")


def _wishes(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `plan` and `apply` take alike."""
    for decorate in (
        click.option(
            "--allow",
            multiple=True,
            metavar="RULE",
            type=click.Choice(ALLOWABLE),
            help="A rule that the file may break; can be given several times.",
        ),
        click.option("--delete", is_flag=True, help="Also delete the sets that the file does not name."),
        click.argument("file", type=click.File("rb"), metavar="FILE"),
    ):
        function = decorate(function)
    return function


@click.command()
@stack_option
@_zone_argument
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="The file; default: print.")
def export(stack: str | None, zone: str, output: TextIO) -> None:
    """Write a zone's records as a zone file (RFC 1035).

    SOA and the NS of the zone itself are added, so that another name server can load the file.

    \b
    Example:
      sakura-fleet dns export example.com -o example.com.zone
    """
    from sakura_fleet.model.dns.zone_file import write_zone_file  # loads dnspython, which other commands never need

    found = _Place.open(stack, zone).zone

    def skipped(record: Record) -> None:
        click.echo(f"left out, as its data cannot be read: {record}", err=True)

    output.write(write_zone_file(found.name, found.name_servers, records_in(found), skipped))


@click.command()
@stack_option
@_zone_argument
@_wishes
def plan(stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...]) -> None:
    """Show what a zone file would change in a zone; exit 3 if anything.

    Values are compared by their meaning, as the wire has them. Sets that the file does not name stay, unless --delete.

    \b
    Example:
      sakura-fleet dns plan example.com example.com.zone
    """
    work = _Work.read(stack, zone, file, delete, allow)
    planned = work.planned(records_in(work.place.zone))
    work.show(planned)
    work.refuse(planned)
    if planned.changes:
        raise click.exceptions.Exit(DnsPlanExit.CHANGES)


@click.command()
@stack_option
@_zone_argument
@_wishes
@click.option(
    "--force", is_flag=True, help=f"Also change or delete more than {MOST_CHANGED:.0%} of the zone's records."
)
@yes_option
def apply(
    stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...], force: bool, yes: bool
) -> None:
    """Make a zone's sets those of a zone file, in one write, after showing the plan.

    The sets of a stack are left alone: change them there. If somebody changes the zone after the plan was shown in what
    it touches, nothing is written.

    \b
    Example:
      sakura-fleet dns apply example.com example.com.zone
    """
    work = _Work.read(stack, zone, file, delete, allow)
    planned = work.planned(records_in(work.place.zone))
    work.show(planned)
    work.refuse(planned)
    if not planned.changes:
        return
    _refuse_too_much(planned, len(work.place.zone.records), force=force)
    if not yes:
        confirm("Write this?")
    work.write(planned)
    click.echo(f"written: {_counts(planned)}")


@dataclass(frozen=True, slots=True)
class _Place:
    """A zone in the cloud of a stack."""

    project: Project
    stack: str
    session: Session
    zone: DnsZone

    @classmethod
    def open(cls, stack: str | None, zone: str) -> _Place:
        try:
            wanted = zone_name(zone)
        except ValueError as error:
            raise InputError([Problem("ZONE", "zone-name", str(error))]) from None
        project = Project.here()
        name = project.selected_stack(stack)
        session = click.get_current_context().with_resource(open_session(project.setting(name)))
        found = zone_named(session, wanted)
        if found is None:
            names = ", ".join(sorted(one.name for one in session.client.dns_zones.find())) or "none"
            raise FleetError(f"there is no DNS zone {wanted}; the account has {names}")
        return cls(project, name, session, found)

    def of_the_stack(self) -> set[tuple[str, str]]:
        """The sets in the zone that the stack's state knows as its own."""
        try:
            resources = StackEngine(self.project, self.stack).resources()
        except NoStackError:
            return set()
        return {
            (one["name"], one["type"])
            for resource in resources
            if resource["type"] == tokens.DNS_RECORD_SETS and not resource.get("delete")
            if str(resource["outputs"]["zone_id"]) == self.zone.id
            for one in resource["outputs"]["records"]
        }


@dataclass(frozen=True, slots=True)
class _Work:
    """What a file wants of a zone."""

    place: _Place
    source: str
    wanted: Sequence[RecordSet]
    owned: set[tuple[str, str]]
    delete: bool
    allow: tuple[str, ...]
    warnings: Sequence[Problem]

    @classmethod
    def read(cls, stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...]) -> _Work:
        from sakura_fleet.model.dns.zone_file import read_zone_file

        try:
            text = file.read().decode()
        except UnicodeDecodeError as error:
            raise InputError([Problem("", "zone-file", f"the file is not UTF-8: {error}")], source=file.name) from None
        place = _Place.open(stack, zone)
        records = read_zone_file(text, place.zone.name, source=file.name)
        problems: list[Problem] = []
        warnings: list[Problem] = []
        wanted = read_wanted(records, zone=place.zone.name, allow=allow, warnings=warnings, problems=problems)
        _refuse(problems, file.name)
        return cls(place, file.name, wanted, place.of_the_stack(), delete, allow, warnings)

    def planned(self, existing: Sequence[Record]) -> ZonePlan:
        """What would be written now; sets of the stack that the file does not name stay."""
        return plan_zone(existing, self.wanted, delete=self.delete, stay=self.owned)

    def refuse(self, planned: ZonePlan) -> None:
        """Raise what stands against the plan; say what is odd about it."""
        problems, warnings = judge(planned, zone=self.place.zone.name, allow=self.allow)
        for one in planned.changes:
            if one.key in self.owned:
                message = (
                    f"the set belongs to the stack {self.place.stack}; change it there, or leave it out of the file"
                )
                problems.append(Problem(" ".join(one.key), "set-of-a-stack", message))
        for warning in (*self.warnings, *warnings):
            click.echo(f"warning: {warning}", err=True)
        for odd in odd_already(planned, zone=self.place.zone.name, besides=self.owned):
            told = Problem(odd.path, odd.rule, without_way_out(odd))
            click.echo(f"already in the zone: {told}", err=True)
        _refuse(problems, self.source)

    def show(self, planned: ZonePlan) -> None:
        """Print the plan, record by record."""
        for change in planned.changes:
            for line in _lines(change):
                click.echo(line)
        for one in planned.kept:
            why = f"of the stack {self.place.stack}" if one.key in self.owned else "not in the file"
            click.echo(f"  {one} stays: {why}")
        click.echo(f"{self.place.zone.name}: {_counts(planned)}")

    def write(self, shown: ZonePlan) -> None:
        """Write what was shown and nothing else."""

        def change(existing: Sequence[Record]) -> list[Record]:
            now = self.planned(existing)
            strange = [one for one in now.changes if one not in shown.changes]
            if strange:
                raise FleetError(
                    f"{', '.join(' '.join(one.key) for one in strange)} changed in the zone after the plan was shown; "
                    "nothing was written. Run the command again"
                )
            problems, _ = judge(now, zone=self.place.zone.name, allow=self.allow)
            _refuse(problems, self.source)
            return list(now.records)

        rewrite(self.place.session, self.place.zone.id, change)


def _refuse(problems: Sequence[Problem], source: str) -> None:
    if problems:
        told = [
            Problem(
                one.path, one.rule, f"{bare} (or run it with --allow {one.rule})" if one.rule in ALLOWABLE else bare
            )
            for one in problems
            for bare in [without_way_out(one)]
        ]
        raise InputError(told, source=source)


def _refuse_too_much(planned: ZonePlan, there: int, *, force: bool) -> None:
    if not force and there >= FEW_RECORDS and planned.lost > MOST_CHANGED * there:
        raise FleetError(
            f"{planned.lost} of the zone's {there} records would change or go, more than {MOST_CHANGED:.0%}; if that "
            "is meant, run the same command with --force. Nothing was changed"
        )


def _lines(change: Change) -> list[str]:
    before, after = _values(change.before), _values(change.after)
    return [f"- {text}" for known, text in before.items() if known not in after] + [
        f"+ {text}" for known, text in after.items() if known not in before
    ]


def _values(one: RecordSet | None) -> dict[Any, str]:
    if one is None:
        return {}
    return {(one.ttl, identity(one.type, value)): f"{one.name} {one.ttl} {one.type} {value}" for value in one.values}


def _counts(planned: ZonePlan) -> str:
    new = len([one for one in planned.changes if one.before is None])
    gone = len([one for one in planned.changes if one.after is None])
    return (
        f"{new} sets to add, {len(planned.changes) - new - gone} to change, {gone} to delete, {len(planned.kept)} stay"
    )
