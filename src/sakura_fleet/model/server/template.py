"""The template that every server of a group is made from; `template_reader` has the rules it must keep.

Sizes are in GB. The words are those of sacloud/autoscaler's configuration, so that its users recognise them. A
template is plain data; what only the cloud knows (is there such a plan in this zone?) is checked by the `Server`
resource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from sakura_fleet.model.server.packet_filter import PacketFilterRule

MAX_DISKS: Final = 4
MAX_NETWORK_INTERFACES: Final = 10
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
DISK_PLANS: Final = ("ssd", "hdd")
INTERFACE_DRIVERS: Final = ("virtio", "e1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePlan:
    """Cores and memory (GB) of a server."""

    core: int = 1
    memory: int = 1
    dedicated_cpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTemplate:
    """One disk: a copy of the newest public archive of `os_type`, of `source_archive`, or blank when neither is set."""

    os_type: str = ""
    source_archive: str = ""
    plan: Literal["ssd", "hdd"] = "ssd"
    connection: str = "virtio"
    size: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose:
    """What a load balancer in front reaches: TCP ports, and the ELB's server group they are entered under."""

    ports: tuple[int, ...] = ()
    server_group_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInterface:
    """One network interface, in the order of the server's devices.

    `upstream` is `shared` (the internet segment; first interface only) or the ID of a switch, one per zone where the
    group has several zones. On a switch, a new server gets the lowest free address of `assign_cidr_block`, and keeps
    it. `adopt_packet_filter` is the ID of a packet filter that is there already, by zone.
    """

    upstream: str | Mapping[str, str] = "shared"
    assign_cidr_block: str = ""
    default_route: str = ""
    packet_filter: tuple[PacketFilterRule, ...] = ()
    adopt_packet_filter: Mapping[str, str] = field(default_factory=dict)
    expose: Expose = field(default_factory=Expose)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditParameter:
    """How the first disk is prepared before the first boot; `disabled` leaves it as the archive has it."""

    disabled: bool = False
    disable_pw_auth: bool = True
    enable_dhcp: bool = False
    change_partition_uuid: bool = True
    ssh_keys: tuple[str, ...] = ()
    startup_scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTemplate:
    """Everything that the servers of a group have in common."""

    plan: MachinePlan = field(default_factory=MachinePlan)
    disks: tuple[DiskTemplate, ...] = (DiskTemplate(os_type="almalinux"),)
    network_interfaces: tuple[NetworkInterface, ...] = (NetworkInterface(),)
    edit_parameter: EditParameter = field(default_factory=EditParameter)
    description: str = ""
    tags: tuple[str, ...] = ()
    icon_id: str = ""
    interface_driver: str = "virtio"


def exposed_ports(interfaces: Sequence[NetworkInterface]) -> tuple[int, ...]:
    """Every TCP port that any interface exposes, in order and without repetition."""
    return tuple(dict.fromkeys(port for interface in interfaces for port in interface.expose.ports))
