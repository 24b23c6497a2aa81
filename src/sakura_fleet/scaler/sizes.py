"""Which size a request leads to: pure rules over the declared size, the group's limits and the servers that are there.

`up`, `down` and presets go as sacloud/autoscaler's plans do: every whole number from min to max is a step, presets only
name some of them, `up` never shrinks and `down` never grows. Where the cloud has more `members` than are declared, a
step from the declared size would remove all that nobody declared: `up` counts from those that are there, and `down` is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.errors import RefusedError, UsageError
from sakura_fleet.model.server.group import ServerGroupArgs


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request leads, and why; `size` may be the present one."""

    size: int
    reason: str


def after_up(group: ServerGroupArgs, members: int, preset: str = "") -> Target:
    """One server more, or the size of a preset that is not smaller. Raises `UsageError`."""
    size, low, high = max(group.size, members), group.min_size, group.max_size
    there = _there(group, members)
    if preset:
        wanted = _preset_size(group, preset)
        if wanted < size:
            raise _refused(
                f"preset {preset!r} has {wanted} servers, fewer than {size}{there}; use `down`",
            )
        return Target(wanted, f"preset {preset}")
    if size > high:
        return Target(group.size, f"over max_size {high}{there}; up never shrinks")
    if size == high:
        return Target(high, f"at max_size {high}{there}")
    return Target(low, f"below min_size {low}") if size < low else Target(size + 1, f"one more{there}")


def after_down(group: ServerGroupArgs, members: int, preset: str = "") -> Target:
    """One server fewer, or the size of a preset that is not larger. Raises `UsageError`, and `RefusedError` where more
    servers are there than declared."""
    size, low, high = group.size, group.min_size, group.max_size
    if members > size:
        raise RefusedError(
            f"{members} servers are there, but {size} are declared, so one fewer than that would remove "
            f"{members - size + 1}; declare those that are there (`scaler set {members}`), or remove what is not "
            "declared (`scaler keep`), and then go down. Nothing was changed"
        )
    if preset:
        wanted = _preset_size(group, preset)
        if wanted > size:
            raise _refused(f"preset {preset!r} has {wanted} servers, more than {size}; use `up`")
        return Target(wanted, f"preset {preset}")
    if size <= low:
        return Target(size, f"at min_size {low}" if size == low else f"below min_size {low}; down never grows")
    return Target(high, f"over max_size {high}") if size > high else Target(size - 1, "one fewer")


def after_set(group: ServerGroupArgs, members: int, size: int) -> Target:
    """Exactly `size` servers. Raises `UsageError` outside the group's limits."""
    if not group.min_size <= size <= group.max_size:
        limits = f"min_size {group.min_size} .. max_size {group.max_size}"
        raise _refused(f"{size} is outside {limits}; choose a size in that range")
    return Target(size, f"set to {size}{_removed(group, members, size)}")


def after_state(group: ServerGroupArgs, members: int, preset: str) -> Target:
    """The size of a preset, from either side. Raises `UsageError`."""
    size = _preset_size(group, preset)
    return Target(size, f"preset {preset}{_removed(group, members, size)}")


def _there(group: ServerGroupArgs, members: int) -> str:
    return f" (the {members} that are there count, {group.size} declared)" if members > group.size else ""


def _removed(group: ServerGroupArgs, members: int, wanted: int) -> str:
    """That more servers go than the declared size lets expect."""
    return f"; {members} servers are there, {members - wanted} go" if members > max(group.size, wanted) else ""


def _preset_size(group: ServerGroupArgs, name: str) -> int:
    sizes = {preset.name: preset.size for preset in group.presets}
    if name not in sizes:
        known = ", ".join(f"{preset.name} ({preset.size})" for preset in group.presets) or "none"
        raise _refused(f"there is no preset {name!r}; known are {known}")
    return sizes[name]


def _refused(message: str) -> UsageError:
    return UsageError(f"{message}. Nothing was changed")
