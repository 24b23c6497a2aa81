"""`interface`: a server's network cards."""

from __future__ import annotations

import ipaddress

from sakura_emulator import monitor, power
from sakura_emulator.api import switch as switches
from sakura_emulator.api.resource import Resource
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import shared_switch
from sakura_emulator.clock import stamp
from sakura_emulator.errors import ApiError, bad_request, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import number, reference, text
from sakura_emulator.wire import JSON

SHARED = -1  # instead of a switch's ID: the shared internet segment


def brief(call: Call, record: Record) -> JSON:
    """An interface inside its server."""
    store = call.cloud.store
    packet_filter = store.get("packetfilter", record["packet_filter"]) if record["packet_filter"] else None
    named = None
    if packet_filter:
        named = {"ID": packet_filter.id, "Name": packet_filter["name"], "RequiredHostVersion": "0.0"}
    return {
        "ID": record.id,
        "MACAddress": record["mac"],
        "IPAddress": record["ip"],
        "UserIPAddress": record["user_ip"] or None,
        "HostName": None,
        "PacketFilter": named,
        "Switch": _switch(call, record),
    }


def shape(call: Call, record: Record) -> JSON:
    """An interface on its own."""
    server = call.cloud.store.get("server", record["server"])
    name = server["name"] if server else ""
    return {
        **brief(call, record),
        "Server": {"ID": record["server"], "Name": name},
        "CreatedAt": stamp(record["created"]),
        "ModifiedAt": stamp(record["modified"]),
    }


def _switch(call: Call, record: Record) -> JSON | None:
    if record["switch"] == SHARED:
        return shared_switch(record.zone, record["ip"])
    switch = call.cloud.store.get("switch", record["switch"]) if record["switch"] else None
    if switch is None:
        return None
    shown = switches.upstream(call, switch)
    return shown | {"UserSubnet": record["subnet"]} if record.get("subnet") else shown


def add_interface(call: Call, server: Record, *, shared: bool = False, switch_id: int = 0) -> Record:
    """A new interface of a server, on the shared segment, a switch, or nothing."""
    store = call.cloud.store
    data = {
        "server": server.id,
        "mac": call.cloud.new_mac(),
        "user_ip": "",
        "packet_filter": 0,
        "switch": 0,
        "ip": None,
        "created": call.now,
        "modified": call.now,
    }
    record = store.put(Record(store.new_id(), "interface", server.zone, data))
    if shared:
        _connect(call, record, SHARED)
    elif switch_id:
        _connect(call, record, switches.SWITCH.require(call, switch_id).id)
    return record


def _connect(call: Call, record: Record, switch_id: int) -> None:
    """Only the shared segment gives an address; on a switch, a router's too, the guest has one of its own."""
    if any(other["switch"] == switch_id for other in call.cloud.store.by("interface", "server", record["server"])):
        where = "the shared segment" if switch_id == SHARED else f"switch {switch_id}"
        raise conflict("connect_to_same_switch", f"another interface of server {record['server']} is on {where}")
    record["switch"] = switch_id
    if switch_id == SHARED:
        record["ip"] = call.cloud.new_shared_address(record.zone)


def configure(call: Call, server: Record, address: str, subnet: JSON | None) -> None:
    """What editing a disk notes on its server's first interface."""
    store = call.cloud.store
    first = next(iter(store.by("interface", "server", server.id)), None)
    if first is None or not address:
        return
    store.edit(first).data |= {"user_ip": address, "subnet": subnet}


def create(call: Call) -> Answer:
    """POST /interface: a new one, connected to nothing."""
    server_id = reference(call.envelope("Interface").get("Server"), "Server")
    server = call.cloud.store.get("server", server_id)
    if server is None or server.zone != INTERFACE.zone(call):
        raise ApiError(400, "param_res_not_found", f"server {server_id}")
    power.require_off(server, call.now)
    return INTERFACE.answer(call, add_interface(call, server), 201)


def update(call: Call) -> Answer:
    """PUT /interface/:id: the address that the user gave it on a switch."""
    record = INTERFACE.own(call)
    body = call.envelope("Interface")
    if "UserIPAddress" in body:
        address = text(body, "UserIPAddress")
        try:
            record["user_ip"] = str(ipaddress.IPv4Address(address)) if address else ""
        except ValueError:
            raise bad_request("invalid_format", f"UserIPAddress {address}") from None
    record["modified"] = call.now
    return INTERFACE.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /interface/:id."""
    record = _changeable(call)
    call.cloud.store.delete(record)
    return done()


def _changeable(call: Call) -> Record:
    record = INTERFACE.own(call)
    server = call.cloud.store.get("server", record["server"])
    if server:
        power.require_off(server, call.now)
    return record


def connect_shared(call: Call) -> Answer:
    """PUT /interface/:id/to/switch/shared."""
    return _connect_to(call, SHARED)


def connect(call: Call) -> Answer:
    """PUT /interface/:id/to/switch/:switch."""
    return _connect_to(call, switches.SWITCH.get(call, "switch").id)


def _connect_to(call: Call, switch_id: int) -> Answer:
    record = _changeable(call)
    if record["switch"]:
        raise conflict("res_already_connected", f"interface {record.id} is connected")
    _connect(call, record, switch_id)
    return done()


def disconnect(call: Call) -> Answer:
    """DELETE /interface/:id/to/switch."""
    record = _changeable(call)
    if not record["switch"]:
        raise conflict("res_already_disconnected", f"interface {record.id} is connected to nothing")
    record.data |= {"switch": 0, "ip": None, "subnet": None}
    return done()


def filter_packets(call: Call) -> Answer:
    """PUT /interface/:id/to/packetfilter/:filter."""
    record = INTERFACE.own(call)
    packet_filter = call.args["filter"]
    found = call.cloud.store.get("packetfilter", number(packet_filter))
    if found is None or found.zone != record.zone:
        raise ApiError(404, "not_found", f"packetfilter {packet_filter}")
    record["packet_filter"] = found.id
    return done()


def stop_filtering(call: Call) -> Answer:
    """DELETE /interface/:id/to/packetfilter."""
    record = INTERFACE.own(call)
    if not record["packet_filter"]:
        raise conflict("res_already_disconnected", f"interface {record.id} has no packet filter")
    record["packet_filter"] = 0
    return done()


def traffic_monitor(call: Call) -> Answer:
    """GET /interface/:id/monitor."""
    record = INTERFACE.get(call)
    server = call.cloud.store.get("server", record["server"])

    def sample(mark: int) -> JSON:
        if server is None or not record["switch"] or not power.was_up(server, mark - monitor.STEP, mark):
            return {"Receive": None, "Send": None}
        receive, send = (monitor.noise(call, 50, 4000, word, record.id, mark) for word in ("receive", "send"))
        return {"Receive": receive, "Send": send}

    return monitor.answer(call, sample)


INTERFACE = Resource("interface", "Interface", "Interfaces", shape)
ROUTES = INTERFACE.routes(
    ("POST", "interface", create),
    ("PUT", "interface/:id", update),
    ("DELETE", "interface/:id", delete),
    ("PUT", "interface/:id/to/switch/shared", connect_shared),
    ("PUT", "interface/:id/to/switch/:switch", connect),
    ("DELETE", "interface/:id/to/switch", disconnect),
    ("PUT", "interface/:id/to/packetfilter/:filter", filter_packets),
    ("DELETE", "interface/:id/to/packetfilter", stop_filtering),
    ("GET", "interface/:id/monitor", traffic_monitor),
)
