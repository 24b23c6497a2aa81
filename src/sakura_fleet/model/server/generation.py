"""The generation of a template: a short hash of everything that shapes what is inside a server.

It is part of each member's Pulumi name. So when the template changes, new members appear beside the old ones instead of
being replaced under the same name. What can change on a running server (name, tags, description, icon, packet filter,
what a load balancer sees) does not count.

Defaults are left out before hashing, so a new setting with a default keeps every existing generation. The form is
versioned, and golden tests hold it: a hash that changed by accident would rebuild every fleet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import Any, Final

from sakura_fleet.model.server.template import (
    DiskTemplate,
    EditParameter,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
)

VERSION: Final = 1
LENGTH: Final = 6
_OUTSIDE: Final = {"packet_filter", "adopt_packet_filter", "expose"}
"""Settings of a network interface that change on a running server."""


def generation_of(template: ServerTemplate) -> str:
    """The generation of `template`: six hex digits."""
    shape = {
        "version": VERSION,
        "plan": _stated(template.plan, MachinePlan()),
        "disks": [_stated(disk, DiskTemplate()) for disk in template.disks],
        "network_interfaces": [
            _stated(interface, NetworkInterface(), leave_out=_OUTSIDE) for interface in template.network_interfaces
        ],
        "edit_parameter": _stated(template.edit_parameter, EditParameter()),
        "interface_driver": template.interface_driver,
    }
    canonical = json.dumps(shape, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(canonical.encode()).hexdigest()[:LENGTH]


def _stated(value: Any, default: Any, *, leave_out: set[str] | None = None) -> dict[str, Any]:
    """The fields of a settings value that differ from their defaults."""
    stated: dict[str, Any] = {}
    for field in fields(value):
        own = getattr(value, field.name)
        if field.name not in (leave_out or ()) and own != getattr(default, field.name):
            stated[field.name] = dict(own) if isinstance(own, Mapping) else own
    return stated
