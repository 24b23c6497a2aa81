"""`sakura-fleet repair`: what a crash left behind, found by the fleet's owner tag."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import click

from sakura_fleet.cli.options import confirm, output_option, stack_option, yes_option
from sakura_fleet.cli.stale_entries import repair_stale_entries, show_disabled_entries
from sakura_fleet.engine.exit_codes import RepairExit
from sakura_fleet.engine.job_lock import Job, JobFolder
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import Lock, StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.engine.stale_lock import await_orphans, refuse_living
from sakura_fleet.errors import ResourceError, UsageError
from sakura_fleet.inventory.findings import Finding, Unknown, unknown_objects
from sakura_fleet.inventory.owned import InState, Owned, duplicates, everything
from sakura_fleet.inventory.removal import remove as remove_object
from sakura_fleet.inventory.stale_entries import StaleEntry
from sakura_fleet.ownership import fleet_tag
from sakura_fleet.provider.session import Session


@click.command()
@stack_option
@click.option("--remove", is_flag=True, help="Remove the orphans that are shown, or what is named, after a question.")
@yes_option
@output_option
@click.argument("named", metavar="[ID]...", nargs=-1)
def repair(stack: str | None, remove: bool, yes: bool, output: str, named: tuple[str, ...]) -> None:
    """Find what a crash left behind, and clean it up.

    Lists everything in the cloud that carries this fleet's owner tag. What the state knows is fine; what only the
    program wants is taken over by the next `pulumi up`; the rest are orphans. A lock and pending operations left by a
    dead `pulumi` process on this machine are cleared, and the state is refreshed then. Entries of the stack's ELBs that
    point at no server are named, too, and so are disabled ones of its servers, and what this state has made under
    another `fleet_id`. Holds the stack's lock, and refuses while another run has it. Exits 1 while any of these remain,
    or anything at all where the state is empty.

    An orphan that serves in an ELB, any orphan where the state is empty, and what the next `pulumi up` would take over
    are removed only where their IDs are given.

    \b
    Example, after a crash:
      sakura-fleet repair -s production                          show
      sakura-fleet repair -s production --remove                 show, ask, remove
      sakura-fleet repair -s production --remove 113800000045    only this one
    """
    if named and not remove:
        raise UsageError("IDs are for --remove; without it everything is shown. Nothing was changed")
    if output == "table":
        report = _repair(stack, named, remove=remove, yes=yes)
    else:
        with redirect_stdout(sys.stderr):  # the words for a person, and the question
            report = _repair(stack, named, remove=remove, yes=yes)
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    if not report["ok"]:
        raise click.exceptions.Exit(RepairExit.ORPHANS)


def _repair(stack: str | None, named: Sequence[str], *, remove: bool, yes: bool) -> dict[str, Any]:
    """Show and clean up; what was found and what remains, as a document."""
    project = Project.here()
    name = project.selected_stack(stack)
    fleet = fleet_tag(project.fleet_id(name))
    folder = JobFolder.of(project.root, name)
    session = click.get_current_context().with_resource(open_session(project.setting(name)))
    with folder.job("repair") as (_, dead):
        if dead:
            folder.leave_to_the_next(dead)
        engine = StackEngine(project, name)
        cleared = _clear_leftovers(engine, name, dead, yes=yes)
        with engine.locked("sakura-fleet repair"):
            resources = engine.resources()
            state = InState.of(resources)
            unknown = _unknown(engine, session, fleet, state)
            _show(unknown, name)
            left = _remove(session, unknown, named, yes=yes) if remove else unknown
            stale = repair_stale_entries(session, resources, remove=remove and not named, yes=yes)
            disabled = show_disabled_entries(session, resources, name)
            elsewhere = _show_other_fleets(engine, session, fleet, state)
            if not (unknown or stale.left or disabled or elsewhere):
                click.echo("nothing is left behind")
    remain = any(found.doubt or not found.wanted for found in left) or (left and state.is_empty)
    return {
        "ok": not (stale.left or disabled or elsewhere or remain),
        "fleet": fleet,
        "cleared": cleared,
        "objects": [_object(found.item, found.finding(), removed=found not in left) for found in unknown],
        "stale_entries": [_entry(entry, removed=not stale.left) for entry in stale.found],
        "disabled_entries": [_entry(entry, removed=False) for entry in disabled],
        "of_another_fleet_id": [_object(item, finding, removed=False) for item, finding in elsewhere],
    }


def _object(item: Owned, finding: Finding, *, removed: bool) -> dict[str, Any]:
    where = {"kind": item.kind.value, "id": item.id, "name": item.name, "zone": item.zone}
    return {"finding": finding.label, **where, "why": finding.why, "removed": removed}


def _entry(found: StaleEntry, *, removed: bool) -> dict[str, Any]:
    elb = {"elb_id": found.elb_id, "elb": found.elb_name, "server_group": found.server_group}
    return {**elb, "address": found.entry.address, "port": found.entry.port, "removed": removed}


def _clear_leftovers(engine: StackEngine, stack: str, dead: Job | None, *, yes: bool) -> list[str]:
    """Clear what a dead process left in the state, and say what; a person is asked before its lock is removed."""

    def agree(lock: Lock) -> None:
        refuse_living(lock, stack, dead)
        if not yes:
            confirm(f"The stack is locked by {lock}, which is dead. Remove the lock?")

    if dead:
        await_orphans(dead, stack)
    cleared = []
    for line in engine.clear_leftovers(agree):
        click.echo(line)
        cleared.append(line)
    if cleared:  # that run has not written down what it removed
        engine.refresh()
        click.echo("refreshed the state from the cloud")
    return cleared


def _unknown(engine: StackEngine, session: Session, fleet: str, state: InState) -> list[Unknown]:
    """What the fleet has in the cloud, and the state does not know."""
    owned = list(everything(session.client, fleet))
    unknown = state.unknown(owned)
    click.echo(
        f"{len(owned)} objects carry the fleet's owner tag {fleet}; {len(owned) - len(unknown)} are in the state"
    )
    wanted = engine.owner_tags_in_program() if unknown else set()
    return unknown_objects(
        session.client,
        unknown,
        wanted=wanted,
        duplicates=duplicates(owned, state.ids),
        state=engine.identity_of_state() if unknown else "",
        state_is_empty=state.is_empty,
    )


def _show_other_fleets(
    engine: StackEngine, session: Session, fleet: str, state: InState
) -> list[tuple[Owned, Finding]]:
    """Show what the stack's state has made under another `fleet_id` and does not know."""
    name = engine.identity_of_state()
    found = []
    for item in everything(session.client, name) if name else ():
        if not (item.owner_tags.is_of(fleet) or state.knows(item)):
            why = f"this state has made it under another fleet_id, whose owner tag is {item.owner_tags.fleet}"
            found.append((item, Finding("renamed", str(item), why)))
    for _, finding in found:
        click.echo(finding)
    if found:
        click.echo("put that fleet_id back into the stack file, then run the same command: it has the way out")
    return found


