"""Reading a template: what a person wrote, and the rules it must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Literal, cast

from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.names import ELB_GROUP_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.model.server.packet_filter import PacketFilterRule, read_rules
from sakura_fleet.model.server.ssh_key import check_public_key
from sakura_fleet.model.server.startup_script import check_startup_script
from sakura_fleet.model.server.template import (
    DISK_PLANS,
    INTERFACE_DRIVERS,
    MAX_DISKS,
    MAX_NETWORK_INTERFACES,
    DiskTemplate,
    EditParameter,
    Expose,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
)


def read_template(reader: Reader) -> ServerTemplate:
    """A template from configuration; problems go to the reader."""
    template = ServerTemplate(
        plan=read_plan(reader.child("plan")),
        disks=read_disks(reader),
        network_interfaces=_read_network_interfaces(reader),
        edit_parameter=_read_edit_parameter(reader.child("edit_parameter")),
        description=read_description(reader),
        tags=read_tags(reader),
        icon_id=reader.text("icon_id", "", pattern=RESOURCE_ID, shape="the 12 digits of an icon's ID"),
        interface_driver=reader.text("interface_driver", "virtio", choices=INTERFACE_DRIVERS),
    )
    reader.close()
    return template


def read_plan(reader: Reader) -> MachinePlan:
    plan = MachinePlan(
        core=reader.whole("core", 1, minimum=1, maximum=256),
        memory=reader.whole("memory", 1, minimum=1, maximum=1024),
        dedicated_cpu=reader.flag("dedicated_cpu", default=False),
    )
    reader.close()
    return plan


def read_disks(reader: Reader) -> tuple[DiskTemplate, ...]:
    if not reader.has("disks"):
        return ServerTemplate().disks
    disks = tuple(_read_disk(child) for child in reader.children("disks"))
    if len(disks) > MAX_DISKS:
        reader.problem("disks", "too-many-disks", f"{len(disks)} disks; a server takes at most {MAX_DISKS}")
    return disks


def _read_disk(reader: Reader) -> DiskTemplate:
    disk = DiskTemplate(
        os_type=reader.text("os_type", "", choices=tuple(sorted(OS_TYPES))),
        source_archive=reader.text("source_archive", "", pattern=RESOURCE_ID, shape="the 12 digits of an archive's ID"),
        plan=cast("Literal['ssd', 'hdd']", reader.text("plan", "ssd", choices=DISK_PLANS)),
        connection=reader.text("connection", "virtio", choices=("virtio", "ide")),
        size=reader.whole("size", 20, minimum=20, maximum=32_768),
    )
    if disk.os_type and disk.source_archive:
        reader.problem(
            "source_archive", "one-source", "a disk is copied from os_type or source_archive; keep one of them"
        )
    reader.close()
    return disk


def _read_network_interfaces(reader: Reader) -> tuple[NetworkInterface, ...]:
    if not reader.has("network_interfaces"):
        return ServerTemplate().network_interfaces
    interfaces: list[NetworkInterface] = []
    for index, child in enumerate(reader.children("network_interfaces")):
        interface = _read_network_interface(child, first=index == 0)
        taken = [switch for earlier in interfaces for switch in _switches(earlier) & _switches(interface)]
        if taken:
            child.problem(
                "upstream", "same-switch", f"another interface is on switch {taken[0]}: each has a switch of its own"
            )
        interfaces.append(interface)
    if len(interfaces) > MAX_NETWORK_INTERFACES:
        reader.problem(
            "network_interfaces",
            "too-many-interfaces",
            f"{len(interfaces)} interfaces; a server takes at most {MAX_NETWORK_INTERFACES}",
        )
    return tuple(interfaces)


def _switches(interface: NetworkInterface) -> set[str]:
    """The switches that an interface is on, in whatever zone: a switch is in one."""
    upstream = interface.upstream
    return (set(upstream.values()) if isinstance(upstream, Mapping) else {upstream}) - {"shared", ""}


def _read_network_interface(reader: Reader, *, first: bool) -> NetworkInterface:
    upstream = _read_upstream(reader)
    shared = upstream == "shared"
    if shared and not first:
        reader.problem("upstream", "shared-first", "only the first interface can be on the shared segment")
    block = reader.text("assign_cidr_block", "")
    route = reader.text("default_route", "")
    for key, value in (("assign_cidr_block", block), ("default_route", route)):
        if shared and value:
            reader.problem(key, "shared-address", "the shared segment assigns addresses itself; remove this setting")
    if block and not shared:
        _check_block(reader, block, route)
        if first and not route:
            message = "the first interface's address needs a default route, such as the first address of the block"
            reader.problem("default_route", "route-missing", message)
    expose = reader.child("expose")
    ports = _read_ports(expose)
    group = expose.text("server_group_name", "", pattern=ELB_GROUP_NAME, shape="1 to 10 letters or digits")
    expose.close()
    rules = read_rules(reader, "packet_filter")
    adopted = _read_adopted_filters(reader, rules)
    reader.close()
    return NetworkInterface(
        upstream=upstream,
        assign_cidr_block=block,
        default_route=route,
        packet_filter=rules,
        adopt_packet_filter=adopted,
        expose=Expose(ports=ports, server_group_name=group),
    )


def _read_upstream(reader: Reader) -> str | Mapping[str, str]:
    """`shared`, the ID of a switch, or the ID of one for each zone."""
    shape = "`shared`, the 12 digits of a switch's ID, or one such ID for each zone"
    written = reader.structure("upstream")
    if not isinstance(written, Mapping):
        return reader.text("upstream", "shared", pattern=f"shared|{RESOURCE_ID}", shape=shape)
    zones = reader.child("upstream")
    return {zone: zones.text(zone, pattern=RESOURCE_ID, shape="the 12 digits of a switch's ID") for zone in written}


def _read_adopted_filters(reader: Reader, rules: Sequence[PacketFilterRule]) -> dict[str, str]:
    filters = reader.child("adopt_packet_filter")
    written = reader.structure("adopt_packet_filter")
    if written and not rules:
        message = (
            "a packet filter is taken over with the rules that are declared here; write those it has as packet_filter"
        )
        reader.problem("adopt_packet_filter", "adopt-without-rules", message)
    shape = "the 12 digits of a packet filter's ID, in quotes"
    zones = written if isinstance(written, Mapping) else ()
    return {zone: filters.text(zone, pattern=RESOURCE_ID, shape=shape) for zone in zones}


def _check_block(reader: Reader, block: str, route: str) -> None:
    try:
        network = IPv4Network(block, strict=False)
    except ValueError:
        reader.problem("assign_cidr_block", "cidr", f"{block!r} is not an IPv4 block such as 192.168.0.0/24")
        return
    try:
        if route and IPv4Address(route) not in network:
            reader.problem("default_route", "route-outside", f"{route} is not inside {network}")
    except AddressValueError:
        reader.problem("default_route", "address", f"{route!r} is not an IPv4 address")


def _read_ports(reader: Reader) -> tuple[int, ...]:
    ports: list[int] = []
    for index, port in enumerate(reader.whole_list("ports")):
        if not 1 <= port <= 65_535:
            reader.problem(f"ports[{index}]", "port-range", f"port {port} is not within 1..65535")
        if port in ports:
            reader.problem(f"ports[{index}]", "duplicate-port", f"port {port} is in the list twice")
        ports.append(port)
    return tuple(ports)


def _read_edit_parameter(reader: Reader) -> EditParameter:
    edit = EditParameter(
        disabled=reader.flag("disabled", default=False),
        disable_pw_auth=reader.flag("disable_pw_auth", default=True),
        enable_dhcp=reader.flag("enable_dhcp", default=False),
        change_partition_uuid=reader.flag("change_partition_uuid", default=True),
        ssh_keys=reader.texts("ssh_keys", ()),
        startup_scripts=reader.texts("startup_scripts", ()),
    )
    if reader.text("password", ""):
        reader.problem(
            "password",
            "plain-password",
            "a password must not be in the stack file in plain text; remove it and run "
            "`pulumi config set --secret server_password`",
        )
    if edit.disabled and (edit.ssh_keys or edit.startup_scripts):
        reader.problem("disabled", "edit-disabled", "keys and scripts need edit_parameter; remove them or `disabled`")
    for index, key in enumerate(edit.ssh_keys):
        reader.add(check_public_key(key, f"{reader.path}.ssh_keys[{index}]"))
    for index, script in enumerate(edit.startup_scripts):
        reader.add(check_startup_script(script, f"{reader.path}.startup_scripts[{index}]"))
    reader.close()
    return edit
