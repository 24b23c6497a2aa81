"""HTTP/3 over QUIC (RFC 9114, RFC 9000), with aioquic."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from typing import Final, cast

import certifi
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset
from aioquic.quic.packet import QuicErrorCode
from cryptography import x509

from sakura_fleet.errors import ProbeError
from sakura_fleet.probe._result import BODY_LIMIT, NO_CERTIFICATE, ProbeResult, Target

_TLS_ALERT: Final = range(QuicErrorCode.CRYPTO_ERROR, QuicErrorCode.CRYPTO_ERROR + 0x100)
_TLS_REASONS: Final = {80: NO_CERTIFICATE, 112: NO_CERTIFICATE, 120: "the server speaks no HTTP/3 there"}
"""By TLS alert (RFC 8446 section 6): internal_error, unrecognized_name, no_application_protocol."""

# Where no logging is set up, aioquic's remarks stay off the terminal: what counts of them is in the errors raised here.
logging.getLogger("quic").addHandler(logging.NullHandler())


class _BrokenError(Exception):
    """The connection ended before the answer did."""


def fetch(target: Target) -> ProbeResult:
    """One GET over HTTP/3. Raises `ProbeError`."""
    try:
        return asyncio.run(_fetch(target))
    except TimeoutError:
        reason = f"no answer within {target.timeout:g} s; is {target.port}/udp open all the way?"
    except ConnectionRefusedError:
        reason = "nobody listens there: port unreachable"
    except (_BrokenError, OSError) as error:
        reason = str(error)
    where = f"{target.address} port {target.port}/udp"
    message = f"{target.url} over h3 at {where}: {reason}"
    raise ProbeError(message, url=target.url, protocol="h3", reason=reason) from None


async def _fetch(target: Target) -> ProbeResult:
    loop = asyncio.get_running_loop()
    # A name may have addresses that lead nowhere from here; as over TCP, the next one is tried, each with its share
    # of the time that is left.
    places = await loop.getaddrinfo(target.address, target.port, type=socket.SOCK_DGRAM)
    deadline = loop.time() + target.timeout
    failure: Exception = _BrokenError(f"{target.address} has no address")
    for index, (_, _, _, _, place) in enumerate(places):
        share = (deadline - loop.time()) / (len(places) - index)
        try:
            async with asyncio.timeout(share):
                return await _fetch_from(target, cast("tuple[str, int]", place))
        except (TimeoutError, OSError, _BrokenError) as error:
            failure = error
    raise failure


async def _fetch_from(target: Target, place: tuple[str, int]) -> ProbeResult:
    begun = time.monotonic()
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=H3_ALPN, server_name=target.name, idle_timeout=target.timeout
    )
    configuration.load_verify_locations(cafile=target.ca_file or certifi.where())
    connection = QuicConnection(configuration=configuration)
    # A connected socket hears that a port is closed at once, and is of the address's own family: machines without
    # IPv6 are common.
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Client(connection), remote_addr=place
    )
    try:
        client.connect(transport.get_extra_info("peername"))
        status, alt_svc, body = await client.get(target.authority, target.path)
    finally:
        client.close()
        transport.close()
    # aioquic gives the certificate to nobody, so it is read where its own check keeps it.
    certificate = cast(x509.Certificate, connection.tls._peer_certificate)
    return ProbeResult(
        protocol="h3",
        address=place[0],
        status=status,
        alt_svc=alt_svc,
        certificate_not_after=certificate.not_valid_after_utc,
        certificate_issuer=_issuer(certificate),
        seconds=time.monotonic() - begun,
        body=body,
    )


def _issuer(certificate: x509.Certificate) -> str:
    """The issuer's names as people know them: organisation, then common name."""
    wanted = (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)
    return ", ".join(
        str(attribute.value) for oid in wanted for attribute in certificate.issuer.get_attributes_for_oid(oid)
    )


class _Client(QuicConnectionProtocol):
    """One request on one connection."""

    def __init__(self, quic: QuicConnection) -> None:
        super().__init__(quic)
        self._http = H3Connection(quic)
        self._stream = -1
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def get(self, authority: str, path: str) -> tuple[int, str, bytes]:
        """Status, Alt-Svc and body (1 MiB of it at most)."""
        await self.wait_connected_or_broken()
        self._stream = self._quic.get_next_available_stream_id()
        request = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": path}
        headers = [(key.encode(), value.encode()) for key, value in {**request, "user-agent": "sakura-fleet"}.items()]
        self._http.send_headers(self._stream, headers, end_stream=True)
        self.transmit()
        await self._done
        alt_svc = self._headers.get(b"alt-svc", b"").decode("latin-1")
        return int(self._headers[b":status"]), alt_svc, bytes(self._body[:BODY_LIMIT])

    async def wait_connected_or_broken(self) -> None:
        """The end of the handshake, or its failure with its reason."""
        connected = asyncio.ensure_future(self.wait_connected())
        try:
            await asyncio.wait([connected, self._done], return_when=asyncio.FIRST_COMPLETED)
            if self._done.done():
                self._done.result()
        finally:
            connected.cancel()

    def error_received(self, exc: Exception) -> None:
        self._end(exc)

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            self._end(_BrokenError(_reason(event)))
        elif isinstance(event, StreamReset) and event.stream_id == self._stream:
            self._end(_BrokenError(f"the server broke off its answer (HTTP/3 error {event.error_code:#x})"))
        for http_event in self._http.handle_event(event):
            self._take(http_event)

    def _take(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived) or event.stream_id != self._stream:
            return
        if isinstance(event, DataReceived):
            self._body += event.data
        elif b":status" in (headers := dict(event.headers)) and not headers[b":status"].startswith(b"1"):
            self._headers = headers
        if event.stream_ended or len(self._body) > BODY_LIMIT:
            self._end(None if self._headers else _BrokenError("the answer has no status"))

    def _end(self, failure: Exception | None) -> None:
        if self._done.done():
            return
        if failure:
            self._done.set_exception(failure)
        else:
            self._done.set_result(None)


def _reason(event: ConnectionTerminated) -> str:
    if event.error_code in _TLS_ALERT:
        alert = event.error_code - QuicErrorCode.CRYPTO_ERROR
        # Alerts that this client sends come with the reason why the certificate was refused.
        reason = f"the certificate is not good: {event.reason_phrase or f'TLS alert {alert}'}"
        return _TLS_REASONS.get(alert, reason)
    phrase = f": {event.reason_phrase}" * bool(event.reason_phrase)
    return f"the connection ended with QUIC error {event.error_code:#x}{phrase}"
