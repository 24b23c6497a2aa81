"""Servers and their power (API path `server`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sakura_fleet.client._api import ZonedApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import (
    Json,
    boolean,
    labels,
    mapping,
    megabytes,
    moment,
    number,
    reference,
    text,
    wire_id,
    wire_ref,
)
from sakura_fleet.client.interfaces import Interface

__all__ = ["COMMITMENT", "Server", "ServerDisk", "ServersApi"]

COMMITMENT = {False: "standard", True: "dedicatedcpu"}
ANY_CPU_MODEL = "uncategorized"
UNENCRYPTED = ("", "none")


@dataclass(frozen=True, slots=True)
class ServerDisk:
    """A disk as its server lists it. Sizes in GB."""

    id: str
    name: str
    size_gb: int
    availability: str
    connection: str
    encrypted: bool = False

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            id=fields.own_id(),
            name=fields.text("Name"),
            size_gb=fields.gigabytes("SizeMB"),
            availability=fields.text("Availability"),
            connection=fields.text("Connection"),
            encrypted=text(fields.get("EncryptionAlgorithm")) not in UNENCRYPTED,
        )


@dataclass(frozen=True, slots=True)
class Server:
    """One server; memory in GB; tags sorted.

    `status` is "up", "down", "cleaning", or "" where the answer does not say, which is none of them; it
    is so since `status_changed_at`.
    `cpu_model` and `gpu_model` are empty where any will do; `cdrom_id` is that of an inserted ISO image.
    """

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    zone: str
    availability: str
    status: str
    core: int
    memory_gb: int
    dedicated_cpu: bool
    generation: int
    icon_id: str | None
    interface_driver: str
    interfaces: tuple[Interface, ...]
    disks: tuple[ServerDisk, ...]
    created_at: datetime | None
    gpu: int = 0
    gpu_model: str = ""
    cpu_model: str = ""
    confidential_vm: bool = False
    private_host_id: str | None = None
    cdrom_id: str | None = None
    status_changed_at: datetime | None = None

    @property
    def is_up(self) -> bool:
        """Whether the power is on; the guest may still be booting."""
        return self.status == "up"

    @property
    def ip_address(self) -> str | None:
        """The first NIC's address: of the shared segment, else the one noted down for a switch, which the guest was
        told."""
        if not self.interfaces:
            return None
        first = self.interfaces[0]
        return first.ip_address if first.shared else first.user_ip_address or first.ip_address

    @classmethod
    def from_api(cls, body: Json | Fields, zone: str = "") -> Self:
        """`zone` is where the call went, for answers that do not name theirs."""
        fields = Fields.of(body)
        plan = fields.child("ServerPlan")
        return cls(
            **fields.described(),
            zone=text(mapping(fields.get("Zone")).get("Name")) or zone,
            availability=fields.text("Availability"),
            status=text(mapping(fields.get("Instance")).get("Status")).lower(),
            core=plan.positive("CPU"),
            memory_gb=plan.gigabytes("MemoryMB"),
            dedicated_cpu=plan.text("Commitment") == COMMITMENT[True],
            generation=plan.number("Generation"),
            icon_id=fields.reference("Icon"),
            interface_driver=fields.text("InterfaceDriver"),
            interfaces=tuple(Interface.from_api(interface) for interface in fields.items("Interfaces")),
            disks=tuple(ServerDisk.from_api(disk) for disk in fields.items("Disks")),
            gpu=number(plan.get("GPU")),
            gpu_model=text(plan.get("GPUModel")),
            cpu_model=text(plan.get("CPUModel")).removeprefix(ANY_CPU_MODEL),
            confidential_vm=boolean(plan.get("ConfidentialVM")),
            private_host_id=reference(fields.get("PrivateHost")),
            cdrom_id=reference(mapping(fields.get("Instance")).get("CDROM")),
            status_changed_at=moment(mapping(fields.get("Instance")).get("StatusChangedAt")),
        )


def _switch(nic: str | None) -> dict[str, Any] | None:
    return {"Scope": "shared"} if nic == "shared" else wire_ref(nic)


class ServersApi(ZonedApi[Server]):
    """Servers of a zone. Power changes are asynchronous: read until `status` has changed."""

    PATH, SINGULAR, PLURAL = "server", "Server", "Servers"
    VALUE = Server

    def _parse(self, zone: str, fields: Fields) -> Server:
        return Server.from_api(fields, zone)

    def create(
        self,
        zone: str,
        *,
        name: str,
        core: int,
        memory_gb: int,
        dedicated_cpu: bool = False,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str | None = None,
        interface_driver: str = "virtio",
        nics: Sequence[str | None] = (),
    ) -> Server:
        """Make a server without disks; it stays down.

        `nics` gives one NIC for each entry, in order: "shared" (only as the first), a switch ID, or None for a NIC
        that is connected to nothing. Raises `UnreachableError` or `UnavailableError` with `maybe_done` set where the
        server may exist although no answer came.
        """
        return self._create(
            zone,
            {
                **labels(name, description, tags, icon_id),
                "InterfaceDriver": interface_driver,
                "ServerPlan": {"CPU": core, "MemoryMB": megabytes(memory_gb), "Commitment": COMMITMENT[dedicated_cpu]},
                "ConnectedSwitches": [_switch(nic) for nic in nics],
            },
        )

    def update(
        self, zone: str, server_id: str, *, name: str, description: str, tags: Sequence[str], icon_id: str | None
    ) -> Server:
        """Change how the server is labelled; its plan, NICs and disks stay."""
        return self._update(zone, server_id, labels(name, description, tags, icon_id))

    def delete(self, zone: str, server_id: str, *, disk_ids: Sequence[str] = ()) -> None:
        """Delete a server that is down, its NICs and the named disks; other disks are only disconnected.

        Raises `NotFoundError` if it is gone, `ConflictError` while it is up.
        """
        body = {"WithDisk": [wire_id(disk_id) for disk_id in disk_ids]} if disk_ids else None
        self._call("DELETE", zone, self._at(server_id), body=body)

    def power_on(self, zone: str, server_id: str) -> None:
        """Switch on. Raises `ConflictError` if it is up already, or while a disk is still being copied."""
        self._call("PUT", zone, self._at(server_id, "power"))

    def power_off(self, zone: str, server_id: str, *, force: bool = False) -> None:
        """Ask the guest to shut down, which it may ignore; `force` pulls the plug. `ConflictError` if it is down."""
        self._call("DELETE", zone, self._at(server_id, "power"), body={"Force": True} if force else {})
