"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from .config import stack_config
from .dns_records import DnsRecords, DnsRecordsArgs
from .elb import WebElb
from .server_group import Member, ServerGroup

__all__ = ["DnsRecords", "DnsRecordsArgs", "Member", "ServerGroup", "WebElb", "stack_config"]
