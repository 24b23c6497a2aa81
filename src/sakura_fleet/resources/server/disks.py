"""The disks of a server that is being made: created, connected, discarded, and waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sakura_fleet.errors import ConflictError, ResourceError
from sakura_fleet.model.server.startup_script import NAME_VARIABLE
from sakura_fleet.provider.duplicates import choose
from sakura_fleet.provider.idempotent_create import create_idempotently
from sakura_fleet.resources.server.observation import find_disks, index_of, listed_disks, listed_server
from sakura_fleet.resources.server.power import FORCED_DEADLINE, cut_power, power_off

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session
    from sakura_fleet.resources.server.spec import ServerSpec

COPY_DEADLINE: Final = 3_600.0
PROGRESS_AGE: Final = 10.0
"""Seconds for which a list of disks still tells how far they are copied."""
GO_ON: Final = "run `pulumi up` again: it goes on from here"


def create(session: Session, server: api.Server, spec: ServerSpec, index: int, *, boots: bool) -> api.Disk:
    """Make the disk at `index` of the spec, connected to the server; with `boots` the cloud boots the server then."""
    zone, disk = server.zone, spec.disks[index]
    archive = session.archive_id(zone, disk.os_type) if disk.os_type else disk.source_archive or None
    config = _config(spec) if index == 0 and archive else None

    def make() -> api.Disk:
        return session.client.disks.create(
            zone,
            name=f"{spec.name}-disk{index + 1:03}",
            size_gb=disk.size,
            plan=disk.plan,
            connection=disk.connection,
            source_archive_id=archive,
            server_id=server.id,
            tags=spec.owner_tags.tag(()),
            config=config,
            boot_at_available=boots,
        )

    def find(_since: float) -> api.Disk | None:
        own = find_disks(session, zone, spec.owner_tags)
        return choose(session, "disk", (disk for disk in own if index_of(disk.name) == index))

    return create_idempotently(session, f"disk {index + 1} of server {spec.name} in {zone}", make, find)


def _config(spec: ServerSpec) -> api.DiskConfig | None:
    """What the cloud writes onto the first disk before the first boot."""
    from sakura_fleet import client as api

    edit = spec.edit_parameter
    if edit.disabled:
        return None
    nic = spec.network_interfaces[0] if spec.network_interfaces else None
    return api.DiskConfig(
        host_name=spec.name,
        password=spec.password,
        disable_pw_auth=edit.disable_pw_auth,
        enable_dhcp=edit.enable_dhcp,
        change_partition_uuid=edit.change_partition_uuid,
        public_keys=edit.ssh_keys,
        notes=tuple(
            api.NoteRef(script.note_id, {NAME_VARIABLE: spec.name} if script.uses_name else {})
            for script in spec.startup_scripts
        ),
        ip_address=(nic and nic.ip_address) or None,
        default_route=(nic and nic.default_route) or None,
        network_mask_len=(nic and nic.netmask_len) or None,
    )


def connect(session: Session, server: api.Server, disk: api.Disk) -> None:
    """Connect a disk that is connected to nothing; one that is being copied, as soon as that is over."""

    def connected() -> bool:
        try:
            session.client.disks.connect(server.zone, disk.id, server.id)
        except ConflictError:
            return session.client.disks.read(server.zone, disk.id).server_id == server.id
        return True

    session.waiter.attempt(
        f"disk {disk.name} ({disk.id} in {server.zone}) to be connected to server {server.name}",
        connected,
        deadline=COPY_DEADLINE,
        way_out=GO_ON,
    )


def discard(session: Session, server: api.Server, disk: api.Disk) -> None:
    """Delete a disk; one of a server that the cloud is still booting or stopping, as soon as that is over."""

    def disconnected() -> bool:
        try:
            session.client.disks.disconnect(server.zone, disk.id)
        except ConflictError:
            cut_power(session, server)
            return False
        return True

    if disk.server_id is not None:
        session.waiter.attempt(
            f"disk {disk.name} ({disk.id} in {server.zone}) to be disconnected from server {server.name}",
            disconnected,
            deadline=FORCED_DEADLINE,
            way_out=GO_ON,
        )
    session.client.disks.delete(server.zone, disk.id)


def wait_until_ready(
    session: Session, server: api.Server, spec: ServerSpec, disks: Sequence[api.Disk], *, boots: bool
) -> None:
    """Wait until all disks are copied, and see whether the cloud could prepare the first."""
    copying = {disk.id for disk in disks if disk.availability != "available"}
    if not copying:
        return
    _wait_for_copies(session, server, spec, copying)
    first = next((disk.id for disk in disks if index_of(disk.name) == 0), None)
    if first not in copying:
        return
    listed = listed_disks(session, server.zone, spec.owner_tags, {first})
    error = _hidden(next((disk.config_error for disk in listed if disk.id == first), None), spec)
    if error:
        if boots:  # the next run makes another disk only for a server that is down
            power_off(session, server, spec.owner_tags, force=True)
        raise ResourceError(
            f"disk {first} of server {server.name} in {server.zone} could not be prepared: {error}; correct "
            "edit_parameter and run `pulumi up` again: it makes another disk"
        )


def _hidden(words: str | None, spec: ServerSpec) -> str:
    """The cloud's words on a disk that it could not prepare; it may quote what it was to write there."""
    from sakura_fleet import client as api

    return api.hider(spec.password or "")(words or "")


def _copy_phase(session: Session, server: api.Server, spec: ServerSpec, copying: set[str]) -> str:
    """How far the copies are, from the fleet's shared list of disks, as the servers' list does not tell."""
    listed = session.disks(server.zone, spec.owner_tags.fleet, since=session.clock() - PROGRESS_AGE)
    done = [disk.progress for disk in listed if disk.id in copying]
    return f"disk copying {100 * sum(done) / len(done):.0f} %" if done else "disk copying"


def _wait_for_copies(session: Session, server: api.Server, spec: ServerSpec, copying: set[str]) -> None:
    def availabilities(since: float | None) -> dict[str, str]:
        newest = listed_server(session, server.zone, server.id, spec.owner_tags, since)
        listed = {disk.id: disk.availability for disk in newest.disks} if newest else {}
        return {disk_id: listed.get(disk_id, "") for disk_id in copying}

    seen = session.waiter.wait_for_shared(
        f"the disks of server {server.name} ({server.id} in {server.zone}) to be copied",
        availabilities,
        lambda seen: "failed" in seen.values() or set(seen.values()) == {"available"},
        phase=lambda _: _copy_phase(session, server, spec, copying),
        first=availabilities(None),  # hardly any is ready yet, so what others have asked for will do
        deadline=COPY_DEADLINE,
        way_out="run `pulumi up` again: it goes on waiting for the same disks",
    )
    failed = next((disk_id for disk_id, availability in seen.items() if availability == "failed"), None)
    if failed:
        raise ResourceError(
            f"disk {failed} of server {server.name} in {server.zone} failed to be copied; "
            "run `pulumi up` again: it removes that disk and makes another"
        )
