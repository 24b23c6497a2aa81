"""A disk's copy, worked out from when it began and ends; attaching; the edit parameters."""

from __future__ import annotations

import ipaddress

from sakura_emulator.call import Call
from sakura_emulator.catalogue.plans import DISK_PLANS
from sakura_emulator.errors import bad_request, conflict, refused
from sakura_emulator.store import Record
from sakura_emulator.values import integer, mapping, objects, reference, text
from sakura_emulator.wire import JSON

_HOST_NAME_MAX = 64
_PASSWORD_MAX = 128
_DISKS_MAX = 4  # a server; unverified, an old page of the manual has 3
_STUCK_AT = 0.4  # how far a stuck copy gets


def availability(disk: Record, now: float) -> str:
    """`migrating`, then `available` or `failed`. A disk that is stuck has no end."""
    end = disk["ready_at"]
    if end is None or now < end:
        return "migrating"
    return "failed" if disk.get("failed") else "available"


def migrated(disk: Record, now: float) -> int:
    """How many MB are copied."""
    start, end, size = float(disk["ready_from"]), disk["ready_at"], int(disk["size"])
    if end is None:
        return int(size * _STUCK_AT)
    if now >= end:
        return size
    return int(size * max(0.0, (now - start) / (end - start)))


def copying(call: Call, source: str) -> JSON:
    """The fields of a copy that starts now."""
    durations = call.cloud.settings.durations
    seconds = durations.copy_by_zone.get(call.zone, durations.copy) if source else durations.blank
    return job(call, seconds)


def job(call: Call, seconds: float) -> JSON:
    """The fields of a job on a disk that starts now; a fault may make it fail or never end."""
    end = None if call.fault == "stuck_disk" else call.now + seconds
    return {"ready_from": call.now, "ready_at": end, "failed": call.fault == "failed_disk"}


def require_quiet(disk: Record, now: float) -> None:
    """409 while the disk is being copied."""
    if availability(disk, now) == "migrating":
        raise conflict("disk_is_copying", f"disk {disk.id} is copying")


def detach(disk: Record) -> None:
    """No longer a server's disk."""
    disk["server"] = 0
    disk["order"] = None


def attach(call: Call, disk: Record, server: Record) -> None:
    """The server's next disk."""
    others = [other for other in call.cloud.store.by("disk", "server", server.id) if other.id != disk.id]
    if len(others) >= _DISKS_MAX:
        raise conflict("disk_connection_limit", f"server {server.id} has {len(others)} disks; {_DISKS_MAX} are allowed")
    disk["order"] = max((other["order"] or 0 for other in others), default=0) + 1
    disk["server"] = server.id


def size(body: JSON, plan: int, source_size: int) -> int:
    """SizeMB: one of the plan's, and not less than the source's."""
    if plan not in DISK_PLANS:
        raise refused(f"there is no disk plan {plan}", "Disk.Plan.ID must be 2 (Standard Plan), 4 (SSD Plan)")
    sizes = [int(option["SizeMB"]) for option in DISK_PLANS[plan]["Size"]]
    wanted = integer(body, "SizeMB", 0) or max(source_size, sizes[0])
    if wanted not in sizes:
        said = f"Disk.SizeMB must be {','.join(map(str, sizes))}"
        raise refused(f"plan {plan} has no size of {wanted} MB", said)
    if wanted < source_size:
        raise bad_request("cant_resize_smaller", f"SizeMB {wanted} is less than the source's {source_size}")
    return wanted


def edit_parameters(body: JSON) -> JSON:
    """Check the edit parameters, and what is kept of them: everything but the password.

    The service takes IDs of notes and keys that do not exist.
    """
    for note in objects(body, "Notes"):
        if not isinstance(note, dict):
            raise bad_request("invalid_format", f"Notes: {note!r} is not an object")
        reference(note, "Notes")
    for key in objects(body, "SSHKeys") + ([body["SSHKey"]] if body.get("SSHKey") else []):
        reference(key, "SSHKeys")
    host_name = text(body, "HostName")
    if len(host_name) > _HOST_NAME_MAX:
        raise bad_request("invalid_range", f"HostName has {len(host_name)} characters; {_HOST_NAME_MAX} are allowed")
    # The control panel asks for 12 characters; the API's own tests set passwords of 8.
    password = text(body, "Password")
    if len(password) > _PASSWORD_MAX:
        raise bad_request("invalid_range", f"Password has {len(password)} characters; {_PASSWORD_MAX} are allowed")
    address = text(body, "UserIPAddress")
    if address:
        subnet = mapping(body, "UserSubnet")
        if not subnet.get("DefaultRoute") or not subnet.get("NetworkMaskLen"):
            raise bad_request(
                "invalid_param_comb", "UserIPAddress needs UserSubnet with DefaultRoute and NetworkMaskLen"
            )
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            raise bad_request("invalid_format", f"UserIPAddress {address}") from None
    kept = dict(body)
    if kept.get("Password"):
        kept["Password"] = "***"  # noqa: S105 - what is kept instead of one
    return kept
