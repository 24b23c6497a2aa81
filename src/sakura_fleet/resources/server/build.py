"""How a server is built, finished, labelled, booted and taken down. Every step looks at what is there first.

A crash can leave any half of a server behind: without disks, with one still being copied, switched off. The owner tag
finds it again, and `finish` goes on from there; so nothing is made twice and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sakura_fleet.errors import (
    ConflictError,
    FleetError,
    NotFoundError,
    WaitTimeoutError,
)
from sakura_fleet.model.server.startup_script import NAME_VARIABLE
from sakura_fleet.ownership import OwnerTags, own_tags
from sakura_fleet.provider.idempotent_create import create_idempotently
from sakura_fleet.provider.lifecycle import Inputs
from sakura_fleet.provider.session import Session

if TYPE_CHECKING:
    from sakura_fleet.client import Disk, DiskConfig, Server

COPY_DEADLINE: Final = 3_600.0
BOOT_DEADLINE: Final = 600.0
SHUTDOWN_DEADLINE: Final = 180.0
"""Seconds that a guest gets to shut down by itself before its power is cut."""
FORCED_DEADLINE: Final = 120.0
POWER_AGAIN: Final = 20.0
"""Seconds after which a server that is still down is switched on once more."""
LOOK_AGE: Final = 1.0
"""Seconds that a look at a server may be old before it is taken down: many that leave at once are looked at together.
What changes after it, the cloud refuses or takes anyway, as it would a moment after any look."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The inputs of a server, as the steps below use them."""

    inputs: Inputs
    owner_tags: OwnerTags

    @classmethod
    def of(cls, inputs: Inputs) -> Blueprint:
        return cls(inputs, OwnerTags.from_inputs(inputs["owner_tags"]))

    @property
    def name(self) -> str:
        return str(self.inputs["name"])

    @property
    def home(self) -> str:
        """The zone in which a new server is made."""
        zones = self.inputs["zones"]
        return str(zones[int(self.inputs["slot"]) % len(zones)])

    def labels(self) -> dict[str, Any]:
        """Name, description, tags and icon as the cloud takes them."""
        return {
            "name": self.name,
            "description": self.inputs["description"],
            "tags": self.owner_tags.tag(self.inputs["tags"]),
            "icon_id": self.inputs["icon_id"] or None,
        }


def in_zone(value: str | Mapping[str, str], zone: str) -> str:
    """A setting that is one text, or one text per zone."""
    return value if isinstance(value, str) else value.get(zone, "")


def find(session: Session, plan: Blueprint, *, since: float | None = None) -> Server | None:
    """The server with this owner tag in any of the zones; the oldest, should there be several."""
    moment = session.clock() if since is None else since
    found = [
        server
        for zone in dict.fromkeys(plan.inputs["zones"])
        for server in session.servers(zone, plan.owner_tags.fleet, since=moment)
        if plan.owner_tags.resource in server.tags
    ]
    return min(found, key=lambda server: server.id, default=None)


def make(session: Session, plan: Blueprint) -> Server:
    """Create the bare server: powered off, without disks."""
    zone = plan.home
    size = plan.inputs["plan"]

    def create() -> Server:
        return session.client.servers.create(
            zone,
            core=int(size["core"]),
            memory_gb=int(size["memory"]),
            dedicated_cpu=bool(size.get("dedicated_cpu")),
            interface_driver=plan.inputs["interface_driver"],
            nics=[in_zone(nic["upstream"], zone) or None for nic in plan.inputs["network_interfaces"]],
            **plan.labels(),
        )

    return create_idempotently(
        session, f"server {plan.name} in {zone}", create, lambda since: find(session, plan, since=since)
    )


def unlike(server: Server, plan: Blueprint) -> str:
    """What keeps the server from becoming what the blueprint says; empty where nothing does."""
    size = plan.inputs["plan"]
    wanted = (int(size["core"]), int(size["memory"]), bool(size.get("dedicated_cpu")))
    if (server.core, server.memory_gb, server.dedicated_cpu) != wanted:
        has, should = (
            f"{core} cores and {memory} GB{' dedicated' * dedicated}"
            for core, memory, dedicated in ((server.core, server.memory_gb, server.dedicated_cpu), wanted)
        )
        return f"has {has} instead of {should}"
    count = len(plan.inputs["network_interfaces"])
    if len(server.interfaces) != count:
        return f"has {len(server.interfaces)} network interfaces instead of {count}"
    return ""


