"""What a Pulumi program declares in SAKURA Cloud: one module a resource.

Each resource has two layers. The life cycle (check, diff, create, read, update, delete) is written over plain dicts and
knows nothing of Pulumi's hosts; the provider class is a thin adapter. Module paths and names of provider classes are
kept in every state, so they are a lasting contract.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sakura_fleet.resources.caddy.host_probe import HostProbe
    from sakura_fleet.resources.caddy.http3_withdrawal import Http3Withdrawal
    from sakura_fleet.resources.caddy.ssh_host_key import SshHostKey
    from sakura_fleet.resources.dns.record_sets import DnsRecordSets
    from sakura_fleet.resources.dns.zone import DnsZone
    from sakura_fleet.resources.elb.certificate import ElbCertificate
    from sakura_fleet.resources.elb.elb import Elb
    from sakura_fleet.resources.elb.membership import ElbMembership
    from sakura_fleet.resources.server.packet_filter import PacketFilter
    from sakura_fleet.resources.server.server import Server
    from sakura_fleet.resources.server.ssh_key import SshKey
    from sakura_fleet.resources.server.startup_script import StartupScript
    from sakura_fleet.resources.server.switch import Switch

__all__ = [
    "DnsRecordSets",
    "DnsZone",
    "Elb",
    "ElbCertificate",
    "ElbMembership",
    "HostProbe",
    "Http3Withdrawal",
    "PacketFilter",
    "Server",
    "SshHostKey",
    "SshKey",
    "StartupScript",
    "Switch",
]

# Loaded when asked for: a provider host then loads the kinds of resource that its stack has, and no others.
_HOMES = {
    "DnsRecordSets": "sakura_fleet.resources.dns.record_sets",
    "DnsZone": "sakura_fleet.resources.dns.zone",
    "Elb": "sakura_fleet.resources.elb.elb",
    "ElbCertificate": "sakura_fleet.resources.elb.certificate",
    "ElbMembership": "sakura_fleet.resources.elb.membership",
    "HostProbe": "sakura_fleet.resources.caddy.host_probe",
    "Http3Withdrawal": "sakura_fleet.resources.caddy.http3_withdrawal",
    "PacketFilter": "sakura_fleet.resources.server.packet_filter",
    "Server": "sakura_fleet.resources.server.server",
    "SshHostKey": "sakura_fleet.resources.caddy.ssh_host_key",
    "SshKey": "sakura_fleet.resources.server.ssh_key",
    "StartupScript": "sakura_fleet.resources.server.startup_script",
    "Switch": "sakura_fleet.resources.server.switch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
