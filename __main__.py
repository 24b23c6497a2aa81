"""The program: the fleet of the stack's configuration."""

import components


def declare() -> components.Fleet:
    fleet = components.Fleet(components.stack_config(), password=components.server_password())
    fleet.export()
    return fleet


fleet = components.run_program(declare)
