"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from typing import TYPE_CHECKING

from sakura_fleet._lazy import LazyExports

if TYPE_CHECKING:
    from .caddy.host import CaddyHost as CaddyHost
    from .config import server_password as server_password
    from .config import stack_config as stack_config
    from .dns import DnsRecords as DnsRecords
    from .dns import DnsRecordsArgs as DnsRecordsArgs
    from .dns import RecordSetArgs as RecordSetArgs
    from .dns import address_records as address_records
    from .dns import elb_record as elb_record
    from .dns import https_alias as https_alias
    from .dns import https_record as https_record
    from .dns import https_record_for as https_record_for
    from .elb import WebElb as WebElb
    from .fleet import Fleet as Fleet
    from .program import run_program as run_program
    from .server_group import Member as Member
    from .server_group import ServerGroup as ServerGroup

# Loaded when asked for: a program that declares a group only need not wait for all that DNS records know.
__getattr__ = LazyExports(__name__)
