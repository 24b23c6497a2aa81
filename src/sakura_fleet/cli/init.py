"""`sakura-fleet init`: a stack file with a fleet of its own."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import click

from sakura_fleet.cli.options import check_stack_name
from sakura_fleet.cli.schema import write_stack_file
from sakura_fleet.engine.project import PREFIX, Project, stack_settings
from sakura_fleet.engine.stack_file import StackFile
from sakura_fleet.errors import ProjectError, UsageError
from sakura_fleet.model.api_root import check_api_root
from sakura_fleet.model.zones import ZONES

_TEMPLATE = """\
# The stack {stack}. Every setting is explained in docs/configuration.md.
config:
  {prefix}fleet_id: {fleet_id} # which fleet this is, in the owner tags on all it owns: never change it
{api_root}  {prefix}size: 2 # the scaler changes this, within min_size..max_size
  {prefix}server_group:
    name: web
    zones: [{zones}]
    min_size: 2
    max_size: 5
    template:
      plan: {{ core: 1, memory: 1 }}
      network_interfaces:
        - upstream: shared
          expose: {{ ports: [80] }}
      disks:
        - {{ os_type: almalinux, plan: ssd, size: 20 }}
      edit_parameter:
        disable_pw_auth: true
        ssh_keys: [] # your public keys, one text each
        startup_scripts:
          - |
            #!/bin/bash
            # @sacloud-once
            set -eu
            dnf install -y nginx
            echo "server name: {{{{ .Name }}}}" > /usr/share/nginx/html/index.html
            systemctl enable --now nginx
            firewall-cmd --permanent --add-service=http
            firewall-cmd --reload
"""


@click.command()
@click.argument("stack")
@click.option(
    "--zone", "zones", multiple=True, default=("is1b", "is1c"), show_default=True, type=click.Choice(list(ZONES)),
    help="A zone for the servers; repeat it for several.",
)  # fmt: skip
@click.option("--api-root", default="", help="The API to talk to; default: the real SAKURA Cloud.")
def init(stack: str, zones: tuple[str, ...], api_root: str) -> None:
    """Write the file of the new stack STACK, or give an existing one its fleet_id.

    The fleet_id is random. It is part of the owner tag on everything that the stack owns, so two fleets never touch
    each other's servers, whatever their names are.

    \b
    Example:
      sakura-fleet init staging --zone is1b --zone tk1b
    """
    check_stack_name(stack)
    problem = check_api_root(api_root) if api_root else ""
    if problem:
        raise UsageError(f"--api-root: {problem}")
    project = Project.here()
    path = project.stack_file(stack)
    fleet_id = secrets.token_hex(8)
    existed = path.is_file()
    if existed:
        _add_fleet_id(path, fleet_id)
    else:
        root = f"  {PREFIX}api_root: {api_root}\n" if api_root else ""
        text = _TEMPLATE.format(
            stack=stack, prefix=PREFIX, fleet_id=_yaml(fleet_id), api_root=root, zones=", ".join(dict.fromkeys(zones))
        )
        write_stack_file(Path(os.path.relpath(path)), text)
    click.echo(f"fleet_id is {fleet_id}; next: edit the file, then `pulumi stack init {stack}`,")
    click.echo(f"`sakura-fleet doctor -s {stack}` and `pulumi up -s {stack}`")
    if len(set(zones)) == 1 and not existed:
        click.echo("one zone: the policies refuse that for a production stack; name two for one", err=True)


def _add_fleet_id(path: Path, fleet_id: str) -> None:
    """Add the line to the file as it is: comments and order stay."""
    file = StackFile.read(path)
    text = file.text
    config = stack_settings(text, path)
    if f"{PREFIX}fleet_id" in config:
        raise ProjectError(
            f"{path} already has the fleet_id {config[f'{PREFIX}fleet_id']}; it must stay, as everything that "
            "the fleet owns is found by it. Nothing was changed"
        )
    line = f"{PREFIX}fleet_id: {_yaml(fleet_id)}\n"
    text = f"{text.rstrip()}\n" if text.strip() else ""
    block = re.search(r"^config:[ \t]*(#.*)?\n", text, re.MULTILINE)
    if block:
        indented = re.match(r"(?:[ \t]*(?:#.*)?\n)*( +)", text[block.end() :])
        text = f"{text[: block.end()]}{indented.group(1) if indented else '  '}{line}{text[block.end() :]}"
    elif re.search(r"^[\"']?config\b", text, re.MULTILINE):
        raise ProjectError(
            f"{path} has `config` in braces; add this to it by hand: {line.strip()}. Nothing was changed"
        )
    else:
        text = f"{text}config:\n  {line}"
    StackFile(path, text).replace(file)
    click.echo(f"added the fleet_id to {path}")


def _yaml(text: str) -> str:
    """Quotes, so that an identity of digits only stays a text."""
    return f'"{text}"'