def finish(session: Session, server: Server, plan: Blueprint, *, fresh: bool) -> Server:
    """Bring a server, however far it has come, to what the blueprint says, and boot it.

    `fresh` tells that it was made just now, so nothing of it can be there yet.
    """
    difference = unlike(server, plan)
    if difference:
        raise FleetError(
            f"server {server.name} ({server.id} in {server.zone}) carries this resource's owner tag, but {difference}: "
            "it is left from another template. `sakura-fleet repair` shows and removes it; or go back to that template"
        )
    server = label(session, server, plan)
    connect_packet_filters(session, server, plan)
    note_addresses(session, server, plan)
    if (
        server.is_up
        and not fresh
        and _config_error(session, server, plan.owner_tags, [disk.id for disk in server.disks])
    ):
        _shut_down(session, server, plan.owner_tags, force=True)  # a run that ended early had no time for it
        server = session.client.servers.read(server.zone, server.id)
    ordered = not server.is_up and _ensure_disks(session, server, plan, fresh=fresh)
    return boot(session, server, plan, ordered=ordered)


def label(session: Session, server: Server, plan: Blueprint) -> Server:
    """Write name, description, tags and icon where they differ."""
    labels = plan.labels()
    current = (server.name, server.description, list(server.tags), server.icon_id)
    if current == (labels["name"], labels["description"], labels["tags"], labels["icon_id"]):
        return server
    return session.client.servers.update(server.zone, server.id, **labels)


def connect_packet_filters(session: Session, server: Server, plan: Blueprint) -> None:
    """Connect each interface to its packet filter, or to none."""
    for interface, wanted in zip(server.interfaces, plan.inputs["packet_filters"], strict=False):
        packet_filter = in_zone(wanted, server.zone)
        if packet_filter == (interface.packet_filter_id or ""):
            continue
        if packet_filter:
            session.client.interfaces.connect_packet_filter(server.zone, interface.id, packet_filter)
        else:
            session.client.interfaces.disconnect_packet_filter(server.zone, interface.id)


def note_addresses(session: Session, server: Server, plan: Blueprint) -> None:
    """Note down the addresses that the guest uses on switches; the guest itself is not changed."""
    for interface, nic in zip(server.interfaces, plan.inputs["network_interfaces"], strict=True):
        if nic.get("ip_address") and interface.user_ip_address != nic["ip_address"]:
            session.client.interfaces.set_user_ip(server.zone, interface.id, nic["ip_address"])


def boot(session: Session, server: Server, plan: Blueprint, *, ordered: bool = False) -> Server:
    """Switch the server on and wait until it is up. `ordered` tells that the cloud was asked to do so by itself."""
    power = _Power(session, server, plan.owner_tags, ordered=ordered)
    return session.waiter.wait_for(
        f"server {server.name} to be up",
        power.observe,
        lambda server: server.is_up,
        meanwhile=power.on_if_wanted,
        at_once=not ordered,
        deadline=BOOT_DEADLINE,
        way_out=f"open the console of {server.id} in {server.zone} in the control panel, then run `pulumi up` again: "
        "it goes on from here",
    )


def wants_power(server: Server, since_order: float) -> bool:
    """Whether to order a server that is not up to boot, `since_order` seconds after it was last ordered to."""
    return server.status != "cleaning" and since_order >= POWER_AGAIN


class _Power:
    """The power of one server that is to boot, and when it was last ordered to."""

    def __init__(self, session: Session, server: Server, owner_tags: OwnerTags, *, ordered: bool) -> None:
        self._session = session
        self._server = server
        self._owner_tags = owner_tags
        self._ordered_at = session.clock() if ordered else float("-inf")

    def observe(self, moment: float) -> Server:
        if self._since_order() == float("inf") and wants_power(self._server, self._since_order()):
            return self._server  # read just now, and nothing happens to it before the first order
        return _again(self._session, self._server, self._owner_tags, moment) or self._server

    def on_if_wanted(self, server: Server) -> None:
        if wants_power(server, self._since_order()):
            _power_on(self._session, server)
            self._ordered_at = self._session.clock()

    def _since_order(self) -> float:
        return self._session.clock() - self._ordered_at


