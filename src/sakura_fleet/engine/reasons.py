"""Why a plan changes what it changes: the inputs that differ, in words. Pure functions over the plan's steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sakura_fleet.engine.plan import SECRET, Step, name_of
from sakura_fleet.model.server import inputs as server_inputs
from sakura_fleet.tokens import SERVER, SERVER_GROUP

LONGEST: Final = 60
"""Characters of a value that is shown; a key, a script or a Caddyfile is longer."""
_MISSING: Final = "none"


def differences(step: Step) -> str:
    """The inputs that differ, such as "plan.core 1 → 2, tags"; a long or secret value is only named. Empty where the
    step has no old or no new inputs."""
    if not step.old_inputs or not step.new_inputs:
        return ""
    full = server_inputs.full if step.type == SERVER else dict
    return ", ".join(_differing("", full(step.old_inputs), full(step.new_inputs)))


def reasons(steps: Collection[Step]) -> dict[str, str]:
    """Why each resource is changed, replaced or removed, by URN; those of which nobody can tell are left out."""
    generations = _new_generations(steps)
    found: dict[str, str] = {}
    for step in steps:
        # A replacement may be up to three steps, and not each of them has old and new inputs.
        if step.changes and step.urn not in found and (why := differences(step) or _left(step, generations)):
            found[step.urn] = why
    return found


def generation_lines(steps: Collection[Step]) -> list[str]:
    """One line for each server group whose members others take the place of, with the reason."""
    lines = []
    for group, why in _new_generations(steps).items():
        leaving = sum(step.op == "delete" and step.type == SERVER and step.parent == group for step in steps)
        servers = f"{leaving} server{' is' if leaving == 1 else 's are'}"
        lines.append(f"{name_of(group)}: {servers} replaced by new ones; what changes in the template: {why}")
    return lines


def _new_generations(steps: Collection[Step]) -> dict[str, str]:
    """Why each server group that gets another generation does so, by the group's URN."""
    found = {step.urn: differences(step) for step in steps if step.type == SERVER_GROUP and step.op == "update"}
    return {urn: why for urn, why in found.items() if why}


def _left(step: Step, generations: Mapping[str, str]) -> str:
    """Why a member leaves whose group gets another generation."""
    why = generations.get(step.parent) if step.type == SERVER and step.op == "delete" else None
    return f"the template: {why}" if why else ""


def _differing(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differing(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and all(map(_is_shown, (*old, *new))):
        gone, come = [item for item in old if item not in new], [item for item in new if item not in old]
        if len(gone) == len(come) == 1:
            yield f"{path} {gone[0]} → {come[0]}"
        else:
            changes = [*(f"without {item}" for item in gone), *(f"with {item}" for item in come)]
            yield f"{path} {' and '.join(changes) or 'in another order'}"
    elif _is_shown(old) and _is_shown(new):
        yield f"{path} {_shown(old)} → {_shown(new)}"
    else:
        yield path


def _is_shown(value: Any) -> bool:
    return not isinstance(value, Mapping | list) and value != SECRET and len(str(value)) <= LONGEST


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # the engine has no whole numbers
    if isinstance(value, bool):
        return str(value).lower()
    return _MISSING if value is None or value == "" else str(value)
