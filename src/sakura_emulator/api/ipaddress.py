"""`ipaddress`: the global addresses of the zone's interfaces, and the host name (PTR) of each."""

from __future__ import annotations

from collections.abc import Iterator

from sakura_emulator.api.interface import INTERFACE
from sakura_emulator.api.resource import Route
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.errors import not_found
from sakura_emulator.find import find
from sakura_emulator.query import condition
from sakura_emulator.store import Record
from sakura_emulator.values import text
from sakura_emulator.wire import JSON


def _shape(record: Record) -> JSON:
    return {
        "HostName": record.get("host_name", ""),
        "IPAddress": record["ip"],
        "Interface": {"ID": record.id, "MACAddress": record["mac"]},
        "Subnet": None,
    }


def _with_address(call: Call) -> Iterator[Record]:
    return (record for record in INTERFACE.all(call) if record["ip"])


def _named(call: Call) -> Record:
    for record in call.cloud.store.by("interface", "ip", call.args["ip"]):
        if record.zone == INTERFACE.zone(call):
            return record
    raise not_found(f"ipaddress {call.args['ip']}")


def find_all(call: Call) -> Answer:
    """GET /ipaddress."""
    return Answer(find([_shape(record) for record in _with_address(call)], condition(call.query), "IPAddress"))


def read(call: Call) -> Answer:
    """GET /ipaddress/:ip."""
    return Answer({"IPAddress": _shape(_named(call)), "is_ok": True})


def update(call: Call) -> Answer:
    """PUT /ipaddress/:ip: the host name."""
    record = call.cloud.store.edit(_named(call))
    record["host_name"] = text(call.envelope("IPAddress"), "HostName")
    return done(IPAddress=_shape(record))


ROUTES: list[Route] = [
    ("GET", "ipaddress", find_all),
    ("GET", "ipaddress/:ip", read),
    ("PUT", "ipaddress/:ip", update),
]
