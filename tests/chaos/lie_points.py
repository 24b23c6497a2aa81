"""Which lies there are: every answer of a recorded run in every way, every write in every way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tests.calls import Call
from tests.chaos.points import Point
from tests.lies.lie import FIELD_LIES, LIST_LIES, READ_LIES, WRITE_LIES, Lie

_ITEM = ("ID", "Name", "Description", "Tags", "Icon", "Status", "ServiceClass", "SettingsHash", "Settings", "Provider")
_SETTINGS = (
    "Settings.DNS",
    "Settings.DNS.ResourceRecordSets",
    "Settings.DNS.ResourceRecordSets.TTL",
    "Settings.DNS.MonitoringSuiteLog",
    "Settings.ProxyLB",
    "Settings.ProxyLB.Servers",
    "Settings.ProxyLB.Servers.Enabled",
    "Settings.ProxyLB.Servers.ServerGroup",
    "Settings.ProxyLB.BindPorts",
    "Settings.ProxyLB.BindPorts.RedirectToHttps",
    "Settings.ProxyLB.BindPorts.SupportHttp2",
    "Settings.ProxyLB.LetsEncrypt",
    "Settings.ProxyLB.SorryServer",
    "Settings.ProxyLB.StickySession",
    "Settings.ProxyLB.OriginGuard",
    "Settings.ProxyLB.Rules",
    "Settings.ProxyLB.HealthCheck",
)
_SERVER = (
    "ID",
    "Name",
    "Tags",
    "Icon",
    "Zone",
    "Instance",
    "Instance.Status",
    "ServerPlan",
    "ServerPlan.CPU",
    "InterfaceDriver",
    "Interfaces",
    "Interfaces.ID",
    "Interfaces.IPAddress",
    "Interfaces.UserIPAddress",
    "Interfaces.Switch",
    "Interfaces.Switch.Scope",
    "Interfaces.PacketFilter",
    "Disks",
    "Disks.Availability",
    "Disks.SizeMB",
)
_DISK = ("ID", "Name", "Tags", "Availability", "SizeMB", "Server", "Plan", "JobStatus")
_NOTE = ("ID", "Name", "Tags", "Class", "Scope", "Content")


def _found(key: str, *fields: str) -> tuple[str, ...]:
    return (key, "Total", *(f"{key}.{field}" for field in fields))


def _read(key: str, *fields: str) -> tuple[str, ...]:
    return (key, *(f"{key}.{field}" for field in fields))


FIELDS: Mapping[str, tuple[str, ...]] = {
    "/auth-status": ("Account", "Account.ID", "Permission"),
    "/server": _found("Servers", *_SERVER),
    "/server/*": _read("Server", *_SERVER),
    "/disk": _found("Disks", *_DISK),
    "/disk/*": _read("Disk", *_DISK),
    "/note": _found("Notes", *_NOTE),
    "/note/*": _read("Note", *_NOTE),
    "/commonserviceitem": _found("CommonServiceItems", *_ITEM, *_SETTINGS),
    "/commonserviceitem/*": _read("CommonServiceItem", *_ITEM, *_SETTINGS),
    "/commonserviceitem/*/health": (
        "ProxyLB",
        "ProxyLB.Servers",
        "ProxyLB.Servers.Status",
        "ProxyLB.Servers.IPAddress",
    ),
    "/archive": _found("Archives", "ID", "Tags", "Scope", "Availability"),
    "/product/server": _found("ServerPlans", "CPU", "MemoryMB", "Commitment", "Availability"),
    "/product/disk": _found("DiskPlans", "ID", "Size", "Availability"),
}
"""The fields that the program reads, by the shape of the call's path."""


def lie_points(scenario: str, fields: Mapping[Call, frozenset[str]], calls: Iterable[Call]) -> list[Point]:
    """All lies of a scenario; `fields` are those that the answers had.

    Every read is lied about in every way, and every field in every way, but not every field of every read: calls that
    are answered alike share the fields among them.
    """
    unique = sorted(set(calls))
    points = [Point(scenario, call, lie) for call in unique for lie in _whole(call)]
    points += [
        Point(scenario, call, lie, field=field)
        for call, field in _shared_out({call: _known(call, fields) for call in unique if not call.is_write})
        for lie in FIELD_LIES
    ]
    return points


def _whole(call: Call) -> tuple[Lie, ...]:
    """The lies about a whole answer."""
    if call.is_write:
        return WRITE_LIES
    lists = LIST_LIES if "Total" in FIELDS[call.path] else ()
    return (*(lie for lie in READ_LIES if lie not in FIELD_LIES), *lists)


def _known(call: Call, fields: Mapping[Call, frozenset[str]]) -> tuple[str, ...]:
    there = fields.get(call, frozenset())
    return tuple(field for field in FIELDS[call.path] if field in there)


def _shared_out(known: Mapping[Call, tuple[str, ...]]) -> Iterator[tuple[Call, str]]:
    """Each call with a field, and each field with a call."""
    for path, fields in dict.fromkeys((call.path, fields) for call, fields in known.items()):
        alike = [call for call, own in known.items() if (call.path, own) == (path, fields)]
        for index in range(max(len(alike), len(fields)) if fields else 0):
            yield alike[index % len(alike)], fields[index % len(fields)]
