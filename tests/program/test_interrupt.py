"""One Ctrl-C while the real engine works: waits for what is made already end at once, and say what remains; what is
half made is finished, and says so.

The cloud's clock stands until both are seen, so the server cannot be finished before, and the host never serves.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from typing import Any

from tests.program.crash import CANCELLING
from tests.program.fleet import Fleet
from tests.waiting import PATIENCE, wait_for

HOST: dict[str, Any] = {
    "name": "www",
    "zone": "tk1b",
    "record": "www",
    "ttl": 10,
    "ready_deadline": 0,
    "sites": [{"name": "www.example.com", "file_server": {}}],
}


def test_one_ctrl_c_ends_the_probe_of_a_host_and_finishes_a_server(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=0, latency="baseline", time_scale=1000)
    fleet.write(hosts=[HOST], dns={"zone": "example.com"})
    fleet.up()
    fleet.write(size=1, hosts=[{**HOST, "ready_deadline": 3600}])
    fleet.control("clock", {"freeze": True})
    log = fleet.folder / "interrupted.log"

    def says(words: str) -> None:
        wait_for(f"the engine to say {words!r}", lambda: words in log.read_text())

    with log.open("w") as out:
        engine = subprocess.Popen(
            fleet.command("up", "--yes", "--skip-preview"), cwd=fleet.folder, env=fleet.env, stdout=out, stderr=out
        )
        try:
            says("disk copying")
            says("h1 https://www.example.com/: ")
            engine.send_signal(signal.SIGINT)
            says(CANCELLING)
            says("error: the run was interrupted while it was waiting for the host www")
            says("finishing: disk copying")
            assert engine.poll() is None, "the server is still half made"
            fleet.control("clock", {"freeze": False, "time_scale": 1000})
            assert engine.wait(PATIENCE) == 1
        finally:
            engine.kill()
            engine.wait()
    assert "finishing: h1" not in log.read_text()
    state = {resource["urn"].rpartition("::")[2] for resource in fleet.state()["resources"]}
    assert {"www", "hscale-group-1e7593-001"} <= state, "what was half made is recorded"
    assert "www-probe" not in state
    fleet.write(hosts=[HOST])
    fleet.up()
    assert fleet.changes("--refresh") == {}
