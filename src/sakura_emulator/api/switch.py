"""`switch`: a user's own, or a router's."""

from __future__ import annotations

import ipaddress

from sakura_emulator.api import internet
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.errors import bad_request, conflict, not_found
from sakura_emulator.store import Record
from sakura_emulator.values import integer, mapping, number, text
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """The whole switch."""
    store = call.cloud.store
    zone = ZONES[record.zone]
    router = store.get("internet", record["internet"]) if record["internet"] else None
    bridge = store.get("bridge", record["bridge"]) if record["bridge"] else None
    region = {key: zone["Region"][key] for key in ("ID", "Name")}
    link = {"ID": bridge.id, "Name": bridge["name"], "Info": None} if bridge else None
    return {
        **common_shape(call, record),
        "Scope": "user",
        "ServerCount": len({interface["server"] for interface in store.by("interface", "switch", record.id)}),
        "ServiceClass": "cloud/switch/default",
        "UserSubnet": record["subnet"],
        "Subnets": internet.subnets(router) if router else [],
        "IPv6Nets": internet.ipv6_nets(router) if router else [],
        "Internet": {"ID": router.id, "Name": router["name"], "BandWidthMbps": router["mbps"]} if router else None,
        "Bridge": link,
        "HybridConnection": None,
        "Zone": {"ID": zone["ID"], "Name": zone["Name"], "Region": region},
    }


def upstream(call: Call, record: Record) -> JSON:
    """A switch inside an interface."""
    router = call.cloud.store.get("internet", record["internet"]) if record["internet"] else None
    subnet: JSON | None = None
    if router:
        full = internet.subnets(router)[0]
        subnet = {key: full[key] for key in ("ID", "NetworkAddress", "NetworkMaskLen", "DefaultRoute", "Internet")}
    named = {"ID": record.id, "Name": record["name"], "Scope": "user"}
    return {**named, "UserSubnet": record["subnet"], "Subnet": subnet}


def _subnet(body: JSON, default: JSON | None) -> JSON | None:
    if "UserSubnet" not in body:
        return default
    wanted = mapping(body, "UserSubnet")
    route, mask = text(wanted, "DefaultRoute"), integer(wanted, "NetworkMaskLen", 0)
    if not route and not mask:
        return None
    try:
        ipaddress.IPv4Interface(f"{route}/{mask}")
    except ValueError:
        raise bad_request("invalid_format", f"UserSubnet {route}/{mask}") from None
    return {"DefaultRoute": route, "NetworkMaskLen": mask}


def create(call: Call) -> Answer:
    """POST /switch."""
    subnet = _subnet(call.envelope("Switch"), None)
    return SWITCH.answer(call, SWITCH.create(call, subnet=subnet, internet=0, bridge=0), 201)


def update(call: Call) -> Answer:
    """PUT /switch/:id."""
    record = SWITCH.own(call)
    record["subnet"] = _subnet(SWITCH.change(call, record), record["subnet"])
    return SWITCH.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /switch/:id of a switch that nothing is connected to."""
    record = SWITCH.own(call)
    if record["internet"]:
        raise conflict("delete_router_b4_switch", f"switch {record.id} belongs to router {record['internet']}")
    connected = call.cloud.store.by("interface", "switch", record.id)
    if connected or record["bridge"]:
        raise conflict("disconnect_b4_delete", f"switch {record.id} has {len(connected)} interfaces connected")
    call.cloud.store.delete(record)
    return done()


def connect_bridge(call: Call) -> Answer:
    """PUT /switch/:id/to/bridge/:bridge."""
    record = SWITCH.own(call)
    bridge = call.cloud.store.get("bridge", number(call.args["bridge"]))
    if bridge is None:
        raise not_found(f"bridge {call.args['bridge']}")
    if record["bridge"]:
        raise conflict("res_already_connected", f"switch {record.id} is connected to bridge {record['bridge']}")
    record["bridge"] = bridge.id
    return done()


def disconnect_bridge(call: Call) -> Answer:
    """DELETE /switch/:id/to/bridge."""
    record = SWITCH.own(call)
    if not record["bridge"]:
        raise conflict("res_already_disconnected", f"switch {record.id} is connected to no bridge")
    record["bridge"] = 0
    return done()


SWITCH = Resource("switch", "Switch", "Switches", shape)
ROUTES = SWITCH.routes(
    ("POST", "switch", create),
    ("PUT", "switch/:id", update),
    ("DELETE", "switch/:id", delete),
    ("PUT", "switch/:id/to/bridge/:bridge", connect_bridge),
    ("DELETE", "switch/:id/to/bridge", disconnect_bridge),
)
