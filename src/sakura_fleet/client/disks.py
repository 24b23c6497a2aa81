"""Disks: copying, editing what is on them, connecting (API path `disk`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from sakura_fleet.client._api import ZonedApi, checked_id
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import (
    MB_PER_GB,
    Json,
    labels,
    mapping,
    megabytes,
    number,
    reference,
    text,
    wire_id,
    wire_ref,
)

__all__ = ["PLAN_IDS", "PLAN_NAMES", "Disk", "DiskConfig", "DisksApi", "NoteRef"]

PLAN_IDS: Mapping[str, str] = {"ssd": "4", "hdd": "2"}
PLAN_NAMES: Mapping[str, str] = {plan_id: name for name, plan_id in PLAN_IDS.items()}


@dataclass(frozen=True, slots=True)
class NoteRef:
    """A startup script to run, with the values for its `@@@NAME@@@` variables (they may be secret: not in `repr`)."""

    id: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_api(self) -> Json:
        body: dict[str, Any] = {"ID": wire_id(self.id)}
        return {**body, "Variables": dict(self.variables)} if self.variables else body


@dataclass(frozen=True, slots=True)
class DiskConfig:
    """What the cloud writes onto a Linux disk before its first boot. The password does not appear in `repr`."""

    host_name: str | None = None
    password: str | None = field(default=None, repr=False)
    disable_pw_auth: bool = False
    enable_dhcp: bool = False
    change_partition_uuid: bool = False
    ssh_key_ids: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    notes: tuple[NoteRef, ...] = ()
    ip_address: str | None = None
    default_route: str | None = None
    network_mask_len: int | None = None

    def to_api(self) -> Json:
        """The request; what is not set is left out, and the work runs in the background."""
        keys = [
            *({"ID": wire_id(key_id)} for key_id in self.ssh_key_ids),
            *({"PublicKey": key} for key in self.public_keys),
        ]
        subnet = {"DefaultRoute": self.default_route, "NetworkMaskLen": self.network_mask_len}
        settings: dict[str, Any] = {
            "HostName": self.host_name,
            "Password": self.password,
            "DisablePWAuth": self.disable_pw_auth,
            "EnableDHCP": self.enable_dhcp,
            "ChangePartitionUUID": self.change_partition_uuid,
            "SSHKeys": keys,
            "Notes": [note.to_api() for note in self.notes],
            "UserIPAddress": self.ip_address,
            "UserSubnet": subnet if self.default_route and self.network_mask_len else None,
        }
        return {"Background": True, **{key: value for key, value in settings.items() if value}}


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk. `availability` is "migrating" while it is being copied or edited, then "available" or "failed".

    Sizes in GB; `plan` is "ssd", "hdd" or the ID of another plan; `config_error` tells why an edit failed.
    """

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    availability: str
    size_gb: int
    migrated_gb: float
    plan: str
    connection: str
    server_id: str | None
    source_archive_id: str | None
    source_disk_id: str | None
    config_error: str | None
    created_at: datetime | None

    @property
    def progress(self) -> float:
        """How much of the copy is done, in 0..1."""
        if self.availability == "available":
            return 1.0
        return min(1.0, self.migrated_gb / self.size_gb) if self.size_gb else 0.0

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        plan_id = fields.child("Plan").own_id()
        failure = mapping(mapping(fields.get("JobStatus")).get("ConfigError"))
        words = [text(failure.get("ErrorCode")), text(failure.get("ErrorMsg"))]
        return cls(
            **fields.described(),
            availability=fields.text("Availability"),
            size_gb=fields.gigabytes("SizeMB"),
            migrated_gb=number(fields.get("MigratedMB")) / MB_PER_GB,
            plan=PLAN_NAMES.get(plan_id, plan_id),
            connection=fields.text("Connection"),
            server_id=fields.reference("Server"),
            source_archive_id=reference(fields.get("SourceArchive")),
            source_disk_id=reference(fields.get("SourceDisk")),
            config_error=": ".join(word for word in words if word) or None,
        )


class DisksApi(ZonedApi[Disk]):
    """Disks of a zone. Copying and editing are asynchronous: read until `availability` is no longer "migrating"."""

    PATH, SINGULAR, PLURAL = "disk", "Disk", "Disks"
    VALUE = Disk

    def create(
        self,
        zone: str,
        *,
        name: str,
        size_gb: int,
        plan: Literal["ssd", "hdd"],
        connection: str = "virtio",
        source_archive_id: str | None = None,
        source_disk_id: str | None = None,
        server_id: str | None = None,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str | None = None,
        config: DiskConfig | None = None,
        boot_at_available: bool = False,
    ) -> Disk:
        """Make a disk: a copy of an archive or disk, or a blank one.

        `server_id` connects it at once. `config` is written when the copy is done; `boot_at_available` then switches
        the server on. Raises `UnreachableError` or `UnavailableError` with `maybe_done` set where the disk may exist
        although no answer came.
        """
        body = {
            **labels(name, description, tags, icon_id),
            "SizeMB": megabytes(size_gb),
            "Connection": connection,
            "Plan": wire_ref(PLAN_IDS[plan]),
        }
        sources = {"SourceArchive": source_archive_id, "SourceDisk": source_disk_id, "Server": server_id}
        body.update((key, wire_ref(value)) for key, value in sources.items() if value)
        beside: dict[str, Any] = {"BootAtAvailable": boot_at_available}
        if config is not None:
            beside["Config"] = config.to_api()
        return self._create(zone, body, beside)

    def update(
        self,
        zone: str,
        disk_id: str,
        *,
        name: str,
        description: str,
        tags: Sequence[str],
        icon_id: str | None = None,
    ) -> Disk:
        """Change how the disk is labelled."""
        return self._update(zone, disk_id, labels(name, description, tags, icon_id))

    def configure(self, zone: str, disk_id: str, config: DiskConfig) -> None:
        """Edit what is on the disk: it must be available and its server down. Read until it is available again."""
        self._call("PUT", zone, self._at(disk_id, "config"), body=config.to_api())

    def connect(self, zone: str, disk_id: str, server_id: str) -> None:
        """Connect to a server that is down. Raises `ConflictError` if the disk is connected already."""
        self._call("PUT", zone, self._at(disk_id, f"to/server/{checked_id(server_id)}"))

    def disconnect(self, zone: str, disk_id: str) -> None:
        """Disconnect from its server."""
        self._call("DELETE", zone, self._at(disk_id, "to/server"))
