"""The stack's ELB, as the scaler and `doctor` see it: which one it is, and how much of it others have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet.errors import ResourceError
from sakura_fleet.model.elb import MAX_ENTRIES
from sakura_fleet.model.stack import StackConfig
from sakura_fleet.ownership import fleet_tag
from sakura_fleet.provider.duplicates import choose
from sakura_fleet.provider.references import elb_named
from sakura_fleet.provider.session import Session
from sakura_fleet.scaler.metrics import find_servers, one_of_each

if TYPE_CHECKING:
    from sakura_fleet.client import Elb


def elb_of(session: Session, config: StackConfig) -> Elb | None:
    """The ELB that the stack has or looks up; None where it has none, or has not made it yet."""
    if config.elb is None:
        return None
    if config.elb.lookup:
        return elb_named(session.client, config.elb.lookup, source="elb.lookup")
    return choose(session, "ELB", session.client.elbs.find(tags=[fleet_tag(config.fleet_id)]))


def check_room(session: Session, config: StackConfig) -> str:
    """How much room the ELB has for the group at its largest, in words. Raises `ResourceError` where it has not enough
    beside the entries of others."""
    group = config.server_group
    wanted, elb = group.max_size * len(group.exposed_ports), elb_of(session, config)
    if elb is None:
        return f"not made yet; {wanted} of its {MAX_ENTRIES} entries are for max_size {group.max_size}"
    found = find_servers(session.client, config.fleet_id, group)
    own = {server.ip_address for _, server in one_of_each(found)}
    others = sum(entry.ip_address not in own for entry in elb.entries)
    if wanted + others > MAX_ENTRIES:
        raise ResourceError(
            f"max_size {group.max_size} needs {wanted} entries, and others have {others} in {elb.name}; an ELB takes "
            f"{MAX_ENTRIES}: lower max_size, expose fewer ports, or use another ELB"
        )
    return f"{elb.name} has room for max_size {group.max_size} ({wanted} entries) beside {others} of others"
