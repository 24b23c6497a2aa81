"""`appliance`: NFS, load balancer, VPC router, database, mobile gateway: an echo, but for their power."""

from __future__ import annotations

from sakura_emulator import monitor, power
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.errors import bad_request, conflict, not_found
from sakura_emulator.store import Record
from sakura_emulator.values import digest, mapping, number, text
from sakura_emulator.wire import JSON

# The classes, and whether the service boots one as soon as it is there.
_CLASSES = {"loadbalancer": True, "nfs": True, "database": True, "vpcrouter": False, "mobilegateway": False}
_INTERFACES = {"loadbalancer": 1, "nfs": 1, "database": 1, "vpcrouter": 8, "mobilegateway": 2}
_VPC_ROUTER_VERSION = 2


def shape(call: Call, record: Record) -> JSON:
    """The whole appliance. The IDs of switch and zone in `Remark` are texts even for who wants numbers."""
    zone = ZONES[record.zone]
    ready = call.now >= record["ready_at"]
    state = power.instance(record, call.now)
    host = {"Name": f"sac-{record.zone}-sv{record.id % 97 + 1:03}", "InfoURL": ""}
    return {
        **common_shape(call, record),
        "Class": record["class"],
        "Availability": "available" if ready else "migrating",
        "ServiceClass": f"cloud/appliance/{record['class']}",
        "Plan": record["plan"],
        "Instance": {**state, "Host": host if state["Status"] == "up" else None},
        "Interfaces": [_interface(call, record, index) for index in range(_INTERFACES[record["class"]])],
        "Switch": _switch(call, record["switches"].get("0")),
        "Settings": record["settings"],
        "SettingsHash": digest(record["settings"]),
        "Remark": {**record["remark"], "Zone": {"ID": str(zone["ID"])}, "Plan": record["plan"]},
    }


def _interface(call: Call, record: Record, index: int) -> JSON | None:
    """One slot; a VPC router's empty ones are null."""
    switch = _switch(call, record["switches"].get(str(index)))
    if index and switch is None and record["class"] == "vpcrouter":
        return None
    return {"Index": index, "IPAddress": None, "UserIPAddress": None, "HostName": None, "Switch": switch}


def _switch(call: Call, switch_id: int | None) -> JSON | None:
    switch = call.cloud.store.get("switch", switch_id) if switch_id else None
    return {"ID": switch.id, "Name": switch["name"], "Scope": "user"} if switch else None


def create(call: Call) -> Answer:
    """POST /appliance."""
    body = call.envelope("Appliance")
    name = text(body, "Class")
    if name not in _CLASSES:
        raise bad_request("unsupported_res_class", f"Class {name!r} is none of {', '.join(_CLASSES)}")
    remark = mapping(body, "Remark")
    if name == "vpcrouter":
        remark = {**remark, "Router": {"VPCRouterVersion": _VPC_ROUTER_VERSION, **mapping(remark, "Router")}}
    switch = str(mapping(remark, "Switch").get("ID") or "")
    if switch:
        known = call.cloud.store.get("switch", number(switch))
        if known is None or known.zone != APPLIANCE.zone(call):
            raise bad_request("param_res_not_found", f"Remark.Switch {switch}")
        remark = {**remark, "Switch": {"ID": switch}}
    ready_at = call.now + call.cloud.settings.durations.copy
    record = APPLIANCE.create(
        call,
        **{"class": name, "remark": remark, "settings": body.get("Settings"), "ready_at": ready_at, "power": []},
        plan=mapping(body, "Plan") or mapping(remark, "Plan"),
        switches={"0": number(switch)} if switch else {},
    )
    if _CLASSES[name]:
        power.boot(record, call.now, ready_at + call.cloud.settings.durations.boot)
    return APPLIANCE.answer(call, record, 202, "Accepted")


def update(call: Call) -> Answer:
    """PUT /appliance/:id: Settings are replaced as a whole, and apply after `config`."""
    record = APPLIANCE.own(call)
    body = call.envelope("Appliance")
    expected = body.get("SettingsHash")
    if expected and call.cloud.settings.settings_hash == "enforce" and expected != digest(record["settings"]):
        raise conflict("original_hash_mismatch", f"appliance {record.id} was changed in between")
    APPLIANCE.change(call, record)
    if "Settings" in body:
        record["settings"] = body["Settings"]
    return APPLIANCE.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /appliance/:id of one that is off."""
    record = APPLIANCE.own(call)
    power.require_off(record, call.now)
    call.cloud.store.delete(record)
    return done()


def boot(call: Call) -> Answer:
    """PUT /appliance/:id/power."""
    record = APPLIANCE.own(call)
    start = max(call.now, float(record["ready_at"]))
    power.boot(record, call.now, start + call.cloud.settings.durations.boot, fails=call.fault == "boot_failure")
    return done()


def stop(call: Call) -> Answer:
    """DELETE /appliance/:id/power."""
    durations = call.cloud.settings.durations
    force = bool(call.body.get("Force"))
    power.stop(APPLIANCE.own(call), call.now, force=force, shutdown=durations.shutdown, pull_plug=durations.pull_plug)
    return done()


def apply(call: Call) -> Answer:
    """PUT /appliance/:id/config and reset: settings apply at once here, so there is nothing left to do."""
    APPLIANCE.get(call)
    return done()


def connect(call: Call) -> Answer:
    """PUT /appliance/:id/interface/:index/to/switch/:switch: of a VPC router or mobile gateway that is off."""
    switch = call.args["switch"]
    record = _unplugged(call)
    known = call.cloud.store.get("switch", number(switch))
    if known is None or known.zone != record.zone:
        raise not_found(f"switch {switch}")
    record["switches"][call.args["index"]] = known.id
    return done()


def disconnect(call: Call) -> Answer:
    """DELETE /appliance/:id/interface/:index/to/switch."""
    record = _unplugged(call)
    if record["switches"].pop(call.args["index"], None) is None:
        raise conflict("res_already_disconnected", f"interface {call.args['index']} is on no switch")
    return done()


def _unplugged(call: Call) -> Record:
    record = APPLIANCE.own(call)
    index = call.args["index"]
    if not 0 < number(index) < _INTERFACES[record["class"]]:
        raise not_found(f"interface {index} of appliance {record.id}")
    power.require_off(record, call.now)
    return record


def graph(call: Call) -> Answer:
    """GET /appliance/:id/…/monitor: the graphs that a test reads once."""
    record = APPLIANCE.get(call)
    keys = _GRAPHS.get(call.args["graph"])
    if keys is None:
        raise not_found(call.path)

    def sample(mark: int) -> JSON:
        known = power.was_up(record, mark - monitor.STEP, mark)
        return {key: monitor.noise(call, 0, 1, key, record.id, mark) if known else None for key in keys}

    return monitor.answer(call, sample)


_GRAPHS = {"cpu": ("CPU-TIME",), "interface": ("Receive", "Send")}

APPLIANCE = Resource("appliance", "Appliance", "Appliances", shape)
ROUTES = APPLIANCE.routes(
    ("POST", "appliance", create),
    ("PUT", "appliance/:id", update),
    ("DELETE", "appliance/:id", delete),
    ("PUT", "appliance/:id/power", boot),
    ("DELETE", "appliance/:id/power", stop),
    ("PUT", "appliance/:id/reset", apply),
    ("PUT", "appliance/:id/config", apply),
    ("PUT", "appliance/:id/interface/:index/to/switch/:switch", connect),
    ("DELETE", "appliance/:id/interface/:index/to/switch", disconnect),
    ("GET", "appliance/:id/:graph/monitor", graph),
)
