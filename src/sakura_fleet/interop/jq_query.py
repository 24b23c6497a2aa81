"""A jq program over a report, as `--query` of sacloud-cpu-usage takes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from sakura_fleet.errors import UsageError

SECONDS: Final = 10
"""How long a program may take; one over a thousand servers takes a tenth of a second."""
MEMORY: Final = 1 << 30
"""Bytes of address space that it may take, the interpreter's among them."""
LONGEST: Final = 1_000_000
"""Characters of all its results."""
_WORKER: Final = Path(__file__).with_name("jq_worker.py")


class JqQuery:
    """A program that was read. Raises `UsageError` where it is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        for found in _answers({"program": text}):
            if "unreadable" in found:
                raise UsageError(f"--query cannot be read: {found['unreadable']}")

    def run(self, document: str) -> tuple[list[Any], str]:
        """All results over a JSON text, and the words of the failure that ended them, if one did.

        Raises `UsageError` for a program that takes too long or too much memory.
        """
        values, failure = [], ""
        for found in _answers({"program": self._text, "document": document}):
            if "value" in found:
                values.append(found["value"])
            else:
                failure = str(found["failure"])
        return values, failure


def _answers(task: dict[str, str]) -> list[dict[str, Any]]:
    """What the worker says to a task."""
    limits = [str(limit) for limit in (MEMORY, SECONDS, LONGEST)]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, a file of this package
            [sys.executable, "-P", str(_WORKER), *limits],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"--query takes more than {SECONDS} s; does the program end?") from None
    if done.returncode != 0:
        raise UsageError(
            f"--query takes more than {MEMORY >> 20} MiB of memory or {SECONDS} s, or jq failed over it "
            f"(exit {done.returncode}); does the program end?"
        )
    return [json.loads(line) for line in done.stdout.splitlines()]
