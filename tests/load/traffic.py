"""Load on a real server: vegeta for HTTP/1.1 and HTTP/2, aioquic for HTTP/3."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, FrameType, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from tests.host.caddy import go_tool

PATIENCE = 30
"""Seconds for one request; nothing comes near where the machine is not overloaded."""
FIRST = (
    *("setsid", "bash", "-c"),
    '{ echo -15 >/proc/self/autogroup; } 2>/dev/null; exec nice -n -10 "$@"',
    "first",
)
"""Before a command that is measured: what else this machine does should not count as a loss. Linux shares its cores out
among sessions first, then among the processes of each. Needs root."""
TRIES = 5
"""How often a GET is sent that connections do not take, because they go away."""


@dataclass
class Outcome:
    """What became of the requests of one kind."""

    sent: int
    lost: int
    reasons: list[str] = field(default_factory=list)


@dataclass
class Vegeta:
    """A constant rate of requests, under way until `outcome` is asked for."""

    process: subprocess.Popen[bytes]
    results: Path

    @property
    def outcome(self) -> Outcome:
        assert self.process.wait(120) == 0
        command = [go_tool("vegeta"), "report", "-type=json", self.results]
        report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        answered = sum(count for code, count in report["status_codes"].items() if code in ("200", "204"))
        return Outcome(report["requests"], report["requests"] - answered, report["errors"] or [])


def attack(url: str, ca: Path, results: Path, *options: str, rate: int, seconds: float, method: str = "GET") -> Vegeta:
    """Begin to send `rate` requests a second, as vegeta's options say."""
    with results.open("wb") as out:
        process = subprocess.Popen(
            [
                *(*FIRST, go_tool("vegeta"), "attack"),
                *(f"-rate={rate}", f"-duration={seconds}s", f"-timeout={PATIENCE}s"),
                *(f"-root-certs={ca}", "-connections=20", "-max-connections=20", *options),
            ],
            stdin=subprocess.PIPE,
            stdout=out,
        )
    assert process.stdin
    process.stdin.write(f"{method} {url}\n".encode())
    process.stdin.close()
    return Vegeta(process, results)


class Gone(Exception):  # noqa: N818 - a state, not a failure
    """The server takes no more requests on this connection; another one is to be opened."""


class _Http(H3Connection):
    """Tells of GOAWAY (RFC 9114 section 5.2), which aioquic skips."""

    going_away = False

    def _check_control_frame_type(self, frame_type: int) -> None:
        super()._check_control_frame_type(frame_type)
        if frame_type == FrameType.GOAWAY:
            self.going_away = True


class _Client(QuicConnectionProtocol):
    """One connection, one request at a time."""

    def __init__(self, quic: QuicConnection, **options: object) -> None:
        super().__init__(quic)
        self.http = _Http(quic)
        self._stream = -1
        self._status = b""
        self._done: asyncio.Future[None] | None = None
        self._ended = False

    async def get(self, authority: str) -> int:
        """The status. Raises `Gone` where the server did not take the request."""
        if self.http.going_away or self._ended:
            raise Gone
        self._done = self._loop.create_future()
        self._stream = self._quic.get_next_available_stream_id()
        fields = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": "/"}
        self.http.send_headers(self._stream, [(k.encode(), v.encode()) for k, v in fields.items()], end_stream=True)
        self.transmit()
        async with asyncio.timeout(PATIENCE):
            await self._done
        return int(self._status)

    def quic_event_received(self, event: QuicEvent) -> None:
        ended = isinstance(event, ConnectionTerminated)
        self._ended = self._ended or ended
        if (
            self._done
            and not self._done.done()
            and (ended or (isinstance(event, StreamReset) and event.stream_id == self._stream))
        ):
            self._done.set_exception(Gone())
        for http_event in self.http.handle_event(event):
            if not isinstance(http_event, HeadersReceived | DataReceived) or http_event.stream_id != self._stream:
                continue
            if isinstance(http_event, HeadersReceived):
                self._status = dict(http_event.headers)[b":status"]
            if http_event.stream_ended and self._done and not self._done.done():
                self._done.set_result(None)


async def get_over_h3(host: str, port: int, ca: Path, *, connections: int, requests: int, seconds: float) -> Outcome:
    """`requests` GETs over HTTP/3, evenly over some connections and over the time. A connection that goes away is
    replaced; a GET that it did not take is sent again, as browsers do."""
    outcome = Outcome(requests, 0)
    begun = time.monotonic()
    pause = seconds * connections / requests

    async def one_after_the_other(count: int) -> None:
        left, tries = count, 0

        def close(reason: str = "") -> None:
            nonlocal left, tries
            left, tries = left - 1, 0
            if reason:
                outcome.lost += 1
                outcome.reasons.append(reason)

        while left:
            configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=host)
            configuration.load_verify_locations(str(ca))
            try:
                async with connect("127.0.0.1", port, configuration=configuration, create_protocol=_Client) as client:
                    assert isinstance(client, _Client)
                    while left:
                        await asyncio.sleep(begun + (count - left) * pause - time.monotonic())
                        status = await client.get(f"{host}:{port}")
                        close("" if status == 200 else f"status {status}")
            except Gone:
                tries += 1
                if tries == TRIES:
                    close("taken by no connection")
            except (OSError, TimeoutError) as error:
                close(repr(error))

    usual = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, usual - 10)  # of this thread; see FIRST
    try:
        await asyncio.gather(*(one_after_the_other(requests // connections) for _ in range(connections)))
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)
    return outcome


def counted_by_the_server(log: Path) -> Counter[str]:
    """How many requests of an access log came over which protocol."""
    return Counter(json.loads(line)["request"]["proto"] for line in log.read_text().splitlines())


def table(rows: Sequence[tuple[str, Outcome]]) -> str:
    """What became of all kinds, a line each."""
    lines = []
    for kind, outcome in rows:
        reasons = "; ".join(sorted(set(outcome.reasons)))[:120]
        lines.append(f"  {kind:<28} {outcome.lost:>4} of {outcome.sent:>6} lost  {reasons}".rstrip())
    return "\n".join(lines)
