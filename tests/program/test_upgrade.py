"""A fleet that an earlier version brought up is the same fleet for today's code: no change, and it can be destroyed.

Each folder of `states/` holds one such fleet, as `python -m tests.program.test_upgrade NAME` wrote it when that version
was current: the stack's settings, the exported state, and the emulator's snapshot. Never write one anew: a difference
here means that a module path, a type token, an owner tag, a generation or a property has changed, and every fleet in
the world with it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pytest

from sakura_emulator.server import running
from tests.program.fleet import HTTP, Fleet, local_settings, new_fleet

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


@pytest.mark.parametrize("version", sorted(path.name for path in STATES.iterdir() if path.is_dir()))
def test_the_fleet_of_an_earlier_version_is_todays(version: str, tmp_path: Path) -> None:
    with running(latency="instant") as emulator:
        fleet = restored(tmp_path / "fleet", STATES / version, emulator.url)
        fleet.pulumi("preview", "--expect-no-changes")
        fleet.pulumi("preview", "--refresh", "--expect-no-changes")
        fleet.write(size=3)
        assert fleet.changes() == {"create": 1, "update": 1}
        fleet.up()
        fleet.pulumi("destroy", "--yes", "--skip-preview")
        assert fleet.count() == {}


def record(version: str) -> None:
    """Write today's fleet as `states/VERSION`."""
    target = STATES / version
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
