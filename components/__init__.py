"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
_HOMES = {
    "CaddyHost": ".caddy_host",
    "stack_config": ".config",
    "DnsRecords": ".dns",
    "DnsRecordsArgs": ".dns",
    "address_records": ".dns",
    "elb_record": ".dns",
    "https_alias": ".dns",
    "https_record": ".dns",
    "https_record_for": ".dns",
    "WebElb": ".elb",
    "Member": ".server_group",
    "ServerGroup": ".server_group",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
