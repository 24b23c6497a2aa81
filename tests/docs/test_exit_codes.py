"""docs/exit-codes.md names every exit code of every command, and every code of an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

import click

from sakura_fleet import errors
from sakura_fleet.cli.main import main
from sakura_fleet.engine import exit_codes
from sakura_fleet.engine.exit_codes import (
    BY_ERROR,
    CompatExit,
    CpuExit,
    DnsCheckExit,
    DnsPlanExit,
    DoctorExit,
    DraftExit,
    DriftExit,
    HostCheckExit,
    JobExit,
    PlanCheckExit,
    RepairExit,
    ShowExit,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
OWN = {
    "sakura-fleet adopt": DraftExit,
    "scaler convert": DraftExit,
    "sakura-fleet dns check": DnsCheckExit,
    "sakura-fleet dns plan": DnsPlanExit,
    "sakura-fleet doctor": DoctorExit,
    "sakura-fleet drift": DriftExit,
    "sakura-fleet host check": HostCheckExit,
    "sakura-fleet plan-check": PlanCheckExit,
    "sakura-fleet repair": RepairExit,
    "sakura-fleet show": ShowExit,
    "scaler cpu": CpuExit,
}
JOBS = (JobExit, CompatExit)


def table(header: str) -> list[list[str]]:
    """The rows under a header, as cells."""
    _, _, after = PAGE.partition(f"\n{header}\n")
    lines = after.partition("\n\n")[0].splitlines()[1:]
    assert lines, header
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def commands(group: click.Group, path: str) -> Iterator[str]:
    """Every command, as it is typed; `scaler` is a script of its own."""
    for name, command in group.commands.items():
        full = "scaler" if name == "scaler" else f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, full)
        else:
            yield full


def kinds(kind: type[errors.FleetError] = errors.FleetError) -> Iterator[type[errors.FleetError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def test_what_every_command_may_end_with() -> None:
    known = [0, exit_codes.ERROR, exit_codes.USAGE, exit_codes.INTERRUPTED]
    assert [int(code) for code, _ in table("| Exit code | Means |")] == known


def test_every_code_of_a_command_is_explained() -> None:
    explained: dict[str, set[int]] = {}
    for names, code, meaning in table("| Command | Exit code | Means |"):
        assert meaning
        for name in re.findall(r"`([^`]+)`", names):
            explained.setdefault(name, set()).add(int(code))
    assert explained == {name: {int(code) for code in own} for name, own in OWN.items()}


def test_every_code_of_a_job_is_explained() -> None:
    explained = [int(row[0]) for row in table("| Exit code | Means | Commands |")]
    assert explained == [int(code) for kind in JOBS for code in kind]


def test_every_command_is_named() -> None:
    names = set(commands(main, "sakura-fleet"))
    assert len(names) > 20
    text = " ".join(PAGE.split())
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert set(OWN) <= names


def test_no_enumeration_is_left_out() -> None:
    known = {*OWN.values(), *JOBS}
    assert {kind for kind in vars(exit_codes).values() if isinstance(kind, type) and issubclass(kind, IntEnum)} == {
        *known,
        IntEnum,
    }


def test_exit_codes_are_declared_nowhere_else() -> None:
    declared = [
        path.name
        for path in (ROOT / "src" / "sakura_fleet").rglob("*.py")
        if re.search(r"^EXIT_\w+.* = |\bExit\(\d|sys\.exit\(\d", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert declared == []


def test_every_code_of_an_error_is_explained_and_leads_to_its_exit_code() -> None:
    explained = {
        code.strip("`"): int(exit_code) for code, _, exit_code in table("| Code | Means | Exit code of a job |")
    }
    codes = {kind.code for kind in kinds() if kind.__module__.startswith("sakura_fleet.")}
    assert explained == {code: int(BY_ERROR.get(code, JobExit.ERROR)) for code in codes}


def test_a_code_is_found_again_at_the_end_of_the_first_line() -> None:
    assert errors.code_of(errors.CredentialsError("no API key").coded()) == "auth"
    assert errors.code_of(errors.InputError([errors.Problem("a", "b", "c")]).coded()) == "input"
    assert errors.code_of(errors.ResourceError("no key:\nssh: i/o error [timeout]").coded()) == "resource"
    assert errors.code_of(errors.Problem("size", "range", "too large:\nwhat [auth]").coded()) == "input"
    assert errors.code_of(errors.Problem("adopt", "not-owned", "theirs").coded()) == "not-owned"
    for foreign in ("the [auth] in the middle", "an error\nwho? [auth]", "tags [1]", "too large [range]"):
        assert errors.code_of(foreign) == ""


def test_no_rule_is_called_as_the_code_of_an_error_is() -> None:
    """The last but one of what makes or yields a problem is its rule: `Problem(path, rule, message)`."""
    rules: set[str] = set()
    for path in (ROOT / "src" / "sakura_fleet").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            made: list[ast.expr] = []
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                made = node.args if name in ("Problem", "problem") else []
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                made = node.value.elts
            if len(made) in (2, 3) and isinstance(rule := made[-2], ast.Constant) and isinstance(rule.value, str):
                rules.add(rule.value)
    assert {"size-range", "unknown-plan", "svcb-target", "existing-host", "shape"} <= rules
    assert rules & errors.CODES == set()
