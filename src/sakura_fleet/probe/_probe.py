"""`probe`: one request over one HTTP version."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from urllib.parse import urlsplit

from sakura_fleet.errors import InputError, ProbeError, Problem
from sakura_fleet.probe._result import PROTOCOLS, ProbeResult, Protocol, Target

DEFAULT_TIMEOUT = 10.0


def probe(
    url: str,
    *,
    protocol: Protocol,
    address: str | None = None,
    port: int | None = None,
    ca_file: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> ProbeResult:
    """GET `url` over exactly this protocol, and check the certificate for the URL's host.

    `address` (an IP address or a name) and `port` say where to connect instead of the URL's host and port; the name
    in the TLS handshake, the Host and the certificate's name stay those of the URL. `ca_file` is a PEM file of the
    CAs to trust instead of the public ones. `timeout` is in seconds: HTTP/3 gets it once for all; over TCP each of
    connection, handshake and answer may take as long.

    Raises `InputError` for what cannot be asked, and `ProbeError` where there is no answer over this protocol: nobody
    listens, another protocol was chosen, the certificate is not good, or the time is over.
    """
    target = read_target(url, protocol, address, port, ca_file, timeout)
    if protocol != "h3":
        from sakura_fleet.probe._tcp import fetch as fetch_tcp

        return fetch_tcp(target, protocol)
    if importlib.util.find_spec("aioquic") is None:
        raise ProbeError(
            f"{url} over h3: HTTP/3 needs the package aioquic; install it with `pip install 'sakura-fleet[http3]'`",
            url=url,
            protocol=protocol,
        )
    from sakura_fleet.probe._quic import fetch as fetch_quic

    return fetch_quic(target)


def read_target(
    url: str, protocol: Protocol, address: str | None, port: int | None, ca_file: str | None, timeout: float
) -> Target:
    """What `probe` was asked for. Raises `InputError`."""
    problems: list[Problem] = []
    name = ""
    url_port: int | None = None
    split = urlsplit(url)
    try:
        name, url_port = split.hostname or "", split.port
    except ValueError as error:
        problems.append(Problem("url", "probe-url", f"{url!r} is not a URL: {error}"))
    else:
        if split.scheme != "https" or not name or split.username:
            message = f"{url!r} cannot be probed; write https://, a host and a path, without a user"
            problems.append(Problem("url", "probe-url", message))
    if protocol not in PROTOCOLS:
        message = f"{protocol!r} is not a protocol to probe; known are {', '.join(PROTOCOLS)}"
        problems.append(Problem("protocol", "probe-protocol", message))
    if port is not None and not 1 <= port <= 0xFFFF:
        problems.append(Problem("port", "probe-port", f"{port} is not a port from 1 to 65535"))
    if ca_file is not None and not Path(ca_file).is_file():
        problems.append(Problem("ca_file", "probe-ca-file", f"{ca_file} is not a file; give a PEM file of CAs"))
    if timeout <= 0:
        problems.append(Problem("timeout", "probe-timeout", f"{timeout} is not a time in seconds above 0"))
    if problems:
        raise InputError(problems)
    return Target(
        url=url,
        name=name,
        authority=split.netloc,
        path=(split.path or "/") + f"?{split.query}" * bool(split.query),
        address=address or name,
        port=port or url_port or 443,
        ca_file=ca_file or "",
        timeout=timeout,
    )
