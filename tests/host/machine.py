"""A Debian host of its own, in namespaces of this machine: what it changes goes to memory, and its ports are its own.

Own network with nothing but loopback, own processes, own file system over this machine's (overlays), as fresh as
Debian's packages leave it. It runs an sshd, and has Debian's `systemctl` double, as there is no systemd in it. Needs
root and Linux; needs no virtualisation.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.host.caddy import Caddy, go_tool
from tests.host.fresh import FRESH, HOME
from tests.host.sshd import Sshd, new_sshd
from tests.waiting import PATIENCE

CLONE_NEWNET = 0x40000000
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sakura-fleet"

SET_UP = rf"""
set -euo pipefail
work=$1 binary=$2 systemctl=$3
mount -t tmpfs tmpfs "$work"
for folder in etc var usr root home opt; do
  mkdir -p "$work/$folder/up" "$work/$folder/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$work/$folder/up,workdir=$work/$folder/work" "/$folder"
done
{FRESH}
ssh-keygen -A >/dev/null
# Kernel settings of all but the own network are the machine's: not to be written.
mkdir "$work/net"
mount --bind /proc/sys/net "$work/net"
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind "$work/net" /proc/sys/net
ip link set lo up
# The double gives services no capabilities of their own, so the low ports are everybody's.
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
# systemd starts services itself; the double's would inherit the caller's files, such as the lock of a script.
install -m 755 "$systemctl" /usr/local/lib/systemctl-double
cat >/usr/bin/systemctl <<'DOUBLE'
#!/bin/bash
for file in /proc/self/fd/*; do
  number=${{file##*/}}
  ((number < 3)) || eval "exec $number>&-"
done
exec /usr/local/lib/systemctl-double "$@"
DOUBLE
chmod 755 /usr/bin/systemctl
[[ $binary == /usr/bin/caddy ]] || install -m 755 "$binary" /usr/bin/caddy
sshd=$4 config=$5
"$sshd" -D -e -f "$config" &
wait $!
"""


def systemctl_double() -> Path:
    """`systemctl` of Debian's package of that name, which runs units without systemd; kept in the user's cache. It is
    not installed, as it would be in the way of the real one."""
    kept = CACHE / "debian-systemctl" / "systemctl"
    if kept.is_file():
        return kept
    folder = CACHE / f".work.systemctl.{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        for command in (["true"], ["apt-get", "update"]):  # a new machine has no list of packages
            subprocess.run(command, capture_output=True, check=False)
            download = ["apt-get", "download", "systemctl"]
            done = subprocess.run(download, cwd=folder, capture_output=True, text=True, check=False)
            if packages := list(folder.glob("systemctl_*.deb")):
                break
        else:
            pytest.skip(f"Debian's package systemctl cannot be downloaded here: {done.stderr.strip()[-200:]}")
        subprocess.run(["dpkg", "-x", packages[0], folder / "x"], check=True)
        kept.parent.mkdir(exist_ok=True)
        (folder / "x" / "usr" / "bin" / "systemctl").replace(kept)
    finally:
        shutil.rmtree(folder)
    return kept


@dataclass
class Machine:
    """A running host. `pid` is its first process, seen from outside."""

    folder: Path
    pid: int
    sshd: Sshd

    @property
    def enter(self) -> list[str]:
        """What to put before a command that is to run in it, as root."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--net", "--pid", "--"]

    def run(
        self, *command: str | Path, stdin: str = "", check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command in the host."""
        done = subprocess.run(
            [*self.enter, *map(str, command)],
            input=stdin,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, **(env or {})},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert not check or done.returncode == 0, f"{command[:3]}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, path: str, text: str) -> None:
        """A file in the host."""
        self.run("tee", path, stdin=text)

    def resolve(self, *names: str) -> None:
        """Let names lead to the host itself, for all that runs in it."""
        self.run("tee", "-a", "/etc/hosts", stdin="".join(f"127.0.0.1 {name}\n" for name in names))

    @contextmanager
    def network(self) -> Iterator[None]:
        """This thread, and the processes and threads that it starts, in the host's network."""
        with Path("/proc/thread-self/ns/net").open() as before, Path(f"/proc/{self.pid}/ns/net").open() as its:
            _set_network(its.fileno())
            try:
                yield
            finally:
                _set_network(before.fileno())


@contextmanager
def acme_ca(machine: Machine) -> Iterator[AcmeCa]:
    """Caddy's own ACME server in the host's network, which validates names as Let's Encrypt does: over ports 80 and
    443 of where they lead, here by /etc/hosts."""
    ca = Caddy(go_tool("caddy"), machine.folder / "ca", https_port=9443, http_port=9080)
    ca.folder.mkdir()
    ca.write("https://ca.test:9443 {\n\ttls internal\n\tacme_server {\n\t\tchallenges http-01 tls-alpn-01\n\t}\n}")
    machine.resolve("ca.test")
    with ca.running("ca.test", prefix=machine.enter):
        root = Path("/etc/ssl/acme-ca-root.crt")  # where the user caddy may read it
        machine.run("install", "-m", "644", ca.root_ca, root)
        yield AcmeCa("https://ca.test:9443/acme/local/directory", root_in_host=root, root=ca.root_ca)


@dataclass(frozen=True)
class AcmeCa:
    """Where to get certificates, and what to trust for that and for them: a file in the host, and one outside."""

    directory: str
    root_in_host: Path
    root: Path


def _set_network(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def running_machine(folder: Path, caddy: str) -> Iterator[Machine]:
    """A host with Caddy's program `caddy` installed, not configured. `folder` must be outside what is overlaid."""
    if os.getuid() != 0:
        pytest.skip("a host in namespaces needs root")
    if shutil.which("unshare") is None or shutil.which("nsenter") is None or shutil.which("ip") is None:
        pytest.skip("a host in namespaces needs util-linux and iproute2")
    if (
        not Path("/usr/lib/systemd/system/caddy.service").exists()
        and not Path("/lib/systemd/system/caddy.service").exists()
    ):
        pytest.skip("no package caddy: apt-get install caddy")
    systemctl = systemctl_double()
    sshd = new_sshd(folder / "sshd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    work = folder / "work"
    work.mkdir()
    log_path = folder / "sshd" / "log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"),
                *("bash", "-c", SET_UP, "host", work, caddy, systemctl, sshd.binary, sshd.folder / "sshd_config"),
            ],
            stdout=log,
            stderr=log,
            cwd="/",
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "Server listening" not in (text := log_path.read_text()):
            if "Operation not permitted" in text or "ermission denied" in text:
                pytest.skip(f"this machine lets nobody make namespaces: {text.strip()}")
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Machine(folder, int(children[0]), sshd)
    finally:
        process.kill()  # --kill-child: takes the host's first process, and with it all others
        process.wait()
