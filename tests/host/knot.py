"""A real name server on loopback: Knot with one zone."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.host.caddy import free_port

START_DEADLINE = 10.0
APEX = "@ 60 SOA ns1 hostmaster 1 3600 600 604800 60\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n"


@contextmanager
def name_server(folder: Path, zone: str, records: str) -> Iterator[str]:
    """A name server for `zone`, whose `records` are lines of a zone file; gives its `address:port`."""
    knotd = shutil.which("knotd", path="/usr/sbin:/usr/bin")
    if knotd is None:
        pytest.skip("no knotd: apt-get install knot")
    folder.mkdir(parents=True)
    port = free_port()
    (folder / "zone").write_text(f"$ORIGIN {zone}.\n$TTL 30\n{APEX}{records}\n")
    (folder / "knot.conf").write_text(
        f'server:\n    listen: 127.0.0.1@{port}\n    rundir: "{folder}"\n'
        "log:\n  - target: stderr\n    any: info\n"
        f'database:\n    storage: "{folder}/db"\n'
        f'template:\n  - id: default\n    storage: "{folder}"\n    zonefile-sync: -1\n    journal-content: none\n'
        f'zone:\n  - domain: {zone}\n    file: "zone"\n'
    )
    log_path = folder / "log"
    with log_path.open("w") as log:
        process = subprocess.Popen([knotd, "-c", folder / "knot.conf"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_DEADLINE
        while "server started" not in (text := log_path.read_text()):
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        assert "loaded" in text, text
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
