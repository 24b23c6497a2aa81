"""`internet`: a router with its switch, further networks that it routes, and IPv6."""

from __future__ import annotations

import ipaddress

from sakura_emulator import monitor
from sakura_emulator.api.resource import Resource, common_shape, fixed, named_fields
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ROUTER_NETWORK
from sakura_emulator.catalogue.plans import INTERNET_PLANS
from sakura_emulator.clock import stamp
from sakura_emulator.errors import bad_request, conflict, not_found
from sakura_emulator.store import Record
from sakura_emulator.values import integer, text
from sakura_emulator.wire import JSON

_MASKS = (26, 27, 28)
_RESERVED = 4  # the network itself and the router's own addresses
_BLOCK = 64  # every network of a router lies in a block of its own
_IPV6 = ipaddress.IPv6Network("2001:db8::/32")  # the range for documentation


def subnets(record: Record) -> list[JSON]:
    """The networks of a router, as its switch shows them: its own first, then those that it routes to a server."""
    network = ipaddress.IPv4Network((record["network"], record["mask"]))
    own = {
        "ID": record["subnet_id"],
        "NetworkAddress": str(network.network_address),
        "NetworkMaskLen": network.prefixlen,
        "DefaultRoute": str(network.network_address + 1),
        "NextHop": None,
        "StaticRoute": None,
        "Internet": {"BandWidthMbps": record["mbps"]},
        "IPAddresses": {"Min": str(network.network_address + _RESERVED), "Max": str(network.broadcast_address - 1)},
    }
    return [own, *(_listed(record, route) for route in record.get("routes", []))]


def _listed(record: Record, route: JSON) -> JSON:
    """A routed network inside a switch: all of its addresses can be used."""
    network = ipaddress.IPv4Network((route["network"], route["mask"]))
    return {
        "ID": route["id"],
        "NetworkAddress": str(network.network_address),
        "NetworkMaskLen": network.prefixlen,
        "DefaultRoute": None,
        "NextHop": route["next_hop"],
        "StaticRoute": route["next_hop"],
        "Internet": {"BandWidthMbps": record["mbps"]},
        "IPAddresses": {"Min": str(network.network_address), "Max": str(network.broadcast_address)},
    }


def ipv6_nets(record: Record) -> list[JSON]:
    """The IPv6 network of a router, if it has one, as its switch shows it."""
    net = record.get("ipv6")
    return [{key: net[key] for key in ("ID", "IPv6Prefix", "IPv6PrefixLen")}] if net else []


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
            "IPv6Nets": ipv6_nets(record),
        },
    }


def _bandwidth(body: JSON) -> int:
    mbps = integer(body, "BandWidthMbps", 100)
    if mbps not in INTERNET_PLANS:
        raise bad_request("invalid_range", f"BandWidthMbps {mbps} is none of {list(INTERNET_PLANS)}")
    return mbps


def _mask(body: JSON) -> int:
    mask = integer(body, "NetworkMaskLen", 28)
    if mask not in _MASKS:
        raise bad_request("invalid_range", f"NetworkMaskLen {mask} is none of {_MASKS}")
    return mask


