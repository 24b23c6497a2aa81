"""docs/policies.md, made from the rules: `python -m policies.docs > docs/policies.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from textwrap import wrap

from policies.levels import KIND_KEY, KINDS, LEVELS, LOCAL_NAMES, STAGING_NAMES
from policies.rule import Rule
from policies.rules import RULES
from sakura_fleet.engine import plan_check as plan

EXAMPLE = {
    "elb-redirect-to-https": "mandatory",
    "interface-without-filter": "disabled",
    "plan-limit": {"max_core": 16, "max_memory": 64},
    "required-tags": {"enforcementLevel": "remediate", "tags": ["{stack}", "team-web"]},
}
"""A file for `--policy-pack-config`; the tests run it."""


def page() -> str:
    """The whole page."""
    lines = [*_pack(), *_levels(), *(line for rule in RULES for line in _rule(rule)), *_plan()]
    return "\n".join(_wrapped(lines)) + "\n"


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    """Prose at 100 columns; headings, tables, comments and code stay as they are."""
    in_code = False
    for line in lines:
        in_code ^= line.startswith("```")
        if in_code or not line or line.startswith(("#", "|", "<", "```")):
            yield line
        else:
            indent = "  " * line.startswith("- ")
            yield from wrap(line, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _pack() -> Iterator[str]:
    yield from (
        "# Policies",
        "",
        "<!-- Made by `python -m policies.docs > docs/policies.md` from the rules in `policies/`; change those. -->",
        "",
        "The pack in `policies/` checks every resource that a preview or an update declares. What a run takes away "
        "is only in its plan, and `plan-check` reads that: [see below](#the-plan).",
        "",
        "```console",
        "$ pulumi preview -s production --policy-pack policies",
        "$ pulumi up -s production --policy-pack policies",
        "```",
        "",
        "A mandatory violation ends the run with exit code 1. In `pulumi up` a rule about one resource stops that "
        "resource before it is made; a rule about the whole stack comes last, when everything is there. So always run "
        "`pulumi preview` with the pack first, above all before `pulumi up --skip-preview`.",
        "",
        "A value that a preview cannot know yet is never a violation. Messages name the property, never its value: a "
        "policy sees secrets in plain text, and its messages end up in logs.",
        "",
    )


def _levels() -> Iterator[str]:
    names = {"staging": STAGING_NAMES, "local": LOCAL_NAMES}
    yield from (
        "## Levels",
        "",
        "How strict a rule is depends on the kind of the stack. The first word of the stack's name tells it: "
        + "; ".join(f"{' or '.join(f'`{name}`' for name in names[kind])} is {kind}" for kind in names)
        + f"; any other is {KINDS[0]}. To say it yourself, put `{':'.join(KIND_KEY)}: staging` into the stack file.",
        "",
        "| Rule | " + " | ".join(kind.capitalize() for kind in KINDS) + " |",
        "|---" * (len(KINDS) + 1) + "|",
    )
    for rule in RULES:
        yield f"| [`{rule.id}`](#{rule.id}) | " + " | ".join(rule.levels.of(kind) for kind in KINDS) + " |"
    yield from (
        "",
        f"Levels are {', '.join(f'`{level}`' for level in LEVELS)}. A file overrides them, and the settings of a rule, "
        "for one run:",
        "",
        "```json",
        json.dumps(EXAMPLE, indent=2),
        "```",
        "",
        "```console",
        "$ pulumi preview -s production --policy-pack policies --policy-pack-config policies.json",
        "```",
        "",
        "## Rules",
        "",
    )


def _rule(rule: Rule) -> Iterator[str]:
    types = ", ".join(f"`{token.rpartition(':')[2]}`" for token in rule.types)
    yield from (f"### {rule.id}", "", rule.what + " " + rule.why, "")
    yield f"- Checks: {types or 'the whole stack'}{'; can remediate' if rule.remediate else ''}"
    yield f"- Way out: {rule.way_out}"
    for name, setting in rule.settings.items():
        default = f"`{json.dumps(setting.default)}`"
        yield f"- Setting `{name}`: {setting.meaning}; default {default}"
    yield ""


def _plan() -> Iterator[str]:
    yield from (
        "## The plan",
        "",
        "Deletions, replacements and changes of protection are no declarations, so no pack sees them. The command "
        "`plan-check` reads a plan and refuses it with exit code 5, with every finding, its URN and the way out:",
        "",
        "```console",
        "$ pulumi preview -s production --json --show-sames | sakura-fleet plan-check -",
        "$ pulumi preview -s production --json --show-sames | sakura-fleet plan-check - -o json --allow-delete web",
        "```",
        "",
        "A file can take the place of `-`; without either it runs the preview itself, for the stack of `--stack`. "
        "`--show-sames` is needed to know how "
        "many servers stay. What is meant to go is named with `--allow-delete`, by the Pulumi name or URN of the "
        "resource or of the component it is in: `www` allows all that goes with the host `www`.",
        "",
        "`sakura-fleet deploy` and the jobs of `scaler` judge their own plan by the same rules before they carry it "
        "out. A plan that breaks one is `BLOCKED`, with exit code 7, and nothing is changed; `deploy` takes "
        "`--allow-delete` and `--max-removed`, too. A size that somebody asked `scaler` for is no `group-shrinks`.",
        "",
        "| Rule | Refuses | Because |",
        "|---|---|---|",
    )
    for rule in plan.RULES:
        yield f"| `{rule.id}` | {rule.what} | {rule.why} |"


if __name__ == "__main__":
    sys.stdout.write(page())
