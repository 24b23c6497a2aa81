"""The typed client of the SAKURA Cloud API: `Client`, and the values that it takes and returns.

IDs are text, sizes are GB, times are `datetime`. The API's own words stay in here: above, an ELB is an ELB and a DNS
zone a DNS zone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sakura_fleet.client._client import Client
    from sakura_fleet.client._retry import RetryPolicy
    from sakura_fleet.client.account import AuthStatus
    from sakura_fleet.client.activity import CpuSample
    from sakura_fleet.client.archives import Archive
    from sakura_fleet.client.catalogue import DiskPlan, Price, ServerPlan
    from sakura_fleet.client.credentials import Credentials
    from sakura_fleet.client.disks import Disk, DiskConfig, NoteRef
    from sakura_fleet.client.dns_zones import DnsRecord, DnsZone
    from sakura_fleet.client.elbs import Elb, ElbCertificate, ElbCertificates, ElbHealth, ElbServerHealth
    from sakura_fleet.client.icons import Icon
    from sakura_fleet.client.interfaces import Interface
    from sakura_fleet.client.notes import Note
    from sakura_fleet.client.packet_filters import PacketFilter
    from sakura_fleet.client.servers import Server, ServerDisk
    from sakura_fleet.client.ssh_keys import SshKey
    from sakura_fleet.client.switches import Switch
    from sakura_fleet.model.server.packet_filter import PacketFilterRule
    from sakura_fleet.model.zones import Zone

__all__ = [
    "Archive",
    "AuthStatus",
    "Client",
    "CpuSample",
    "Credentials",
    "Disk",
    "DiskConfig",
    "DiskPlan",
    "DnsRecord",
    "DnsZone",
    "Elb",
    "ElbCertificate",
    "ElbCertificates",
    "ElbHealth",
    "ElbServerHealth",
    "Icon",
    "Interface",
    "Note",
    "NoteRef",
    "PacketFilter",
    "PacketFilterRule",
    "Price",
    "RetryPolicy",
    "Server",
    "ServerDisk",
    "ServerPlan",
    "SshKey",
    "Switch",
    "Zone",
]

# Each name is loaded when it is first asked for. An update that changes nothing asks the cloud nothing, and then the
# HTTP client, which takes longer to load than all the rest, is never needed.
_HOMES = {
    "Archive": "sakura_fleet.client.archives",
    "AuthStatus": "sakura_fleet.client.account",
    "Client": "sakura_fleet.client._client",
    "CpuSample": "sakura_fleet.client.activity",
    "Credentials": "sakura_fleet.client.credentials",
    "Disk": "sakura_fleet.client.disks",
    "DiskConfig": "sakura_fleet.client.disks",
    "DiskPlan": "sakura_fleet.client.catalogue",
    "DnsRecord": "sakura_fleet.client.dns_zones",
    "DnsZone": "sakura_fleet.client.dns_zones",
    "Elb": "sakura_fleet.client.elbs",
    "ElbCertificate": "sakura_fleet.client.elbs",
    "ElbCertificates": "sakura_fleet.client.elbs",
    "ElbHealth": "sakura_fleet.client.elbs",
    "ElbServerHealth": "sakura_fleet.client.elbs",
    "Icon": "sakura_fleet.client.icons",
    "Interface": "sakura_fleet.client.interfaces",
    "Note": "sakura_fleet.client.notes",
    "NoteRef": "sakura_fleet.client.disks",
    "PacketFilter": "sakura_fleet.client.packet_filters",
    "PacketFilterRule": "sakura_fleet.model.server.packet_filter",
    "Price": "sakura_fleet.client.catalogue",
    "RetryPolicy": "sakura_fleet.client._retry",
    "Server": "sakura_fleet.client.servers",
    "ServerDisk": "sakura_fleet.client.servers",
    "ServerPlan": "sakura_fleet.client.catalogue",
    "SshKey": "sakura_fleet.client.ssh_keys",
    "Switch": "sakura_fleet.client.switches",
    "Zone": "sakura_fleet.model.zones",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
