"""An ELB that is there: its settings as a section of the stack file, and which of its entries are of the group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import AdoptionError, OwnershipError
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.model.elb import PLANS, ElbArgs, ElbSettings
from sakura_fleet.model.serving import Serving
from sakura_fleet.ownership import OwnerTags

if TYPE_CHECKING:
    from sakura_fleet.client import Client, Elb
    from sakura_fleet.inventory.adoption.servers import Found


def elb_section(elb: Elb, *, lookup: bool, fleet: str, report: Report) -> dict[str, Any]:
    """The section `elb`. Raises `OwnershipError` or `AdoptionError` where it cannot be taken over."""
    if lookup:
        report.taken.append(f"entries only: ELB {elb.name} ({elb.id}) stays somebody else's")
        return {"lookup": elb.id, **({"vip_failover": True} if elb.vip_failover else {})}
    owner_tags = OwnerTags.from_tags(elb.tags)
    if owner_tags:
        whose = "this fleet already" if owner_tags.is_of(fleet) else f"another fleet, {owner_tags.fleet}"
        raise OwnershipError(
            f"--elb: the ELB {elb.name} ({elb.id}) belongs to {whose}; use it as it is with --elb-lookup"
        )
    settings = elb.settings
    if elb.plan not in PLANS or not settings.bind_ports:
        why = "its plan is not known here" if elb.plan not in PLANS else "it has no port"
        raise AdoptionError(f"--elb: {elb.name} ({elb.id}) cannot be declared, as {why}; use it with --elb-lookup")
    section: dict[str, Any] = {"name": elb.name, "adopt": elb.id, "plan": elb.plan}
    section |= {"region": elb.region} if elb.region not in ("", "is1") else {}
    section |= {"vip_failover": True} if elb.vip_failover else {}
    default = ElbSettings().inputs()
    section |= {key: _short(value) for key, value in settings.inputs().items() if value != default[key]}
    labels = {"description": elb.description, "tags": OwnerTags.untag(elb.tags), "icon_id": elb.icon_id}
    section |= {key: value for key, value in labels.items() if value}
    report.taken.append(f"ELB {elb.name} ({elb.id})")
    if elb.document.lets_encrypt_names:
        name = elb.document.lets_encrypt_names[0]
        report.notes.append(
            f"the ELB's certificate from Let's Encrypt for {name} stays as it is, outside the stack; "
            "elb.lets_encrypt_names would take it in, too"
        )
    return section


def elb_serving(elb: Elb, *, lookup: bool) -> Serving:
    """What the ELB serves as the section `elb` declares it."""
    return (ElbArgs(lookup=elb.id) if lookup else ElbArgs(settings=elb.settings)).serving


def exposed(client: Client, elb: Elb, found: Sequence[Found], report: Report) -> dict[str, Any]:
    """`expose` of the first interface: the ports and the server group under which the ELB has the servers."""
    servers = {server.server.ip_address: server for server in found if server.server.ip_address}
    for server in found:
        if not server.server.ip_address:
            report.to_do.append(
                f"server {server}: no address is noted at its first interface, and an ELB knows servers by it: note it "
                "in the control panel"
            )
    own = [entry for entry in elb.entries if entry.ip_address in servers]
    for entry in elb.entries:
        if entry not in own:
            report.left_out.append(f"entry {entry} of the ELB {elb.name}: none of these servers")
    if not own:
        report.to_do.append(
            f"server_group.template.network_interfaces[0].expose: the ELB {elb.name} has no entry of these servers; "
            "write the ports that it is to reach them at"
        )
        return {}
    name = Counter(entry.server_group for entry in own).most_common(1)[0][0]
    taken = [entry for entry in own if entry.server_group == name]
    for entry in own:
        if entry not in taken:
            report.left_out.append(
                f"entry {entry} of the ELB {elb.name}: its group is {entry.server_group or 'none'}, that of most "
                f"others {name or 'none'}; nothing removes it when its server goes"
            )
    ports = sorted({entry.port for entry in taken})
    there = {str(entry): entry for entry in taken}
    health = {f"{entry.ip_address}:{entry.port}": entry.up for entry in client.elbs.health(elb.id).servers}
    for address, server in servers.items():
        for place in (f"{address}:{port}" for port in ports):
            known = there.get(place)
            if known is None:
                report.changes.append(f"server {server} joins the ELB {elb.name} as {place}, where it has no entry yet")
            elif not known.enabled:
                report.changes.append(f"the disabled entry {place} of server {server} is enabled")
            elif health.get(place) is False:
                report.notes.append(f"the ELB calls {place} DOWN: `pulumi up` fails if that lasts for elb.up_deadline")
    return {"ports": ports, **({"server_group_name": name} if name else {})}


def _short(value: Any) -> Any:
    """A setting without what is left out when nothing is said."""
    if isinstance(value, Mapping):
        return {key: _short(item) for key, item in value.items() if item not in ("", False, 0, [], {})}
    return [_short(item) for item in value] if isinstance(value, list) else value
