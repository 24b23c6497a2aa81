"""Which size a request leads to: pure rules over the declared size and the group's limits.

`up`, `down` and named plans go as sacloud/autoscaler has them: every whole number from min to max is a step, plans only
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


def after_up(group: ServerGroupArgs, plan: str = "") -> Target:
    """One server more, or the size of a plan that is not smaller. Raises `InputError`."""
    size, low, high = group.size, group.min_size, group.max_size
    if plan:
        wanted = _plan_size(group, plan)
        if wanted < size:
            raise _refused("plan", "plan-smaller", f"plan {plan!r} has {wanted} servers, fewer than {size}; use `down`")
        return Target(wanted, f"plan {plan}")
    if size >= high:
        return Target(size, f"at max_size {high}" if size == high else f"over max_size {high}; up never shrinks")
    return Target(low, f"below min_size {low}") if size < low else Target(size + 1, "one more")


def after_down(group: ServerGroupArgs, plan: str = "") -> Target:
    """One server fewer, or the size of a plan that is not larger. Raises `InputError`."""
    size, low, high = group.size, group.min_size, group.max_size
    if plan:
        wanted = _plan_size(group, plan)
        if wanted > size:
            raise _refused("plan", "plan-larger", f"plan {plan!r} has {wanted} servers, more than {size}; use `up`")
        return Target(wanted, f"plan {plan}")
    if size <= low:
        return Target(size, f"at min_size {low}" if size == low else f"below min_size {low}; down never grows")
    return Target(high, f"over max_size {high}") if size > high else Target(size - 1, "one fewer")


def after_set(group: ServerGroupArgs, size: int) -> Target:
    """Exactly `size` servers. Raises `InputError` outside the group's limits."""
    if not group.min_size <= size <= group.max_size:
        limits = f"min_size {group.min_size} .. max_size {group.max_size}"
        raise _refused("size", "size-range", f"{size} is outside {limits}; choose a size in that range")
    return Target(size, f"set to {size}")


def after_state(group: ServerGroupArgs, plan: str) -> Target:
    """The size of a named plan, from either side. Raises `InputError`."""
    return Target(_plan_size(group, plan), f"plan {plan}")


def _plan_size(group: ServerGroupArgs, name: str) -> int:
    sizes = {preset.name: preset.size for preset in group.presets}
    if name not in sizes:
        known = ", ".join(f"{preset.name} ({preset.size})" for preset in group.presets) or "none"
        raise _refused("plan", "unknown-plan", f"there is no plan {name!r}; known are {known}")
    return sizes[name]


def _refused(path: str, rule: str, message: str) -> InputError:
    return InputError([Problem(path, rule, message)])
