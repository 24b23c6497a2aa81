"""What a Pulumi program declares in SAKURA Cloud: one module a resource.

Each resource has two layers. The life cycle (check, diff, create, read, update, delete) is written over plain dicts and
knows nothing of Pulumi's hosts; the provider class is a thin adapter. Module paths and names of provider classes are
kept in every state, so they are a lasting contract.
"""

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from sakura_fleet.resources.caddy.host_probe import HostProbe as HostProbe
    from sakura_fleet.resources.caddy.http3_withdrawal import Http3Withdrawal as Http3Withdrawal
    from sakura_fleet.resources.caddy.ssh_host_key import SshHostKey as SshHostKey
    from sakura_fleet.resources.dns.record_sets import DnsRecordSets as DnsRecordSets
    from sakura_fleet.resources.dns.zone import DnsZone as DnsZone
    from sakura_fleet.resources.elb.certificate import ElbCertificate as ElbCertificate
    from sakura_fleet.resources.elb.elb import Elb as Elb
    from sakura_fleet.resources.elb.membership import ElbMembership as ElbMembership
    from sakura_fleet.resources.server.packet_filter import PacketFilter as PacketFilter
    from sakura_fleet.resources.server.server import Server as Server
    from sakura_fleet.resources.server.ssh_key import SshKey as SshKey
    from sakura_fleet.resources.server.startup_script import StartupScript as StartupScript
    from sakura_fleet.resources.server.switch import Switch as Switch

# Loaded when asked for: a provider host then loads the kinds of resource that its stack has, and no others.
__getattr__ = LazyExports(__name__)
