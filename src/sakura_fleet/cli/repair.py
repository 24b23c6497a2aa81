"""`sakura-fleet repair`: what a crash left behind, found by the fleet's owner tag."""

from __future__ import annotations

import click

from sakura_fleet.cli.options import confirm, stack_option, yes_option
from sakura_fleet.engine.exit_codes import RepairExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import Lock, StackEngine
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.engine.stale_lock import refuse_living
from sakura_fleet.inventory.owned import everything
from sakura_fleet.inventory.removal import remove as remove_object
from sakura_fleet.ownership import fleet_tag


@click.command()
@stack_option
@click.option("--remove", is_flag=True, help="Remove the orphans that are shown, after a question.")
@yes_option
def repair(stack: str | None, remove: bool, yes: bool) -> None:
    """Find what a crash left behind, and clean it up.

    Lists everything in the cloud that carries this fleet's owner tag. What the state knows is fine; what only the
    program wants is taken over by the next `pulumi up`; the rest are orphans. A lock and pending operations left by a
    dead `pulumi` process on this machine are cleared, and the state is refreshed then. Exits 1 while orphans remain.

    \b
    Example, after a crash:
      sakura-fleet repair -s production             show
      sakura-fleet repair -s production --remove    show, ask, remove
    """
    project = Project.here()
    name = project.selected_stack(stack)
    fleet = fleet_tag(project.fleet_id(name))
    engine = StackEngine(project, name)
    cleared = False

    def agree(lock: Lock) -> None:
        refuse_living(lock, name)
        if not yes:
            confirm(f"The stack is locked by {lock}, which is dead. Remove the lock?")

    for line in engine.clear_leftovers(agree):
        click.echo(line)
        cleared = True
    if cleared:  # that run has not written down what it removed
        engine.refresh()
        click.echo("refreshed the state from the cloud")
    in_state = engine.owner_tags_in_state()
    session = click.get_current_context().with_resource(open_session(project.setting(name)))
    owned = list(everything(session.client, fleet))
    unknown = [item for item in owned if item.owner_tags.resource not in in_state]
    wanted = engine.owner_tags_in_program() if unknown else set()
    orphans = [item for item in unknown if item.owner_tags.resource not in wanted]
    click.echo(
        f"{len(owned)} objects carry the fleet's owner tag {fleet}; {len(owned) - len(unknown)} are in the state"
    )
    for item in unknown:
        if item.owner_tags.resource in wanted:
            click.echo(f"pending  {item}: the next `pulumi up` takes it over and finishes it")
    for item in orphans:
        click.echo(f"orphan   {item}: neither the state nor the program knows it")
    if not orphans:
        click.echo("nothing is left behind")
        return
    if not remove:
        click.echo("run the same command with --remove to remove the orphans")
        raise click.exceptions.Exit(RepairExit.ORPHANS)
    if not yes:
        confirm(f"Remove {len(orphans)} orphans? Their disks are lost")
    for item in orphans:
        remove_object(session, item)
        click.echo(f"removed  {item}")
