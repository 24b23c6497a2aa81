"""`sakura-fleet repair` on entries of ELBs that get no requests: named, and removed when asked where they point at no
server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet.cli.options import confirm
from sakura_fleet.inventory.stale_entries import disabled_entries, remove_stale_entries, stale_entries

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session


def show_disabled_entries(session: Session, resources: Sequence[Mapping[str, Any]], stack: str) -> bool:
    """Show the disabled entries of the stack's servers, and the ways out; whether there are any."""
    disabled = disabled_entries(session, resources)
    for entry in disabled:
        click.echo(f"disabled {entry}: its server is the stack's, and gets no requests")
    if disabled:
        click.echo(
            "a run that took these out of the ELB was broken off, or somebody disabled them: "
            f"`pulumi up --refresh --stack {stack}` enables them, and `pulumi destroy --stack {stack}` goes on to "
            "remove all"
        )
    return bool(disabled)


def repair_stale_entries(session: Session, resources: Sequence[Mapping[str, Any]], *, remove: bool, yes: bool) -> bool:
    """Show the stale entries, and with `remove` take them out after a question; whether any are left."""
    stale = stale_entries(session, resources)
    for entry in stale:
        click.echo(f"stale    {entry}: points at no server of the account")
    if not stale:
        return False
    if not remove:
        click.echo("run the same command with --remove to take stale entries out")
        return True
    if not yes:
        confirm(f"Take {len(stale)} {'entry' if len(stale) == 1 else 'entries'} out?")
    remove_stale_entries(session, stale)
    for entry in stale:
        click.echo(f"removed  {entry}")
    return False
