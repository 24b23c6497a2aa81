"""Which size a request leads to: pure rules over the declared size and the group's limits.

`up`, `down` and presets go as sacloud/autoscaler's plans do: every whole number from min to max is a step, presets only
name some of them, `up` never shrinks and `down` never grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.server.group import ServerGroupArgs


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request leads, and why; `size` may be the present one."""

    size: int
    reason: str


def after_up(group: ServerGroupArgs, preset: str = "") -> Target:
    """One server more, or the size of a preset that is not smaller. Raises `InputError`."""
    size, low, high = group.size, group.min_size, group.max_size
    if preset:
        wanted = _preset_size(group, preset)
        if wanted < size:
            raise _refused(
                "preset", "preset-smaller", f"preset {preset!r} has {wanted} servers, fewer than {size}; use `down`"
            )
        return Target(wanted, f"preset {preset}")
    if size >= high:
        return Target(size, f"at max_size {high}" if size == high else f"over max_size {high}; up never shrinks")
    return Target(low, f"below min_size {low}") if size < low else Target(size + 1, "one more")


def after_down(group: ServerGroupArgs, preset: str = "") -> Target:
    """One server fewer, or the size of a preset that is not larger. Raises `InputError`."""
    size, low, high = group.size, group.min_size, group.max_size
    if preset:
        wanted = _preset_size(group, preset)
        if wanted > size:
            raise _refused(
                "preset", "preset-larger", f"preset {preset!r} has {wanted} servers, more than {size}; use `up`"
            )
        return Target(wanted, f"preset {preset}")
    if size <= low:
        return Target(size, f"at min_size {low}" if size == low else f"below min_size {low}; down never grows")
    return Target(high, f"over max_size {high}") if size > high else Target(size - 1, "one fewer")


def after_set(group: ServerGroupArgs, size: int) -> Target:
    """Exactly `size` servers. Raises `InputError` outside the group's limits."""
    if not group.min_size <= size <= group.max_size:
        limits = f"min_size {group.min_size} .. max_size {group.max_size}"
        raise _refused("size", "size-range", f"{size} is outside {limits}; choose a size in that range")
    return Target(size, f"set to {size}")


def after_state(group: ServerGroupArgs, preset: str) -> Target:
    """The size of a preset, from either side. Raises `InputError`."""
    return Target(_preset_size(group, preset), f"preset {preset}")


def _preset_size(group: ServerGroupArgs, name: str) -> int:
    sizes = {preset.name: preset.size for preset in group.presets}
    if name not in sizes:
        known = ", ".join(f"{preset.name} ({preset.size})" for preset in group.presets) or "none"
        raise _refused("preset", "unknown-preset", f"there is no preset {name!r}; known are {known}")
    return sizes[name]


def _refused(path: str, rule: str, message: str) -> InputError:
    return InputError([Problem(path, rule, message)])
