"""Foreign programs in the user's cache, so that only the first run on a machine gets them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path


class NotAvailableError(Exception):
    """The program cannot be had on this machine; the message says why."""


def cache() -> Path:
    """The project's folder in the user's cache, as scripts/bootstrap has it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sakura-fleet"


def locked_environment(name: str, lock: Path) -> Path:
    """Where the programs of a virtual environment with the packages of a lock file lie."""
    stamp = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache() / f"{name}-{stamp}"
    ready = folder / ".ready"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two test runs at once
        if not ready.exists():
            venv.create(folder, with_pip=True)
            pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "--quiet", "install"]
            got = subprocess.run(
                [*pip, "--require-hashes", "-r", str(lock)], capture_output=True, text=True, timeout=300, check=False
            )
            if got.returncode:
                raise NotAvailableError(f"{name} cannot be installed: {got.stderr.strip().splitlines()[-1]}")
            ready.touch()
    return folder / "bin"
