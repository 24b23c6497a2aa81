"""What a Pulumi program declares in SAKURA Cloud: one module a resource.

Each resource has two layers. The life cycle (check, diff, create, read, update, delete) is written over plain dicts and
knows nothing of Pulumi's hosts; the provider class is a thin adapter. Module paths and names of provider classes are
kept in every state, so they are a lasting contract.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sakura_fleet.resources.dns_record_sets import DnsRecordSets
    from sakura_fleet.resources.dns_zone import DnsZone
    from sakura_fleet.resources.elb import Elb
    from sakura_fleet.resources.elb_certificate import ElbCertificate
    from sakura_fleet.resources.elb_membership import ElbMembership
    from sakura_fleet.resources.host_probe import HostProbe
    from sakura_fleet.resources.http3_withdrawal import Http3Withdrawal
    from sakura_fleet.resources.packet_filter import PacketFilter
    from sakura_fleet.resources.server import Server
    from sakura_fleet.resources.ssh_host_key import SshHostKey
    from sakura_fleet.resources.ssh_key import SshKey
    from sakura_fleet.resources.startup_script import StartupScript
    from sakura_fleet.resources.switch import Switch

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
    "DnsRecordSets": "sakura_fleet.resources.dns_record_sets",
    "DnsZone": "sakura_fleet.resources.dns_zone",
    "Elb": "sakura_fleet.resources.elb",
    "ElbCertificate": "sakura_fleet.resources.elb_certificate",
    "ElbMembership": "sakura_fleet.resources.elb_membership",
    "HostProbe": "sakura_fleet.resources.host_probe",
    "Http3Withdrawal": "sakura_fleet.resources.http3_withdrawal",
    "PacketFilter": "sakura_fleet.resources.packet_filter",
    "Server": "sakura_fleet.resources.server",
    "SshHostKey": "sakura_fleet.resources.ssh_host_key",
    "SshKey": "sakura_fleet.resources.ssh_key",
    "StartupScript": "sakura_fleet.resources.startup_script",
    "Switch": "sakura_fleet.resources.switch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
