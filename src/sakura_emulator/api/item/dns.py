"""DNS zones: one list of records, replaced as a whole, in the order they came."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from sakura_emulator.api.item.behaviour import Behaviour
from sakura_emulator.call import Call
from sakura_emulator.errors import ApiError, refused
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, objects, text
from sakura_emulator.wire import JSON

TYPES = ("A", "AAAA", "ALIAS", "CNAME", "NS", "MX", "TXT", "SRV", "CAA", "HTTPS", "SVCB", "PTR")
RECORDS_MAX = 2000  # terraform's bound; the service's is unverified
TTL_MIN, TTL_MAX = 10, 3600000  # bounds of old tooling, unverified
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+")
_NAME_SERVERS = ["ns1.gslb4.sakura.ne.jp", "ns2.gslb4.sakura.ne.jp"]
# How many blank-separated parts the data of a type has, and whether its last part is a name with a final dot.
_PARTS = {"MX": 2, "SRV": 4, "CNAME": 1, "ALIAS": 1, "NS": 1, "PTR": 1}


def create(call: Call, record: Record, body: JSON) -> None:
    """The zone name is in Name and Status.Zone; nobody else may have it."""
    zone = text(record["status"], "Zone") or record["name"]
    if len(zone) > 253 or "." not in zone or not all(_LABEL.fullmatch(label) for label in zone.split(".")):
        raise refused(f"{zone!r} is not a zone name without a final dot")
    for other in call.cloud.store.by("item", "class", "dns"):
        if other.id != record.id and other["status"]["Zone"].lower() == zone.lower():
            raise ApiError(409, "res_already_exists", f"the zone {zone} is taken")
    record.data |= {"name": zone, "status": {"Zone": zone, "NS": _NAME_SERVERS}, "service_class": "cloud/dns"}
    update(call, record, {})


def update(call: Call, record: Record, before: JSON) -> None:
    """Check the records; an update without the list empties it."""
    settings = dict(mapping(record["settings"], "DNS"))
    if settings.get("ResourceRecordSets", []) is None:
        raise refused("ResourceRecordSets is null", "NULL value found, but an array is required")
    records = objects(settings, "ResourceRecordSets")
    if len(records) > RECORDS_MAX:
        raise ApiError(409, "limit_count_in_account", f"{len(records)} records; {RECORDS_MAX} are allowed")
    for number, entry in enumerate(records):
        problem = _problem(entry)
        if problem:
            raise refused(f"ResourceRecordSets[{number}]: {problem}")
    settings["ResourceRecordSets"] = records
    record["settings"] = {**record["settings"], "DNS": settings}


def _problem(record: Any) -> str:
    """What is wrong with a record, if anything."""
    if not isinstance(record, dict):
        return "not a record"
    name, kind, data, ttl = (record.get(key) for key in ("Name", "Type", "RData", "TTL"))
    if not isinstance(name, str) or not _name(name):
        return f"Name {name!r} is not a relative name; @ is the zone itself"
    if kind not in TYPES:
        return f"Type {kind!r} is none of {', '.join(TYPES)}"
    if not isinstance(data, str) or not data:
        return "RData is empty"
    if ttl is not None and (not isinstance(ttl, int) or isinstance(ttl, bool) or not TTL_MIN <= ttl <= TTL_MAX):
        return f"TTL {ttl!r} is not within {TTL_MIN}..{TTL_MAX}"
    return _data_problem(kind, data)


def _name(name: str) -> bool:
    if name == "@":
        return True
    labels = name.split(".")
    return all(_LABEL.fullmatch(label) for label in (labels[1:] if labels[0] == "*" else labels))


def _data_problem(kind: str, data: str) -> str:
    if kind in ("A", "AAAA"):
        try:
            (ipaddress.IPv4Address if kind == "A" else ipaddress.IPv6Address)(data)
        except ValueError:
            return f"RData {data!r} is no address for {kind}"
        return ""
    parts = data.split()
    if kind in _PARTS:
        if len(parts) != _PARTS[kind] or not parts[-1].endswith("."):
            return f"RData {data!r} of {kind} needs {_PARTS[kind]} parts, the last a name with a final dot"
        if not all(_NUMBER.fullmatch(part) for part in parts[:-1]):
            return f"RData {data!r} of {kind} begins with numbers"
    if kind in ("HTTPS", "SVCB") and (len(parts) < 2 or not _NUMBER.fullmatch(parts[0]) or not parts[1].endswith(".")):
        return f"RData {data!r} of {kind} is `priority target parameters`"
    if kind == "CAA" and (len(parts) < 3 or not _NUMBER.fullmatch(parts[0])):
        return f"RData {data!r} of CAA is `flags tag value`"
    return ""


BEHAVIOUR = Behaviour(2000002, "gslb4.sakura.ne.jp", "cloud/dns", create, update)
