"""Fixtures of the tests of the host script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.script.machine import Machine, machine

OWN = ("systemctl", "sshd", "sysctl", "getent")
"""Doubles that every machine needs: no container has a service manager, and none may change the kernel."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Machine]:
    """A Debian machine on which Debian's caddy is installed and not started."""
    if not Path("/usr/bin/caddy").is_file():
        pytest.skip("needs Debian's caddy: `make test` installs tests/debian-packages.txt where it may")
    with machine(tmp_path / "machine") as made:
        made.use(*OWN)
        yield made
