"""Rules about server groups: how many members, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.levels import ADVISORY, EVERYWHERE, MANDATORY, PRODUCTION_ONLY, Levels
from policies.properties import holds_unknown, items, mapping, number
from policies.rule import Breach, Context, Resource, Rule
from sakura_fleet import tokens

ENOUGH_ZONES: Final = 2
ENOUGH_MEMBERS: Final = 2


def two_zones(server: Resource, _context: Context) -> Iterator[Breach]:
    """A group's members are spread over two zones."""
    zones = server.props.get("zones")
    if not server.inside(tokens.SERVER_GROUP) or holds_unknown(zones):
        return
    if len(set(items(zones))) < ENOUGH_ZONES:
        yield Breach("zones", "all members of the group are in one zone")


def two_members(context: Context) -> Iterator[Breach]:
    """A group has two members."""
    for group, members in groups(context):
        if len(members) < ENOUGH_MEMBERS:
            yield Breach("size", f"the group has {len(members)} of at least {ENOUGH_MEMBERS} members", group.urn)


def size_within_limits(server: Resource, _context: Context) -> Iterator[Breach]:
    """No member is beyond the group's largest size."""
    slot = number(server.props.get("slot"))
    largest = number(mapping(server.props.get("labels")).get("max_size"))
    if slot is not None and largest is not None and slot + 1 > largest:
        yield Breach("labels.max_size", "the group is larger than its max_size allows")


def size_not_below_minimum(context: Context) -> Iterator[Breach]:
    """A group has as many members as its smallest size says."""
    for group, members in groups(context):
        found = [number(mapping(member.props.get("labels")).get("min_size")) for member in members]
        smallest = max((size for size in found if size is not None), default=0)
        if len(members) < smallest:
            yield Breach("labels.min_size", "the group is smaller than its min_size allows", group.urn)


def groups(context: Context) -> Iterator[tuple[Resource, list[Resource]]]:
    """The server groups and their members."""
    servers = context.of_type(tokens.SERVER)
    for group in context.of_type(tokens.SERVER_GROUP):
        yield group, [server for server in servers if server.parent == group.urn]


RULES = (
    Rule(
        id="production-two-zones",
        types=(tokens.SERVER,),
        what="In production a group's members are in at least two zones.",
        why="A zone can fail as a whole; the members in the other one go on serving.",
        way_out="name two zones in server_group.zones",
        levels=PRODUCTION_ONLY,
        check_resource=two_zones,
    ),
    Rule(
        id="production-two-members",
        what="In production a group has at least two members.",
        why="With one member every restart, every broken server and every new template is an outage.",
        way_out="set size and server_group.min_size to 2 or more",
        levels=PRODUCTION_ONLY,
        check_stack=two_members,
    ),
    Rule(
        id="size-within-limits",
        types=(tokens.SERVER,),
        what="A group has no more members than its max_size.",
        why="max_size is what somebody has agreed to pay for. A program of your own that counts differently, or a "
        "wrong size, would go beyond it.",
        way_out="make the group smaller, or raise server_group.max_size",
        levels=EVERYWHERE,
        check_resource=size_within_limits,
    ),
    Rule(
        id="size-not-below-minimum",
        what="A group has no fewer members than its min_size.",
        why="min_size is what the site needs at its quietest.",
        way_out="make the group larger, or lower server_group.min_size",
        levels=Levels(production=MANDATORY, staging=ADVISORY, local=ADVISORY),
        check_stack=size_not_below_minimum,
    ),
)
