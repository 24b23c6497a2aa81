"""What the verdict on a crash point is made of: leaks, duplicates, and what others have."""

from __future__ import annotations

from pathlib import Path

import pytest

from sakura_emulator.server import Running
from tests.calls import Call
from tests.chaos.bench import Verdict
from tests.chaos.pictures import picture, put_foreign
from tests.chaos.points import Point
from tests.chaos.trap import Kind
from tests.program.fleet import Fleet

SERVER = {"Name": "web-001", "ServerPlan": {"CPU": 1, "MemoryMB": 1024}, "ConnectedSwitches": [{"Scope": "shared"}]}


@pytest.fixture
def fleet(emulator: Running, tmp_path: Path) -> Fleet:
    return Fleet(tmp_path, emulator.url)


def verdict() -> Verdict:
    return Verdict(Point("any", Call("POST", "/server", 1), Kind.KILL_AFTER, other=False))


def make(fleet: Fleet, name: str) -> str:
    return str(fleet.call("POST", "server", {"Server": {**SERVER, "Name": name}})["Server"]["ID"])


def test_a_server_too_many_is_a_leak_and_one_of_the_same_a_duplicate(fleet: Fleet) -> None:
    foreign = put_foreign(fleet, parts=False)
    assert not picture(fleet, foreign)
    make(fleet, "web-001")
    expected = picture(fleet, foreign)
    for name, words in (("web-001", "duplicated"), ("web-002", "leaked")):
        extra = make(fleet, name)
        found = verdict()
        found.compare(picture(fleet, foreign), expected)
        assert not found.converged
        assert [line.split()[0] for line in getattr(found, words)] == ["server", "interface"]
        assert found.missing == []
        fleet.call("DELETE", f"server/{extra}")
    found = verdict()
    found.compare(picture(fleet, foreign), expected)
    assert found.converged


def test_what_is_missing_is_named(fleet: Fleet) -> None:
    foreign = put_foreign(fleet, parts=False)
    gone = make(fleet, "web-001")
    expected = picture(fleet, foreign)
    fleet.call("DELETE", f"server/{gone}")
    found = verdict()
    found.compare(picture(fleet, foreign), expected)
    assert len(found.missing) == 2
    assert "missing: server web-001" in found.report()


def test_what_others_have_is_compared_byte_for_byte(fleet: Fleet) -> None:
    foreign = put_foreign(fleet, parts=False)
    assert foreign.touched(fleet) == []
    server = next(object_id for kind, object_id in foreign.objects if kind == "server")
    fleet.call("PUT", f"server/{server}", {"Server": {"Description": "touched"}})
    disk = [object_id for kind, object_id in foreign.objects if kind == "disk"][-1]
    fleet.call("DELETE", f"disk/{disk}")
    assert [line.split()[0] for line in foreign.touched(fleet)] == ["server", "disk"]
