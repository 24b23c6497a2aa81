"""What leads from a server as it is to a server as it is to be: pure, and complete before the first step is taken.

A crash can leave any half of a server behind: without disks, with one still being copied, switched off. Its owner tags
find it again, and the steps go on from there; so nothing is made twice and nothing is lost. Every step can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sakura_fleet.errors import ResourceError
from sakura_fleet.resources.server.observation import Observation, index_of
from sakura_fleet.resources.server.spec import in_zone

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.model.server.template import MachinePlan
    from sakura_fleet.resources.server.spec import ServerSpec


@dataclass(frozen=True, slots=True)
class CreateServer:
    """Make the bare server: powered off, without disks."""

    zone: str


@dataclass(frozen=True, slots=True)
class WriteLabels:
    """Write name, description, tags and icon."""


@dataclass(frozen=True, slots=True)
class ConnectPacketFilter:
    """Connect an interface to a packet filter; to none where it is empty."""

    interface: int
    packet_filter_id: str


@dataclass(frozen=True, slots=True)
class SetUserIp:
    """Note down the address that the guest uses on a switch, if no other server has at the same time; the guest itself
    is not changed."""

    interface: int
    address: str


@dataclass(frozen=True, slots=True)
class PowerOff:
    """Cut the power, as disks can be changed only then."""


@dataclass(frozen=True, slots=True)
class DiscardDisk:
    """Delete a disk whose copy or preparation failed."""

    disk_id: str


@dataclass(frozen=True, slots=True)
class ConnectDisk:
    """Connect a disk that a crash left connected to nothing."""

    disk_id: str


@dataclass(frozen=True, slots=True)
class CreateDisk:
    """Make the disk at `index` of the spec; with `boots` the cloud boots the server once the disk is there."""

    index: int
    boots: bool


@dataclass(frozen=True, slots=True)
class WaitForDisks:
    """Wait until all disks are copied and the first is prepared; `boots` as in `CreateDisk`."""

    boots: bool


@dataclass(frozen=True, slots=True)
class PowerOn:
    """Switch the server on and wait until it is up; with `ordered` the cloud was asked to do so already."""

    ordered: bool = False


Step = (
    CreateServer
    | WriteLabels
    | ConnectPacketFilter
    | SetUserIp
    | PowerOff
    | DiscardDisk
    | ConnectDisk
    | CreateDisk
    | WaitForDisks
    | PowerOn
)


def steps(spec: ServerSpec, observed: Observation) -> list[Step]:
    """All steps from what is there to a server that is up. Raises `ResourceError` where none lead there."""
    server = observed.server
    if server is None:
        disks, boots = _disk_steps(spec, observed)
        return [
            CreateServer(spec.home),
            *_packet_filters(spec, spec.home, [""] * len(spec.network_interfaces)),
            *_addresses(spec, [""] * len(spec.network_interfaces)),
            *disks,
            PowerOn(ordered=boots),
        ]
    difference = unlike(server, spec)
    if difference:
        raise ResourceError(
            f"server {server.name} ({server.id} in {server.zone}) carries this resource's owner tag, but {difference}: "
            "it is left from another template. `sakura-fleet repair` shows and removes it; or go back to that template"
        )
    connected = {disk.id for disk in server.disks}
    unprepared = server.is_up and any(disk.config_error for disk in observed.disks if disk.id in connected)
    finished = server.is_up and not unprepared
    disks, boots = ([], False) if finished else _disk_steps(spec, observed)
    return [
        *labels_and_filters(spec, server),
        *addresses(spec, server),
        *([PowerOff()] if unprepared else []),  # the run that made the disk ended before it could do so
        *disks,
        *([] if finished else [PowerOn(ordered=boots)]),
    ]


def update_steps(spec: ServerSpec, server: api.Server) -> list[Step]:
    """What an update changes in place. Disks stay, and so do addresses: of one that the guest was told, the note is put
    back."""
    return [*labels_and_filters(spec, server), *addresses(spec, server), *power(server)]


def labels_and_filters(spec: ServerSpec, server: api.Server) -> Iterator[Step]:
    """What can change on any server, running or not."""
    labels = {"name": server.name, "description": server.description, "tags": list(server.tags)}
    if {**labels, "icon_id": server.icon_id} != spec.labels():
        yield WriteLabels()
    yield from _packet_filters(spec, server.zone, [nic.packet_filter_id or "" for nic in server.interfaces])


def addresses(spec: ServerSpec, server: api.Server) -> Iterator[Step]:
    """The addresses on switches that are not noted down yet."""
    yield from _addresses(spec, [nic.user_ip_address or "" for nic in server.interfaces])


def power(server: api.Server) -> Iterator[Step]:
    """The power of a server that has all else."""
    if not server.is_up:
        yield PowerOn()


def unlike(server: api.Server, spec: ServerSpec) -> str:
    """What keeps the server from becoming what the spec says; empty where nothing does."""
    if (server.core, server.memory_gb, server.dedicated_cpu) != _machine(spec.machine_plan):
        has = _machine_words(server.core, server.memory_gb, server.dedicated_cpu)
        return f"has {has} instead of {_machine_words(*_machine(spec.machine_plan))}"
    count = len(spec.network_interfaces)
    if len(server.interfaces) != count:
        return f"has {len(server.interfaces)} network interfaces instead of {count}"
    return ""


def _machine(plan: MachinePlan) -> tuple[int, int, bool]:
    return plan.core, plan.memory, plan.dedicated_cpu


def _machine_words(core: int, memory: int, dedicated: bool) -> str:
    return f"{core} cores and {memory} GB{' dedicated' * dedicated}"


def _packet_filters(spec: ServerSpec, zone: str, current: Sequence[str]) -> Iterator[Step]:
    for index, (connected, wanted) in enumerate(zip(current, spec.packet_filters, strict=False)):
        if in_zone(wanted, zone) != connected:
            yield ConnectPacketFilter(index, in_zone(wanted, zone))


def _addresses(spec: ServerSpec, current: Sequence[str]) -> Iterator[Step]:
    for index, (noted, interface) in enumerate(zip(current, spec.network_interfaces, strict=False)):
        if interface.ip_address and interface.ip_address != noted:
            yield SetUserIp(index, interface.ip_address)


def _disk_steps(spec: ServerSpec, observed: Observation) -> tuple[list[Step], bool]:
    """The steps to all disks, and whether the cloud boots the server by itself then.

    That saves a call, but is done for an only disk alone: the cloud would not wait for a second one.
    """
    if observed.server and observed.server.disks and not observed.disks:
        return [], False  # a server that was taken over keeps the disks it came with
    found: list[Step] = []
    kept: list[api.Disk] = []
    for disk in observed.disks:
        if disk.availability == "failed" or disk.config_error:
            found.append(DiscardDisk(disk.id))
            continue
        kept.append(disk)
        if disk.server_id is None:
            found.append(ConnectDisk(disk.id))
    there = {index_of(disk.name) for disk in kept}
    missing = [index for index in range(len(spec.disks)) if index not in there]
    boots = bool(missing) and len(spec.disks) == 1
    waiting = missing or any(disk.availability != "available" for disk in kept)
    made = [CreateDisk(index, boots) for index in missing]
    return [*found, *made, *([WaitForDisks(boots)] if waiting else [])], boots
