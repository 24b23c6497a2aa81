"""What a server may be asked, and when."""

from __future__ import annotations

from sakura_emulator import load, power
from sakura_emulator.api.disk import rules as disk_rules
from sakura_emulator.api.interface import add_interface
from sakura_emulator.call import Call
from sakura_emulator.catalogue.plans import choose_server_plan
from sakura_emulator.errors import bad_request, conflict, refused
from sakura_emulator.store import Record
from sakura_emulator.values import objects, reference, text
from sakura_emulator.wire import JSON

DRIVERS = ("virtio", "e1000")
_INTERFACES_MAX = 10  # unverified


def plan_id(wanted: JSON) -> int:
    """The plan that a request asks for."""
    plan = choose_server_plan(wanted)
    if plan is None:
        asked = {key: value for key, value in wanted.items() if value not in (None, "", 0, False)}
        said = "No server plan found matching with the request parameters."
        raise refused(f"there is no server plan {asked}", said)
    return int(plan["ID"])


def driver(body: JSON, default: str = "virtio") -> str:
    """The interface driver of a request."""
    value = text(body, "InterfaceDriver", default) or default
    if value not in DRIVERS:
        raise bad_request("invalid_format", f"InterfaceDriver {value}; one of {', '.join(DRIVERS)}")
    return value


def connect_all(call: Call, server: Record, body: JSON) -> None:
    """One interface per element of ConnectedSwitches, in order."""
    wanted = objects(body, "ConnectedSwitches")
    if len(wanted) > _INTERFACES_MAX:
        raise bad_request("invalid_range", f"{len(wanted)} interfaces; {_INTERFACES_MAX} are allowed")
    for position, element in enumerate(wanted):
        if isinstance(element, dict) and element.get("Scope") == "shared":
            if position:
                raise bad_request("invalid_param_comb", "only the first interface can be on the shared segment")
            add_interface(call, server, shared=True)
        else:
            add_interface(call, server, switch_id=reference(element, "ConnectedSwitches"))


def boot_time(call: Call, server: Record, body_wait: bool) -> float:
    """When a boot that starts now is over; 409 while a disk is copying, unless the server waits for it."""
    start = call.now
    for disk in call.cloud.store.by("disk", "server", server.id):
        state = disk_rules.availability(disk, call.now)
        if state == "failed":
            raise conflict("disk_is_not_available", f"disk {disk.id} has failed")
        if state == "migrating":
            if not body_wait or disk["ready_at"] is None:
                raise conflict("still_creating", f"disk {disk.id} is still copying")
            start = max(start, float(disk["ready_at"]))
    return start + call.cloud.settings.durations.boot


def remove(call: Call, server: Record, with_disks: list[int]) -> None:
    """Delete a server with its interfaces; disks that are not listed are only disconnected."""
    store = call.cloud.store
    power.require_off(server, call.now)
    attached = {disk.id: disk for disk in store.by("disk", "server", server.id)}
    for disk_id in with_disks:
        if disk_id not in attached:
            raise bad_request("param_res_not_found", f"WithDisk: disk {disk_id} is not connected to server {server.id}")
    for disk in attached.values():
        disk_rules.require_quiet(disk, call.now)
    for disk in attached.values():
        if disk.id in with_disks:
            store.delete(disk)
        else:
            disk_rules.detach(store.edit(disk))
    load.remember(call.cloud, server, call.now)
    for interface in store.by("interface", "server", server.id):
        store.delete(interface)
    store.delete(server)


def replan(call: Call, server: Record, plan: int) -> Record:
    """The same server under a new ID with another plan; disks and interfaces follow it."""
    store = call.cloud.store
    power.require_off(server, call.now)
    for disk in store.by("disk", "server", server.id):
        disk_rules.require_quiet(disk, call.now)
    data = {**server.data, "plan": plan, "modified": call.now}
    changed = store.put(Record(store.new_id(), "server", server.zone, data))
    for kind in ("disk", "interface"):
        for child in store.by(kind, "server", server.id):
            store.edit(child)["server"] = changed.id
    store.delete(server)
    return changed
