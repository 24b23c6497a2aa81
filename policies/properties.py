"""Reading properties safely: what is not known yet, or not of the expected kind, is None or empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final


class Unknown:
    """What a preview cannot know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list | tuple) else ()


def text(value: Any) -> str | None:
    """The text, or None."""
    return value if isinstance(value, str) else None


def flag(value: Any) -> bool | None:
    """The truth value, or None."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """The number, or None; Pulumi sends whole numbers as floats."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def holds_unknown(value: Any) -> bool:
    """Whether anything inside is not known yet, so that an absence proves nothing."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(holds_unknown(inner) for inner in value.values())
    return any(holds_unknown(inner) for inner in items(value))
