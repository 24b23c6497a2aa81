"""Waiting for what another process or thread does, on a machine of any speed."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds after which what hangs fails its test, however busy the machine is; no test expects to come near."""


def wait_for(what: str, ready: Callable[[], bool]) -> None:
    """Until it is so. Raises `AssertionError` for what does not come."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)