def destroy(
    session: Session, zone: str, server_id: str, *, disk_ids: list[str], owner_tags: OwnerTags, force: bool
) -> None:
    """Shut the server down and delete it with its own disks; disks that others connected are only disconnected."""
    try:
        server = _look(session, zone, server_id, owner_tags, session.clock() - LOOK_AGE)
        if server.status not in ("down", ""):
            server = _shut_down(session, server, owner_tags, force=force)
        connected = {disk.id for disk in server.disks}
        _delete(session, server, [disk_id for disk_id in disk_ids if disk_id in connected])
    except NotFoundError:
        pass  # gone already; its disks may still be there
    else:
        disk_ids = [disk_id for disk_id in disk_ids if disk_id not in connected]
    for disk_id in disk_ids:
        _delete_own_disk(session, zone, disk_id, owner_tags)
    session.departed()


def release(session: Session, server: Server) -> None:
    """Free a server's owner tag, so that another can be made in its place while it is still there.

    Its disks go with it. All keep the fleet's tag and get one of no resource, so that `sakura-fleet repair`
    finds them should the replacement never end. A server with an address of its own is switched off, as the next one
    gets the same.
    """
    owner_tags = OwnerTags.from_tags(server.tags)
    if owner_tags is None:
        return
    client, zone = session.client, server.zone
    freed = OwnerTags.freed(owner_tags.fleet, server.id)

    def labels(one: Server | Disk) -> dict[str, Any]:
        return {"name": one.name, "description": one.description, "tags": freed.tag(own_tags(one.tags))}

    for disk in client.disks.find(zone, tags=[owner_tags.resource]):
        client.disks.update(zone, disk.id, **labels(disk))
    if server.is_up and any(interface.user_ip_address for interface in server.interfaces):
        _shut_down(session, server, owner_tags, force=True)
    client.servers.update(zone, server.id, icon_id=server.icon_id, **labels(server))
    session.departed()


def _delete(session: Session, server: Server, disk_ids: list[str]) -> None:
    """Delete the server; one that is booting, or whose disk is being copied, as soon as the cloud lets it go."""

    def delete(_moment: float) -> bool:
        try:
            session.client.servers.delete(server.zone, server.id, disk_ids=disk_ids)
        except ConflictError:
            _switch_off(session, server, force=True)
            return False
        return True

    session.waiter.wait_for(
        f"server {server.name} ({server.id} in {server.zone}) to be deleted",
        delete,
        bool,
        deadline=COPY_DEADLINE,
        way_out="run the same command again: it goes on from here",
    )


def _switch_off(session: Session, server: Server, *, force: bool) -> None:
    try:
        session.client.servers.power_off(server.zone, server.id, force=force)
    except ConflictError:
        return  # down, or on its way


def _delete_own_disk(session: Session, zone: str, disk_id: str, owner_tags: OwnerTags) -> None:
    """Delete a disk that is connected to nothing, unless somebody has taken the owner tag off it."""
    try:
        disk = session.client.disks.read(zone, disk_id)
        if disk.server_id is None and OwnerTags.from_tags(disk.tags) == owner_tags:
            session.client.disks.delete(zone, disk_id)
    except NotFoundError:
        return


def _shut_down(session: Session, server: Server, owner_tags: OwnerTags, *, force: bool) -> Server:
    def down(*, deadline: float, way_out: str) -> Server:
        return session.waiter.wait_for(
            f"server {server.name} ({server.id} in {server.zone}) to be down",
            lambda moment: _look(session, server.zone, server.id, owner_tags, moment),
            lambda server: server.status in ("down", ""),
            deadline=deadline,
            way_out=way_out,
        )

    if not force:
        _switch_off(session, server, force=False)
        try:
            return down(deadline=SHUTDOWN_DEADLINE, way_out="its power is cut next")
        except WaitTimeoutError:
            pass
    _switch_off(session, server, force=True)
    return down(deadline=FORCED_DEADLINE, way_out="run the same command again: it goes on from here")


