"""What a crash leaves behind is finished by the next `pulumi up`, or shown and removed by `sakura-fleet repair`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.program.crash import clock_stands, interrupt_during_up, kill_during_up
from tests.program.fleet import Fleet


def test_killed_engine_leaks_nothing(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=3, latency="baseline")
    with clock_stands(fleet):
        kill_during_up(fleet, lambda: fleet.count().get("disk", 0) == 3)
    assert fleet.count()["server"] == 3

    fleet.write(size=2)
    blocked = fleet.up(check=False)
    assert blocked.returncode != 0
    assert "locked" in blocked.stdout + blocked.stderr

    shown = fleet.run("sakura-fleet", "repair", "--stack", fleet.stack, "--yes", check=False)
    assert shown.returncode == 1, shown.stdout
    assert "cleared  the lock" in shown.stdout
    lines = shown.stdout.splitlines()
    assert [line.split()[2] for line in lines if line.startswith("orphan")] == ["hscale-group-003"]
    assert sorted(line.split()[2] for line in lines if line.startswith("pending  server")) == [
        "hscale-group-001",
        "hscale-group-002",
    ]

    unfinished = {server["Name"]: server["ID"] for server in fleet.servers()}
    fleet.up()
    repaired = fleet.run("sakura-fleet", "repair", "--stack", fleet.stack, "--remove", "--yes")
    assert "removed  server hscale-group-003" in repaired.stdout
    servers = fleet.servers()
    assert {server["Name"]: server["ID"] for server in servers} == {
        name: server_id for name, server_id in unfinished.items() if name != "hscale-group-003"
    }, "the servers that were under way are taken over, not made again"
    assert {server["Instance"]["Status"] for server in servers} == {"up"}
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
    nothing = fleet.run("sakura-fleet", "repair", "--stack", fleet.stack)
    assert "nothing is left behind" in nothing.stdout


@pytest.mark.parametrize("path", ["^/server$", "^/disk$", "^/note$"])
def test_create_whose_answer_is_lost_is_not_repeated(fleet: Fleet, path: str) -> None:
    fleet.control("faults", {"method": "POST", "path": path, "nth": [1], "kind": "cut_after"})
    fleet.up()
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}


def test_busy_api_is_waited_out(fleet: Fleet) -> None:
    fleet.control("faults", {"method": "POST", "path": "^/server$", "nth": [1, 2], "kind": "status", "status": 503})
    fleet.up()
    assert fleet.count()["server"] == 2


def test_failed_disk_is_made_again_by_the_next_up(fleet: Fleet) -> None:
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "nth": [1], "kind": "failed_disk"})
    failed = fleet.up(check=False)
    assert failed.returncode != 0
    assert "failed to be copied" in failed.stdout
    assert "Exception calling application" not in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    fleet.up()
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
    assert {disk["Availability"] for server in fleet.servers() for disk in server["Disks"]} == {"available"}


def test_interrupt_finishes_what_is_under_way_and_up_goes_on(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=2, latency="baseline")
    assert interrupt_during_up(fleet, lambda: fleet.count().get("disk", 0) == 2) != 0
    fleet.up()
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
