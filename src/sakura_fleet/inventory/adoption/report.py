"""What there is to say beside the stack file: what was found, and what could not be taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Lines for the user, by what they mean."""

    taken: list[str] = field(default_factory=list)
    """What the next `pulumi up` takes over."""
    changes: list[str] = field(default_factory=list)
    """What that run changes in place, beside the owner tags."""
    left_out: list[str] = field(default_factory=list)
    """What was found and is not taken; it stays as it is."""
    notes: list[str] = field(default_factory=list)
    """What is good to know."""
    to_do: list[str] = field(default_factory=list)
    """What somebody has to decide or write before the stack file is whole."""

    def lines(self) -> Iterator[str]:
        """All of it, each line with a word before it."""
        for word, lines in (
            ("taken", self.taken),
            ("changes", self.changes),
            ("left out", self.left_out),
            ("note", self.notes),
            ("to be done", self.to_do),
        ):
            yield from (f"{word}: {line}" for line in lines)
