"""ELBs: their settings' bounds, and the rule about a group's last entry."""

from __future__ import annotations

import ipaddress
from typing import Any

from sakura_emulator.api.item.behaviour import Behaviour
from sakura_emulator.call import Call
from sakura_emulator.catalogue.places import ELB_NETWORK
from sakura_emulator.catalogue.plans import ELB_CLASSES
from sakura_emulator.errors import ApiError, refused
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, objects
from sakura_emulator.wire import JSON

SERVERS_MAX = 40
_GROUP_MAX = 10
_HISTORY_MAX = 400
_HEADERS_MAX = 10
_PROXY_MODES = ("http", "https", "tcp")
_SSL_POLICIES = ("TLS-1-2-2019-04", "TLS-1-2-2021-06", "TLS-1-3-2021-06")
_REGIONS = ("tk1", "is1", "anycast")
_STATUS_CODES = {
    "redirect": ("RedirectStatusCode", ("301", "302")),
    "fixed": ("FixedStatusCode", ("200", "403", "503")),
}
_PROXY_NETWORK = "198.19.255.0/24"


def create(call: Call, record: Record, body: JSON) -> None:
    """Region and failover are fixed here."""
    if record["service_class"] == BEHAVIOUR.service_class:
        record["service_class"] = ELB_CLASSES[0]
    _check_class(record["service_class"])
    wanted = record["status"]
    region = wanted.get("Region") or "is1"
    if region not in _REGIONS:
        raise refused(f"Status.Region {region!r} is none of {', '.join(_REGIONS)}")
    number = call.cloud.store.count("next_vip", 11) % (ELB_NETWORK.num_addresses - 256)
    record["status"] = {"UseVIPFailover": bool(wanted.get("UseVIPFailover")), "Region": region}
    record["vip"] = str(ELB_NETWORK[number])
    record["fqdn"] = f"site-{record.id}.proxylb1.sakura.ne.jp"
    record["certificate"] = None
    record["entries"] = {}
    update(call, record, {})


def update(call: Call, record: Record, before: JSON) -> None:
    """Check the settings and note since when each entry is enabled or disabled."""
    if not isinstance(record["settings"].get("ProxyLB"), dict):
        raise refused("Settings.ProxyLB")
    settings = record["settings"]["ProxyLB"]
    _check(settings)
    _keep_last_entries(call, settings, mapping(before, "ProxyLB"))
    record["entries"] = _entries(record["entries"], settings, call.now)
    _note_history(record, call.now)


def status(call: Call, record: Record) -> JSON:
    """An FQDN with failover, else an address; never both."""
    fixed = {**record["status"], "ProxyNetworks": [_PROXY_NETWORK]}
    if fixed["UseVIPFailover"]:
        return {**fixed, "FQDN": record["fqdn"]}
    return {**fixed, "VirtualIPAddress": record["vip"]}


def change_plan(call: Call, record: Record, service_class: str) -> Record:
    """The ELB with another plan; by default under a new ID, with its name and address."""
    _check_class(service_class)
    record["service_class"] = service_class
    record["modified"] = call.now
    if call.cloud.settings.elb_plan_change == "same-id":
        return record
    store = call.cloud.store
    changed = store.put(Record(store.new_id(), record.kind, record.zone, dict(record.data)))
    store.delete(record)
    return changed


def _check_class(service_class: str) -> None:
    if service_class not in ELB_CLASSES:
        raise refused(f"ServiceClass {service_class!r} is no plan of an ELB")


def enabled(server: JSON) -> bool:
    """An entry is enabled unless it says otherwise."""
    return server.get("Enabled") is not False


def _keep_last_entries(call: Call, settings: JSON, before: JSON) -> None:
    """A group that a rule names keeps an enabled entry once it had one."""
    for group in {str(rule.get("ServerGroup") or "") for rule in objects(settings, "Rules") if _forwards(rule)} - {""}:
        had, has = (
            any(enabled(entry) and entry.get("ServerGroup") == group for entry in objects(document, "Servers"))
            for document in (before, settings)
        )
        if had and not has:
            code = call.cloud.settings.last_entry_status
            reason = f"a rule names the server group {group!r}: its last enabled server cannot be removed or disabled"
            raise ApiError(code, "conflict" if code == 409 else "bad_request", reason)


def _forwards(rule: JSON) -> bool:
    return (rule.get("Action") or "forward") == "forward"


