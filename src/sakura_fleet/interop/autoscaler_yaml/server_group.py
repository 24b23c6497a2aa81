"""A server group: names, zones, limits, named sizes, and what heals it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sakura_fleet.interop.autoscaler_yaml.groups import FoundGroup
from sakura_fleet.interop.autoscaler_yaml.names import read_names
from sakura_fleet.interop.autoscaler_yaml.section import Notes, Section
from sakura_fleet.interop.autoscaler_yaml.template import read_template


def read_server_group(found: FoundGroup, notes: Notes, folder: Path) -> tuple[dict[str, Any], Any]:
    """The stack's `server_group`, and what was written of whether its servers are healed."""
    section = Section(notes, found.path, found.body)
    for key in ("type", "parent", "name", "server_name_prefix"):
        section.take(key)
    group: dict[str, Any] = {**read_names(section, found)}
    zone = section.take("zone")
    group["zones"] = section.take("zones", [zone] if zone else [])
    if zone and group["zones"] != [zone]:
        section.to_do("zone", "a group has `zone` or `zones`, not both; the zones were taken")
    group["min_size"] = section.take("min_size", 0)
    group["max_size"] = section.take("max_size", 0)
    presets = _presets(section)
    if presets:
        group["presets"] = presets
    section.copy(group, "shutdown_force")
    section.drop(
        "setup_grace_period", "not needed: a server joins the ELB when its health check calls it UP", needed=False
    )
    healing = section.section("auto_healing")
    heals = healing.take("enabled", False)
    healing.close()
    group["template"] = read_template(section.section("template"), folder)
    section.close()
    return group, heals


def _presets(section: Section) -> list[dict[str, Any]]:
    presets: list[dict[str, Any]] = []
    for entry in section.sections("plans"):
        name, size = entry.text("name"), entry.take("size", 0)
        entry.close()
        if not name:
            entry.note_here("a plan without a name cannot be asked for; it was left out")
        elif name in [preset["name"] for preset in presets]:
            entry.note_here(f"the plan {name!r} is there already, and the first one counts")
        else:
            presets.append({"name": name, "size": size})
    return presets
