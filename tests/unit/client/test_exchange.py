"""One request has a limit in all, an answer one of size, over real connections."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from sakura_fleet.client import Client, Credentials, RetryPolicy
from sakura_fleet.client._exchange import LARGEST
from sakura_fleet.errors import UnreachableError
from tests.unit.client import samples
from tests.unit.client.wire import SECRET, TOKEN
from tests.waiting import PATIENCE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIP = 0.01
"""Seconds from one byte to the next."""
SHORT = 0.2
"""Seconds that the client gives the whole of it: each step is within its own limit by far."""


@contextmanager
def serving(parts: Callable[[], Iterator[bytes]], *, pause: float = 0.0, longest: float = PATIENCE) -> Iterator[Client]:
    """A client of a server that answers each request with `parts`, and pauses after each of them."""
    gone = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                for part in parts():
                    connection.sendall(part)
                    if gone.wait(pause):
                        return
            except OSError:
                return  # the client has had enough

    def serve() -> None:
        while not gone.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        root = f"http://127.0.0.1:{server.getsockname()[1]}/cloud/zone"
        once = RetryPolicy(attempts=1)
        try:
            with Client(root, Credentials(TOKEN, SECRET), rate_limit=0, retry=once, timeout=PATIENCE) as client:
                client._transport._longest = longest
                yield client
        finally:
            gone.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def dripping_head() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX-Drip: "
    yield from repeat(b"x")


def dripping_body() -> Iterator[bytes]:
    yield HEAD + b"Content-Length: 1000000\r\n\r\n"
    yield from repeat(b" ")


@pytest.mark.parametrize("parts", [dripping_head, dripping_body])
def test_a_server_that_drips_is_given_up(parts: Callable[[], Iterator[bytes]]) -> None:
    with (
        serving(parts, pause=DRIP, longest=SHORT) as client,
        pytest.raises(UnreachableError, match=r"ReadTimeout: the answer was not complete after"),
    ):
        client.servers.read("is1a", "1")


def test_a_post_that_drips_may_be_done() -> None:
    with serving(dripping_body, pause=DRIP, longest=SHORT) as client, pytest.raises(UnreachableError) as caught:
        client.ssh_keys.create(name="k", public_key="ssh-ed25519 AAAA")
    assert caught.value.maybe_done


def packed(content: bytes) -> Iterator[bytes]:
    body = gzip.compress(content, 1)
    yield HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def bomb() -> Iterator[bytes]:
    yield from packed(bytes(4 * LARGEST))


def endless() -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    yield from repeat(bytes(1 << 20))


@pytest.mark.parametrize("parts", [bomb, endless])
def test_an_answer_beyond_all_measure_is_not_read_on(parts: Callable[[], Iterator[bytes]]) -> None:
    with (
        serving(parts) as client,
        pytest.raises(UnreachableError, match=r"AnswerTooLargeError: the answer is larger than 32 MiB") as caught,
    ):
        client.servers.read("is1a", "1")
    assert "in 1 attempt" in str(caught.value)


def test_a_large_answer_is_read() -> None:
    body = json.dumps({"Server": {**samples.SERVER, "Name": "x" * (LARGEST // 2)}}).encode()

    with serving(lambda: packed(body)) as client:
        assert len(client.servers.read("is1a", "1").name) == LARGEST // 2
