"""uvicorn around the application: in the foreground for the command, in a thread for tests."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sakura_emulator.app import ABORT, create_app
from sakura_emulator.cloud import Cloud
from sakura_emulator.process import url_for
from sakura_emulator.settings import Settings
from sakura_emulator.store import MEMORY

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

API_PREFIX = "/cloud/zone"
_START_SECONDS = 20.0
_STOP_SECONDS = 1


class PortInUseError(Exception):
    """Something listens at the address already."""


class _Protocol(H11Protocol):
    """HTTP with a way to cut the line: no answer at all, for faults."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ABORT] = self._abort
            await inner(scope, receive, send)

        self.app = app

    def _abort(self) -> None:
        self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Naming TCP matters: asyncio switches Nagle's algorithm off only for such sockets, else every answer takes 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"port {port} on {host} is in use by something else: choose another --port") from error
        raise
    sock.listen(1024)
    return sock


def url_of(sock: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port = sock.getsockname()[:2]
    return url_for(host, port)


def _server(cloud: Cloud) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(cloud),
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    return uvicorn.Server(config)


def serve(cloud: Cloud, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM; `ready` is called just before."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    ready()
    _server(cloud).run(sockets=[sock])


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator in this process."""

    url: str
    cloud: Cloud

    @property
    def api_root(self) -> str:
        """The root URL that clients are given."""
        return f"{self.url}{API_PREFIX}"


@contextmanager
def running(db: str = MEMORY, *, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> Iterator[Running]:
    """An emulator in a thread of this process, until the block ends.

    >>> with running(latency="instant") as emulator:
    ...     emulator.api_root.endswith("/cloud/zone")
    True
    """
    cloud = Cloud(db, Settings(host=host, **settings))
    try:
        sock = listen(host, port)
        server = _server(cloud)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="sakura-emulator", daemon=True)
        thread.start()
        try:
            _wait_started(server, thread)
            yield Running(url_of(sock), cloud)
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)
            sock.close()
    finally:
        cloud.close()


def _wait_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the emulator did not start")
        time.sleep(0.005)
