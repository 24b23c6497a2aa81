"""Calls of the API as tests count them: by what they are, not by when they came."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """The `nth` call of this method to this path, in which `*` stands for an ID: calls of one run overtake each
    other."""

    method: str
    path: str
    nth: int

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path} #{self.nth}"


def shape(path: str) -> str:
    """The path below the API's version with `*` for each ID."""
    return re.sub(r"[0-9]{6,}", "*", path)
