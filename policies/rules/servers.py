"""Rules about servers: how one logs in, and how large they are."""

from __future__ import annotations

from collections.abc import Iterator

from policies.levels import EVERYWHERE, STRICT
from policies.properties import flag, items, mapping, number, text
from policies.rule import Breach, Context, Resource, Rule, Setting
from policies.rules.elb import is_managed
from sakura_fleet import tokens


def password_login_off(server: Resource, _context: Context) -> Iterator[Breach]:
    """Nobody logs in with a password."""
    edit = mapping(server.props.get("edit_parameter"))
    if flag(edit.get("disabled", False)) is True:
        first = mapping(next(iter(items(server.props.get("disks"))), None))
        if text(first.get("os_type")):
            words = "the disk is not prepared, so logging in works as the public archive has it: with a password"
            yield Breach("edit_parameter.disabled", words)
    elif flag(edit.get("disable_pw_auth", True)) is False:
        yield Breach("edit_parameter.disable_pw_auth", "logging in over SSH works with a password")


def plan_limit(resource: Resource, context: Context) -> Iterator[Breach]:
    """Plans are no larger than agreed."""
    settings = context.settings
    if resource.type == tokens.ELB:
        plan = number(resource.props.get("plan"))
        if is_managed(resource) and plan is not None and plan > settings["max_elb_plan"]:
            yield Breach("plan", f"the ELB's plan is over {settings['max_elb_plan']:g} connections per second")
        return
    plan_of_server = mapping(resource.props.get("plan"))
    for key, unit in (("core", "cores"), ("memory", "GB of memory")):
        size = number(plan_of_server.get(key))
        if size is not None and size > settings[f"max_{key}"]:
            yield Breach(f"plan.{key}", f"the plan is over {settings[f'max_{key}']:g} {unit}")


def disk_limit(server: Resource, context: Context) -> Iterator[Breach]:
    """Disks are no larger than agreed."""
    largest, most = context.settings["max_size"], context.settings["max_total"]
    total = 0.0
    for index, disk in enumerate(items(server.props.get("disks"))):
        size = number(mapping(disk).get("size"))
        total += size or 0
        if size is not None and size > largest:
            yield Breach(f"disks[{index}].size", f"the disk is over {largest:g} GB")
    if total > most:
        yield Breach("disks", f"the server's disks together are over {most:g} GB")


RULES = (
    Rule(
        id="password-login-off",
        types=(tokens.SERVER,),
        what="No server lets anybody log in with a password.",
        why="Servers on the shared segment are tried with guessed passwords from their first minute.",
        way_out="set template.edit_parameter.disable_pw_auth: true and give public keys in ssh_keys",
        levels=EVERYWHERE,
        check_resource=password_login_off,
    ),
    Rule(
        id="plan-limit",
        types=(tokens.SERVER, tokens.ELB),
        what="No server or ELB has a larger plan than agreed.",
        why="A slip in one number of the template is multiplied by the size of the group, and by the hour.",
        way_out="take a smaller plan, or raise this rule's limit with --policy-pack-config",
        levels=STRICT,
        settings={
            "max_core": Setting(8, "cores of a server"),
            "max_memory": Setting(32, "memory of a server, in GB"),
            "max_elb_plan": Setting(10_000, "plan of an ELB, in connections per second"),
        },
        check_resource=plan_limit,
    ),
    Rule(
        id="disk-limit",
        types=(tokens.SERVER,),
        what="No server has larger disks than agreed.",
        why="Disks of a group cost as often as it has members, and a disk never gets smaller again.",
        way_out="take smaller disks, or raise this rule's limit with --policy-pack-config",
        levels=STRICT,
        settings={
            "max_size": Setting(250, "one disk, in GB"),
            "max_total": Setting(500, "all disks of one server, in GB"),
        },
        check_resource=disk_limit,
    ),
)