def _show(unknown: Sequence[Unknown], stack: str) -> None:
    for found in sorted(unknown, key=lambda found: not found.wanted):
        click.echo(found.finding())
    command = f"sakura-fleet repair --stack {stack} --remove"
    if any(found.is_certain for found in unknown):
        click.echo(f"to remove the orphans: `{command}`")
    if any(found.foreign for found in unknown):
        click.echo(
            "what another state of the stack has made is not for this one to remove: work where that state is (another "
            f"checkout, another PULUMI_BACKEND_URL). Only if that state is lost: `{command} ID ...`"
        )
    doubtful = " ".join(found.item.id for found in unknown if found.doubt and not found.foreign)
    if doubtful:
        click.echo(f"to remove what may be somebody's, once you are sure: `{command} {doubtful}`")
    pending = " ".join(found.item.id for found in unknown if found.wanted and not found.doubt)
    if pending:
        click.echo(f"what is pending costs money meanwhile; to remove it instead: `{command} {pending}`")


def _remove(session: Session, unknown: Sequence[Unknown], named: Sequence[str], *, yes: bool) -> list[Unknown]:
    """Remove what is named, else the orphans without doubt; returns what is left."""
    if others := sorted({*named} - {found.item.id for found in unknown}):
        raise UsageError(f"{', '.join(others)}: not among the objects shown, so nothing was removed")
    chosen = [found for found in unknown if (found.item.id in named if named else found.is_certain)]
    if not chosen:
        return list(unknown)
    if not yes:
        confirm(f"Remove {len(chosen)} objects? Their disks are lost")
    removed = []
    for found in chosen:
        try:
            remove_object(session, found.item)
        except ResourceError as error:
            click.echo(f"kept     {error}")
        else:
            click.echo(f"removed  {found.item}")
            removed.append(found)
    return [found for found in unknown if found not in removed]
