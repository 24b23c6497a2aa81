"""`sakura-fleet dns export`, `plan` and `apply`: a zone on the appliance and a zone file (RFC 1035)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

import click

from sakura_fleet.cli.options import confirm, stack_option, yes_option
from sakura_fleet.client import DnsZone
from sakura_fleet.engine.exit_codes import DnsPlanExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import FileError, InputError, NoStackError, Problem, RefusedError, ResourceError
from sakura_fleet.inventory.dns_state import zones_in
from sakura_fleet.model.dns import ALLOWABLE, Record, RecordSet, zone_name
from sakura_fleet.model.dns.rules import without_way_out
from sakura_fleet.model.dns.zone_plan import (
    MOST_CHANGED,
    ZonePlan,
    judge,
    odd_already,
    plan_zone,
    read_wanted,
)
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.dns.zone_records import records_in, rewrite, zone_named
from sakura_fleet.text_files import read_text_stream

MAX_ZONE_FILE: Final = 16_777_216
"""Bytes; a zone of the appliance has a thousand records at most."""
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
    click.echo(f"written: {planned.counts}")


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
            names = ", ".join(sorted(other.name for other in session.client.dns_zones.find())) or "none"
            raise ResourceError(f"there is no DNS zone {wanted}; the account has {names}")
        return cls(project, name, session, found)

    def of_the_stack(self) -> set[tuple[str, str]]:
        """The sets in the zone that the stack's state knows as its own."""
        try:
            zones = zones_in(StackEngine(self.project, self.stack).resources())
        except NoStackError:
            return set()
        return {written.key for zone in zones if zone.zone_id == self.zone.id for written in zone.sets}


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
            text = read_text_stream(file, file.name, limit=MAX_ZONE_FILE)
        except FileError as error:
            raise InputError([Problem("", "zone-file", str(error))], source=file.name) from None
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
        """Raise what refuses the plan; say what is odd about it."""
        problems, warnings = judge(planned, zone=self.place.zone.name, allow=self.allow)
        problems += planned.of_a_stack(self.owned, self.place.stack)
        for warning in (*self.warnings, *warnings):
            click.echo(f"warning: {warning}", err=True)
        for odd in odd_already(planned, zone=self.place.zone.name, besides=self.owned):
            told = Problem(odd.path, odd.rule, without_way_out(odd))
            click.echo(f"already in the zone: {told}", err=True)
        _refuse(problems, self.source)

    def show(self, planned: ZonePlan) -> None:
        """Print the plan, record by record."""
        for change in planned.changes:
            for line in change.lines:
                click.echo(line)
        for kept in planned.kept:
            why = f"of the stack {self.place.stack}" if kept.key in self.owned else "not in the file"
            click.echo(f"  {kept} stays: {why}")
        click.echo(f"{self.place.zone.name}: {planned.counts}")

    def write(self, shown: ZonePlan) -> None:
        """Write what was shown and nothing else."""

        def change(existing: Sequence[Record]) -> list[Record]:
            now = self.planned(existing)
            unseen = now.beyond(shown)
            if unseen:
                sets = ", ".join(" ".join(change.key) for change in unseen)
                raise RefusedError(
                    f"{sets} changed in the zone after the plan was shown; nothing was written. Run the command again"
                )
            problems, _ = judge(now, zone=self.place.zone.name, allow=self.allow)
            _refuse(problems, self.source)
            return list(now.records)

        rewrite(self.place.session, self.place.zone.id, change)


def _refuse(problems: Sequence[Problem], source: str) -> None:
    if problems:
        raise InputError([Problem(found.path, found.rule, _with_option(found)) for found in problems], source=source)


def _with_option(problem: Problem) -> str:
    bare = without_way_out(problem)
    return f"{bare} (or run it with --allow {problem.rule})" if problem.rule in ALLOWABLE else bare


def _refuse_too_much(planned: ZonePlan, existing: int, *, force: bool) -> None:
    if not force and planned.loses_most(existing):
        raise RefusedError(
            f"{planned.lost} of the zone's {existing} records would change or go, more than {MOST_CHANGED:.0%}; if "
            "that is meant, run the same command with --force. Nothing was changed"
        )
