"""`scaler`: change the size of a stack's server group, by hand or by the load."""

from __future__ import annotations

import click

from sakura_fleet.cli import scaler_auto as by_load
from sakura_fleet.cli import scaler_jobs as by_hand
from sakura_fleet.cli.convert import convert
from sakura_fleet.cli.failure import JobGroup
from sakura_fleet.cli.scaler_cpu import cpu


@click.group(cls=JobGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sakura-fleet", prog_name="scaler")
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
