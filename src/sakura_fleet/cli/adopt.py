"""`sakura-fleet adopt`: a stack file that takes over what is there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Final

import click

from sakura_fleet.adoption.dns import dns_section, find_zone
from sakura_fleet.adoption.elb import elb_section, exposed, find_elb
from sakura_fleet.adoption.group import GroupWriter
from sakura_fleet.adoption.report import Report
from sakura_fleet.adoption.servers import Selection, find_servers
from sakura_fleet.adoption.stack_text import problems_of, stack_text
from sakura_fleet.cli.options import check_stack_name, write_new
from sakura_fleet.errors import FleetError
from sakura_fleet.model.ownership import fleet_tag
from sakura_fleet.model.stack import check_api_root
from sakura_fleet.model.zones import ZONES
from sakura_fleet.project import Project
from sakura_fleet.resources.session import Session, SessionSettings

EXIT_UNFINISHED: Final = 2
"""The stack file was written, but something in it is still to be decided."""


@click.command()
@click.argument("stack")
@click.option("--prefix", default="", metavar="TEXT", help="Servers whose names begin so.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Servers with this tag; repeated: with all of them.")
@click.option("--server", "servers", multiple=True, metavar="NAME|ID", help="This server; repeat it for several.")
@click.option(
    "--zone",
    "zones",
    multiple=True,
    type=click.Choice(list(ZONES)),
    help="Look for servers in this zone; default: all.",
)
@click.option("--group", default="", metavar="NAME", help="What the server group is called; default: from the names.")
@click.option("--elb", "elb_name", default="", metavar="NAME|ID", help="The ELB in front of the servers.")
@click.option("--elb-lookup", is_flag=True, help="Leave the ELB to whom it belongs, and have entries in it only.")
@click.option("--dns-zone", "zone_name", default="", metavar="NAME", help="The DNS zone with the records of them.")
@click.option("--dns-lookup", is_flag=True, help="Leave the DNS zone to whom it belongs, and have records in it only.")
@click.option(
    "--record", "records", multiple=True, metavar="NAME",
    help="Also take the records at this name of the DNS zone, such as www or @; repeat it for several.",
)  # fmt: skip
@click.option("--api-root", default="", help="The API to talk to, where the stack has no file yet.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write here; it must not exist. Default: the stack's file, or standard output where that is there already.",
)  # fmt: skip
def adopt(
    stack: str,
    prefix: str,
    tags: tuple[str, ...],
    servers: tuple[str, ...],
    zones: tuple[str, ...],
    group: str,
    elb_name: str,
    elb_lookup: bool,
    zone_name: str,
    dns_lookup: bool,
    records: tuple[str, ...],
    api_root: str,
    output: Path | None,
) -> None:
    """Write a stack file that takes over servers, an ELB and a DNS zone that are there already.

    Reads only: nothing is changed in the cloud. The next `pulumi up` of STACK takes over what the file names, without a
    rebuild. Where STACK has a file, the part to put into it goes to standard output. What was found and what could not
    be taken is listed on standard error and in comments of the file. The exit code is 0 where the result is accepted as
    it is, 2 where something in it is still to be decided.

    \b
    Example:
      sakura-fleet adopt production --prefix web- --elb tk-elb --dns-zone example.com
      pulumi stack init production
      pulumi up -s production
    """
    selection = Selection(prefix=prefix, tags=tags, servers=servers, zones=zones or tuple(ZONES))
    project = Project.here()
    path = project.stack_file(stack)
    new = not path.is_file()
    _check_usage(stack, selection, elb_name, elb_lookup, zone_name, dns_lookup or bool(records), api_root, new=new)
    setting = {"api_root": api_root}.get if new else project.setting(stack)
    session = Session(SessionSettings.from_config(setting), env=os.environ)
    click.get_current_context().call_on_close(session.close)
    client, report = session.client, Report()
    fleet = "" if new else fleet_tag(project.fleet_id(stack))

    config: dict[str, Any] = {}
    if new:
        config = {"fleet_id": secrets.token_hex(8), **({"api_root": api_root} if api_root else {})}
        config["account_id"] = client.auth_status().account_id
    elb = find_elb(client, elb_name) if elb_name else None
    found = find_servers(client, selection, fleet=fleet, report=report) if selection else []
    if found:
        expose = exposed(client, elb, found, report) if elb else {}
        config["size"] = str(len(found))
        config["server_group"] = GroupWriter(client, found, group=group, report=report).config(expose)
    if elb:
        config["elb"] = elb_section(elb, lookup=elb_lookup, fleet=fleet, report=report)
    if zone_name:
        config["dns"] = dns_section(
            find_zone(client, zone_name),
            addresses={one.server.ip_address for one in found if one.server.ip_address},
            elb=elb,
            names=records,
            lookup=dns_lookup,
            fleet=fleet,
            report=report,
        )
    report.to_do += [str(problem) for problem in problems_of(config)]
    text = stack_text(config, report, stack=stack)
    target = output or (path if new else None)
    if target is None:
        click.echo(text, nl=False)
    else:
        write_new(target, text)
    for line in report.lines():
        click.echo(line, err=True)
    if report.to_do:
        raise click.exceptions.Exit(EXIT_UNFINISHED)


def _check_usage(
    stack: str,
    selection: Selection,
    elb: str,
    elb_lookup: bool,
    zone: str,
    of_zone: bool,
    api_root: str,
    *,
    new: bool,
) -> None:
    check_stack_name(stack)
    problem = ""
    if not selection and (new or not (elb or zone)):
        problem = "name the servers with --prefix, --tag or --server"
    if elb_lookup and not elb:
        problem = "--elb-lookup needs --elb"
    if of_zone and not zone:
        problem = "--dns-lookup and --record need --dns-zone"
    if api_root and not new:
        problem = f"--api-root: the stack {stack} has a file, and its api_root counts"
    elif api_root and check_api_root(api_root):
        problem = f"--api-root: {check_api_root(api_root)}"
    if problem:
        raise FleetError(problem)