def _ensure_disks(session: Session, server: Server, plan: Blueprint, *, fresh: bool) -> bool:
    """Make the missing disks, remove those whose copy failed, and wait until all are copied.

    Returns whether the cloud was asked to boot the server once its disk is there. That saves a call, but is done for
    an only disk alone: the cloud would not wait for a second one.
    """
    zone = server.zone
    ordered = False
    there: dict[int, Disk] = {}
    if not fresh:
        own = session.client.disks.find(zone, tags=[plan.owner_tags.resource])
        if server.disks and not own:
            return False  # a server that was taken over keeps the disks it came with
        for disk in own:
            if disk.availability == "failed" or disk.config_error:
                _discard(session, server, disk)
                continue
            there[_index_of(disk.name)] = disk
            if disk.server_id is None:
                _connect(session, server, disk)
    for index, wanted in enumerate(plan.inputs["disks"]):
        if index not in there:
            ordered = len(plan.inputs["disks"]) == 1
            there[index] = _make_disk(session, server, plan, index, wanted, boot=ordered)
    waiting = {disk.id for disk in there.values() if disk.availability != "available"}

    def availabilities(moment: float) -> dict[str, str]:
        newest = _again(session, server, plan.owner_tags, moment)
        listed = {disk.id: disk.availability for disk in newest.disks} if newest else {}
        return {disk_id: listed.get(disk_id, "") for disk_id in waiting}

    if waiting:
        copies = session.waiter.wait_for(
            f"the disks of server {server.name} ({server.id} in {zone}) to be copied",
            availabilities,
            lambda seen: "failed" in seen.values() or set(seen.values()) == {"available"},
            at_once=False,
            deadline=COPY_DEADLINE,
            way_out="run `pulumi up` again: it goes on waiting for the same disks",
        )
        failed = [disk_id for disk_id, availability in copies.items() if availability == "failed"]
        if failed:
            raise FleetError(
                f"disk {failed[0]} of server {server.name} in {zone} failed to be copied; "
                "run `pulumi up` again: it removes that disk and makes another"
            )
    first = there.get(0)
    if first and first.id in waiting and (error := _config_error(session, server, plan.owner_tags, [first.id])):
        if ordered:  # the next run makes a disk anew only for a server that is down
            _shut_down(session, server, plan.owner_tags, force=True)
        raise FleetError(
            f"disk {first.id} of server {server.name} in {zone} could not be prepared: {error}; correct "
            "edit_parameter and run `pulumi up` again: it makes the disk anew"
        )
    return ordered


def _config_error(session: Session, server: Server, owner_tags: OwnerTags, disk_ids: list[str]) -> str | None:
    """Why the cloud could not prepare one of these disks, which are copied; None where it could."""
    # What was asked for another server's sake will do if it shows these disks ready.
    for since in (float("-inf"), session.clock()):
        listed = session.disks(server.zone, owner_tags.fleet, since=since)
        ready = [disk for disk in listed if disk.id in disk_ids and disk.availability == "available"]
        if len(ready) == len(disk_ids):
            break
    return next((disk.config_error for disk in ready if disk.config_error), None)


def _connect(session: Session, server: Server, disk: Disk) -> None:
    """Connect a disk of ours that is connected to nothing; one that is being copied, as soon as that is over."""

    def connect(_moment: float) -> bool:
        try:
            session.client.disks.connect(server.zone, disk.id, server.id)
        except ConflictError:
            return session.client.disks.read(server.zone, disk.id).server_id == server.id
        return True

    session.waiter.wait_for(
        f"disk {disk.name} ({disk.id} in {server.zone}) to be connected to server {server.name}",
        connect,
        bool,
        deadline=COPY_DEADLINE,
        way_out="run `pulumi up` again: it goes on from here",
    )


