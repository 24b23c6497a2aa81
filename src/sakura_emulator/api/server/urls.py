"""The routes of `server`."""

from __future__ import annotations

import hashlib

from sakura_emulator import monitor, power
from sakura_emulator.api import ftp
from sakura_emulator.api.bridge import refuse_in_sandbox
from sakura_emulator.api.privatehost import PRIVATE_HOST
from sakura_emulator.api.resource import named_fields
from sakura_emulator.api.server import rules
from sakura_emulator.api.server.shape import SERVER
from sakura_emulator.api.switch import SWITCH
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.catalogue.plans import SERVER_PLANS
from sakura_emulator.errors import ApiError, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import identifier, mapping, objects, reference
from sakura_emulator.wire import JSON


def create(call: Call) -> Answer:
    """POST /server: the server exists at once, the answer may take a while, and it never boots by itself."""
    body = call.envelope("Server")
    zone = SERVER.zone(call)
    store = call.cloud.store
    data = {
        **named_fields(call, body),
        "plan": rules.plan_id(mapping(body, "ServerPlan")),
        "driver": rules.driver(body),
        "wait_disk": bool(body.get("WaitDiskMigration")),
        "private_host": reference(body.get("PrivateHost")),
        "cdrom": 0,
        "power": [],
        "created": call.now,
        "modified": call.now,
    }
    if data["private_host"]:
        PRIVATE_HOST.named(call, data["private_host"])
    record = store.put(Record(store.new_id(), "server", zone, {**data, "host_name": data["name"]}))
    rules.connect_all(call, record, body)
    low, high = call.cloud.settings.durations.create
    answer = SERVER.answer(call, record, 201)
    answer.delay = low + (high - low) * call.cloud.settings.chance("create", record.id)
    return answer


