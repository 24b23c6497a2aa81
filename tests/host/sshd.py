"""A real sshd on loopback, as any user: own configuration, own host keys, own port."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.waiting import PATIENCE

KINDS = ("rsa", "ecdsa", "ed25519")
"""The host keys that Debian and RHEL make. Which one a client is shown is its own choice: Go's asks for ECDSA first."""


@dataclass
class Sshd:
    """One sshd, and what a client needs to know of it."""

    binary: str
    folder: Path
    port: int

    @property
    def user(self) -> str:
        return getpass.getuser()

    @property
    def private_key(self) -> str:
        return (self.folder / "client").read_text()

    def host_key(self, kind: str = "ecdsa") -> str:
        """A host key as authorized_keys has it."""
        return (self.folder / f"host_{kind}.pub").read_text().strip()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @contextmanager
    def running(self) -> Iterator[Sshd]:
        """sshd until the block ends."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [self.binary, "-D", "-e", "-f", self.folder / "sshd_config"], stdout=log, stderr=log
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while f"Server listening on 127.0.0.1 port {self.port}" not in self.log:
                assert process.poll() is None, self.log
                assert time.monotonic() < deadline, self.log
                time.sleep(0.02)
            yield self
        finally:
            process.terminate()
            process.wait(PATIENCE)


def new_sshd(folder: Path, *, path: str = "", set_env: Mapping[str, str] | None = None) -> Sshd:
    """An sshd for the user who runs the tests, not started. `path` comes first on the PATH of what it runs."""
    found = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        pytest.skip("no sshd: apt-get install openssh-server")
    if os.getuid() == 0:  # where a privileged sshd locks its unprivileged part in; Debian's service makes it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in [*((f"host_{kind}", kind) for kind in KINDS), ("client", "ed25519")]:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", folder / name],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    # A home of its own: a shell that sshd starts reads ~/.bashrc.
    home = {"HOME": str(folder), "PATH": os.pathsep.join(filter(None, [path, os.environ["PATH"]]))}
    environment = {**home, **(set_env or {})}
    sshd = Sshd(found, folder, free_port())
    (folder / "sshd_config").write_text(
        "\n".join(
            [
                f"ListenAddress 127.0.0.1:{sshd.port}",
                *(f"HostKey {folder}/host_{kind}" for kind in KINDS),
                f"AuthorizedKeysFile {folder}/authorized_keys",
                f"PidFile {folder}/pid",
                "StrictModes no",  # the folder of a test may belong to a group
                "UsePAM no",
                "PermitUserRC no",
                "PasswordAuthentication no",
                "PermitRootLogin prohibit-password",
                "AcceptEnv SAKURA_* PULUMI_COMMAND_*",
                "SetEnv " + " ".join(f'{key}="{value}"' for key, value in environment.items()),
                "",
            ]
        )
    )
    return sshd
