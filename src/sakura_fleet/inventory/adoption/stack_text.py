"""The stack file, or the part of one, as text: with the reasons for what is to be removed or filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.model.stack import read_stack
from sakura_fleet.model.yaml_lines import comment, dump
from sakura_fleet.tokens import CONFIG_NAMESPACE

_COMMENTS: Final = {
    "adopt": "for the first `pulumi up` only: remove it afterwards",
    "adopt_packet_filter": "for the first `pulumi up` only: remove it afterwards",
    "adopt_zone": "for the first `pulumi up` only: remove it afterwards",
    "fleet_id": "which fleet this is, in the owner tags on all it owns: never change it",
    "max_size": "widen min_size and max_size to scale",
    "ssh_keys": "cannot be read from servers; for those made later, write them before the first `pulumi up`",
    "startup_scripts": "the same",
}
"""What comes after a key."""


def problems_of(config: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What is wrong with the stack file; empty for a part of one."""
    if "server_group" not in config:
        return ()
    raw = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    try:
        read_stack({"fleet_id": "to-be-written", **raw})
    except InputError as error:
        return error.problems
    return ()


def stack_text(config: Mapping[str, Any], report: Report, *, stack: str) -> str:
    """The text, with everything in the report as comments before it."""
    head = [
        f"The stack {stack}, or a part of it, written by `sakura-fleet adopt`: it takes over what is there.",
        "Nothing is made again: no rebuild, no reboot. `pulumi preview` shows as created what is taken over.",
        "Next: `pulumi up`; remove the lines that begin with `adopt`; then `pulumi preview` shows no changes.",
        "From then on all of this is the stack's: a smaller size deletes servers with their disks, as does",
        "`pulumi destroy`; another plan, disk, interface, key or script makes new servers, then the old ones go.",
        *report.lines(),
    ]
    comments = "\n".join(comment(line) for line in head)
    written = dump({"config": {f"{CONFIG_NAMESPACE}:{key}": value for key, value in config.items()}})
    commented = re.sub(_LINE, _commented, written, flags=re.MULTILINE)
    if yaml.safe_load(commented) != yaml.safe_load(written):
        commented = written  # a text of several lines has one that looks like a key
    return f"{comments}\n{commented}"


_LINE: Final = rf"^( *(?:{CONFIG_NAMESPACE}:)?({'|'.join(_COMMENTS)}):.*)$"


def _commented(match: re.Match[str]) -> str:
    return f"{match[1]} # {_COMMENTS[match[2]]}"
