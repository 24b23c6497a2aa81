"""Taking over a server that was made elsewhere: it keeps disks, addresses and plan, and nothing in it is touched.

What changes is what changes on any running server: name, description, tags (the owner tags among them), icon, packet
filters. Whatever would need another server is refused, already by a preview.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import AdoptionError, NotFoundError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.adoption import label_changes, refuse_another_owner, takeover
from sakura_fleet.resources.server.apply import carry_out
from sakura_fleet.resources.server.observation import Observation, find_server
from sakura_fleet.resources.server.spec import in_zone
from sakura_fleet.resources.server.steps import labels_and_filters, power, unlike

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session
    from sakura_fleet.resources.server.spec import ServerSpec


def find_adoptable(session: Session, spec: ServerSpec, server_id: str) -> api.Server:
    """The server that `adopt` names. Raises `AdoptionError` where there is none, or where it cannot become this one."""
    server = _read_in_any(session, spec.zones, server_id)
    owned = find_server(session, spec.zones, spec.owner_tags, since=session.clock(), known=server_id)
    if owned and server and owned.id != server.id:
        raise AdoptionError(
            f"adopt: {_name(server)} cannot be taken over, as server {_name(owned)} already is this resource; "
            "remove `adopt`, or take the owner tags off the other one in the control panel. Nothing of it was changed"
        )
    server = server or owned  # taken over by an earlier run; a plan change has given it another ID since
    if server is None:
        raise AdoptionError(
            f"adopt: there is no server {server_id} in {', '.join(spec.zones)}; check ID and zones, or remove "
            "`adopt` where it was taken over before and is gone since"
        )
    refuse_another_owner(f"server {_name(server)}", OwnerTags.from_tags(server.tags), spec.owner_tags)
    beyond = list(beyond_templates(server))
    if beyond:
        raise AdoptionError(f"adopt: server {_name(server)}: {'; '.join(beyond)}. Nothing of it was changed")
    different = list(_differences(server, spec))
    if different:
        raise AdoptionError(
            f"adopt: server {_name(server)} {', '.join(different)}; declare it as it is, and change it afterwards. "
            "Nothing of it was changed"
        )
    return server


def take_over(session: Session, spec: ServerSpec, server_id: str) -> api.Server:
    """Bring the server's labels and packet filters to what the spec says, and switch it on."""
    server = find_adoptable(session, spec, server_id)
    steps = [*labels_and_filters(spec, server), *power(server)]
    return carry_out(session, spec, Observation(server), steps)


def announcement(server: api.Server, spec: ServerSpec) -> str:
    """What taking the server over will change, for a preview, which shows it as created."""
    changes = label_changes(server, spec.labels())
    for index, (interface, packet_filter) in enumerate(zip(server.interfaces, spec.packet_filters, strict=False)):
        before, after = interface.packet_filter_id or "", in_zone(packet_filter, server.zone)
        if before != after:
            changes.append(f"packet filter of interface {index} {before or 'none'} -> {_text(after) or 'none'}")
    if server.status not in ("up", ""):
        changes.append("switched on")
    return takeover(f"server {_name(server)}", changes)


def beyond_templates(server: api.Server) -> Iterator[str]:
    """What a server has that no template can say: a group's next server, or this one made anew, would be without it."""
    if server.gpu or server.gpu_model:
        yield f"it has a GPU ({server.gpu_model or server.gpu}), which cannot be declared"
    if server.cpu_model:
        yield f"its plan has the CPU model {server.cpu_model}, which cannot be declared"
    if server.confidential_vm:
        yield "it is a confidential VM, which cannot be declared"
    if server.private_host_id:
        yield f"it is on the private host {server.private_host_id}, which cannot be declared"
    if server.cdrom_id:
        yield f"the CD-ROM {server.cdrom_id} is inserted, which cannot be declared: eject it first"
    for disk in server.disks:
        if disk.encrypted:
            yield f"disk {disk.id} is encrypted, which cannot be declared: disks made later would not be"


def _differences(server: api.Server, spec: ServerSpec) -> Iterator[str]:
    """What the server has otherwise than declared, and cannot be given while it runs."""
    difference = unlike(server, spec)
    if difference:
        yield difference
        return
    if server.interface_driver != spec.interface_driver:
        yield f"has the interface driver {server.interface_driver} instead of {spec.interface_driver}"
    for index, (interface, declared) in enumerate(zip(server.interfaces, spec.network_interfaces, strict=True)):
        upstream = "shared" if interface.shared else interface.switch_id or "nothing"
        wanted = in_zone(declared.upstream, server.zone)
        if upstream != wanted:
            yield f"has interface {index} on {upstream} instead of {wanted}"
        if declared.assign_cidr_block and not interface.user_ip_address:
            yield f"has no address noted at interface {index}, so what its guest uses there is not known: note it down"
    disks = [(disk.size_gb, disk.connection) for disk in server.disks]
    wanted_disks = [(disk.size, disk.connection) for disk in spec.disks]
    if disks != wanted_disks:
        yield f"has {_disks(disks)} instead of {_disks(wanted_disks)}"


def _disks(disks: list[tuple[int, str]]) -> str:
    return " and ".join(f"a disk of {size} GB ({connection})" for size, connection in disks) or "no disk"


def _read_in_any(session: Session, zones: Sequence[str], server_id: str) -> api.Server | None:
    for zone in zones:
        try:
            return session.client.servers.read(zone, server_id)
        except NotFoundError:
            continue
    return None


def _name(server: api.Server) -> str:
    return f"{server.name} ({server.id} in {server.zone})"


def _text(value: Any) -> str:
    """A value that may not be known yet."""
    return value if isinstance(value, str) else "the group's"
