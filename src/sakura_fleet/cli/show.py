"""`sakura-fleet show`: the fleet as the state knows it, beside what the cloud says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sakura_fleet import tokens
from sakura_fleet.cli.options import output_option, stack_option
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.session import open_session
from sakura_fleet.engine.stack import StackEngine
from sakura_fleet.errors import NotFoundError
from sakura_fleet.provider.references import find_elb

if TYPE_CHECKING:
    from sakura_fleet.client import Client
    from sakura_fleet.provider.session import Session

Row = dict[str, Any]


@click.command()
@stack_option
@output_option
def show(stack: str | None, output: str) -> None:
    """Show the fleet: servers, ELB entries with their health, DNS records.

    Every row stands for what the state and the cloud say of one thing; `note` names what they do not agree on.

    \b
    Example:
      sakura-fleet show -s production -o json
    """
    project = Project.here()
    name = project.selected_stack(stack)
    resources = StackEngine(project, name).resources()
    with open_session(project.setting(name)) as session:
        fleet = {
            "servers": sorted(_servers(session.client, resources), key=lambda row: (row["name"], row["id"])),
            "elb_entries": list(_entries(session, resources)),
            "records": list(_records(session.client, resources)),
        }
    if output == "json":
        click.echo(json.dumps(fleet, indent=2, ensure_ascii=False))
        return
    for title, rows in fleet.items():
        click.echo(f"{title.replace('_', ' ')}:")
        click.echo(_table(rows) if rows else "  none")


def _of_type(
    resources: Sequence[Mapping[str, Any]], token: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for resource in resources:
        if resource["type"] == token and not resource.get("delete"):
            yield resource, resource.get("outputs") or {}


def _servers(client: Client, resources: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for resource, outputs in _of_type(resources, tokens.SERVER):
        row = {
            "name": outputs["name"],
            "id": resource["id"],
            "zone": outputs["zone"],
            "address": outputs["address"],
            "status": "",
            "key": outputs["owner_tags"]["resource"],
            "note": "",
        }
        try:
            server = client.servers.read(outputs["zone"], resource["id"])
        except NotFoundError:
            yield {**row, "note": "gone from the cloud"}
            continue
        notes = [
            f"{what} is {actual} in the cloud"
            for what, known, actual in (
                ("name", outputs["name"], server.name),
                ("address", outputs["address"], server.ip_address or ""),
            )
            if known != actual
        ]
        yield {**row, "status": server.status, "note": "; ".join(notes)}


def _entries(session: Session, resources: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    ours: dict[str, dict[tuple[str, int], str]] = {}
    references: dict[str, Mapping[str, Any]] = {}
    for resource, outputs in _of_type(resources, tokens.ELB):
        key = "" if outputs.get("lookup") else outputs["owner_tags"]["resource"]
        references[key or resource["id"]] = {"key": key, "id": outputs["elb_id"]}
    for resource, outputs in _of_type(resources, tokens.ELB_MEMBERSHIP):
        known = {(entry["address"], int(entry["port"])): resource["urn"] for entry in outputs["entries"]}
        ours.setdefault(outputs["elb"]["key"] or outputs["elb"]["id"], {}).update(known)
    for key, reference in references.items():
        known = ours.get(key, {})
        try:
            elb = find_elb(session, reference)
        except NotFoundError:
            yield {"elb": reference["id"], "note": "gone from the cloud"}
            continue
        health = {(one.ip_address, one.port): one for one in session.client.elbs.health(elb.id).servers}
        for entry in elb.settings.get("Servers") or []:
            place = (str(entry["IPAddress"]), int(entry["Port"]))
            seen = health.get(place)
            yield {
                "elb": elb.name,
                "address": f"{place[0]}:{place[1]}",
                "group": entry.get("ServerGroup") or "",
                "enabled": entry.get("Enabled") is not False,
                "health": ("UP" if seen.up else "DOWN") if seen else "",
                "connections": seen.active_connections if seen else 0,
                "note": "" if known.pop(place, None) else "not of this stack",
            }
        for address, port in known:
            yield {"elb": elb.name, "address": f"{address}:{port}", "note": "in the state, but not in the ELB"}


def _records(client: Client, resources: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    ours: dict[str, list[Mapping[str, Any]]] = {}
    for _, outputs in _of_type(resources, tokens.DNS_RECORD_SETS):
        ours.setdefault(str(outputs["zone_id"]), []).extend(outputs["records"])
    for zone_id, known in ours.items():
        try:
            zone = client.dns_zones.read(zone_id)
        except NotFoundError:
            yield {"zone": zone_id, "note": "gone from the cloud"}
            continue
        missing = {(one["name"], one["type"], value) for one in known for value in one["values"]}
        for record in zone.records:
            place = (record.name, record.type, record.rdata)
            yield {
                "zone": zone.name,
                "name": record.name,
                "type": record.type,
                "ttl": record.ttl or 3600,
                "rdata": record.rdata,
                "note": "" if place in missing else "not of this stack",
            }
            missing.discard(place)
        for name, kind, rdata in sorted(missing):
            lost = {"zone": zone.name, "name": name, "type": kind, "rdata": rdata}
            yield {**lost, "note": "in the state, but not in the zone"}


def _table(rows: Sequence[Row]) -> str:
    header = list(dict.fromkeys(column for row in rows for column in row))
    cells = [header, *([str(row.get(column, "")) for column in header] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(f"  {line}".rstrip() for line in lines)