def _make_disk(
    session: Session, server: Server, plan: Blueprint, index: int, wanted: Mapping[str, Any], *, boot: bool
) -> Disk:
    client = session.client
    zone = server.zone
    archive = wanted.get("source_archive") or None
    if wanted.get("os_type"):
        archive = session.archive_id(zone, str(wanted["os_type"]))
    config = _disk_config(plan) if index == 0 and archive else None

    def create() -> Disk:
        return client.disks.create(
            zone,
            name=f"{plan.name}-disk{index + 1:03}",
            size_gb=int(wanted.get("size", 20)),
            plan=wanted.get("plan", "ssd"),
            connection=wanted.get("connection", "virtio"),
            source_archive_id=archive,
            server_id=server.id,
            tags=plan.owner_tags.tag(()),
            config=config,
            boot_at_available=boot,
        )

    def look(_: float) -> Disk | None:
        own = client.disks.find(zone, tags=[plan.owner_tags.resource])
        return next((disk for disk in own if _index_of(disk.name) == index), None)

    return create_idempotently(session, f"disk {index + 1} of server {plan.name} in {zone}", create, look)


def _disk_config(plan: Blueprint) -> DiskConfig | None:
    from sakura_fleet.client import DiskConfig, NoteRef  # only a server that is being made needs them

    edit = plan.inputs["edit_parameter"]
    if edit.get("disabled"):
        return None
    nic = plan.inputs["network_interfaces"][0] if plan.inputs["network_interfaces"] else {}
    return DiskConfig(
        host_name=plan.name,
        password=plan.inputs.get("password"),
        disable_pw_auth=bool(edit.get("disable_pw_auth", True)),
        enable_dhcp=bool(edit.get("enable_dhcp")),
        change_partition_uuid=bool(edit.get("change_partition_uuid", True)),
        public_keys=tuple(edit.get("ssh_keys") or ()),
        notes=tuple(
            NoteRef(str(script["note_id"]), {NAME_VARIABLE: plan.name} if script.get("uses_name") else {})
            for script in plan.inputs["startup_scripts"]
        ),
        ip_address=nic.get("ip_address") or None,
        default_route=nic.get("default_route") or None,
        network_mask_len=int(nic["netmask_len"]) if nic.get("netmask_len") else None,
    )


def _discard(session: Session, server: Server, disk: Disk) -> None:
    """Delete a disk of ours; one of a server that the cloud is still booting or stopping, as soon as that is over."""

    def disconnect(_moment: float) -> bool:
        try:
            session.client.disks.disconnect(server.zone, disk.id)
        except ConflictError:
            _switch_off(session, server, force=True)
            return False
        return True

    if disk.server_id is not None:
        session.waiter.wait_for(
            f"disk {disk.name} ({disk.id} in {server.zone}) to be disconnected from server {server.name}",
            disconnect,
            bool,
            deadline=FORCED_DEADLINE,
            way_out="run `pulumi up` again: it goes on from here",
        )
    session.client.disks.delete(server.zone, disk.id)


def _index_of(disk_name: str) -> int:
    """Which disk of its server this is, from 0; the number at the end of its name is ours."""
    digits = disk_name.rpartition("-disk")[2]
    return int(digits) - 1 if digits.isdigit() else -1


def _again(session: Session, server: Server, owner_tags: OwnerTags, since: float) -> Server | None:
    """The server in the fleet's newest list; None while the list does not have it."""
    newest = session.servers(server.zone, owner_tags.fleet, since=since)
    return next((other for other in newest if other.id == server.id), None)


def _look(session: Session, zone: str, server_id: str, owner_tags: OwnerTags, since: float) -> Server:
    """The server as it is: from the fleet's list, which many share; read by itself where that does not have it.

    Raises `NotFoundError`.
    """
    listed = (other for other in session.servers(zone, owner_tags.fleet, since=since) if other.id == server_id)
    return next(listed, None) or session.client.servers.read(zone, server_id)


def _power_on(session: Session, server: Server) -> None:
    try:
        session.client.servers.power_on(server.zone, server.id)
    except ConflictError:
        return  # up, on its way, or not ready yet: the next look tells