def _entries(old: JSON, settings: JSON, now: float) -> JSON:
    """For each entry by address and port: enabled or not, and since when."""
    entries: JSON = {}
    for server in objects(settings, "Servers"):
        key = f"{server['IPAddress']}:{server['Port']}"
        current = {"enabled": enabled(server), "since": now}
        known = old.get(key)
        entries[key] = known if known and known["enabled"] == current["enabled"] else current
    return entries


def _note_history(record: Record, now: float) -> None:
    """Which addresses had an enabled entry, and from when on: the graphs of load that the ELB spreads depend on it."""
    addresses = sorted({key.rpartition(":")[0] for key, entry in record["entries"].items() if entry["enabled"]})
    history = record.get("history", [])
    if (history[-1][1] if history else []) != addresses:
        record["history"] = [*history, [now, addresses]][-_HISTORY_MAX:]


# Bounds


def _check(settings: JSON) -> None:
    _choice(mapping(settings, "HealthCheck"), "Protocol", ("http", "tcp"), "HealthCheck")
    _range(mapping(settings, "HealthCheck"), "DelayLoop", 10, 60, "HealthCheck")
    _check_sorry_server(mapping(settings, "SorryServer"))
    _range(mapping(settings, "Timeout"), "InactiveSec", 10, 600, "Timeout")
    if settings.get("Syslog") == {}:
        raise refused("Syslog.Port")
    for number, port in enumerate(_items(settings, "BindPorts")):
        _check_port(port, f"BindPorts[{number}]")
    servers = _items(settings, "Servers")
    if len(servers) > SERVERS_MAX:
        raise refused(f"{len(servers)} servers; an ELB has {SERVERS_MAX} at most")
    for number, server in enumerate(servers):
        _check_server(server, f"Servers[{number}]")
    for number, rule in enumerate(_items(settings, "Rules")):
        _check_rule(rule, f"Rules[{number}]")


def _items(settings: JSON, key: str) -> list[JSON]:
    items = objects(settings, key)
    if not all(isinstance(item, dict) for item in items):
        raise refused(f"{key} holds something that is no object")
    return items


def _choice(body: JSON, key: str, allowed: tuple[str, ...], where: str, *, required: bool = False) -> None:
    value = body.get(key)
    if value in (None, "") and not required:
        return
    if value not in allowed:
        raise refused(f"{where}.{key} {value!r} is none of {', '.join(allowed)}")


def _range(body: JSON, key: str, low: int, high: int, where: str, *, required: bool = False) -> None:
    value: Any = body.get(key)
    if value is None and not required:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise refused(f"{where}.{key} {value!r} is not within {low}..{high}")


def _check_port(port: JSON, where: str) -> None:
    _choice(port, "ProxyMode", _PROXY_MODES, where, required=True)
    _range(port, "Port", 1, 65535, where, required=True)
    _choice(port, "SSLPolicy", _SSL_POLICIES, where)
    if port.get("SSLPolicy") and port["ProxyMode"] != "https":
        raise refused(f"{where}: SSLPolicy is for https only")
    if len(objects(port, "AddResponseHeader")) > _HEADERS_MAX:
        raise refused(f"{where}: more than {_HEADERS_MAX} response headers")


def _check_sorry_server(sorry: JSON) -> None:
    _range(sorry, "Port", 1, 65535, "SorryServer")
    if sorry.get("Port") is not None and not sorry.get("IPAddress"):
        raise refused("SorryServer has a port and no address")


def _check_server(server: JSON, where: str) -> None:
    address = server.get("IPAddress")
    try:
        ipaddress.IPv4Address(str(address))
    except ValueError:
        raise refused(f"{where}.IPAddress {address!r}") from None
    _range(server, "Port", 1, 65535, where, required=True)
    group = server.get("ServerGroup") or ""
    if not isinstance(group, str) or len(group) > _GROUP_MAX:
        raise refused(f"{where}.ServerGroup {group!r} has more than {_GROUP_MAX} characters")


def _check_rule(rule: JSON, where: str) -> None:
    _choice(rule, "Action", ("forward", "redirect", "fixed"), where)
    key, codes = _STATUS_CODES.get(str(rule.get("Action") or ""), ("", ()))
    if key:
        _choice(rule, key, codes, where, required=True)


BEHAVIOUR = Behaviour(
    6000001,
    "proxylb1.sakura.ne.jp",
    "cloud/proxylb",
    create,
    update,
    status,
    said="リクエストパラメータが不正です",
)
