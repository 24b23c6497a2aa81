"""The entry point of `sakura-fleet`."""

from __future__ import annotations

import click

from sakura_fleet.cli.adopt import adopt
from sakura_fleet.cli.deploy import deploy
from sakura_fleet.cli.dns import dns
from sakura_fleet.cli.doctor import doctor
from sakura_fleet.cli.drift import drift
from sakura_fleet.cli.failure import FleetGroup
from sakura_fleet.cli.host import host
from sakura_fleet.cli.init import init
from sakura_fleet.cli.plan_check import plan_check
from sakura_fleet.cli.repair import repair
from sakura_fleet.cli.scaler import scaler
from sakura_fleet.cli.schema import schema
from sakura_fleet.cli.show import show


@click.group(cls=FleetGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sakura-fleet", prog_name="sakura-fleet")
def main() -> None:
    """What belongs to a fleet on SAKURA Cloud and is not `pulumi` itself.

    \b
    Start here:
      sakura-fleet init staging       write stacks/Pulumi.staging.yaml
      sakura-fleet doctor -s staging  check engine, API key and account
      pulumi up -s staging            make it so
    """


main.add_command(init)
main.add_command(adopt)
main.add_command(deploy)
main.add_command(dns)
main.add_command(doctor)
main.add_command(drift)
main.add_command(host)
main.add_command(plan_check)
main.add_command(repair)
main.add_command(scaler)
main.add_command(schema)
main.add_command(show)

if __name__ == "__main__":
    main()
