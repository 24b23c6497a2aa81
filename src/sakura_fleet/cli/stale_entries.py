"""`sakura-fleet repair` on entries of ELBs that get no requests: named, and removed when asked where they point at no
server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet.cli.options import confirm
from sakura_fleet.inventory.stale_entries import StaleEntry, disabled_entries, remove_stale_entries, stale_entries

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session


@dataclass(frozen=True, slots=True)
class StaleEntries:
    """The stale entries that were found, and whether they are still there."""

    found: Sequence[StaleEntry] = ()
    left: bool = False


def show_disabled_entries(session: Session, resources: Sequence[Mapping[str, Any]], stack: str) -> list[StaleEntry]:
    """Show the disabled entries of the stack's servers, and the ways out."""
    disabled = disabled_entries(session, resources)
    for entry in disabled:
        click.echo(f"disabled {entry}: its server is the stack's, and gets no requests")
    if disabled:
        click.echo(
            "a run that took these out of the ELB was broken off, or somebody disabled them: "
            f"`pulumi up --refresh --stack {stack}` enables them, and `pulumi destroy --stack {stack}` goes on to "
            "remove all"
        )
    return disabled


def repair_stale_entries(
    session: Session, resources: Sequence[Mapping[str, Any]], *, remove: bool, yes: bool
) -> StaleEntries:
    """Show the stale entries, and with `remove` take them out after a question."""
    stale = stale_entries(session, resources)
    for entry in stale:
        click.echo(f"stale    {entry}: points at no server of the account")
    if not stale:
        return StaleEntries()
    if not remove:
        click.echo("run the same command with --remove to take stale entries out")
        return StaleEntries(stale, left=True)
    if not yes:
        confirm(f"Take {len(stale)} {'entry' if len(stale) == 1 else 'entries'} out?")
    remove_stale_entries(session, stale)
    for entry in stale:
        click.echo(f"removed  {entry}")
    return StaleEntries(stale)
