"""A reload while requests are under way: they end well, and what comes meanwhile is served by the new configuration.

No load and no clock: an answer is held back until the reload is over. How many requests twenty reloads lose while
hundreds a second come in is counted by tests/load/test_reloads.py.
"""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from sakura_fleet.probe import PROTOCOLS, Protocol, probe
from tests.host.caddy import VERSIONS, Caddy, new_caddy
from tests.waiting import PATIENCE


class Backend:
    """Answers no request before it is told to."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.go_on = threading.Event()
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                backend.arrived.release()
                assert backend.go_on.wait(PATIENCE)
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"late")

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]


@contextmanager
def backend() -> Iterator[Backend]:
    made = Backend()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.go_on.set()
        made.http.shutdown()
        thread.join()
        made.http.server_close()


def site(number: int, port: int) -> str:
    """Another site with each number, so that a reload has something to change."""
    return (
        "localhost {\n\ttls internal\n"
        f"\thandle /late {{\n\t\treverse_proxy 127.0.0.1:{port}\n\t}}\n"
        f"\thandle {{\n\t\trespond {number}\n\t}}\n}}"
    )


def get(caddy: Caddy, path: str, protocol: Protocol) -> bytes:
    """A page, on a new connection."""
    found = probe(
        f"https://localhost:{caddy.https_port}/{path}",
        protocol=protocol,
        address="127.0.0.1",
        ca_file=str(caddy.root_ca),
        timeout=PATIENCE,
    )
    assert found.status == 200
    return found.body


def get_late(caddy: Caddy, protocol: Protocol) -> bytes:
    """The page that is held back. Over HTTP/2 with curl: httpx gives a request up at a GOAWAY that lets it end."""
    if protocol != "h2":
        return get(caddy, "late", protocol)
    port = caddy.https_port
    command = ["curl", "--silent", "--http2", "--cacert", caddy.root_ca, "--resolve", f"localhost:{port}:127.0.0.1"]
    shown = ["--write-out", " %{http_version} %{http_code}", f"https://localhost:{port}/late"]
    done = subprocess.run([*command, *shown], capture_output=True, timeout=PATIENCE, check=True)
    page, version, status = done.stdout.split(b" ")
    assert (version, status) == (b"2", b"200")
    return page


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_under_way_ends_well_and_what_comes_is_served(version: str, tmp_path: Path) -> None:
    caddy = new_caddy(version, tmp_path)
    with backend() as slow, ThreadPoolExecutor() as pool:
        caddy.write(site(1, slow.port))
        with caddy.running("localhost"):
            trusted = ssl.create_default_context(cafile=caddy.root_ca)
            home = f"https://localhost:{caddy.https_port}/"
            with (
                httpx.Client(verify=trusted, trust_env=False, timeout=PATIENCE) as h1,
                httpx.Client(verify=trusted, trust_env=False, timeout=PATIENCE, http1=False, http2=True) as h2,
            ):
                assert [client.get(home).text for client in (h1, h2)] == ["1", "1"]
                under_way = [pool.submit(get_late, caddy, protocol) for protocol in PROTOCOLS]
                for _ in under_way:
                    assert slow.arrived.acquire(timeout=PATIENCE)

                caddy.write(site(2, slow.port))
                caddy.reload()
                assert [get(caddy, "", protocol) for protocol in PROTOCOLS] == [b"2"] * 3
                assert [client.get(home).text for client in (h1, h2)] == ["2", "2"], "connections opened before"
                assert not any(request.done() for request in under_way)

                slow.go_on.set()
                assert [request.result(PATIENCE) for request in under_way] == [b"late"] * 3
