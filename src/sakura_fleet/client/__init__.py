"""The typed client of the SAKURA Cloud API: `Client`, and the values that it takes and returns.

IDs are text, sizes are GB, times are `datetime`. The API's own words stay in here: above, an ELB is an ELB and a DNS
zone a DNS zone.
"""

from __future__ import annotations

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
from sakura_fleet.model.packet_filter import PacketFilterRule
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
