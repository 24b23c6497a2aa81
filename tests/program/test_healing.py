"""`scaler auto` mends servers: one that is off is powered on, one that runs and does not serve is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sakura_fleet.scaler.job_result import JobResult
from tests.program.elb import ELB, elb_settings
from tests.program.scaled import ScaledFleet, scaled_fleet

LONG_AFTER_BOOT = 1_800


class Ward:
    """Three servers behind an ELB."""

    def __init__(self, scaled: ScaledFleet) -> None:
        self.fleet = scaled.fleet
        self.autoscaler = scaled.autoscaler
        self._scaled = scaled

    def later(self) -> None:
        """Time goes by under a load that neither grows nor shrinks the group."""
        self._scaled.pass_time(LONG_AFTER_BOOT, load=0.3)

    def tick(self) -> JobResult:
        """Two ticks, as one sample may be wrong: nothing is done in the first one."""
        _, nothing = self.autoscaler.tick()
        assert nothing is None
        _, result = self.autoscaler.tick()
        assert result is not None
        return result

    def ids(self) -> list[str]:
        return [server["ID"] for server in self.fleet.servers()]

    def served(self) -> set[str]:
        return {entry["IPAddress"] for entry in elb_settings(self.fleet)["Servers"] if entry["Enabled"]}

    def addresses(self) -> set[str]:
        return {server["Interfaces"][0]["IPAddress"] for server in self.fleet.servers()}


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    with scaled_fleet(tmp_path, monkeypatch, size=3, elb=ELB) as scaled:
        ward = Ward(scaled)
        ward.later()
        yield ward


def test_a_server_that_does_not_serve_is_replaced_by_one_that_does(ward: Ward) -> None:
    fleet = ward.fleet
    first, sick, third = ward.ids()
    fleet.control("unhealthy", {"servers": [sick]})
    since = fleet.requests()[-1]["n"]
    result = ward.tick()
    assert (result.status, result.reason, result.size_before, result.size_after) == ("DONE", "ServersUnhealthy", 3, 3)
    assert sick not in ward.ids()
    assert {first, third} < set(ward.ids())
    assert len(ward.ids()) == 3
    assert ward.served() == ward.addresses()
    calls = [(call["method"], call["path"]) for call in fleet.requests(since)]
    made, removed = calls.index(("POST", "/server")), calls.index(("DELETE", f"/server/{sick}"))
    joined = next(n for n, call in enumerate(calls) if call[0] == "PUT" and "/commonserviceitem/" in call[1])
    assert made < joined < removed, "the new one serves before the old one goes"
    assert fleet.count()["disk"] == 3
    observation, nothing = ward.autoscaler.tick()
    assert (observation.decision.heal, nothing) == ((), None)
    assert fleet.changes() == {}


def test_a_server_that_is_off_is_powered_on(ward: Ward) -> None:
    fleet, before = ward.fleet, ward.ids()
    fleet.call("DELETE", f"server/{before[1]}/power", {"Force": True})
    assert ward.tick().status == "DONE"
    assert ward.ids() == before
    assert {server["Instance"]["Status"] for server in fleet.servers()} == {"up"}


def test_a_replacement_that_fails_half_way_is_finished_at_the_next_try(ward: Ward) -> None:
    fleet = ward.fleet
    sick = ward.ids()[1]
    fleet.control("unhealthy", {"servers": [sick]})
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "nth": [1], "kind": "failed_disk"})
    assert ward.tick().status == "FAILED"
    ward.later()
    _, result = ward.autoscaler.tick()
    assert result is not None
    assert result.status == "DONE"
    assert sick not in ward.ids()
    assert len(ward.ids()) == 3
    assert ward.served() == ward.addresses()
    assert fleet.count()["disk"] == 3
