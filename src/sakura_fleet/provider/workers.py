"""More threads for Pulumi's dynamic provider host.

`pulumi.dynamic.__main__` hard-codes four worker threads, and no option changes that. Creating a server takes minutes of
waiting, so a group of fifty would be made four at a time. The host's gRPC pool starts threads on demand up to a private
attribute; raising it is enough. Where the attribute is not found, all still works, four at a time. A test pins this to
the locked versions of pulumi and grpcio.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

WORKERS = 65
"""One for each of the 64 calls that the engine makes at once (`PULUMI_PARALLEL`), and one for its `Cancel`."""


def server_of_this_host() -> Any:
    """The gRPC server of the host that runs this process: a local of its main thread. None in any other process."""
    frame: Any = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        server = frame.f_locals.get("server")
        if hasattr(getattr(server, "_state", None), "thread_pool"):
            return server
        frame = frame.f_back
    return None


def widen(workers: int = WORKERS) -> int | None:
    """Let the host that runs this process use `workers` threads; returns the new limit, None where it cannot be set."""
    pool = getattr(getattr(server_of_this_host(), "_state", None), "thread_pool", None)
    limit = getattr(pool, "_max_workers", None)
    if not isinstance(limit, int):
        return None
    pool._max_workers = max(limit, workers)  # type: ignore[union-attr]
    # A pool starts threads only when work comes in. A destroy sends all its calls before the first is handled: those
    # that wait already get their threads now. Not by more work: a thread counts as idle after each piece, even where
    # the next is there, and calls would then wait for a thread that has no time.
    for _ in range(min(workers, pool._work_queue.qsize())):  # type: ignore[union-attr]
        pool._adjust_thread_count()  # type: ignore[union-attr]
    return max(limit, workers)
