"""`sakura-fleet dns`: records as name servers answer them, and zones as files."""

from __future__ import annotations

import click

from sakura_fleet.cli.dns_check import check
from sakura_fleet.cli.dns_zone_file import apply, export, plan
from sakura_fleet.cli.failure import PlainGroup


@click.group(cls=PlainGroup)
def dns() -> None:
    """Check DNS records from outside, and read and write zone files."""


dns.add_command(apply)
dns.add_command(check)
dns.add_command(export)
dns.add_command(plan)
