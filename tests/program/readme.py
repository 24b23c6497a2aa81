"""The code blocks of the README, in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.program.fleet import ROOT


@dataclass(frozen=True, slots=True)
class Library:
    """The section on the use as a library: its commands without prompts, its program, its stack file."""

    commands: list[str]
    program: str
    stack_file: str


def library(readme: str) -> Library:
    """The blocks of a README up to the stack file: they are the last of their kind."""
    text = (ROOT / readme).read_text("utf-8")
    blocks = re.findall(r"^```(console|python|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    kinds = [kind for kind, _ in blocks]
    assert kinds[-3:] == ["console", "python", "yaml"], "the section on the library ends the README's blocks"
    (_, commands), (_, program), (_, stack_file) = blocks[-3:]
    return Library([line.removeprefix("$ ") for line in commands.splitlines()], program, stack_file)
