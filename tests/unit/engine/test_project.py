"""Where a command finds its project, its stack and its settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.engine.project import Project, engine_environment, engine_path, pulumi
from sakura_fleet.errors import FleetError, InputError, ProjectError
from tests.unit.folder import FLEET, Folder, inside
from tests.unit.yaml_bomb import bomb


@pytest.fixture
def project(folder: Folder) -> Project:
    with inside(folder.root):
        return Project.here()


def stub_engine(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a shell script where the engine is searched for."""
    path = folder / "bin" / "pulumi"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path.parent / "python"))


def test_the_stack_folder_of_pulumi_yaml(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    with inside(tmp_path):
        assert Project.here() == Project(tmp_path, tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("stackConfigDir: conf\n")
    with inside(tmp_path):
        assert Project.here().stack_file("a") == tmp_path / "conf" / "Pulumi.a.yaml"


def test_the_typed_configuration(project: Project, folder: Folder) -> None:
    folder.write(account_id=113000000001, rate_limit=2, server_password={"secure": "v1:abc"})
    config = project.config("test")
    assert (config.fleet_id, config.account_id, config.rate_limit) == (FLEET, "113000000001", 2.0)
    assert config.server_group.size == 2


def test_other_namespaces_are_not_read(project: Project, folder: Folder) -> None:
    folder.write("config: {'other:size': 1, 'sakura-fleet:size': 2}")
    assert project.raw_config("test") == {"size": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no: [yaml", "is not YAML"),
        ("[1]", "this is not a mapping of settings"),
        ("x", "this is not a mapping of settings"),
        ("config: [1]", "config: this is not a mapping of settings"),
        ("config: {1: 2}", "fleet_id"),
        ("config: {'sakura-fleet:size': 2026-12-31}", "server_group"),
        (f"config:\n  {bomb('x', '[{}]').replace(chr(10), chr(10) + '  ')}", "stand for too much"),
        ("config: &a {'sakura-fleet:server_group': *a}", "an alias stands for what is around it"),
        ("[" * 5000, "is nested too deeply"),
        ("x" * 1_100_000, "it has more than 1048576 bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_stack_file_that_is_none_is_refused(project: Project, folder: Folder, text: str, words: str) -> None:
    path = folder.write(text)
    with pytest.raises(FleetError) as caught:
        project.config("test")
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.code == ("input" if isinstance(caught.value, InputError) else "project")


def test_a_stack_file_that_cannot_be_read_is_an_error(project: Project, folder: Folder) -> None:
    folder.write().write_bytes(b"config: \xff")
    with pytest.raises(ProjectError, match="it is not UTF-8"):
        project.config("test")
    for command in (["init", "test"], ["show", "-s", "test"], ["scaler", "validate", "-s", "test"]):
        result = folder.run(*command)
        assert (result.exit_code, "it is not UTF-8" in result.output) == (1, True)
        assert "[project]" in result.output, command


def test_a_project_file_that_cannot_be_read_is_an_error_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("no: [yaml")
    with inside(tmp_path), pytest.raises(ProjectError, match="is not YAML"):
        Project.here()


def test_all_problems_are_named_with_their_file(project: Project, folder: Folder) -> None:
    path = folder.write(fleet_id=None, size=9)
    with pytest.raises(InputError) as caught:
        project.config("test")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, True),
        ({"fleet_id": "another-fleet"}, False),
        ({"api_root": "http://127.0.0.1:18080/cloud/zone"}, False),
        ({"account_id": "113000000002"}, False),
    ],
)
def test_a_stack_file_that_was_copied_is_no_second_fleet(
    project: Project, folder: Folder, changes: dict[str, str], refused: bool
) -> None:
    folder.write()
    folder.write(stack="copy", **changes)
    folder.write("no: [yaml", stack="broken")
    if not refused:
        assert project.fleet_id("test") == project.config("test").fleet_id == FLEET
        return
    for ask in (project.fleet_id, project.config):
        with pytest.raises(InputError, match=r"the stack copy has the same, 0123456789abcdef") as caught:
            ask("test")
        assert [problem.rule for problem in caught.value.problems] == ["shared-fleet"]
    folder.write(size=99)
    with pytest.raises(InputError) as caught:
        project.config("test")
    assert [problem.rule for problem in caught.value.problems] == ["shared-fleet", "size-range"], "all at once"
    assert "shared-fleet" in folder.run("repair", "-s", "copy", "--remove", "--yes").output


@pytest.mark.parametrize(("key", "value"), [("api_root", "http://x"), ("rate_limit", 2), ("account_id", 113)])
def test_a_single_setting_is_a_text(project: Project, folder: Folder, key: str, value: Any) -> None:
    folder.write(**{key: value})
    assert project.setting("test")(key) == str(value)
    assert project.setting("test")("absent") is None


def test_a_secret_setting_is_decrypted_by_the_engine_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, project: Project, folder: Folder
) -> None:
    folder.write(access_token={"secure": "v1:abc"}, access_token_secret={"secure": "v1:def"})
    asked = project.setting("test")
    stub_engine(monkeypatch, folder.root, 'echo "decrypted $*"')
    expected = "decrypted config get sakura-fleet:access_token --stack test --non-interactive"
    assert asked("access_token") == expected


@pytest.mark.parametrize(
    ("option", "variable", "selected", "expected"),
    [("a", "b", "c", "a"), (None, "b", "c", "b"), (None, None, "c", "c")],
)
def test_which_stack(
    monkeypatch: pytest.MonkeyPatch,
    project: Project,
    folder: Folder,
    option: str | None,
    variable: str | None,
    selected: str,
    expected: str,
) -> None:
    if variable:
        monkeypatch.setenv("PULUMI_STACK", variable)
    stub_engine(monkeypatch, folder.root, f"echo {selected}")
    assert project.selected_stack(option) == expected


def test_no_stack_at_all(monkeypatch: pytest.MonkeyPatch, project: Project, folder: Folder) -> None:
    stub_engine(monkeypatch, folder.root, "exit 1")
    with pytest.raises(FleetError, match="no stack is selected; name one with --stack"):
        project.selected_stack(None)


def test_the_engine_fails_with_its_own_words(monkeypatch: pytest.MonkeyPatch, project: Project, folder: Folder) -> None:
    stub_engine(monkeypatch, folder.root, "echo 'error: no stack' >&2; exit 6")
    with pytest.raises(FleetError, match="`pulumi up` failed: error: no stack"):
        pulumi(project, "up")
    assert pulumi(project, "up", check=False) == ""


def test_no_engine_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, project: Project, folder: Folder) -> None:
    monkeypatch.setattr(sys, "executable", str(folder.root / "python"))
    monkeypatch.setenv("PATH", str(folder.root))
    with pytest.raises(FleetError, match="run scripts/bootstrap"):
        pulumi(project, "version")


def test_the_engine_beside_this_python_comes_first(
    monkeypatch: pytest.MonkeyPatch, project: Project, folder: Folder
) -> None:
    stub_engine(monkeypatch, folder.root, "true")
    assert engine_path() == str(folder.root / "bin" / "pulumi")
    assert engine_environment()["PATH"].startswith(str(folder.root / "bin") + ":")
