"""Which state an object belongs to: a random text that the backend keeps beside the stack, as a tag of the stack.

It is made when a run first changes something, before the first object is made, and stays: it moves with the backend's
folder or bucket, and a run that is killed leaves it. A second clone with a state of its own, or a backend that was
forgotten to be named, has another.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import threading
from typing import Final

STACK_TAG: Final = "sakura-fleet:state"
"""The name of the stack's tag, which `pulumi stack tag` reads and writes."""
_TEXT: Final = re.compile(r"sfs:[0-9a-f]{10}")
_TIMEOUT: Final = 120.0
"""Seconds for one command of the engine; a bucket may be slow."""
_known: dict[str, str] = {}
_lock = threading.Lock()


def identity_of_state(stack: str) -> str:
    """The owner tag of the stack's state, `sfs:<10 hex>`; made where there is none, and empty where the backend keeps
    no tags. The engine is asked once a run."""
    with _lock:
        if stack not in _known:
            _known[stack] = _read(stack) or _made(stack)
        return _known[stack]


def is_identity(text: str) -> bool:
    """Whether this can be the owner tag of a state."""
    return _TEXT.fullmatch(text) is not None


def _read(stack: str) -> str:
    found = _pulumi("get", STACK_TAG, stack=stack) or ""
    return found if is_identity(found) else ""


def _made(stack: str) -> str:
    text = f"sfs:{secrets.token_hex(5)}"
    return text if _pulumi("set", STACK_TAG, text, stack=stack) is not None else ""


def _pulumi(*arguments: str, stack: str) -> str | None:
    """What `pulumi stack tag` prints; None where it fails."""
    command = ["pulumi", "stack", "tag", *arguments, "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
