"""Ports of 127.0.0.1 for servers that tests start, and one that nobody listens at."""

from __future__ import annotations

import random
import socket

_HELD: list[socket.socket] = []
"""Sockets that are bound and do not listen, until the tests of this process end."""


def free_port() -> int:
    """A port that is free for TCP and for UDP, below those that Linux gives to connections from 32768 on: nobody gets
    it by chance before it is listened at."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def closed_port() -> int:
    """A port that refuses TCP connections, and that nobody else is given meanwhile."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    _HELD.append(held)
    return int(held.getsockname()[1])
