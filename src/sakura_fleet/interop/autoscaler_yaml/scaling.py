"""How the group scales: cooldowns and healing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sakura_fleet.interop.autoscaler_yaml.section import Notes, Section

THEIR_COOLDOWN: Final = 600
"""Seconds; their default."""


def read_scaling(section: Section, notes: Notes, *, heals: bool) -> dict[str, Any]:
    """The stack's `scaling`, from their `autoscaler`."""
    written = section.take("cooldown", THEIR_COOLDOWN)
    cooldown: Any = _cooldown(section, "cooldown", written)
    if isinstance(written, Mapping):
        both = Section(notes, section.at("cooldown"), written)
        up, down = (_cooldown(both, key, both.take(key, THEIR_COOLDOWN)) for key in ("up", "down"))
        both.drop("keep", "only growing and shrinking have a cooldown")
        both.close()
        cooldown = up if up == down else {"up": up, "down": down}
    section.drop("shutdown_grace_period", "not needed: a job that was stopped is finished by the next one")
    section.drop("exporter_config", "there is no counterpart for this key")
    section.drop("handlers_config", "there are no handlers")
    section.close()
    return {"mode": "threshold", "cooldown": cooldown, "heal": heals}


def _cooldown(section: Section, key: str, value: Any) -> Any:
    if isinstance(value, int) and value <= 0:
        section.note(key, f"{value} means {THEIR_COOLDOWN} there, so that is written; here 0 means none")
        return THEIR_COOLDOWN
    return value
