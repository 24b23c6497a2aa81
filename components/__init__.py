"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from .caddy_host import CaddyHost
    from .config import stack_config
    from .dns import (
        DnsRecords,
        DnsRecordsArgs,
        address_records,
        elb_record,
        https_alias,
        https_record,
        https_record_for,
    )
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
    "elb_record",
    "https_alias",
    "https_record",
    "https_record_for",
    "stack_config",
]

# Loaded when asked for: a program that declares a group only need not wait for all that DNS records know.
__getattr__ = LazyExports(
    __name__,
    {
        ".caddy_host": ("CaddyHost",),
        ".config": ("stack_config",),
        ".dns": (
            "DnsRecords",
            "DnsRecordsArgs",
            "address_records",
            "elb_record",
            "https_alias",
            "https_record",
            "https_record_for",
        ),
        ".elb": ("WebElb",),
        ".server_group": (
            "Member",
            "ServerGroup",
        ),
    },
)
