"""Reading one part of a configuration, and what is wrong with it as short pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sakura_fleet.errors import Problem
from sakura_fleet.model.reading import Reader

T = TypeVar("T")
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8AKyLHm0LLUxWMBKNbA4zdETB+3fP0eRNPoFYYo3cx example@sakura-fleet"
SWITCH = "113800000010"


def rules(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """Where each problem is, and which rule is broken."""
    return [(problem.path, problem.rule) for problem in problems]


def read(take: Callable[[Reader], T], data: Any) -> tuple[T, list[Problem]]:
    """What `take` makes of `data`, and all problems."""
    problems: list[Problem] = []
    return take(Reader(data, "", problems)), problems
