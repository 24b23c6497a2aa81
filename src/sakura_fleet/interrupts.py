"""Ctrl-C (SIGINT) at a command: the first one is an exception that unwinds, and a second one ends the process at once.

The unwinding waits for threads, such as those that ask the cloud; they see by `seen` that it was interrupted.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Final

CODE: Final = 130
"""128 + SIGINT, as shells have it."""

_seen: Final = threading.Event()


def watch() -> None:
    """From now on SIGINT raises `KeyboardInterrupt` in the main thread once, and ends the process after that."""
    signal.signal(signal.SIGINT, _raise_once)


def seen() -> bool:
    """Whether the command was interrupted."""
    return _seen.is_set()


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    if _seen.is_set():
        os._exit(CODE)
    _seen.set()
    os.write(2, b"\ninterrupted; press Ctrl-C again to stop at once\n")
    raise KeyboardInterrupt
