"""All that is asked for, looked up in the cloud and put together as a stack file's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sakura_fleet.adoption.dns import dns_section, find_zone
from sakura_fleet.adoption.elb import elb_section, exposed, find_elb
from sakura_fleet.adoption.group import GroupWriter
from sakura_fleet.adoption.report import Report
from sakura_fleet.adoption.servers import Selection, find_servers
from sakura_fleet.errors import FleetError

if TYPE_CHECKING:
    from sakura_fleet.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a stack is to take over. With a `lookup`, ELB or DNS zone stay whose they are."""

    servers: Selection = field(default_factory=Selection)
    group: str = ""
    elb: str = ""
    elb_lookup: bool = False
    dns_zone: str = ""
    dns_lookup: bool = False
    records: tuple[str, ...] = ()

    def check(self, *, new: bool) -> None:
        """Raises `FleetError` for what makes no stack file (`new`), or no part of one."""
        if not self.servers and (new or not (self.elb or self.dns_zone)):
            raise FleetError("name the servers with --prefix, --tag or --server")
        if self.elb_lookup and not self.elb:
            raise FleetError("--elb-lookup needs --elb")
        if (self.dns_lookup or self.records) and not self.dns_zone:
            raise FleetError("--dns-lookup and --record need --dns-zone")


def survey(client: Client, wanted: Wanted, *, fleet: str = "") -> tuple[dict[str, Any], Report]:
    """The settings, and what there is to say; `fleet` is the own fleet's mark, where there is one. Reads only.

    Raises `FleetError` for what cannot be taken over.
    """
    report = Report()
    settings: dict[str, Any] = {}
    elb = find_elb(client, wanted.elb) if wanted.elb else None
    found = find_servers(client, wanted.servers, fleet=fleet, report=report) if wanted.servers else []
    if found:
        expose = exposed(client, elb, found, report) if elb else {}
        settings["size"] = str(len(found))
        settings["server_group"] = GroupWriter(client, found, group=wanted.group, report=report).config(expose)
    if elb:
        settings["elb"] = elb_section(elb, lookup=wanted.elb_lookup, fleet=fleet, report=report)
    if wanted.dns_zone:
        settings["dns"] = dns_section(
            find_zone(client, wanted.dns_zone),
            addresses={one.server.ip_address for one in found if one.server.ip_address},
            elb=elb,
            names=wanted.records,
            lookup=wanted.dns_lookup,
            fleet=fleet,
            report=report,
        )
    return settings, report
