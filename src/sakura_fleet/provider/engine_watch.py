"""How a provider host ends: with its engine, and without delay.

After `kill -9` of the engine its provider hosts live on. They must not go on writing to the cloud: the next `pulumi
up` may already be finishing the same servers. So every call of the API and every wait asks `engine_gone` first, and a
watching thread ends the host, which would otherwise stay for ever.
"""

from __future__ import annotations

import atexit
import os
import socket
import sys
import threading
import time
from typing import Final

WATCH_INTERVAL: Final = 2.0


def engine_address() -> tuple[str, int] | None:
    """Host and port of the engine that has started this host: the host's first argument. None in any other process."""
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "").rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None


def engine_gone() -> bool:
    """Whether the engine has died; outside of its host the answer is no."""
    address = engine_address()
    if address is None:
        return False
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def end_with_engine() -> None:
    """Watch the engine from now on, and end this process when it is gone."""

    def watch() -> None:
        time.sleep(WATCH_INTERVAL)
        while not engine_gone():
            time.sleep(WATCH_INTERVAL)
        os._exit(1)

    threading.Thread(target=watch, name="engine-watch", daemon=True).start()


def end_quickly() -> None:
    """Leave without taking the interpreter apart, for which the engine waits 30 ms at the end of every run.

    Calls that are under way are awaited all the same: Python joins its threads before it comes to `atexit`.
    """
    atexit.register(_leave)


def _leave() -> None:
    if not hasattr(sys, "last_value"):  # an exception that nobody caught has its own exit code
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
