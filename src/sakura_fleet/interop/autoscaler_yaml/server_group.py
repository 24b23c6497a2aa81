"""A server group: names, zones, limits, named sizes, and what heals it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sakura_fleet.interop.autoscaler_yaml.groups import FoundGroup
from sakura_fleet.interop.autoscaler_yaml.names import read_names
from sakura_fleet.interop.autoscaler_yaml.section import Notes, Section
from sakura_fleet.interop.autoscaler_yaml.template import read_template


def read_server_group(found: FoundGroup, notes: Notes, folder: Path) -> tuple[dict[str, Any], bool]:
    """The stack's `server_group`, and whether its servers are healed."""
    section = Section(notes, found.path, found.body)
    for key in ("type", "parent", "name", "server_name_prefix"):
        section.take(key)
    group: dict[str, Any] = {**read_names(section, found)}
    zone = section.take("zone")
    group["zones"] = section.take("zones", [zone] if zone else [])
    group["min_size"] = section.take("min_size", 0)
    group["max_size"] = section.take("max_size", 0)
    presets = _presets(section)
    if presets:
        group["presets"] = presets
    section.copy(group, "shutdown_force")
    section.drop("setup_grace_period", "not needed: a server joins the ELB when its health check calls it UP")
    healing = section.section("auto_healing")
    heals = bool(healing.take("enabled", False))
    healing.close()
    group["template"] = read_template(section.section("template"), folder)
    section.close()
    return group, heals


def _presets(section: Section) -> list[dict[str, Any]]:
    presets: list[dict[str, Any]] = []
    for entry in section.sections("plans"):
        preset: dict[str, Any] = {}
        entry.copy(preset, "name", "size")
        entry.close()
        if not preset.get("name"):
            entry.note_here("a plan without a name cannot be asked for; it was left out")
        elif preset["name"] in [other["name"] for other in presets]:
            entry.note_here(f"the plan {preset['name']!r} is there already, and the first one counts")
        else:
            presets.append({"name": str(preset["name"]), "size": preset.get("size", 0)})
    return presets
