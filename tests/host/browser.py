"""Chromium in a host of its own, beside real Caddy and names over DNS over HTTPS.

Chromium asks for HTTPS records where it resolves names itself, and trusts a private CA for HTTP/3 only where a flag
lifts its rule that QUIC wants a known root. Neither changes how it chooses.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.host.caddy import Caddy, caddy_binary
from tests.host.doh import doh_backend
from tests.host.machine import Machine, running_machine

PAGE = (
    "<!doctype html><title>page</title><p id=p></p><script>"
    "p.textContent = 'first request over ' + performance.getEntriesByType('navigation')[0].nextHopProtocol"
    "</script>"
)
ZONE = """
$ORIGIN test.
$TTL 30
announced  A      127.0.0.1
announced  HTTPS  10 . alpn=h3,h2
without    A      127.0.0.1
quiet      A      127.0.0.1
quiet      HTTPS  10 . alpn=h2
only       A      127.0.0.3
only       HTTPS  10 . alpn=h3
unsaid     A      127.0.0.3
closed     A      127.0.0.2
closed     HTTPS  10 . alpn=h3,h2
hinted     HTTPS  10 . alpn=h3,h2 ipv4hint=127.0.0.1
alias      A      127.0.0.1
alias      HTTPS  0 announced.test.
indirect   A      127.0.0.1
indirect   HTTPS  10 announced.test. alpn=h3,h2
lost       HTTPS  10 announced.test. alpn=h3,h2
"""
NAMES = ("announced", "without", "quiet", "hinted", "alias", "indirect", "lost")
UDP_NAMES = ("only", "unsaid")
"""Names of an address where nothing listens for TCP."""


@dataclass
class Browser:
    """Chromium in a host of its own, whose names come from `ZONE` over DNS over HTTPS."""

    machine: Machine
    asked: list[tuple[str, str]]

    def first_protocol(self, name: str, profile: Path) -> str:
        """The protocol of the first request to a name, by a browser that has never seen it; or the error's name."""
        done = subprocess.run(
            [
                *self.machine.enter,
                *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *(f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom"),
                f"--origin-to-force-quic-on={name}.test:1",  # lifts the rule of the known root, forces nothing
                f"https://{name}.test/",
            ],
            env={"HOME": str(self.machine.folder), "PATH": "/usr/bin:/bin"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        found = re.search(r"first request over ([a-z0-9/.]+)|net::(ERR_[A-Z_]+)", done.stdout + done.stderr)
        assert found, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return found[1] or found[2]


@contextmanager
def running_browser(folder: Path) -> Iterator[Browser]:
    """The browser, its Caddy and its names, until the block ends; skips where there is no Chromium."""
    if shutil.which("chromium") is None or shutil.which("certutil") is None:
        pytest.skip("no browser: apt-get install chromium libnss3-tools")
    with (
        running_machine(folder, caddy_binary("2.11")) as machine,
        machine.network(),
        doh_backend(ZONE, "test.") as (port, asked),
    ):
        caddy = Caddy(caddy_binary("2.11"), folder / "caddy", https_port=443, http_port=80)
        caddy.folder.mkdir()
        caddy.options = "".join(
            f"\tservers {address}:443 {{\n\t\tprotocols {protocols}\n\t}}\n"
            for address, protocols in (("127.0.0.2", "h1 h2"), ("127.0.0.3", "h3"))
        )
        page = f"\ttls internal\n\theader Content-Type text/html\n\trespond `{PAGE}`\n"
        caddy.write(
            f"{', '.join(f'{name}.test' for name in NAMES)} {{\n{page}}}\n"
            f"closed.test {{\n\tbind 127.0.0.2\n{page}}}\n"
            f"{', '.join(f'{name}.test' for name in UDP_NAMES)} {{\n\tbind 127.0.0.3\n{page}}}\n"
            f"dns.test {{\n\ttls internal\n\treverse_proxy 127.0.0.1:{port}\n}}\n"
        )
        machine.resolve("dns.test")  # and no other: a name in /etc/hosts is asked for nowhere else
        policy = {"DnsOverHttpsMode": "secure", "DnsOverHttpsTemplates": "https://dns.test/dns-query{?dns}"}
        machine.run("mkdir", "-p", "/etc/chromium/policies/managed")
        machine.write("/etc/chromium/policies/managed/doh.json", json.dumps(policy))
        names = [f"{name}.test" for name in (*NAMES, *UDP_NAMES, "closed", "dns")]
        with caddy.running(*names, prefix=machine.enter):
            store = folder / ".pki" / "nssdb"
            store.mkdir(parents=True)
            for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ca", "-i", str(caddy.root_ca)]):
                subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True)
            yield Browser(machine, asked)
