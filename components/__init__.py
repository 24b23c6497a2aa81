"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from .caddy.host import CaddyHost
    from .config import server_password, stack_config
    from .dns import (
        DnsRecords,
        DnsRecordsArgs,
        RecordSetArgs,
        address_records,
        elb_record,
        https_alias,
        https_record,
        https_record_for,
    )
    from .elb import WebElb
    from .fleet import Fleet
    from .program import run_program
    from .server_group import Member, ServerGroup

__all__ = [
    "CaddyHost",
    "DnsRecords",
    "DnsRecordsArgs",
    "Fleet",
    "Member",
    "RecordSetArgs",
    "ServerGroup",
    "WebElb",
    "address_records",
    "elb_record",
    "https_alias",
    "https_record",
    "https_record_for",
    "run_program",
    "server_password",
    "stack_config",
]

# Loaded when asked for: a program that declares a group only need not wait for all that DNS records know.
__getattr__ = LazyExports(
    __name__,
    {
        ".caddy.host": ("CaddyHost",),
        ".config": ("server_password", "stack_config"),
        ".dns": (
            "DnsRecords",
            "DnsRecordsArgs",
            "RecordSetArgs",
            "address_records",
            "elb_record",
            "https_alias",
            "https_record",
            "https_record_for",
        ),
        ".elb": ("WebElb",),
        ".fleet": ("Fleet",),
        ".program": ("run_program",),
        ".server_group": (
            "Member",
            "ServerGroup",
        ),
    },
)
