"""`sakura-fleet adopt`: a stack file that takes over what is there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from sakura_fleet.cli.options import check_stack_name, output_file_option, write_new
from sakura_fleet.cli.schema import write_stack_file
from sakura_fleet.engine.exit_codes import DraftExit
from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack_session import open_session
from sakura_fleet.errors import UsageError
from sakura_fleet.model.api_root import check_api_root
from sakura_fleet.model.yaml_lines import one_line
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import fleet_tag


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
    help="Find servers in this zone; default: in all.",
)
@click.option("--group", default="", metavar="NAME", help="What the server group is called; default: from the names.")
@click.option("--elb", "elb", default="", metavar="NAME|ID", help="The ELB in front of the servers.")
@click.option("--elb-lookup", is_flag=True, help="Leave the ELB to whom it belongs, and have entries in it only.")
@click.option("--dns-zone", "dns_zone", default="", metavar="NAME", help="The DNS zone with the records of them.")
@click.option("--dns-lookup", is_flag=True, help="Leave the DNS zone to whom it belongs, and have records in it only.")
@click.option(
    "--record", "records", multiple=True, metavar="NAME",
    help="Also take the records at this name of the DNS zone, such as www or @; repeat it for several.",
)  # fmt: skip
@click.option("--api-root", default="", help="The API to talk to, where the stack has no file yet.")
@output_file_option("Write here instead of to the stack's file, or to standard output where that is there already")
def adopt(
    stack: str,
    prefix: str,
    tags: tuple[str, ...],
    servers: tuple[str, ...],
    zones: tuple[str, ...],
    group: str,
    elb: str,
    elb_lookup: bool,
    dns_zone: str,
    dns_lookup: bool,
    records: tuple[str, ...],
    api_root: str,
    output: Path | None,
) -> None:
    """Write a stack file that takes over servers, an ELB and a DNS zone that are there already.

    Reads only: nothing is changed in the cloud. The next `pulumi up` of STACK takes over what the file names, without a
    rebuild. Where STACK has a file, the part to put into it goes to standard output. What was found and what could not
    be taken is listed on standard error and in comments of the file. The exit code is 0 where the result is accepted as
    it is, 3 where something in it is still to be decided.

    \b
    Example:
      sakura-fleet adopt production --prefix web- --elb tk-elb
      pulumi stack init production
      pulumi up -s production
    """
    # Only here: every other command would load them, too.
    from sakura_fleet.inventory.adoption.servers import Selection
    from sakura_fleet.inventory.adoption.stack_text import problems_of, stack_text
    from sakura_fleet.inventory.adoption.survey import Wanted, survey

    check_stack_name(stack)
    project = Project.here()
    path = project.stack_file(stack)
    new = not path.is_file()
    wanted = Wanted(
        servers=Selection(prefix=prefix, tags=tags, servers=servers, zones=zones or tuple(ZONES)),
        group=group,
        elb=elb,
        elb_lookup=elb_lookup,
        dns_zone=dns_zone,
        dns_lookup=dns_lookup,
        records=records,
    )
    wanted.check(new=new)
    _check_api_root(stack, api_root, new=new)
    setting = {"api_root": api_root}.get if new else project.setting(stack)
    session = click.get_current_context().with_resource(open_session(setting))
    settings, report = survey(session.client, wanted, fleet="" if new else fleet_tag(project.fleet_id(stack)))
    if new:
        root = {"api_root": api_root} if api_root else {}
        account = session.account.account_id
        settings = {"fleet_id": secrets.token_hex(8), **root, "account_id": account, **settings}
    report.to_do += [str(problem) for problem in problems_of(settings)]
    text = stack_text(settings, report, stack=stack)
    target = output or (Path(os.path.relpath(path)) if new else None)
    if target is None:
        click.echo(text, nl=False)
    elif new:
        write_stack_file(target, text)
    else:
        write_new(target, text)
    for line in report.lines():
        click.echo(one_line(line), err=True)
    if report.to_do:
        raise click.exceptions.Exit(DraftExit.UNFINISHED)


def _check_api_root(stack: str, api_root: str, *, new: bool) -> None:
    if api_root and not new:
        raise UsageError(f"--api-root: the stack {stack} has a file, and its api_root counts")
    problem = check_api_root(api_root) if api_root else ""
    if problem:
        raise UsageError(f"--api-root: {problem}")
