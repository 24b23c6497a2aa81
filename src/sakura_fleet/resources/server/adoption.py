"""Taking over a server that was made elsewhere: it keeps disks, addresses and plan, and nothing in it is touched.

What changes is what changes on any running server: name, description, tags (the owner tags among them), icon, packet
filters. Whatever would need another server is refused, already by a preview.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import FleetError, NotFoundError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Inputs, label_changes, refuse_another_owner, takeover
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.server import build

if TYPE_CHECKING:
    from sakura_fleet.client import Server


def find(session: Session, inputs: Inputs) -> Server:
    """The server that `adopt` names. Raises `FleetError` where there is none, or where it cannot become this one."""
    plan = build.Blueprint.of(inputs)
    wanted = str(inputs["adopt"])
    server = _located(session, inputs["zones"], wanted)
    marked = build.find(session, plan)
    if marked and server and marked.id != server.id:
        raise FleetError(
            f"adopt: {_name(server)} cannot be taken over, as server {_name(marked)} already is this resource; "
            "remove `adopt`, or take the owner tags off the other one in the control panel. Nothing was changed"
        )
    server = server or marked  # taken over by an earlier run; a plan change has given it another ID since
    if server is None:
        raise FleetError(
            f"adopt: there is no server {wanted} in {', '.join(inputs['zones'])}; check ID and zones, or remove "
            "`adopt` where it was taken over before and is gone since"
        )
    refuse_another_owner(f"server {_name(server)}", OwnerTags.from_tags(server.tags), plan.owner_tags)
    different = list(_differences(server, plan))
    if different:
        raise FleetError(
            f"adopt: server {_name(server)} {', '.join(different)}; declare it as it is, and change it afterwards. "
            "Nothing was changed"
        )
    return server


def take_over(session: Session, inputs: Inputs) -> Server:
    """Bring the server's labels and packet filters to what the inputs say, and switch it on where it is off."""
    plan = build.Blueprint.of(inputs)
    server = build.label(session, find(session, inputs), plan)
    build.connect_packet_filters(session, server, plan)
    build.note_addresses(session, server, plan)
    return server if server.is_up else build.boot(session, server, plan)


def announcement(server: Server, inputs: Inputs) -> str:
    """What taking the server over will change, for a preview, which shows it as created."""
    plan = build.Blueprint.of(inputs)
    changes = label_changes(server, plan.labels())
    for index, (interface, packet_filter) in enumerate(zip(server.interfaces, inputs["packet_filters"], strict=False)):
        after = build.in_zone(packet_filter, server.zone) if isinstance(packet_filter, str | Mapping) else packet_filter
        if (interface.packet_filter_id or "") != after:
            before = interface.packet_filter_id or "none"
            changes.append(f"packet filter of interface {index} {before} -> {_text(after) or 'none'}")
    if not server.is_up:
        changes.append("switched on")
    return takeover(f"server {_name(server)}", changes)


def _differences(server: Server, plan: build.Blueprint) -> Iterator[str]:
    """What the server has otherwise than declared, and cannot be given while it runs."""
    inputs = plan.inputs
    difference = build.unlike(server, plan)
    if difference:
        yield difference
        return
    if server.interface_driver != inputs["interface_driver"]:
        yield f"has the interface driver {server.interface_driver} instead of {inputs['interface_driver']}"
    for index, (interface, declared) in enumerate(zip(server.interfaces, inputs["network_interfaces"], strict=True)):
        upstream = "shared" if interface.shared else interface.switch_id or "nothing"
        wanted = build.in_zone(declared["upstream"], server.zone)
        if upstream != wanted:
            yield f"has interface {index} on {upstream} instead of {wanted}"
        address = declared.get("ip_address") or ""
        if address and interface.user_ip_address and interface.user_ip_address != address:
            yield f"has the address {interface.user_ip_address} at interface {index} instead of {address}"
    disks = [(disk.size_gb, disk.connection) for disk in server.disks]
    wanted_disks = [(int(disk.get("size", 20)), disk.get("connection", "virtio")) for disk in inputs["disks"]]
    if disks != wanted_disks:
        yield f"has {_disks(disks)} instead of {_disks(wanted_disks)}"


def _disks(disks: list[tuple[int, str]]) -> str:
    return " and ".join(f"a disk of {size} GB ({connection})" for size, connection in disks) or "no disk"


def _located(session: Session, zones: list[str], server_id: str) -> Server | None:
    for zone in zones:
        try:
            return session.client.servers.read(zone, server_id)
        except NotFoundError:
            continue
    return None


def _name(server: Server) -> str:
    return f"{server.name} ({server.id} in {server.zone})"


def _text(value: Any) -> str:
    """A value that may not be known yet."""
    return value if isinstance(value, str) else "the group's"
