"""Rules about tags."""

from __future__ import annotations

from collections.abc import Iterator

from policies.levels import HINT
from policies.properties import UNKNOWN, holds_unknown, items
from policies.rule import Breach, Context, Resource, Rule, Setting
from policies.rules.elb import is_managed
from sakura_fleet import tokens
from sakura_fleet.model.labels import MAX_TAG_LENGTH
from sakura_fleet.ownership import MAX_OWN_TAGS


def required_tags(resource: Resource, context: Context) -> Iterator[Breach]:
    """Every required tag is there."""
    lacking = missing(resource, context)
    if lacking:
        yield Breach("tags", f"required and not there: {', '.join(lacking)}")


def with_required_tags(resource: Resource, context: Context) -> dict[str, list[str]]:
    """The tags with those that lack, where they fit."""
    lacking = missing(resource, context)
    tags = [*items(resource.props.get("tags")), *lacking]
    fits = len(tags) <= MAX_OWN_TAGS and all(len(tag) <= MAX_TAG_LENGTH for tag in lacking)
    return {"tags": tags} if lacking and fits else {}


def missing(resource: Resource, context: Context) -> list[str]:
    """The required tags that the resource has not."""
    tags = resource.props.get("tags", [])
    if tags is UNKNOWN or holds_unknown(tags) or (resource.type == tokens.ELB and not is_managed(resource)):
        return []
    required = [str(tag).replace("{stack}", context.stack) for tag in context.settings["tags"]]
    return [tag for tag in dict.fromkeys(required) if tag not in items(tags)]


RULES = (
    Rule(
        id="required-tags",
        types=(tokens.SERVER, tokens.ELB),
        what="Servers and ELBs carry the tags that bills and searches go by.",
        why="In the control panel and on the bill a tag is what says which stack a server belongs to.",
        way_out="add the tags to template.tags and elb.tags; at the level remediate the pack adds them itself, and "
        "then every run needs it, as one without it takes them off again",
        levels=HINT,
        settings={"tags": Setting(["{stack}"], "the tags; {stack} means the stack's name")},
        check_resource=required_tags,
        remediate=with_required_tags,
    ),
)
