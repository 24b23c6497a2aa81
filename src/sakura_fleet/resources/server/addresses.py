"""Which address a server gets on a switch: the lowest of its block that no server there has, kept for life.

Old and new servers of a group run side by side, so an address cannot follow from a server's number. It is chosen where
the cloud can be asked: promised to the server when it is checked, so that a preview refuses a block with too few, noted
down in the cloud before the guest is told, and from then on read from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sakura_fleet.errors import Problem, ResourceError
from sakura_fleet.model.server.addresses import AddressBlock
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.session import RECENT
from sakura_fleet.resources.server.spec import in_zone

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session
    from sakura_fleet.resources.server.spec import InterfaceSpec, ServerSpec

Segment = list[tuple[str, str]]
"""The switches of one interface, one in each zone: a bridge may make them one network, so no address is there twice."""


def with_addresses(session: Session, spec: ServerSpec, server: api.Server | None) -> ServerSpec:
    """The spec with an address for each interface that has a block: the one that the server has noted down already,
    else the one promised to it. Raises `ResourceError` where there is none left."""
    noted = [nic.user_ip_address or "" for nic in server.interfaces] if server else []
    chosen = []
    for index, interface in enumerate(spec.network_interfaces):
        address = noted[index] if index < len(noted) else ""
        if interface.assign_cidr_block and not address:
            address = _promise(session, spec, index, interface)
            if not address:
                raise ResourceError(_none_left(session, spec, interface))
        chosen.append(address if interface.assign_cidr_block else "")
    return spec.told(chosen)


def no_address(session: Session, spec: ServerSpec) -> list[Problem]:
    """What keeps a new server from getting its addresses; where nothing does, they are promised to it."""
    problems = []
    for index, interface in enumerate(spec.network_interfaces):
        known = all(isinstance(switch, str) for _, switch in _segment(spec, interface))
        if interface.assign_cidr_block and known and not _promise(session, spec, index, interface):
            path = f"network_interfaces[{index}].assign_cidr_block"
            problems.append(Problem(path, "no-address", _none_left(session, spec, interface)))
    return problems


def refuse_twice(session: Session, spec: ServerSpec, server: api.Server, index: int, address: str) -> None:
    """Give an address back that another server has noted down at the same time, by another run.

    Both note it down before they read, so at least one sees the other; the older server keeps it.
    """
    interface = spec.network_interfaces[index]
    for nic, other in _on(session, spec, interface, since=session.clock()):
        if nic.user_ip_address != address or other.id >= server.id or _is_leaving(other):
            continue
        session.client.interfaces.set_user_ip(server.zone, server.interfaces[index].id, None)
        session.promises = {key: owner for key, owner in session.promises.items() if owner != _owner(spec, index)}
        raise ResourceError(
            f"server {spec.name} cannot have the address {address}, which {other.name} ({other.id} in {other.zone}) "
            "got at the same time; run `pulumi up` again: it takes another one"
        )


def _promise(session: Session, spec: ServerSpec, index: int, interface: InterfaceSpec) -> str:
    """The lowest address that no server has and that is promised to no other; empty where there is none."""
    owner = _owner(spec, index)
    block = AddressBlock.of(interface.assign_cidr_block, interface.default_route)
    segment = _segment(spec, interface)
    with session.lock("the addresses on switches"):
        promised = {address: to for (switch, address), to in session.promises.items() if switch in segment}
        before = next((address for address, to in promised.items() if to == owner), "")
        if before:
            return before
        taken: dict[str, bool] = {}
        for nic, server in _on(session, spec, interface, since=session.clock() - RECENT):
            for address in filter(None, (nic.ip_address, nic.user_ip_address)):
                taken[address] = taken.get(address, True) and _is_leaving(server)
        # One that is switched off, and whose place this server takes, is the last to give its address up.
        for free in (taken.keys(), [address for address, leaving in taken.items() if not leaving]):
            for address in block:
                if address not in free and address not in promised:
                    session.promises.update({(switch, address): owner for switch in segment})
                    return address
    return ""


def _none_left(session: Session, spec: ServerSpec, interface: InterfaceSpec) -> str:
    block = AddressBlock.of(interface.assign_cidr_block, interface.default_route)
    addresses = set(block)
    servers = {
        server.id
        for nic, server in _on(session, spec, interface, since=session.clock() - RECENT)
        if {nic.ip_address, nic.user_ip_address} & addresses
    }
    return (
        f"{spec.name} gets no address: {block.written} has {len(block)}, {len(servers)} of them with servers on the "
        f"switch and {len(block) - len(servers)} with others of this run. A changed template needs one for each new "
        "server while the old ones are there: take a larger block, or make the group smaller first"
    )


def _on(
    session: Session, spec: ServerSpec, interface: InterfaceSpec, *, since: float
) -> Iterator[tuple[api.Interface, api.Server]]:
    """The interfaces on the same switches, whoever's server they are of."""
    for zone, switch in _segment(spec, interface):
        for server in session.account_servers(zone, since=since):
            yield from ((nic, server) for nic in server.interfaces if nic.switch_id == switch)


def _segment(spec: ServerSpec, interface: InterfaceSpec) -> Segment:
    switches = [(zone, in_zone(interface.upstream, zone)) for zone in dict.fromkeys(spec.zones)]
    return [(zone, switch) for zone, switch in switches if switch]


def _is_leaving(server: api.Server) -> bool:
    """Whether another server takes its place, and it is off already."""
    owner_tags = OwnerTags.from_tags(server.tags)
    return bool(owner_tags and owner_tags.is_freed and not server.is_up)


def _owner(spec: ServerSpec, index: int) -> str:
    return f"{spec.owner_tags.resource} {index}"
