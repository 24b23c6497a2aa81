"""The ELB that is a group's parent."""

from __future__ import annotations

from sakura_fleet.interop.autoscaler_yaml.groups import ELB_TYPES, Parent
from sakura_fleet.interop.autoscaler_yaml.section import Notes
from sakura_fleet.interop.autoscaler_yaml.selectors import is_id, selected_id, selected_name


def read_elb(parent: Parent, notes: Notes) -> dict[str, str]:
    """The stack's `elb`, which looks the parent up; empty where the group has no ELB."""
    if not parent.type:
        return {}
    if parent.type not in ELB_TYPES:
        notes.add(parent.path, f"a {parent.type} cannot be the group's parent here; only an ELB can")
        return {}
    here = f"{parent.path}.selector"
    name = selected_id(parent.selector) or selected_name(parent.selector)
    if not name:
        notes.add(here, "an ELB is looked up by its ID or its whole name: write elb.lookup")
    elif not is_id(name):
        notes.add(here, f"lookup takes the ELB whose whole name is {name!r}; a selector also took a part of it")
    return {"lookup": name}
