"""`scaler`: change the size of a stack's server group, by hand or by the load."""

from __future__ import annotations

from typing import Any

import click

from sakura_fleet.cli import scaler_auto as by_load
from sakura_fleet.cli import scaler_jobs as by_hand
from sakura_fleet.cli.convert import convert
from sakura_fleet.cli.scaler_cpu import cpu
from sakura_fleet.errors import FleetError, InputError
from sakura_fleet.scaler.job_result import EXIT_USAGE


class ScalerGroup(click.Group):
    """Prints our own errors as messages; bad input ends with 2, as click's own usage errors do."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(EXIT_USAGE)
        except FleetError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=ScalerGroup, context_settings={"help_option_names": ["-h", "--help"]})
def scaler() -> None:
    """Change the size of a stack's server group, by hand or by the load.

    \b
    Examples:
      scaler up -s production
      scaler set 4 -s production --preview
    """


for _command in (
    *(by_hand.up, by_hand.down, by_hand.keep, by_hand.set_size, by_hand.state, by_hand.history),
    *(by_load.auto, by_load.status, by_load.describe, by_load.explain, by_load.validate),
    *(cpu, convert),
):
    scaler.add_command(_command)
