"""A whole fleet as it was when it was recorded: its settings, its exported state, and the emulator's snapshot.

`python -m tests.program.recorded_state 0.1.0` writes today's as `states/0.1.0`. Once a version is released its folder
is never written again: a difference then means that a module path, a type token, an owner tag, a generation or a
property has changed, and every fleet in the world with it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from sakura_emulator.server import running
from tests.local_http import HTTP
from tests.program.fleet import Fleet, local_settings, new_fleet

STATES = Path(__file__).with_name("states")
PORT = 18_977
"""In the recorded states; the settings of the test's own stack name the emulator of the test."""


def restored(folder: Path, recorded: Path, url: str) -> Fleet:
    """The recorded fleet in a folder of its own, its cloud in the emulator at `url`."""
    snapshot = json.loads((recorded / "cloud.json").read_text())
    HTTP.put(f"{url}/_emulator/snapshot", json=snapshot).raise_for_status()
    settings = json.loads((recorded / "settings.json").read_text())
    fleet = new_fleet(folder, url)
    fleet.settings = {**settings, "api_root": f"{url}/cloud/zone"}
    fleet.write()
    state = (recorded / "state.json").read_text().replace(f"http://127.0.0.1:{PORT}", url)
    (folder / "state.json").write_text(state)
    fleet.pulumi("stack", "import", "--file", str(folder / "state.json"))
    return fleet


def record(version: str) -> None:
    """Write today's fleet as `states/VERSION`, over what is there."""
    target = STATES / version
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, running(port=PORT, latency="instant") as emulator:
        fleet = new_fleet(Path(folder) / "fleet", emulator.url)
        fleet.write(**{key: local_settings()[key] for key in ("elb", "hosts", "dns")})
        fleet.up()
        (target / "settings.json").write_text(json.dumps(fleet.settings, indent=1, sort_keys=True) + "\n")
        state = json.loads(fleet.pulumi("stack", "export").stdout)
        for resource in state["deployment"]["resources"]:
            for where in ("sourcePosition", "stackTrace"):  # paths of the machine that recorded it
                resource.pop(where, None)
        (target / "state.json").write_text(json.dumps(state, sort_keys=True) + "\n")
        (target / "cloud.json").write_text(json.dumps(fleet.get("/_emulator/snapshot"), sort_keys=True) + "\n")


if __name__ == "__main__":
    record(sys.argv[1])
