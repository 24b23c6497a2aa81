"""How the group scales: cooldowns and healing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sakura_fleet.interop.autoscaler_yaml.section import Notes, Section

THEIR_COOLDOWN: Final = 600
"""Seconds; their default."""


def read_scaling(section: Section, notes: Notes, *, heals: Any) -> dict[str, Any]:
    """The stack's `scaling`, from their `autoscaler`; `heals` is what they wrote as `auto_healing.enabled`."""
    written = section.take("cooldown", THEIR_COOLDOWN)
    cooldown: Any = _cooldown(section, "cooldown", written)
    if isinstance(written, Mapping):
        both = Section(notes, section.at("cooldown"), written)
        up, down = (_cooldown(both, key, both.take(key, THEIR_COOLDOWN)) for key in ("up", "down"))
        both.drop("keep", "only growing and shrinking have a cooldown; healing has none", needed=bool(heals))
        both.close()
        cooldown = up if up == down else {"up": up, "down": down}
    section.drop(
        "shutdown_grace_period", "not needed: a job that was stopped is finished by the next one", needed=False
    )
    exporter = section.section("exporter_config")
    exporter.take("address")
    exporter.drop("enabled", "there is no exporter for Prometheus: `scaler status -o json` has the numbers")
    exporter.close()
    handlers = section.section("handlers_config")
    handlers.drop("disabled", "there are no handlers to switch off: whoever wants no changes does not run the scaler")
    handlers.drop("handlers", "there are no handlers to switch off, one by one")
    handlers.close()
    section.close()
    return {"mode": "threshold", "cooldown": cooldown, "heal": heals}


def _cooldown(section: Section, key: str, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value <= 0:
        section.note(key, f"{value} means {THEIR_COOLDOWN} there, so that is written; here 0 means none")
        return THEIR_COOLDOWN
    return value
