"""Real Caddy on loopback, as any user: own ports, own storage, own admin socket."""

from __future__ import annotations

import functools
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.program.fleet import ROOT
from tests.waiting import PATIENCE

VERSIONS = ("2.6", "2.11")
"""Debian 12's package, and the one built from Go modules."""


@functools.cache
def go_tool(name: str) -> str:
    """The path of a program built from Go modules."""
    done = subprocess.run([ROOT / "scripts" / "go-tool", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if shutil.which("go") is None:
            pytest.skip(done.stderr.strip())
        pytest.fail(done.stderr)
    return done.stdout.strip()


def caddy_binary(version: str) -> str:
    """Caddy of one of `VERSIONS`; skips where it cannot be had."""
    if version == "2.11":
        return go_tool("caddy")
    found = shutil.which("caddy")
    if found is None:
        pytest.skip("no caddy on PATH: apt-get install caddy")
    told = subprocess.run([found, "version"], capture_output=True, text=True, check=True).stdout.split()[0]
    if told.removeprefix("v").startswith(f"{version}."):
        return found
    pytest.skip(f"{found} is Caddy {told}, and this test is for Debian 12's {version}")


@dataclass
class Caddy:
    """One Caddy in a folder of its own. `sites` is the part of the Caddyfile below the global options."""

    binary: str
    folder: Path
    https_port: int
    http_port: int
    options: str = ""

    @property
    def root_ca(self) -> Path:
        """The root certificate of its internal CA; there once a site with `tls internal` runs."""
        return self.folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    @property
    def caddyfile(self) -> Path:
        return self.folder / "Caddyfile"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def environment(self) -> dict[str, str]:
        home = str(self.folder)
        return {"HOME": home, "XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config", "PATH": "/bin"}

    def write(self, sites: str, *, protocols: str = "h1 h2 h3") -> None:
        """A Caddyfile that keeps to loopback and to this folder."""
        self.caddyfile.write_text(
            "{\n"
            f"\thttp_port {self.http_port}\n\thttps_port {self.https_port}\n\tdefault_bind 127.0.0.1\n"
            f"\tadmin unix//{self.folder}/admin.sock\n\tskip_install_trust\n\tgrace_period 30s\n"
            f"\tservers {{\n\t\tprotocols {protocols}\n\t}}\n{self.options}}}\n{sites}\n"
        )

    def command(self, verb: str) -> subprocess.CompletedProcess[str]:
        """`caddy VERB` with the Caddyfile."""
        return subprocess.run(
            [self.binary, verb, "--adapter", "caddyfile", "--config", self.caddyfile],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def reload(self) -> None:
        """The Caddyfile as it is now, without a restart."""
        done = self.command("reload")
        assert done.returncode == 0, done.stderr

    @contextmanager
    def running(self, *names: str, prefix: Sequence[str] = ()) -> Iterator[Caddy]:
        """Caddy with the Caddyfile that was written, until the block ends; begun once it has certificates for the
        `names`. `prefix` comes before its command line."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*prefix, self.binary, "run", "--adapter", "caddyfile", "--config", self.caddyfile],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait_for('"serving initial configuration"', process)
            for name in names:
                self.wait_for(f'"certificate obtained successfully","identifier":"{name}"', process)
                if not prefix:  # else it is in a network of its own
                    self._until_shown(name)
            yield self
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _until_shown(self, name: str) -> None:
        """Until it shows a certificate for the name: the log tells that a moment earlier."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with (
                    socket.create_connection(("127.0.0.1", self.https_port), PATIENCE) as sock,
                    context.wrap_socket(sock, server_hostname=name),
                ):
                    return
            except OSError:
                assert time.monotonic() < deadline, self.log
                time.sleep(0.02)

    def wait_for(self, words: str, process: subprocess.Popen[bytes] | None = None) -> None:
        """Until they are in the log."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.log:
            assert process is None or process.poll() is None, self.log
            assert time.monotonic() < deadline, f"no {words} in\n{self.log}"
            time.sleep(0.02)


def new_caddy(version: str, folder: Path, *, options: str = "") -> Caddy:
    """Caddy of one of `VERSIONS`, not started."""
    binary = caddy_binary(version)
    folder.mkdir(parents=True, exist_ok=True)
    return Caddy(binary, folder, https_port=free_port(), http_port=free_port(), options=options)
