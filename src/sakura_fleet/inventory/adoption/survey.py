"""All that is asked for, looked up in the cloud and put together as a stack file's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import UsageError
from sakura_fleet.inventory.adoption.dns import dns_section, find_zone
from sakura_fleet.inventory.adoption.elb import elb_section, elb_serving, exposed
from sakura_fleet.inventory.adoption.group import GroupWriter
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.inventory.adoption.servers import Found, Selection, Servers, find_servers
from sakura_fleet.model.serving import Serving
from sakura_fleet.provider.references import elb_named

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Elb


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
        """Raises `UsageError` for what makes no stack file (`new`), or no part of one."""
        if not self.servers and (new or not (self.elb or self.dns_zone)):
            raise UsageError("name the servers with --prefix, --tag or --server")
        if self.elb_lookup and not self.elb:
            raise UsageError("--elb-lookup needs --elb")
        if (self.dns_lookup or self.records) and not self.dns_zone:
            raise UsageError("--dns-lookup and --record need --dns-zone")


def survey(client: Client, wanted: Wanted, *, fleet: str = "") -> tuple[dict[str, Any], Report]:
    """The settings, and what there is to say; `fleet` is the own fleet's owner tag, where there is one. Reads only.

    Raises `UsageError` for what cannot be taken over.
    """
    report = Report()
    settings: dict[str, Any] = {}
    elb = elb_named(client, wanted.elb, source="--elb") if wanted.elb else None
    servers = find_servers(client, wanted.servers, fleet=fleet, report=report) if wanted.servers else Servers([])
    found = servers.found
    if found:
        expose = exposed(client, elb, found, report) if elb else {}
        settings["size"] = str(len(found))
        settings["server_group"] = GroupWriter(client, servers, group=wanted.group, report=report).config(expose)
        _say_elsewhere(client, wanted, found, elb, report)
    if elb:
        settings["elb"] = elb_section(elb, lookup=wanted.elb_lookup, fleet=fleet, report=report)
    if wanted.dns_zone:
        settings["dns"] = dns_section(
            find_zone(client, wanted.dns_zone),
            addresses={member.server.ip_address for member in found if member.server.ip_address},
            elb=elb,
            serving=elb_serving(elb, lookup=wanted.elb_lookup) if elb else Serving(protocols=()),
            names=wanted.records,
            lookup=wanted.dns_lookup,
            fleet=fleet,
            report=report,
        )
    return settings, report


def _say_elsewhere(client: Client, wanted: Wanted, found: Sequence[Found], elb: Elb | None, report: Report) -> None:
    """Where else the servers are: nothing removes them there when the stack deletes one."""
    addresses = {member.server.ip_address for member in found} - {None}
    for other in client.elbs.find():
        entries = [entry for entry in other.entries if entry.ip_address in addresses]
        if entries and (elb is None or other.id != elb.id):
            own = f"--elb {other.id} takes it over, --elb-lookup its entries only"
            way_out = "a stack has one ELB, so they stay when a server goes" if elb else own
            report.notes.append(f"the ELB {other.name} ({other.id}) has entries of these servers: {way_out}")
    if wanted.dns_zone:
        return
    places = addresses | ({elb.vip} if elb and elb.vip else set())
    for zone in client.dns_zones.find():
        names = dict.fromkeys(record.name for record in zone.records if record.type == "A" and record.rdata in places)
        if names:
            way_out = f"--dns-zone {zone.name} takes it over, --dns-lookup these records only"
            report.notes.append(f"the DNS zone {zone.name} leads here at {', '.join(names)}: {way_out}")
