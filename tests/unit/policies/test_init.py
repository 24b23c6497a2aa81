"""What `sakura-fleet init` writes passes the pack, whatever kind of stack it is."""

from __future__ import annotations

import json

import pytest
import yaml

from components import Fleet, stack_config
from policies.rules import RULES
from sakura_fleet import tokens
from sakura_fleet.model.server import inputs as server_inputs
from tests.unit.components.program import run
from tests.unit.folder import PREFIX, Folder
from tests.unit.policies.support import breaches, resource


def mandatory_breaches(folder: Folder, kind: str, *options: str) -> set[str]:
    """The mandatory rules that a stack of this kind breaks as `init` writes it."""
    result = folder.run("init", kind, *options)
    assert result.exit_code == 0, result.output
    config = yaml.safe_load(folder.stack_file(kind).read_text())["config"]
    settings = {
        key.removeprefix(PREFIX): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    _, registered = run(lambda: Fleet(stack_config()), **settings)
    (group,) = [
        resource(found.typ, found.name, "", **found.inputs)
        for found in registered.resources
        if found.typ == tokens.SERVER_GROUP
    ]
    members = [
        resource(found.typ, found.name, tokens.SERVER_GROUP, group.urn, **server_inputs.full(found.inputs))
        for found in registered.resources
        if found.typ == tokens.SERVER
    ]
    assert len(members) == 2
    declared = [group, *members]
    return {
        rule.id
        for rule in RULES
        if rule.levels.of(kind) == "mandatory"
        for judged in (declared if rule.check_resource else [None])
        if breaches(rule.id, judged, declared)
    }


@pytest.mark.parametrize("kind", ["production", "staging", "local"])
def test_what_init_writes_passes(folder: Folder, kind: str) -> None:
    assert mandatory_breaches(folder, kind) == set()


def test_what_init_warns_of_does_not(folder: Folder) -> None:
    assert mandatory_breaches(folder, "production", "--zone", "is1b") == {"production-two-zones"}