def update(call: Call) -> Answer:
    """PUT /server/:id."""
    record = SERVER.own(call)
    body = SERVER.change(call, record)
    record["driver"] = rules.driver(body, record["driver"])
    if body.get("WaitDiskMigration") is not None:
        record["wait_disk"] = bool(body["WaitDiskMigration"])
    if "PrivateHost" in body:
        host = reference(body["PrivateHost"], "PrivateHost")
        record["private_host"] = PRIVATE_HOST.named(call, host).id if host else 0
    return SERVER.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /server/:id, with the disks listed in WithDisk."""
    rules.remove(call, SERVER.own(call), [identifier(disk, "WithDisk") for disk in objects(call.body, "WithDisk")])
    return done()


def read_power(call: Call) -> Answer:
    """GET /server/:id/power."""
    return Answer({"Instance": power.instance(SERVER.get(call), call.now), "is_ok": True})


def boot(call: Call) -> Answer:
    """PUT /server/:id/power: the status still reads `down` for a while."""
    record = SERVER.own(call)
    wait = record["wait_disk"] or bool(call.body.get("WaitDiskMigration"))
    up_at = rules.boot_time(call, record, wait)
    power.boot(record, call.now, up_at, fails=call.fault == "boot_failure")
    return done()


def stop(call: Call) -> Answer:
    """DELETE /server/:id/power: an ACPI request, or with Force the plug."""
    record = SERVER.own(call)
    force = bool(call.body.get("Force"))
    if call.fault == "ignored_shutdown" and not force and power.status(record, call.now) == "up":
        return done()
    durations = call.cloud.settings.durations
    power.stop(record, call.now, force=force, shutdown=durations.shutdown, pull_plug=durations.pull_plug)
    return done()


def reset(call: Call) -> Answer:
    """PUT /server/:id/reset: the server stays up."""
    return _while_up(call)


def keyboard(call: Call) -> Answer:
    """PUT /server/:id/keyboard and qemu/nmi: nothing in here has a keyboard."""
    return _while_up(call)


def _while_up(call: Call) -> Answer:
    record = SERVER.get(call)
    if power.status(record, call.now) != "up":
        raise conflict("server_power_must_be_up", f"server {record.id} is {power.status(record, call.now)}")
    return done()


def change_plan(call: Call) -> Answer:
    """PUT /server/:id/plan: the answer has a new ID, the old one is gone."""
    record = SERVER.own(call)
    current = SERVER_PLANS[record["plan"]]
    wanted = {**call.body, "Commitment": call.body.get("Commitment") or current["Commitment"]}
    return SERVER.answer(call, rules.replan(call, record, rules.plan_id(wanted)))


def insert_cdrom(call: Call) -> Answer:
    """PUT /server/:id/cdrom."""
    record = SERVER.own(call)
    cdrom = call.cloud.store.get("cdrom", reference(call.body.get("CDROM"), "CDROM"))
    if cdrom is None or cdrom.zone != record.zone:
        raise ApiError(400, "param_res_not_found", f"CDROM {call.body.get('CDROM')}")
    ftp.require_closed(cdrom)
    record["cdrom"] = cdrom.id
    return done()


def eject_cdrom(call: Call) -> Answer:
    """DELETE /server/:id/cdrom."""
    SERVER.own(call)["cdrom"] = 0
    return done()


def vnc_proxy(call: Call) -> Answer:
    """GET /server/:id/vnc/proxy: six texts, none empty. The sandbox has no consoles."""
    record = SERVER.get(call)
    refuse_in_sandbox(call, "disabled_in_sandbox")
    host = ZONES[record.zone]["VNCProxy"]["HostName"]
    password = hashlib.blake2b(str(record.id).encode(), digest_size=6).hexdigest()
    file = f"[connection]\nhost={host}\nport=51234\npassword={password}\n"
    proxy: JSON = {"Status": "OK", "Host": host, "IOServerHost": host, "Port": "51234", "Password": password}
    return Answer({**proxy, "VNCFile": file, "is_ok": True})


def interfaces(call: Call) -> Answer:
    """GET /server/:id/interface."""
    listed = SERVER.shape(call, SERVER.get(call))["Interfaces"]
    return Answer({"From": 0, "Count": len(listed), "Total": len(listed), "Interfaces": listed, "is_ok": True})


def cpu_monitor(call: Call) -> Answer:
    """GET /server/:id/monitor: null before the server existed and while it was off."""
    record = SERVER.get(call)
    cores = SERVER_PLANS[record["plan"]]["CPU"]

    def sample(mark: int) -> JSON:
        if not power.was_up(record, mark - monitor.STEP, mark):
            return {"CPU-TIME": None}
        return {"CPU-TIME": monitor.cpu_time(call, record, cores, mark)}

    return monitor.answer(call, sample)


def on_switch(call: Call) -> Answer:
    """GET /switch/:id/server."""
    store = call.cloud.store
    ids = {interface["server"] for interface in store.by("interface", "switch", SWITCH.get(call).id)}
    found = [SERVER.shape(call, record) for server_id in sorted(ids) if (record := store.get("server", server_id))]
    return Answer({"From": 0, "Count": len(found), "Total": len(found), "Servers": found, "is_ok": True})


ROUTES = SERVER.routes(
    ("POST", "server", create),
    ("PUT", "server/:id", update),
    ("DELETE", "server/:id", delete),
    ("GET", "server/:id/power", read_power),
    ("PUT", "server/:id/power", boot),
    ("DELETE", "server/:id/power", stop),
    ("PUT", "server/:id/reset", reset),
    ("PUT", "server/:id/plan", change_plan),
    ("PUT", "server/:id/cdrom", insert_cdrom),
    ("DELETE", "server/:id/cdrom", eject_cdrom),
    ("PUT", "server/:id/keyboard", keyboard),
    ("PUT", "server/:id/qemu/nmi", keyboard),
    ("GET", "server/:id/vnc/proxy", vnc_proxy),
    ("GET", "server/:id/interface", interfaces),
    ("GET", "server/:id/monitor", cpu_monitor),
    ("GET", "switch/:id/server", on_switch),
)
