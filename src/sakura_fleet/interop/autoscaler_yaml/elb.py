"""The ELB that is a group's parent."""

from __future__ import annotations

from sakura_fleet.interop.autoscaler_yaml.groups import ELB_TYPES, Parent
from sakura_fleet.interop.autoscaler_yaml.section import Notes
from sakura_fleet.interop.autoscaler_yaml.selectors import is_id, note_unknown_keys, selected_id, selected_name


def read_elb(parent: Parent, notes: Notes) -> dict[str, str]:
    """The stack's `elb`, which looks the parent up; empty where the group has no ELB."""
    if not parent.path:
        return {}
    if parent.type not in ELB_TYPES:
        kind = f"a {parent.type}" if parent.type else "something without a type"
        notes.add(parent.path, f"{kind} cannot be the group's parent here; only an ELB can", to_do=True)
        return {}
    here = f"{parent.path}.selector"
    note_unknown_keys(parent.selector, here, notes)
    name = selected_id(parent.selector) or selected_name(parent.selector)
    if not name:
        notes.add(here, "an ELB is looked up by its ID or its whole name: write elb.lookup", to_do=True)
    elif not is_id(name):
        notes.add(here, f"lookup takes the ELB whose whole name is {name!r}; a selector also took a part of it")
    return {"lookup": name}
