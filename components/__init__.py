"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from .caddy_host import CaddyHost
from .config import stack_config
from .dns_records import DnsRecords, DnsRecordsArgs, address_records, elb_records, https_alias, https_record
from .elb import WebElb
from .server_group import Member, ServerGroup

__all__ = [
    "CaddyHost",
    "DnsRecords",
    "DnsRecordsArgs",
    "Member",
    "ServerGroup",
    "WebElb",
    "address_records",
    "elb_records",
    "https_alias",
    "https_record",
    "stack_config",
]
