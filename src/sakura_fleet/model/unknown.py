"""Values that nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UnknownType = type | tuple[type, ...]
"""The types of such values: an output of Pulumi's in a program, its stand-in in a preview."""


def holds_unknown(value: Any, unknown: UnknownType) -> bool:
    """Whether anything inside `value` is not known yet."""
    if isinstance(value, unknown):
        return True
    if isinstance(value, Mapping):
        return any(holds_unknown(inner, unknown) for inner in value.values())
    return (
        not isinstance(value, str)
        and isinstance(value, Sequence)
        and any(holds_unknown(inner, unknown) for inner in value)
    )
