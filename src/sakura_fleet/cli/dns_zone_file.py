"""`sakura-fleet dns export`, `plan` and `apply`: a zone on the appliance and a zone file (RFC 1035)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

import click

from sakura_fleet.cli.options import confirm, output_option, stack_option, yes_option
from sakura_fleet.client import DnsZone
from sakura_fleet.engine.exit_codes import DnsPlanExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import FileError, InputError, NoStackError, Problem, RefusedError, ResourceError
from sakura_fleet.inventory.dns_state import zones_in
from sakura_fleet.model.dns import ALLOWABLE, Record, RecordSet, zone_name
from sakura_fleet.model.dns.merge import Key
from sakura_fleet.model.dns.rules import without_way_out
from sakura_fleet.model.dns.zone_plan import (
    MOST_CHANGED,
    ZonePlan,
    equal_sets,
    judge,
    odd_already,
    placed,
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
@click.option(
    "-f", "--file", "output", type=click.File("w", encoding="utf-8"), default="-", help="The file; default: print."
)
def export(stack: str | None, zone: str, output: TextIO) -> None:
    """Write a zone's records as a zone file (RFC 1035).

    SOA and the NS of the zone itself are added, so that another name server can load the file.

    \b
    Example:
      sakura-fleet dns export example.com -f example.com.zone
    """
    from sakura_fleet.model.dns.zone_file import write_zone_file  # loads dnspython, which other commands never need

    found = _Place.open(stack, zone).zone

    def skipped(record: Record) -> None:
        click.echo(f"left out, as no zone file can hold its set: {record}", err=True)

    output.write(write_zone_file(found.name, found.name_servers, records_in(found), skipped))


@click.command()
@stack_option
@_zone_argument
@_wishes
@output_option
def plan(stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...], output: str) -> None:
    """Show what a zone file would change in a zone; exit 3 if anything.

    Values are compared by their meaning, as the wire has them. Sets that the file does not name stay, unless --delete.

    \b
    Example:
      sakura-fleet dns plan example.com example.com.zone
    """
    work = _Work.read(stack, zone, file, delete, allow)
    judged = work.planned(records_in(work.place.zone))
    if output == "json":
        _echo_json(work.as_json(judged))
    else:
        work.show(judged)
    _refuse(judged.problems, work.source)
    if judged.plan.changes:
        raise click.exceptions.Exit(DnsPlanExit.CHANGES)


@click.command()
@stack_option
@_zone_argument
@_wishes
@click.option(
    "--force", is_flag=True, help=f"Also change or delete more than {MOST_CHANGED:.0%} of the zone's records."
)
@yes_option
@output_option
def apply(
    stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...], force: bool, yes: bool, output: str
) -> None:
    """Make a zone's sets those of a zone file, in one write, after showing the plan.

    The sets of a stack are left alone: change them there. If somebody changes the zone after the plan was shown in what
    it touches, nothing is written.

    \b
    Example:
      sakura-fleet dns apply example.com example.com.zone
    """
    work = _Work.read(stack, zone, file, delete, allow)
    judged = work.planned(records_in(work.place.zone))
    as_json = output == "json"
    work.show(judged, err=as_json)
    if as_json and (judged.problems or not judged.plan.changes):
        _echo_json({**work.as_json(judged), "written": False})
    _refuse(judged.problems, work.source)
    if not judged.plan.changes:
        return
    _refuse_too_much(judged.plan, len(work.place.zone.records), force=force)
    if not yes:
        confirm("Write this?")
    work.write(judged.plan)
    click.echo(f"written: {judged.plan.counts}", err=as_json)
    if as_json:
        _echo_json({**work.as_json(judged), "written": True})


def _echo_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


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

    def of_the_stack(self) -> set[Key]:
        """The sets in the zone that the stack's state knows as its own."""
        try:
            zones = zones_in(StackEngine(self.project, self.stack).resources())
        except NoStackError:
            return set()
        return {written.key for zone in zones if zone.zone_id == self.zone.id for written in zone.sets}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A plan, why it is refused, and what is only to be known: of what changes, and of what stays. `whole` is False
    where the file cannot be read as it is meant, so that its plan says nothing."""

    plan: ZonePlan
    problems: Sequence[Problem]
    warnings: Sequence[Problem]
    already: Sequence[Problem]
    unwritable: Collection[Key]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Work:
    """What a file wants of a zone; `unread` is what is wrong with its lines."""

    place: _Place
    source: str
    records: Sequence[Record]
    unread: Sequence[Problem]
    owned: set[Key]
    delete: bool
    allow: tuple[str, ...]

    @classmethod
    def read(cls, stack: str | None, zone: str, file: Any, delete: bool, allow: tuple[str, ...]) -> _Work:
        from sakura_fleet.model.dns.zone_file import read_zone_file

        try:
            text = read_text_stream(file, file.name, limit=MAX_ZONE_FILE)
        except FileError as error:
            raise InputError([Problem("", "zone-file", str(error))], source=file.name) from None
        place = _Place.open(stack, zone)
        unread: list[Problem] = []
        records = read_zone_file(text, place.zone.name, unread)
        return cls(place, file.name, records, unread, place.of_the_stack(), delete, allow)

    def planned(self, existing: Sequence[Record]) -> _Judged:
        """What would be written now. Only what changes is judged; sets of the stack that the file does not name stay,
        as do those that no file could name."""
        from sakura_fleet.model.dns.zone_file import unwritable

        zone = self.place.zone.name
        equal = equal_sets(existing, self.records)
        problems, warnings = list(self.unread), list[Problem]()
        changing = [record for record in self.records if record.key not in equal]
        wanted = read_wanted(changing, zone=zone, allow=self.allow, warnings=warnings, problems=problems)
        whole = not problems
        named = {record.key for record in self.records}
        unnamed = unwritable(zone, [record for record in existing if record.key not in named]).keys()
        plan = plan_zone(existing, wanted, delete=self.delete, stay={*self.owned, *unnamed}, equal=equal)
        together, odd = judge(plan, zone=zone, allow=self.allow)
        problems += _further(placed(together, changing), problems)
        warnings += _further(placed(odd, changing), warnings)
        problems += placed(plan.of_a_stack(self.owned, self.place.stack), changing)
        already = [
            Problem(found.path, found.rule, without_way_out(found))
            for found in odd_already(plan, zone=zone, besides=self.owned)
        ]
        return _Judged(plan, sorted(problems, key=_line_number), warnings, already, unnamed, whole)

    def show(self, judged: _Judged, *, err: bool = False) -> None:
        """Print the plan, record by record, and what is odd about it; all of it to standard error with `err`."""
        if not judged.whole:
            return
        for change in judged.plan.changes:
            for line in change.lines:
                click.echo(line, err=err)
        for kept in judged.plan.kept:
            click.echo(f"  {kept} stays: {self._why(kept, judged)}", err=err)
        click.echo(f"{self.place.zone.name}: {judged.plan.counts}", err=err)
        for warning in judged.warnings:
            click.echo(f"warning: {warning}", err=True)
        for odd in judged.already:
            click.echo(f"already in the zone: {odd}", err=True)

    def as_json(self, judged: _Judged) -> dict[str, Any]:
        """The same for programs."""
        return {
            "zone": self.place.zone.name,
            "changes": [
                {
                    "name": change.key[0],
                    "type": change.key[1],
                    "before": _plain(change.before),
                    "after": _plain(change.after),
                }
                for change in judged.plan.changes
            ],
            "stay": [
                {"name": kept.name, "type": kept.type, "why": self._why(kept, judged)} for kept in judged.plan.kept
            ],
            "problems": [_problem(found) for found in judged.problems],
            "warnings": [_problem(found) for found in judged.warnings],
            "already_in_the_zone": [_problem(found) for found in judged.already],
        }

    def _why(self, kept: RecordSet, judged: _Judged) -> str:
        if kept.key in self.owned:
            return f"of the stack {self.place.stack}"
        return "no zone file can hold it" if kept.key in judged.unwritable else "not in the file"

    def write(self, shown: ZonePlan) -> None:
        """Write what was shown and nothing else."""

        def change(existing: Sequence[Record]) -> list[Record]:
            now = self.planned(existing)
            unseen = now.plan.beyond(shown)
            if unseen:
                sets = ", ".join(" ".join(change.key) for change in unseen)
                raise RefusedError(
                    f"{sets} changed in the zone after the plan was shown; nothing was written. Run the command again"
                )
            _refuse(now.problems, self.source)
            return list(now.plan.records)

        rewrite(self.place.session, self.place.zone.id, change)


def _further(found: Sequence[Problem], known: Sequence[Problem]) -> list[Problem]:
    """What the zone as a whole shows beyond what the sets alone have shown."""
    told = {(problem.path, problem.rule) for problem in known if problem.path}
    return [problem for problem in found if (problem.path, problem.rule) not in told]


def _line_number(problem: Problem) -> int:
    number = problem.path.removeprefix("line ")
    return int(number) if number.isdigit() else 0


def _plain(found: RecordSet | None) -> dict[str, Any] | None:
    return None if found is None else {"ttl": found.ttl, "values": [value.text() for value in found.values]}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"line": _line_number(problem) or None, "rule": problem.rule, "message": without_way_out(problem)}


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
