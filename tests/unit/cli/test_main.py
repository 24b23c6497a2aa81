"""The command as a whole: help, examples, and errors without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sakura_fleet.cli.failure import FleetGroup, JobGroup
from sakura_fleet.cli.main import main
from sakura_fleet.errors import (
    AuthenticationError,
    CredentialsError,
    FleetError,
    InputError,
    NoStackError,
    Problem,
    UsageError,
    WaitTimeoutError,
)
from tests.unit.folder import Folder, inside


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(main))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    assert len(ALL[path].get_short_help_str()) > 10
    if not isinstance(ALL[path], click.Group):
        assert "Example" in result.output
        command = " ".join(path if path[0] == "scaler" else ("sakura-fleet", *path))  # `scaler` is a script of its own
        assert command in result.output.partition("Example")[2]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    options = [option for option in ALL[path].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_command_itself() -> None:
    assert {"init", "doctor", "repair"} <= set(main.commands)
    for flag in ("-h", "--help"):
        result = CliRunner().invoke(main, [flag])
        assert result.exit_code == 0
        assert "Start here:" in result.output
    assert CliRunner().invoke(main, ["--version"]).output.startswith("sakura-fleet, version ")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["destroy-everything"])
    assert result.exit_code == 2
    assert "No such command" in result.output


REFUSED = AuthenticationError(
    status=401, error_code="unauthorized", message="wrong key", serial="5e71a1", method="GET", path="/auth-status"
)


@pytest.mark.parametrize(
    ("error", "words", "job"),
    [
        (FleetError("the words"), "the words [failed]", 1),
        (
            InputError([Problem("a.b", "rule", "the words")], source="here"),
            "1 problem in here; nothing was changed [input]:\n  a.b: the words [rule]",
            15,
        ),
        (UsageError("no such option"), "no such option [usage]", 2),
        (CredentialsError("no API key"), "no API key [auth]", 3),
        (REFUSED, f"{REFUSED} [auth]", 3),
        (NoStackError("no stack"), "no stack [no-stack]", 6),
        (WaitTimeoutError("timed out"), "timed out [wait-timeout]", 9),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, FleetError) else None,
)
def test_our_errors_are_printed_with_their_code_and_without_a_traceback(
    error: FleetError, words: str, job: int
) -> None:
    for kind, code in ((FleetGroup, 2 if isinstance(error, UsageError) else 1), (JobGroup, job)):

        @click.group(cls=kind)
        def group() -> None:
            pass

        @group.command()
        def fail() -> None:
            raise error

        result = CliRunner().invoke(group, ["fail"])
        assert (result.exit_code, result.output) == (code, f"Error: {words}\n")


@pytest.mark.parametrize("name", ["bad name!", "../x", "a//b", "-"])
@pytest.mark.parametrize(
    "command",
    [["show"], ["deploy"], ["repair"], ["dns", "export"], ["scaler", "validate"], ["scaler", "keep"]],
    ids=" ".join,
)
def test_what_is_no_stack_name_is_wrong_usage(folder: Folder, command: list[str], name: str) -> None:
    result = folder.run(*command, f"--stack={name}")
    assert result.exit_code == 2, result.output
    assert result.output.endswith("is not a stack name: use letters, digits, dots, hyphens and underscores [usage]\n")


@pytest.mark.parametrize("arguments", [["init", "x"], ["doctor", "-s", "x"], ["repair", "-s", "x"]])
def test_outside_a_project_every_command_says_so(tmp_path: Path, arguments: list[str]) -> None:
    with inside(tmp_path):
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: there is no Pulumi.yaml in ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "run `sakura-fleet init test`"),
        ("config: [", "is not YAML"),
        ("config: {sakura-fleet:size: 2}", "fleet_id"),
    ],
)
def test_a_stack_file_that_is_missing_or_broken(folder: Folder, text: str, words: str) -> None:
    if text:
        folder.write(text)
    result = folder.run("repair", "-s", "test")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert words in result.output
