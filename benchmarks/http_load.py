"""Requests over keep-alive connections, each answer timed: a client that costs as little as Python can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Timings:
    """What came back: seconds of each answer, and how many had each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    took: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took

    def percentile(self, share: float) -> float:
        """The time in ms that this share of the answers stayed under."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """One answer with a Content-Length: status, body, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, length = head.partition(b"\r\ncontent-length:")
    body = await reader.readexactly(int(length.partition(b"\r\n")[0]))
    return int(head[9:12]), body, b"\r\nconnection: close" not in head


async def _client(url: str, make: Callable[[int], bytes], deadline: float, limit: int, timings: Timings) -> None:
    """One after the other over one connection, or over many if the server closes each."""
    parts = urlsplit(url)
    is_open = False
    for number in range(limit):
        begin = time.perf_counter()
        if begin > deadline:
            break
        if not is_open:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(make(number))
        status, _, is_open = await answer(reader)
        timings.seconds.append(time.perf_counter() - begin)
        timings.statuses[status] = timings.statuses.get(status, 0) + 1
        if not is_open:
            writer.close()
    if is_open:
        writer.close()


def run(
    url: str, make: Callable[[int], bytes], *, connections: int, seconds: float = 60.0, limit: int = 10**9
) -> Timings:
    """Send `make(number)` over each connection, one after the other, for that long or that often."""

    async def all_of_them() -> Timings:
        timings = Timings()
        begin = time.perf_counter()
        clients = (_client(url, make, begin + seconds, limit, timings) for _ in range(connections))
        async with asyncio.timeout(seconds + 60):
            await asyncio.gather(*clients)
        timings.took = time.perf_counter() - begin
        return timings

    return asyncio.run(all_of_them())