def _new_network(call: Call) -> tuple[int, str]:
    """The ID and the address of a network that no router has yet."""
    block = call.cloud.store.count("next_router") % (ROUTER_NETWORK.num_addresses // _BLOCK)
    return 10000 + block, str(ROUTER_NETWORK[block * _BLOCK])


def create(call: Call) -> Answer:
    """POST /internet."""
    body = call.envelope("Internet")
    store = call.cloud.store
    mask, mbps = _mask(body), _bandwidth(body)
    subnet_id, network = _new_network(call)
    fields = {"mbps": mbps, "mask": mask, "network": network, "subnet_id": subnet_id}
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
    if record.get("ipv6"):
        raise conflict("delete_ipv6nets_first", f"router {record.id} has an IPv6 network")
    if switch:
        store.delete(switch)
    store.delete(record)
    return done()


# Networks that the router sends to one of its servers


def add_subnet(call: Call) -> Answer:
    """POST /internet/:id/subnet: a further network, reached over an address of the router's own."""
    record = INTERNET.own(call)
    mask, next_hop = _mask(call.body), _next_hop(call, record)
    subnet_id, network = _new_network(call)
    route = {"id": subnet_id, "network": network, "mask": mask, "next_hop": next_hop}
    record["routes"] = [*record.get("routes", []), route]
    return Answer({"Subnet": _routed(route), "Success": True, "is_ok": True}, 201)


def update_subnet(call: Call) -> Answer:
    """PUT /internet/:id/subnet/:subnet: another next hop."""
    record = INTERNET.own(call)
    route = _route(call, record)
    route["next_hop"] = _next_hop(call, record)
    return done(Subnet=_routed(route))


def delete_subnet(call: Call) -> Answer:
    """DELETE /internet/:id/subnet/:subnet."""
    record = INTERNET.own(call)
    record["routes"].remove(_route(call, record))
    return done()


def _route(call: Call, record: Record) -> JSON:
    for route in record.get("routes", []):
        if str(route["id"]) == call.args["subnet"]:
            found: JSON = route
            return found
    raise not_found(f"subnet {call.args['subnet']} of router {record.id}")


def _next_hop(call: Call, record: Record) -> str:
    hop = text(call.body, "NextHop")
    if hop not in usable(record):
        raise bad_request("invalid_range", f"NextHop {hop!r} is no address of router {record.id}'s own network")
    return hop


def _routed(route: JSON) -> JSON:
    """A routed network on its own, with each of its addresses."""
    shown = {
        "ID": route["id"],
        "NextHop": route["next_hop"],
        "StaticRoute": route["next_hop"],
        "DefaultRoute": None,
        "NetworkAddress": route["network"],
        "NetworkMaskLen": route["mask"],
    }
    return {**shown, "IPAddresses": _addresses(shown)}


def subnet_list(call: Call) -> list[JSON]:
    """All networks of the zone's routers, each with all of its addresses."""
    return [
        {**subnet, "IPAddresses": _addresses(subnet), "Switch": _named_switch(record)}
        for record in INTERNET.all(call)
        for subnet in subnets(record)
    ]


def _addresses(subnet: JSON) -> list[JSON]:
    network = ipaddress.IPv4Network((subnet["NetworkAddress"], subnet["NetworkMaskLen"]))
    return [{"IPAddress": str(address)} for address in network]


def _named_switch(record: Record) -> JSON:
    router = {"ID": record.id, "BandWidthMbps": record["mbps"]}
    return {"ID": record["switch"], "Scope": "user", "Internet": router}


# IPv6


def enable_ipv6(call: Call) -> Answer:
    """POST /internet/:id/ipv6net."""
    store = call.cloud.store
    record = INTERNET.own(call)
    if record.get("ipv6"):
        raise conflict("ipv6net_already_attached", f"router {record.id} has an IPv6 network")
    prefix = _IPV6.network_address + (store.count("next_ipv6", 1) << 64)
    record["ipv6"] = {
        "ID": store.new_id(),
        "IPv6Prefix": str(prefix),
        "IPv6PrefixLen": 64,
        "IPv6PrefixTail": str(prefix + 2**64 - 1),
        "NamedIPv6AddrCount": 0,
        "CreatedAt": stamp(call.now),
    }
    return done(IPv6Net=_ipv6_net(record))


def disable_ipv6(call: Call) -> Answer:
    """DELETE /internet/:id/ipv6net/:net."""
    record = INTERNET.own(call)
    net = record.get("ipv6")
    if not net or str(net["ID"]) != call.args["net"]:
        raise not_found(f"ipv6net {call.args['net']} of router {record.id}")
    record["ipv6"] = None
    return done()


def _ipv6_net(record: Record) -> JSON:
    return {**record["ipv6"], "Switch": {"ID": record["switch"]}}


def ipv6_list(call: Call) -> list[JSON]:
    """The IPv6 networks of the zone's routers."""
    return [_ipv6_net(record) for record in INTERNET.all(call) if record.get("ipv6")]


def traffic(call: Call) -> Answer:
    """GET /internet/:id/monitor."""
    record = INTERNET.get(call)

    def sample(mark: int) -> JSON:
        if mark - monitor.STEP < record["created"]:
            return {"In": None, "Out": None}
        return {word: monitor.noise(call, 0, 100000, word, record["network"], mark) for word in ("In", "Out")}

    return monitor.answer(call, sample)


INTERNET = Resource("internet", "Internet", "Internet", shape)
ROUTES = INTERNET.routes(
    ("POST", "internet", create),
    ("PUT", "internet/:id", update),
    ("DELETE", "internet/:id", delete),
    ("PUT", "internet/:id/bandwidth", change_bandwidth),
    ("POST", "internet/:id/subnet", add_subnet),
    ("PUT", "internet/:id/subnet/:subnet", update_subnet),
    ("DELETE", "internet/:id/subnet/:subnet", delete_subnet),
    ("POST", "internet/:id/ipv6net", enable_ipv6),
    ("DELETE", "internet/:id/ipv6net/:net", disable_ipv6),
    ("GET", "internet/:id/monitor", traffic),
    *fixed("subnet", "Subnet", "Subnets", subnet_list),
    *fixed("ipv6net", "IPv6Net", "IPv6Nets", ipv6_list),
)
