"""`internet`: a router with its switch. Additional subnets and IPv6 are not written."""

from __future__ import annotations

import ipaddress

from sakura_fleet.emulator.api.resource import Resource, common_shape, named_fields
from sakura_fleet.emulator.catalogue.places import ROUTER_NETWORK
from sakura_fleet.emulator.catalogue.plans import INTERNET_PLANS
from sakura_fleet.emulator.errors import bad_request, conflict
from sakura_fleet.emulator.store import Record
from sakura_fleet.emulator.values import integer
from sakura_fleet.emulator.wire import JSON, Answer, Call, done

_MASKS = (26, 27, 28)
_RESERVED = 4  # the network itself and the router's own addresses
_BLOCK = 64  # every router's network lies in a block of its own


def subnets(record: Record) -> list[JSON]:
    """The networks of a router, as its switch shows them."""
    network = ipaddress.IPv4Network((record["network"], record["mask"]))
    return [
        {
            "ID": record["subnet_id"],
            "NetworkAddress": str(network.network_address),
            "NetworkMaskLen": network.prefixlen,
            "DefaultRoute": str(network.network_address + 1),
            "NextHop": None,
            "StaticRoute": None,
            "Internet": {"BandWidthMbps": record["mbps"]},
            "IPAddresses": {"Min": str(network.network_address + _RESERVED), "Max": str(network.broadcast_address - 1)},
        }
    ]


def usable(record: Record) -> list[str]:
    """The addresses that servers can have."""
    network = ipaddress.IPv4Network((record["network"], record["mask"]))
    return [str(network[i]) for i in range(_RESERVED, network.num_addresses - 1)]


def shape(call: Call, record: Record) -> JSON:
    """The whole router."""
    switch = call.cloud.store.get("switch", record["switch"])
    named = switch["name"] if switch else ""
    return {
        **common_shape(call, record),
        "Scope": "user",
        "BandWidthMbps": record["mbps"],
        "NetworkMaskLen": record["mask"],
        "ServiceClass": INTERNET_PLANS[record["mbps"]]["ServiceClass"],
        "Switch": {
            "ID": record["switch"],
            "Name": named,
            "Scope": "user",
            "Subnets": subnets(record),
            "IPv6Nets": [],
        },
    }


def _bandwidth(body: JSON) -> int:
    mbps = integer(body, "BandWidthMbps", 100)
    if mbps not in INTERNET_PLANS:
        raise bad_request("invalid_range", f"BandWidthMbps {mbps} is none of {list(INTERNET_PLANS)}")
    return mbps


def create(call: Call) -> Answer:
    """POST /internet."""
    body = call.envelope("Internet")
    store = call.cloud.store
    mask = integer(body, "NetworkMaskLen", 28)
    if mask not in _MASKS:
        raise bad_request("invalid_range", f"NetworkMaskLen {mask} is none of {_MASKS}")
    block = store.count("next_router") % (ROUTER_NETWORK.num_addresses // _BLOCK)
    network = str(ROUTER_NETWORK[block * _BLOCK])
    fields = {"mbps": _bandwidth(body), "mask": mask, "network": network, "subnet_id": 10000 + block}
    record = INTERNET.create(call, switch=0, **fields)
    data = {**named_fields(call, body), "subnet": None, "internet": record.id, "bridge": 0}
    switch = Record(store.new_id(), "switch", record.zone, {**data, "created": call.now, "modified": call.now})
    record["switch"] = store.put(switch).id
    return INTERNET.answer(call, record, 202, "Accepted")


def update(call: Call) -> Answer:
    """PUT /internet/:id."""
    record = INTERNET.own(call)
    INTERNET.change(call, record)
    return INTERNET.answer(call, record)


def change_bandwidth(call: Call) -> Answer:
    """PUT /internet/:id/bandwidth: the answer has a new ID."""
    store = call.cloud.store
    record = INTERNET.own(call)
    data = {**record.data, "mbps": _bandwidth(call.envelope("Internet")), "modified": call.now}
    changed = store.put(Record(store.new_id(), "internet", record.zone, data))
    switch = store.get("switch", record["switch"])
    if switch:
        store.edit(switch)["internet"] = changed.id
    store.delete(record)
    return INTERNET.answer(call, changed)


def delete(call: Call) -> Answer:
    """DELETE /internet/:id, with its switch."""
    store = call.cloud.store
    record = INTERNET.own(call)
    switch = store.get("switch", record["switch"])
    if switch and store.by("interface", "switch", switch.id):
        raise conflict("disconnect_b4_delete", f"servers are connected to router {record.id}")
    if switch:
        store.delete(switch)
    store.delete(record)
    return done()


INTERNET = Resource("internet", "Internet", "Internet", shape)
ROUTES = INTERNET.routes(
    ("POST", "internet", create),
    ("PUT", "internet/:id", update),
    ("DELETE", "internet/:id", delete),
    ("PUT", "internet/:id/bandwidth", change_bandwidth),
)
