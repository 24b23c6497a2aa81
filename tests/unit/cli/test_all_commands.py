"""What holds for every command of sakura-fleet, scaler and sakura-emulator: help, `--version`, `--output`, colours."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest
from click.shell_completion import get_completion_class
from click.testing import CliRunner

from sakura_emulator.main import main as emulator_command
from sakura_emulator.server import Running
from sakura_fleet.cli.failure import FleetGroup
from sakura_fleet.cli.main import main
from sakura_fleet.cli.scaler import scaler
from sakura_fleet.engine.exit_codes import JobExit
from tests.unit.folder import Folder, inside

SCRIPTS = {"sakura-fleet": main, "scaler": scaler, "sakura-emulator": emulator_command}


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in sorted(command.commands.items()):
            yield from commands(below, (*path, name))


ALL = dict(pair for name, script in SCRIPTS.items() for pair in commands(script, (name,)))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_is_whole_at_80_columns(path: tuple[str, ...]) -> None:
    script, *rest = path
    result = CliRunner().invoke(SCRIPTS[script], [*rest, "--help"], terminal_width=80)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage:")] == []


def test_click_alone_cuts_help_short() -> None:
    """The negative control: what the test above looks for is what click does by itself."""
    group = click.Group(commands={"doctor": main.commands["doctor"]})
    assert "..." in CliRunner().invoke(group, ["--help"], terminal_width=80).output.partition("Commands:")[2]


def outputs() -> Iterator[tuple[tuple[str, ...], click.Option]]:
    for path, command in ALL.items():
        for option in command.params:
            if isinstance(option, click.Option) and {"-o", "--output"} & set(option.opts):
                yield path, option


@pytest.mark.parametrize(
    ("path", "option"), list(outputs()), ids=lambda value: " ".join(value) if type(value) is tuple else ""
)
def test_output_means_the_same_everywhere(path: tuple[str, ...], option: click.Option) -> None:
    assert option.opts == ["-o", "--output"]
    assert isinstance(option.type, click.Choice)
    assert (list(option.type.choices), option.default) == (["table", "json"], "table")


def test_the_commands_that_show_something_have_json() -> None:
    have = {" ".join(path) for path, _ in outputs()}
    showing = {"doctor", "drift", "repair", "show", "plan-check", "dns plan", "dns apply", "dns check", "host check"}
    deciding = {"describe", "validate", "status", "explain", "history", "auto", "set"}
    steering = set(emulator_command.commands) - {"serve", "env"}
    assert {f"sakura-fleet {name}" for name in showing} <= have
    assert {f"scaler {name}" for name in deciding} <= have
    assert {f"sakura-emulator {name}" for name in steering} <= have


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_has_a_version(script: str) -> None:
    result = CliRunner().invoke(SCRIPTS[script], ["--version"], prog_name=script)
    assert result.exit_code == 0
    assert result.output.startswith(f"{script}, version ")


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True)])
def test_no_color(monkeypatch: pytest.MonkeyPatch, value: str, coloured: bool) -> None:
    @click.group(cls=FleetGroup)
    def group() -> None:
        pass

    @group.command()
    def say() -> None:
        click.echo(click.style("FAIL", fg="red"))

    monkeypatch.setenv("NO_COLOR", value)
    assert ("\x1b[31m" in CliRunner().invoke(group, ["say"], color=True).output) is coloured


def test_doctor_as_json(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = {"whoami": '{"url": "file:///state"}', "config": ""}
    monkeypatch.setattr("sakura_fleet.cli.doctor.pulumi", lambda _, command, *__: engine.get(command, "v0.0.0"))
    folder.write(api_root=emulator.api_root)
    result = folder.run("doctor", "-s", "test", "-o", "json")
    document = json.loads(result.stdout)
    checks = {check["check"]: check for check in document["checks"]}
    assert (result.exit_code, document["ok"]) == (1, False)
    assert (checks["engine"]["ok"], checks["engine"]["code"]) == (False, "engine")
    assert (checks["API"]["ok"], checks["API"]["code"]) == (True, None)
    assert "account 113000000001" in checks["API"]["message"]


def test_validate_as_json(folder: Folder) -> None:
    folder.write()
    result = folder.run("scaler", "validate", "-s", "test", "-o", "json")
    document = json.loads(result.stdout)
    assert (document["ok"], document["group"], document["max_size"]) == (True, "web", 5)
    folder.write(size=9)
    refused = folder.run("scaler", "validate", "-s", "test", "-o", "json")
    assert (refused.exit_code, refused.stdout) == (JobExit.INPUT, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("words", ["sakura-fleet show", "sakura-fleet drift", "sakura-fleet scaler cpu", "scaler up"])
def test_a_shell_completes_stack_names(folder: Folder, shell: str, words: str) -> None:
    script, *rest = words.split()
    folder.write()
    folder.write(stack="staging")
    folder.write(stack="production")
    complete = get_completion_class(shell)
    assert complete is not None
    completion = complete(SCRIPTS[script], {}, script, f"_{script.upper().replace('-', '_')}_COMPLETE")
    assert script in completion.source()
    with inside(folder.root):
        found = completion.get_completions([*rest, "--stack"], "")
        begun = completion.get_completions([*rest, "-s"], "st")
    with inside(folder.root.parent):
        outside = completion.get_completions([*rest, "-s"], "")
    assert [item.value for item in found] == ["production", "staging", "test"]
    assert [item.value for item in begun] == ["staging"]
    assert outside == []
