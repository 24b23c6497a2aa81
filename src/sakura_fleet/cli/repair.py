"""`sakura-fleet repair`: what a crash left behind, found by the fleet's tag."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import click

from sakura_fleet.cli.engine import StackEngine
from sakura_fleet.cli.project import Project, confirm, stack_option
from sakura_fleet.client import Client
from sakura_fleet.errors import ConflictError, FleetError, NotFoundError
from sakura_fleet.model.ownership import Marks, fleet_tag
from sakura_fleet.model.zones import ZONES
from sakura_fleet.resources.server_build import demolish
from sakura_fleet.resources.session import Session, SessionSettings


@dataclass(frozen=True, slots=True)
class Owned:
    """One object in the cloud that carries the fleet's mark."""

    kind: str
    id: str
    name: str
    zone: str
    marks: Marks
    disk_ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {self.zone}" if self.zone else ""
        return f"{self.kind} {self.name} ({self.id}{where})"


@click.command()
@stack_option
@click.option("--remove", is_flag=True, help="Remove the orphans that are shown, after a question.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def repair(stack: str | None, remove: bool, yes: bool) -> None:
    """Find what a crash left behind, and clean it up.

    Lists everything in the cloud that carries this fleet's mark. What the state knows is fine; what only the program
    wants is taken over by the next `pulumi up`; the rest are orphans. A lock and pending operations left by a dead
    `pulumi` process on this machine are cleared. Exits 1 while orphans remain.

    \b
    Example, after a crash:
      sakura-fleet repair -s production             show
      sakura-fleet repair -s production --remove    show, ask, remove
    """
    project = Project.here()
    name = project.selected_stack(stack)
    fleet = fleet_tag(project.fleet_id(name))
    engine = StackEngine(project, name)
    for line in engine.clear_leftovers(assume_yes=yes):
        click.echo(line)
    in_state = engine.marks_in_state()
    settings = SessionSettings.from_config(project.setting(name))
    session = Session(settings, env=os.environ)
    click.get_current_context().call_on_close(session.client.close)
    owned = list(_owned(session.client, fleet))
    unknown = [item for item in owned if item.marks.resource not in in_state]
    wanted = engine.marks_in_program() if unknown else set()
    orphans = [item for item in unknown if item.marks.resource not in wanted]
    click.echo(f"{len(owned)} objects carry the fleet's mark {fleet}; {len(owned) - len(unknown)} are in the state")
    for item in unknown:
        if item.marks.resource in wanted:
            click.echo(f"pending  {item}: the next `pulumi up` takes it over and finishes it")
    for item in orphans:
        click.echo(f"orphan   {item}: neither the state nor the program knows it")
    if not orphans:
        click.echo("nothing is left behind")
        return
    if not remove:
        click.echo("run the same command with --remove to remove the orphans")
        raise click.exceptions.Exit(1)
    if not yes:
        confirm(f"Remove {len(orphans)} orphans? Their disks are lost")
    for item in orphans:
        _remove(session, item)
        click.echo(f"removed  {item}")


def _owned(client: Client, fleet: str) -> Iterator[Owned]:
    """Everything of the fleet, in an order in which it can be removed."""
    for zone in ZONES:
        for server in client.servers.find(zone, tags=[fleet]):
            marks = Marks.from_tags(server.tags)
            if marks:
                disk_ids = tuple(disk.id for disk in server.disks)
                yield Owned("server", server.id, server.name, zone, marks, disk_ids)
        for disk in client.disks.find(zone, tags=[fleet]):
            marks = Marks.from_tags(disk.tags)
            if marks and disk.server_id is None:
                yield Owned("disk", disk.id, disk.name, zone, marks)
        for switch in client.switches.find(zone, tags=[fleet]):
            marks = Marks.from_tags(switch.tags)
            if marks:
                yield Owned("switch", switch.id, switch.name, zone, marks)
        for packet_filter in client.packet_filters.find(zone):
            marks = Marks.from_description(packet_filter.description)
            if marks and marks.fleet == fleet:
                yield Owned("packet filter", packet_filter.id, packet_filter.name, zone, marks)
    for note in client.notes.find(tags=[fleet]):
        marks = Marks.from_tags(note.tags)
        if marks:
            yield Owned("startup script", note.id, note.name, "", marks)
    for key in client.ssh_keys.find():
        marks = Marks.from_description(key.description)
        if marks and marks.fleet == fleet:
            yield Owned("SSH key", key.id, key.name, "", marks)


def _remove(session: Session, item: Owned) -> None:
    client = session.client
    try:
        match item.kind:
            case "server":
                own = [disk.id for disk in client.disks.find(item.zone, tags=[item.marks.resource])]
                demolish(session, item.zone, item.id, disk_ids=own, marks=item.marks, force=True)
            case "disk":
                client.disks.delete(item.zone, item.id)
            case "switch":
                client.switches.delete(item.zone, item.id)
            case "packet filter":
                client.packet_filters.delete(item.zone, item.id)
            case "startup script":
                client.notes.delete(item.id)
            case "SSH key":
                client.ssh_keys.delete(item.id)
    except NotFoundError:
        return
    except ConflictError as error:
        raise FleetError(f"{item} cannot be removed yet: {error}; run the same command again") from error
