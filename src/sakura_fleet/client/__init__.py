"""The typed client of the SAKURA Cloud API: `Client`, and the values that it takes and returns.

IDs are text, sizes are GB, times are `datetime`. The API's own words stay in here: above, an ELB is an ELB and a DNS
zone a DNS zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from sakura_fleet.client._client import Client
    from sakura_fleet.client._elb_document import ElbDocument, ElbEntry, ElbRule
    from sakura_fleet.client._retry import RetryPolicy
    from sakura_fleet.client._secrets import hider
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
    "ElbDocument",
    "ElbEntry",
    "ElbHealth",
    "ElbRule",
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
    "hider",
]

# Each name is loaded when it is first asked for. An update that changes nothing asks the cloud nothing, and then the
# HTTP client, which takes longer to load than all the rest, is never needed.
__getattr__ = LazyExports(
    __name__,
    {
        "._elb_document": ("ElbDocument", "ElbEntry", "ElbRule"),
        "._client": ("Client",),
        "._retry": ("RetryPolicy",),
        "._secrets": ("hider",),
        ".account": ("AuthStatus",),
        ".activity": ("CpuSample",),
        ".archives": ("Archive",),
        ".catalogue": (
            "DiskPlan",
            "Price",
            "ServerPlan",
        ),
        ".credentials": ("Credentials",),
        ".disks": (
            "Disk",
            "DiskConfig",
            "NoteRef",
        ),
        ".dns_zones": (
            "DnsRecord",
            "DnsZone",
        ),
        ".elbs": ("Elb", "ElbCertificate", "ElbCertificates", "ElbHealth", "ElbServerHealth"),
        ".icons": ("Icon",),
        ".interfaces": ("Interface",),
        ".notes": ("Note",),
        ".packet_filters": ("PacketFilter",),
        ".servers": (
            "Server",
            "ServerDisk",
        ),
        ".ssh_keys": ("SshKey",),
        ".switches": ("Switch",),
        "sakura_fleet.model.server.packet_filter": ("PacketFilterRule",),
        "sakura_fleet.model.zones": ("Zone",),
    },
)
