"""The routes of `disk`."""

from __future__ import annotations

from sakura_emulator import monitor, power
from sakura_emulator.api import ftp
from sakura_emulator.api.disk import rules
from sakura_emulator.api.disk.shape import DISK
from sakura_emulator.api.interface import configure
from sakura_emulator.api.resource import named_fields
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.plans import DEFAULT_DISK_PLAN
from sakura_emulator.errors import ApiError, bad_request, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, number, reference, text
from sakura_emulator.wire import JSON

CONNECTIONS = ("virtio", "ide")


def create(call: Call) -> Answer:
    """POST /disk: blank, or a copy that takes a while; attached and edited as the request says."""
    body = call.envelope("Disk")
    zone = DISK.zone(call)
    store = call.cloud.store
    plan = reference(body.get("Plan"), "Plan") or DEFAULT_DISK_PLAN
    archive = _source(call, body, "archive", "SourceArchive")
    source_disk = _source(call, body, "disk", "SourceDisk")
    if archive and source_disk:
        raise bad_request("invalid_param_comb", "SourceArchive and SourceDisk")
    source = archive or source_disk
    if source:
        _require_source(source, call.now)
    config = mapping(call.body, "Config")
    encryption, kms_key = _encryption(call, body)
    data = {
        **named_fields(call, body),
        "plan": plan,
        "size": rules.size(body, plan, int(source["size"]) if source else 0),
        "connection": _connection(body, "virtio"),
        "source_archive": archive.id if archive else 0,
        "source_disk": source_disk.id if source_disk else 0,
        "encryption": encryption,
        "kms_key": kms_key,
        "config": rules.edit_parameters(config) if config else None,
        **rules.copying(call, "source" if source else ""),
        "server": 0,
        "order": None,
        "created": call.now,
        "modified": call.now,
    }
    disk = store.put(Record(store.new_id(), "disk", zone, data))
    server_id = reference(body.get("Server"), "Server")
    if server_id:
        _attach_at_creation(call, disk, server_id)
    if rules.availability(disk, call.now) == "migrating":
        return DISK.answer(call, disk, 202, "Accepted")
    return DISK.answer(call, disk, 201)


def _attach_at_creation(call: Call, disk: Record, server_id: int) -> None:
    store = call.cloud.store
    server = store.get("server", server_id)
    if server is None or server.zone != disk.zone:
        raise ApiError(400, "param_res_not_found", f"server {server_id}")
    server = store.edit(server)
    power.require_off(server, call.now)
    rules.attach(call, disk, server)
    _tell_server(call, disk)
    if call.body.get("BootAtAvailable") and disk["ready_at"] is not None and not disk["failed"]:
        up_at = float(disk["ready_at"]) + call.cloud.settings.durations.boot
        power.boot(server, call.now, up_at, fails=call.fault == "boot_failure")


def _source(call: Call, body: JSON, kind: str, key: str) -> Record | None:
    source_id = reference(body.get(key), key)
    if not source_id:
        return None
    record = call.cloud.store.get(kind, source_id)
    if record is None or record.zone != call.zone:
        raise ApiError(400, "param_res_not_found", f"{key} {source_id}")
    return record


def _require_source(source: Record, now: float) -> None:
    ftp.require_closed(source)
    if rules.availability(source, now) != "available":
        raise conflict("disk_is_not_available", f"the source {source.kind} {source.id} is not available")


def _connection(body: JSON, default: str) -> str:
    value = text(body, "Connection", default) or default
    if value not in CONNECTIONS:
        raise bad_request("invalid_format", f"Connection {value}; one of {', '.join(CONNECTIONS)}")
    return value


def _encryption(call: Call, body: JSON) -> tuple[str, str]:
    algorithm = text(body, "EncryptionAlgorithm", "none") or "none"
    key = str(mapping(call.body, "KMSKey").get("ID") or "")
    if algorithm not in ("none", "aes256_xts"):
        raise bad_request("invalid_format", f"EncryptionAlgorithm {algorithm}")
    if algorithm == "none" and key:
        raise bad_request("invalid_param_comb", "KMSKey without EncryptionAlgorithm")
    return algorithm, key


