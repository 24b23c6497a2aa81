"""A stack and its cloud, kept and brought back elsewhere: what many tests begin with is brought up once."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local_http import HTTP
from tests.program.fleet import Fleet

PARTS = ("stacks", "state")
"""The folders that hold what a stack is."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stack's files, its settings, and the cloud that it was in."""

    url: str
    settings: dict[str, Any]
    files: dict[Path, bytes]
    cloud: dict[str, Any]


def snapshot_of(fleet: Fleet) -> Snapshot:
    files = {
        path.relative_to(fleet.folder): path.read_bytes()
        for part in PARTS
        for path in (fleet.folder / part).rglob("*")
        if path.is_file()
    }
    return Snapshot(fleet.url, dict(fleet.settings), files, dict(fleet.get("/_emulator/snapshot")))


def restore(fleet: Fleet, snapshot: Snapshot) -> None:
    """Stack and cloud as they were when the snapshot was taken, in this fleet's folder and at its emulator."""
    for part in PARTS:
        shutil.rmtree(fleet.folder / part)
    for path, content in snapshot.files.items():
        target = fleet.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        is_state = path.is_relative_to("state/.pulumi/stacks") and path.suffix == ".json"
        target.write_bytes(content.replace(snapshot.url.encode(), fleet.url.encode()) if is_state else content)
    HTTP.put(f"{fleet.url}/_emulator/snapshot", json=snapshot.cloud).raise_for_status()
    fleet.settings = {**snapshot.settings, "api_root": fleet.api_root}
    fleet.write()


_BROUGHT_UP: dict[str, Snapshot] = {}


def bring_up(fleet: Fleet) -> Fleet:
    """`pulumi up` of a new fleet in an empty cloud; where these tests have done that with its settings, a copy."""
    settings = {key: value for key, value in fleet.settings.items() if key != "api_root"}
    clock = fleet.get("/_emulator/clock")
    key = json.dumps([fleet.stack, settings, clock["frozen"], clock["time_scale"]], sort_keys=True)
    if key in _BROUGHT_UP:
        restore(fleet, _BROUGHT_UP[key])
    else:
        fleet.up()
        _BROUGHT_UP[key] = snapshot_of(fleet)
    return fleet
