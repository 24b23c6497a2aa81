"""`bridge`: joins switches of different zones. The sandbox refuses it."""

from __future__ import annotations

from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import REGIONS, SANDBOX, ZONES
from sakura_emulator.errors import ApiError, conflict
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON


def refuse_in_sandbox(call: Call, code: str = "dont_create_in_sandbox") -> None:
    """403 for what the sandbox zone does not make, or does not do."""
    if call.zone == SANDBOX and call.cloud.settings.sandbox == "refuse":
        raise ApiError(403, code, call.path)


def shape(call: Call, record: Record) -> JSON:
    """The whole bridge."""
    full = common_shape(call, record)
    kept = {key: full[key] for key in ("ID", "Name", "Description", "CreatedAt")}
    linked = call.cloud.store.by("switch", "bridge", record.id)
    region = ZONES[record["made_in"]]["Region"] if record["made_in"] in ZONES else REGIONS[310]
    here = next((_switch(switch) for switch in linked if switch.zone == call.zone), None)
    info = {"Info": {"Switches": [_switch(switch) for switch in linked]}} if linked else {}
    return {**kept, "Region": region, "SwitchInZone": here, **info}


def _switch(record: Record) -> JSON:
    zone = ZONES[record.zone]
    return {"ID": record.id, "Name": record["name"], "Zone": {"ID": zone["ID"], "Name": zone["Name"]}}


def create(call: Call) -> Answer:
    """POST /bridge."""
    refuse_in_sandbox(call)
    return BRIDGE.answer(call, BRIDGE.create(call, made_in=call.zone), 201)


def update(call: Call) -> Answer:
    """PUT /bridge/:id."""
    record = BRIDGE.own(call)
    BRIDGE.change(call, record)
    return BRIDGE.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /bridge/:id of a bridge without switches."""
    record = BRIDGE.own(call)
    if call.cloud.store.by("switch", "bridge", record.id):
        raise conflict("disconnect_b4_delete", f"bridge {record.id} has switches connected")
    call.cloud.store.delete(record)
    return done()


BRIDGE = Resource("bridge", "Bridge", "Bridges", shape, zonal=False)
ROUTES = BRIDGE.routes(("POST", "bridge", create), ("PUT", "bridge/:id", update), ("DELETE", "bridge/:id", delete))