def update(call: Call) -> Answer:
    """PUT /disk/:id."""
    record = DISK.own(call)
    body = DISK.change(call, record)
    connection = _connection(body, record["connection"])
    if record["server"] and connection != record["connection"]:
        raise conflict("disconnect_b4_update", f"disk {record.id} is connected to server {record['server']}")
    record["connection"] = connection
    return DISK.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /disk/:id of a disk that is on its own."""
    record = DISK.own(call)
    rules.require_quiet(record, call.now)
    if record["server"]:
        raise conflict("disconnect_b4_delete", f"disk {record.id} is connected to server {record['server']}")
    call.cloud.store.delete(record)
    return done()


def config(call: Call) -> Answer:
    """PUT /disk/:id/config: with Background the disk is `migrating` for a while."""
    record = _editable(call)
    record["config"] = rules.edit_parameters(call.body)
    _tell_server(call, record)
    _work(call, record)
    return done()


def _tell_server(call: Call, record: Record) -> None:
    """A disk's edit shows on the server it is attached to: host name, and the first interface's address and network."""
    store = call.cloud.store
    server = store.get("server", record["server"]) if record["server"] else None
    edit = record["config"]
    if server is None or edit is None:
        return
    if edit.get("HostName"):
        store.edit(server)["host_name"] = edit["HostName"]
    subnet = mapping(edit, "UserSubnet")
    shown = {key: subnet.get(key) for key in ("DefaultRoute", "NetworkMaskLen")} if subnet else None
    configure(call, server, text(edit, "UserIPAddress"), shown)


def resize_partition(call: Call) -> Answer:
    """PUT /disk/:id/resize-partition."""
    _work(call, _editable(call))
    return done()


def _work(call: Call, record: Record) -> None:
    seconds = call.cloud.settings.durations.config if call.body.get("Background") else 0.0
    record.data |= rules.job(call, seconds)
    record["modified"] = call.now


def _editable(call: Call) -> Record:
    record = DISK.own(call)
    state = rules.availability(record, call.now)
    rules.require_quiet(record, call.now)
    if state != "available":
        raise conflict("disk_is_not_available", f"disk {record.id} is {state}")
    if record["server"]:
        server = call.cloud.store.get("server", record["server"])
        if server:
            power.require_off(server, call.now)
    return record


def connect(call: Call) -> Answer:
    """PUT /disk/:id/to/server/:server."""
    record = DISK.own(call)
    if record["server"]:
        raise conflict("res_already_connected", f"disk {record.id} is connected to server {record['server']}")
    rules.require_quiet(record, call.now)
    server = call.cloud.store.get("server", number(call.args["server"]))
    if server is None or server.zone != record.zone:
        raise ApiError(404, "not_found", f"server {call.args['server']}")
    power.require_off(server, call.now)
    rules.attach(call, record, server)
    return done()


def disconnect(call: Call) -> Answer:
    """DELETE /disk/:id/to/server."""
    record = DISK.own(call)
    if not record["server"]:
        raise conflict("res_already_disconnected", f"disk {record.id} is connected to no server")
    rules.require_quiet(record, call.now)
    server = call.cloud.store.get("server", record["server"])
    if server:
        power.require_off(server, call.now)
    rules.detach(record)
    return done()


def io_monitor(call: Call) -> Answer:
    """GET /disk/:id/monitor."""
    record = DISK.get(call)
    server = call.cloud.store.get("server", record["server"]) if record["server"] else None

    def sample(mark: int) -> JSON:
        if server is None or not power.was_up(server, mark - monitor.STEP, mark):
            return {"Read": None, "Write": None}
        read, write = (monitor.noise(call, 0, 40000, word, record["name"], mark) for word in ("read", "write"))
        return {"Read": read, "Write": write}

    return monitor.answer(call, sample)


ROUTES = DISK.routes(
    ("POST", "disk", create),
    ("PUT", "disk/:id", update),
    ("DELETE", "disk/:id", delete),
    ("PUT", "disk/:id/config", config),
    ("PUT", "disk/:id/resize-partition", resize_partition),
    ("PUT", "disk/:id/to/server/:server", connect),
    ("DELETE", "disk/:id/to/server", disconnect),
    ("GET", "disk/:id/monitor", io_monitor),
)
