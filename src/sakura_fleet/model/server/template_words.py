"""What shapes a group's servers, in words: a preview of a changed template says by them what has changed.

It is what the generation is a hash of, and changes when that changes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sakura_fleet.model.server.template import (
    DiskTemplate,
    EditParameter,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
)


def words_of(template: ServerTemplate) -> dict[str, Any]:
    """The parts of `template` that shape what is inside a server, each a text or a list of texts."""
    edit = template.edit_parameter
    return {
        "plan": _plan(template.plan),
        "disks": [_disk(disk) for disk in template.disks],
        "network_interfaces": [_interface(interface) for interface in template.network_interfaces],
        "interface_driver": template.interface_driver,
        "edit_parameter": _edit(edit),
        "ssh_keys": list(edit.ssh_keys),
        # The StartupScript resource shows the content itself.
        "startup_scripts": [f"sha256 {sha256(script.encode()).hexdigest()[:12]}" for script in edit.startup_scripts],
    }


def _plan(plan: MachinePlan) -> str:
    dedicated = ", dedicated CPU" if plan.dedicated_cpu else ""
    return f"{plan.core} core{'' if plan.core == 1 else 's'}/{plan.memory} GB{dedicated}"


def _disk(disk: DiskTemplate) -> str:
    source = disk.os_type or (f"archive {disk.source_archive}" if disk.source_archive else "blank")
    return f"{source}, {disk.plan}, {disk.size} GB, {disk.connection}"


def _interface(interface: NetworkInterface) -> str:
    upstream = interface.upstream
    if not isinstance(upstream, str):
        upstream = ", ".join(f"{zone} {switch}" for zone, switch in sorted(upstream.items()))
    block = f", {interface.assign_cidr_block}" if interface.assign_cidr_block else ""
    return f"{upstream}{block}{f' via {interface.default_route}' if interface.default_route else ''}"


def _edit(edit: EditParameter) -> list[str]:
    flags = ("disabled", "disable_pw_auth", "enable_dhcp", "change_partition_uuid")
    return [name for name in flags if getattr(edit, name)]
