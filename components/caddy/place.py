"""Where a host is: a server of the stack, or the address of a host that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulumi

from sakura_fleet.model.caddy.host import HostAddress, OwnServer
from sakura_fleet.model.reference import ServerReference
from sakura_fleet.resources import Server, StartupScript

from ..network import packet_filters, server_interfaces

if TYPE_CHECKING:
    from sakura_fleet.model.dns import RecordSet

    from .context import HostContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The host's address as it becomes known; `server` and its `reference` where it is a server of the stack.

    `literal` is the address of a host that is there already, empty for a server. `identity` changes with the machine.
    """

    address: pulumi.Output[str]
    identity: pulumi.Input[str]
    literal: str = ""
    server: Server | None = None
    reference: ServerReference | None = None

    def address_record(self, name: str, *, ttl: int) -> RecordSet:
        """The record set that leads to the host: by reference for a server, so that it follows its address."""
        from sakura_fleet.model.dns import RecordSet

        from ..dns import address_records

        if self.reference:
            return address_records(name, self.reference, ttl=ttl)
        return RecordSet.of_texts(name, HostAddress(self.literal).record_type, [self.literal], ttl)


def place_host(
    host: HostContext,
    startup_scripts: Sequence[StartupScript],
    password: pulumi.Input[str] | None,
    *,
    after: Sequence[pulumi.Resource],
) -> Placed:
    """The host's server, made or taken over; or the address that is given."""
    place = host.args.place
    if isinstance(place, HostAddress):
        return Placed(address=pulumi.Output.from_input(place.ip), identity=place.ip, literal=place.ip)
    server = _server(host, place, startup_scripts, password, after)
    return Placed(address=server.address, identity=server.id, server=server, reference=server.reference)


def _server(
    host: HostContext,
    place: OwnServer,
    startup_scripts: Sequence[StartupScript],
    password: pulumi.Input[str] | None,
    after: Sequence[pulumi.Resource],
) -> Server:
    template = place.template
    filters = packet_filters(host.name, host.args.name, [place.zone], template.network_interfaces, host.options())
    return Server(
        host.name,
        name=host.args.name,
        zones=[place.zone],
        plan=template.plan,
        disks=template.disks,
        network_interfaces=server_interfaces(template.network_interfaces, filters),
        edit_parameter=replace(template.edit_parameter, startup_scripts=()),
        startup_scripts=startup_scripts,
        password=password,
        description=template.description,
        tags=template.tags,
        icon_id=template.icon_id,
        interface_driver=template.interface_driver,
        adopt=place.adopt,
        opts=host.options(*after),
    )
