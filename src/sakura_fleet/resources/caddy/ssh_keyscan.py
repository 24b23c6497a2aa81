"""The public key that a host shows to whoever connects, by OpenSSH's `ssh-keyscan`."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from sakura_fleet.errors import MissingToolError

KINDS: Final = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519")
"""In the order in which Go's SSH clients ask for them, as one that is told which key to expect may still ask for all.
No RSA: one that asks for an RSA key alone would want signatures that hosts refuse."""
TIMEOUT: Final = 10
"""Seconds for one scan."""


def scan(address: str, port: int) -> str:
    """The host's key as `type base64`; empty while nobody answers. Raises `MissingToolError` without OpenSSH."""
    program = shutil.which("ssh-keyscan")
    if program is None:
        raise MissingToolError(
            "ssh-keyscan is not on PATH; install OpenSSH's client (Debian: openssh-client), or set the host's "
            "ssh.host_key"
        )
    command = [program, "-T", str(TIMEOUT), "-t", "ed25519,ecdsa", "-p", str(port), "--", address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * TIMEOUT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return ""
    found = [line.split()[1:3] for line in done.stdout.splitlines() if line and not line.startswith("#")]
    keys = sorted((KINDS.index(words[0]), " ".join(words)) for words in found if words and words[0] in KINDS)
    return keys[0][1] if keys else ""
