"""The host script on real hosts with real Caddy: certificates over ACME, pages over three HTTP versions, changes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sakura_fleet.errors import ProbeError
from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.model.caddy.script import host_script
from sakura_fleet.probe import PROTOCOLS, ProbeResult, Protocol, probe
from tests.host.caddy import VERSIONS, caddy_binary
from tests.host.machine import AcmeCa, Machine, acme_ca, running_machine
from tests.waiting import PATIENCE


@dataclass
class Host:
    """A host that is being set up, and the CA for its names."""

    machine: Machine
    ca: AcmeCa

    def caddyfile(self, page: str) -> str:
        """One site with a certificate from the CA."""
        return (
            f"{{\n\tacme_ca {self.ca.directory}\n\tacme_ca_root {self.ca.root_in_host}\n\tgrace_period 5s\n}}\n"
            f"www.site.test {{\n\trespond `{page}`\n}}\n"
        )

    def set_up(self, caddyfile: str) -> subprocess.CompletedProcess[str]:
        """Run the host script as over SSH."""
        script = host_script(CaddyHostArgs(name="www", address="127.0.0.1", caddyfile=caddyfile))
        return self.machine.run("bash", stdin=script, check=False)

    def ask(self, protocol: Protocol) -> ProbeResult:
        return probe("https://www.site.test/", protocol=protocol, address="127.0.0.1", ca_file=str(self.ca.root))

    def pages(self) -> list[str]:
        """The page over each HTTP version, certificates checked; as soon as there is a certificate."""
        with self.machine.network():
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    self.ask("h1")
                    break
                except ProbeError:
                    assert time.monotonic() < deadline, "no certificate"
                    time.sleep(0.1)
            return [self.ask(protocol).body.decode() for protocol in PROTOCOLS]

    @property
    def caddy_pid(self) -> str:
        return self.machine.run("pgrep", "-u", "caddy", "-x", "caddy").stdout.strip()


@pytest.fixture(params=VERSIONS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    with running_machine(tmp_path, caddy_binary(request.param)) as machine:
        machine.resolve("www.site.test")
        with acme_ca(machine) as ca:
            yield Host(machine, ca)


def test_the_life_of_a_host(host: Host) -> None:
    first = host.set_up(host.caddyfile("one"))
    assert first.returncode == 0, first.stderr
    assert host.pages() == ["one", "one", "one"]
    pid = host.caddy_pid

    # The same again changes nothing.
    again = host.set_up(host.caddyfile("one"))
    assert again.returncode == 0, again.stderr
    assert host.pages() == ["one", "one", "one"]

    # A Caddyfile that Caddy refuses is refused with its words, and the site stays up as it was.
    kept = host.machine.run("cat", "/etc/caddy/Caddyfile").stdout
    broken = host.set_up(host.caddyfile("three") + "other.site.test {\n\tno_such_directive\n}\n")
    assert broken.returncode != 0
    assert "unrecognized directive: no_such_directive" in broken.stderr
    assert host.machine.run("cat", "/etc/caddy/Caddyfile").stdout == kept
    assert host.pages() == ["one", "one", "one"]

    # A good one is loaded by the same process.
    changed = host.set_up(host.caddyfile("two"))
    assert changed.returncode == 0, changed.stderr
    assert host.pages() == ["two", "two", "two"]
    assert host.caddy_pid == pid
    assert host.machine.run("cat", "/proc/sys/net/ipv4/tcp_migrate_req").stdout == "1\n"
