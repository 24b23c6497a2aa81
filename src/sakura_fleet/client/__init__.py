"""The typed client of the SAKURA Cloud API: `Client`, and the values that it takes and returns.

IDs are text, sizes are GB, times are `datetime`. The API's own words stay in here: above, an ELB is an ELB and a DNS
zone a DNS zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from sakura_fleet.client._client import Client as Client
    from sakura_fleet.client._elb_document import ElbDocument as ElbDocument
    from sakura_fleet.client._elb_document import ElbEntry as ElbEntry
    from sakura_fleet.client._elb_document import ElbRule as ElbRule
    from sakura_fleet.client._retry import RetryPolicy as RetryPolicy
    from sakura_fleet.client._secrets import hider as hider
    from sakura_fleet.client.account import AuthStatus as AuthStatus
    from sakura_fleet.client.activity import CpuSample as CpuSample
    from sakura_fleet.client.archives import Archive as Archive
    from sakura_fleet.client.catalogue import DiskPlan as DiskPlan
    from sakura_fleet.client.catalogue import Price as Price
    from sakura_fleet.client.catalogue import ServerPlan as ServerPlan
    from sakura_fleet.client.credentials import Credentials as Credentials
    from sakura_fleet.client.disks import Disk as Disk
    from sakura_fleet.client.disks import DiskConfig as DiskConfig
    from sakura_fleet.client.disks import NoteRef as NoteRef
    from sakura_fleet.client.dns_zones import DnsRecord as DnsRecord
    from sakura_fleet.client.dns_zones import DnsZone as DnsZone
    from sakura_fleet.client.elbs import Elb as Elb
    from sakura_fleet.client.elbs import ElbCertificate as ElbCertificate
    from sakura_fleet.client.elbs import ElbCertificates as ElbCertificates
    from sakura_fleet.client.elbs import ElbHealth as ElbHealth
    from sakura_fleet.client.elbs import ElbServerHealth as ElbServerHealth
    from sakura_fleet.client.icons import Icon as Icon
    from sakura_fleet.client.interfaces import Interface as Interface
    from sakura_fleet.client.notes import Note as Note
    from sakura_fleet.client.packet_filters import PacketFilter as PacketFilter
    from sakura_fleet.client.servers import Server as Server
    from sakura_fleet.client.servers import ServerDisk as ServerDisk
    from sakura_fleet.client.ssh_keys import SshKey as SshKey
    from sakura_fleet.client.switches import Switch as Switch
    from sakura_fleet.model.server.packet_filter import PacketFilterRule as PacketFilterRule
    from sakura_fleet.model.zones import Zone as Zone

# Each name is loaded when it is first asked for. An update that changes nothing asks the cloud nothing, and then the
# HTTP client, which takes longer to load than all the rest, is never needed.
__getattr__ = LazyExports(__name__)
