"""`init`: a new stack file that needs no edit, and a line in an old one that keeps everything else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from sakura_fleet.engine.project import Project
from sakura_fleet.model.stack import StackConfig
from tests.unit.folder import FLEET, PREFIX, Folder, inside

ID = re.compile(r'  sakura-fleet:fleet_id: "[0-9a-f]{16}"')


def config_of(folder: Folder, stack: str = "test") -> StackConfig:
    with inside(folder.root):
        return Project.here().config(stack)


def test_a_new_file_is_accepted_as_it_is(folder: Folder) -> None:
    result = folder.run("init", "test")
    assert result.exit_code == 0, result.output
    config = config_of(folder)
    assert (config.server_group.size, config.server_group.zones, config.api_root) == (2, ("is1b", "is1c"), "")
    assert config.fleet_id in result.output
    assert "wrote stacks/Pulumi.test.yaml" in result.output
    assert "{{ .Name }}" in config.server_group.template.edit_parameter.startup_scripts[0]


def test_an_editor_finds_the_schema_beside_the_new_file(folder: Folder) -> None:
    result = folder.run("init", "test")
    file = folder.stack_file("test")
    line, _, _ = file.read_text().partition("\n")
    assert line == "# yaml-language-server: $schema=stack.schema.json"
    schema = json.loads((file.parent / "stack.schema.json").read_text())
    assert "wrote stacks/stack.schema.json" in result.output
    assert Draft202012Validator(schema).is_valid(yaml.safe_load(file.read_text()))
    assert "schema" not in folder.run("init", "again").output, "it is there already"


def test_zones_and_api_root_are_written(folder: Folder) -> None:
    root = "http://127.0.0.1:18080/cloud/zone"
    result = folder.run("init", "test", "--zone", "tk1b", "--zone", "is1a", "--api-root", root)
    assert result.exit_code == 0, result.output
    config = config_of(folder)
    assert (config.server_group.zones, config.api_root) == (("tk1b", "is1a"), root)


def test_every_fleet_is_another(folder: Folder) -> None:
    for stack in ("one", "two"):
        folder.run("init", stack)
    assert config_of(folder, "one").fleet_id != config_of(folder, "two").fleet_id


def test_a_fleet_id_of_digits_only_stays_a_text(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    random = iter(["0000000000000012", "0000000000000013"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(random))
    folder.run("init", "new")
    folder.write("config:\n  other:key: 1\n", stack="old")
    folder.run("init", "old")
    assert config_of(folder, "new").fleet_id == "0000000000000012"
    assert yaml.safe_load(folder.stack_file("old").read_text())["config"][f"{PREFIX}fleet_id"] == "0000000000000013"


@pytest.mark.parametrize(
    "text",
    [
        "# mine\nconfig: # settings\n  other:key: 1 # one\n\n  # two\n  other:list: [1, 2]\nencryptionsalt: v1:abc\n",
        "encryptionsalt: v1:abc\nconfig:\n  other:key: 1",
        "config:\n    other:key: 1\n    other:list:\n        - a\n",
        "config:",
        "encryptionsalt: v1:abc\n",
        "encryptionsalt: v1:abc",
        "# only a comment\n",
        "",
    ],
)
def test_an_existing_file_gets_one_line_and_keeps_the_rest(folder: Folder, text: str) -> None:
    path = folder.stack_file()
    path.parent.mkdir()
    path.write_text(text)
    before = yaml.safe_load(text) or {}
    result = folder.run("init", "test")
    assert result.exit_code == 0, result.output
    after = yaml.safe_load(path.read_text())
    fleet_id = after["config"].pop(f"{PREFIX}fleet_id")
    assert f"fleet_id is {fleet_id}" in result.output
    assert after == {**before, "config": before.get("config") or {}}
    added = [line for line in path.read_text().splitlines() if line not in text.splitlines()]
    assert [line for line in added if line != "config:"] == [line for line in added if "fleet_id" in line]


@pytest.mark.parametrize("text", ["config: {}\n", "config: {other:key: 1}\n", 'config: {\n  "other:key": 1\n}\n'])
def test_a_file_that_cannot_be_given_a_line_is_left_alone(folder: Folder, text: str) -> None:
    path = folder.stack_file()
    path.parent.mkdir()
    path.write_text(text)
    result = folder.run("init", "test")
    assert result.exit_code == 1
    assert path.read_text() == text
    assert f"{PREFIX}fleet_id" in result.output  # what to write by hand


def test_an_existing_fleet_id_is_never_changed(folder: Folder) -> None:
    path = folder.write()
    before = path.read_text()
    result = folder.run("init", "test")
    assert result.exit_code == 1
    assert FLEET in result.output
    assert "Nothing was changed" in result.output
    assert path.read_text() == before


@pytest.mark.parametrize("name", ["../x", "a b", "-x", "", "x" * 101, "a/b"])
def test_what_is_no_stack_name(folder: Folder, name: str) -> None:
    result = folder.run("init", "--", name)
    assert (result.exit_code, "[usage]" in result.output) == (2, True)
    assert "is not a stack name" in result.output
    assert not (folder.root / "stacks").exists()


@pytest.mark.parametrize("root", ["http://example.com/cloud/zone", "example.com", "ftp://x/"])
def test_an_api_root_that_the_stack_would_refuse_is_not_written(folder: Folder, root: str) -> None:
    result = folder.run("init", "test", "--api-root", root)
    assert (result.exit_code, "[usage]" in result.output) == (2, True)
    assert root in result.output
    assert not folder.stack_file().exists()


def test_an_unknown_zone_is_a_usage_error(folder: Folder) -> None:
    result = folder.run("init", "test", "--zone", "is9z")
    assert result.exit_code == 2
    assert "is1b" in result.output


def test_a_zone_named_twice_counts_once(folder: Folder) -> None:
    assert folder.run("init", "test", "--zone", "is1b", "--zone", "is1b").exit_code == 0
    assert config_of(folder).server_group.zones == ("is1b",)


def test_a_broken_file_is_an_error_without_a_traceback(folder: Folder) -> None:
    folder.write("config: [")
    result = folder.run("init", "test")
    assert (result.exit_code, result.output.startswith("Error: ")) == (1, True)
    assert folder.stack_file().read_text() == "config: ["


def test_a_stack_folder_outside_the_project(tmp_path: Path) -> None:
    folder = Folder.new(tmp_path / "p")
    (folder.root / "Pulumi.yaml").write_text("name: p\nruntime: python\nstackConfigDir: ../stacks\n")
    result = folder.run("init", "test")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "stacks" / "Pulumi.test.yaml").is_file()


def test_the_project_is_found_from_a_folder_inside(folder: Folder) -> None:
    inner = folder.root / "src" / "deep"
    inner.mkdir(parents=True)
    assert Folder(inner).run("init", "test").exit_code == 0
    assert folder.stack_file().is_file()
