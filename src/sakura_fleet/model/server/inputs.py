"""The inputs of a server, in full and in short.

In every run the engine, the program and the provider host pass each server's inputs and outputs around, and the state
holds both. What only says its default is left out there, as it is most of a server. Inside, all is written out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

DEFAULTS: Final[Mapping[str, Any]] = {
    "slot": 0,
    "plan": {"core": 1, "memory": 1},
    "disks": [],
    "network_interfaces": [],
    "packet_filters": [],
    "edit_parameter": {},
    "startup_scripts": [],
    "description": "",
    "tags": [],
    "icon_id": "",
    "interface_driver": "virtio",
    "shutdown_force": False,
    "labels": {},
    "adopt": "",
    "power": "up",
    "addresses_noted": True,
}
_WITHIN: Final[Mapping[str, Mapping[str, Any]]] = {
    "plan": {"dedicated_cpu": False},
    "disks": {"os_type": "", "source_archive": "", "plan": "ssd", "connection": "virtio"},
    "network_interfaces": {"assign_cidr_block": "", "default_route": ""},
    "edit_parameter": {
        "disabled": False,
        "disable_pw_auth": True,
        "enable_dhcp": False,
        "change_partition_uuid": True,
        "ssh_keys": [],
    },
}
_ALWAYS: Final = frozenset({"plan", "tags", "power"})
"""What a preview should show of each server; tags are also an output that programs read."""


def full(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Everything written out; nothing at all, which means a server that is not there, stays nothing."""
    if not inputs:
        return {}
    filled = {**DEFAULTS, "packet_filters": _no_filters(inputs), **inputs}
    return {key: _each(value, _filled, _WITHIN.get(key)) for key, value in filled.items()}


def short(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Without what only says its default. Outputs, and whatever else is no input of a server, stay."""
    defaults = {**DEFAULTS, "packet_filters": _no_filters(inputs)}
    brief = {key: _each(value, _left, _WITHIN.get(key)) for key, value in inputs.items()}
    return {key: value for key, value in brief.items() if key in _ALWAYS or value != defaults.get(key, ...)}


def _no_filters(inputs: Mapping[str, Any]) -> list[str]:
    interfaces = inputs.get("network_interfaces")
    return [""] * len(interfaces) if isinstance(interfaces, list) else []


def _filled(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {**defaults, **value}


def _left(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item != defaults.get(key, ...)}


def _each(
    value: Any,
    change: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]],
    defaults: Mapping[str, Any] | None,
) -> Any:
    """A mapping, or each mapping of a list, with or without its defaults; what a preview cannot know stays."""
    if defaults is None:
        return value
    if isinstance(value, Mapping):
        return change(value, defaults)
    return [_each(item, change, defaults) for item in value] if isinstance(value, list) else value
