"""A jq program over a report, as `--query` of sacloud-cpu-usage takes it."""

from __future__ import annotations

from typing import Any

import jq  # type: ignore[import-not-found, import-untyped, unused-ignore]

from sakura_fleet.errors import UsageError


class JqQuery:
    """A program that was read. Raises `UsageError` where it is none."""

    def __init__(self, text: str) -> None:
        try:
            self._program = jq.compile(text)
        except ValueError as error:
            raise UsageError(f"--query cannot be read: {str(error).splitlines()[0]}") from None

    def run(self, document: str) -> tuple[list[Any], str]:
        """All results over a JSON text, and the words of the failure that ended them, if one did.

        The package jq must not see its iterator freed by the garbage collector: it crashes the process. So no exception
        leaves this function with the iterator in its traceback.
        """
        values = []
        try:
            for value in self._program.input_text(document):
                values.append(value)
        except ValueError as error:
            return values, str(error)
        return values, ""
