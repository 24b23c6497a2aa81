"""The JSON Schema of a stack file: in step with readers and docs, and of the same opinion as `read_stack`."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from sakura_fleet.cli.main import main
from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.schema import PREFIX
from sakura_fleet.model.stack import read_stack
from tests.docs.settings import MINIMAL
from tests.docs.stack_schema import ROOT, SCHEMA, text

STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
PAGES = sorted({*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md")})
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
SINGLE = {"type", "unknown-key", "range", "unknown-value", "unknown-zone"}
"""Rules about one value, which the schema knows, too."""
REFERS_TO = {"elb": ("dns", "zone"), "hosts": ("dns", "zone"), "dns": ("elb", "name")}
"""Which setting of another section one needs where its own say so."""
STRANGE: tuple[Any, ...] = (
    *(None, True, "", "x", 0, -1, 1.0, 1.5, 10**9, "113000000001"),
    *([], [None], ["x"], {}, {"zzzz": 1}, [{"zzzz": 1}]),
)


def is_valid(config: dict[str, Any]) -> bool:
    """Whether the schema takes the settings, keys without prefix."""
    return bool(VALIDATOR.is_valid({"config": {f"{PREFIX}{key}": value for key, value in config.items()}}))


def problems(config: dict[str, Any]) -> list[Problem]:
    """What `read_stack` says of the settings, in the form in which Pulumi hands them over."""
    try:
        read_stack({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()})
    except InputError as error:
        return list(error.problems)
    return []


def settings_of(path: Path) -> dict[str, Any]:
    config = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8"))["config"]))
    return {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Every place in a structure, the outer ones first."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, *path, key)


def alone(config: dict[str, Any], path: tuple[str | int, ...]) -> tuple[dict[str, Any], tuple[str | int, ...]]:
    """The settings that a setting is read with, and its place in them: all of a large stack would take long each time.

    The section itself, what it refers to, and what every stack has; of a list of hosts or record sets, the item that
    the setting is in.
    """
    kept = copy.deepcopy({key: config[key] for key in config if key in {"fleet_id", "size", "server_group", path[0]}})
    section, setting = REFERS_TO.get(str(path[0]), ("", ""))
    if section in config:
        kept[section] = {setting: config[section][setting]}
    at = next((depth for depth, step in enumerate(path) if isinstance(step, int)), None)
    if at is None:
        return kept, path
    items: Any = kept
    for step in path[:at]:
        items = items[step]
    items[:] = [items[path[at]]]  # type: ignore[index]
    return kept, (*path[:at], 0, *path[at + 1 :])


def agree(config: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    """With this value there, what `read_stack` takes the schema takes; it refuses what breaks a rule about a value."""
    candidate, path = alone(config, path)
    part: Any = candidate
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    found = problems(candidate)
    takes = is_valid({str(path[0]): candidate[str(path[0])]})
    if not found:
        assert takes, f"read_stack takes {value!r} at {path}"
    elif any(problem.rule in SINGLE for problem in found) and not _is_quoted_number(value):
        assert not takes, f"read_stack refuses {value!r} at {path}: {found}"


def _is_quoted_number(value: Any) -> bool:
    """JSON Schema has no bounds for these, and no rule tells `size: text` from JSON in a text."""
    return isinstance(value, str) and value.isdigit()


def test_the_file_is_what_readers_and_docs_say() -> None:
    assert SCHEMA.read_text("utf-8") == text(), "run: python -m tests.docs.stack_schema"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


def test_its_patterns_are_regular_expressions_everywhere() -> None:
    patterns = re.findall(r'"pattern": (".*")', SCHEMA.read_text("utf-8"))
    assert patterns
    for pattern in map(json.loads, patterns):
        # With the flag u, as editors have it, JavaScript knows no other escapes and no (?s).
        assert not re.search(r"\\[^sSdDwWnrt\\^$.*+?()\[\]{}|/-]|\(\?[^:!]", pattern), pattern


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(main, ["schema"]).output == SCHEMA.read_text("utf-8")


@pytest.mark.parametrize("path", STACKS, ids=lambda path: str(path.name))
def test_a_stack_file_names_the_schema_and_keeps_it(path: Path) -> None:
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=stack.schema.json\n")
    assert (path.parent / "stack.schema.json").resolve() == SCHEMA
    whole = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8"))))
    assert [error.message for error in VALIDATOR.iter_errors(whole)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_yaml_examples_keep_it(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        if PREFIX not in block:
            continue
        part = yaml.safe_load(block)
        config = json.loads(json.dumps(part.get("config", part)))
        found = list(VALIDATOR.iter_errors({"config": config}))
        assert [error.message for error in found if error.validator != "required"] == [], block


@pytest.mark.parametrize("section", MINIMAL)
def test_it_agrees_with_the_readers_about_every_value(section: str) -> None:
    for path in places(MINIMAL[section], section):
        for value in STRANGE:
            agree(MINIMAL, path, value)


def test_it_agrees_with_the_readers_about_every_key() -> None:
    base = settings_of(ROOT / "stacks" / "Pulumi.production.yaml")
    for path in places(base):
        for value in STRANGE[::3]:
            agree(base, path, value)


def mappings(schema: dict[str, Any], *path: str | int) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every mapping that the schema knows, with its place."""
    for form in schema.get("anyOf", [schema]):
        if "properties" in form:
            yield path, form["properties"]
            for key, inner in form["properties"].items():
                yield from mappings(inner, *path, key)
        elif "items" in form:
            yield from mappings(form["items"], *path, 0)


def test_it_agrees_with_the_readers_about_settings_that_the_smallest_configuration_leaves_out() -> None:
    config = VALIDATOR.schema["properties"]["config"]  # type: ignore[index]
    known = {"properties": {key.removeprefix(PREFIX): form for key, form in config["properties"].items()}}
    present: dict[tuple[str | int, ...], tuple[str | int, ...]] = {(): ()}
    for place in places(MINIMAL):
        present.setdefault(tuple(0 if isinstance(step, int) else step for step in place), place)
    for path, properties in mappings(known):
        for key in properties:
            if path in present and (*path, key) not in present:
                for value in (None, "x", "", 0, 10**9, True, [], ["x"], {}, {"zzzz": 1}):
                    agree(MINIMAL, (*present[path], key), value)


@pytest.mark.parametrize(
    ("config", "is_right"),
    [
        ({}, True),
        ({"elsewhere:size": "as it likes", "aws:region": {"any": "thing"}}, True),
        ({"sakura-fleet:siez": 3}, False),
        ({"sakura-fleet:size": "3"}, True),
        ({"sakura-fleet:size": "three"}, False),
        ({"sakura-fleet:account_id": 123456789012}, True),
        ({"sakura-fleet:elb": '{"name": "web"}'}, True),
        ({"sakura-fleet:access_token": {"secure": "v1:abc"}}, True),
        ({"sakura-fleet:access_token": "in plain text"}, False),
        ({"sakura-fleet:scaling": {"cooldown": 60}}, True),
        ({"sakura-fleet:scaling": {"cooldown": {"up": 60}}}, True),
        ({"sakura-fleet:scaling": {"cooldown": {"sideways": 60}}}, False),
    ],
)
def test_what_pulumi_writes(config: dict[str, Any], is_right: bool) -> None:
    assert VALIDATOR.is_valid({"config": config, "encryptionsalt": "v1:abc", "environment": ["base"]}) is is_right
