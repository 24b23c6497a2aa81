"""Failures on demand, of every kind."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulator.support import AUTH, SHORT, Api
from tests.local_http import HTTP


def statuses(api: Api, count: int, path: str = "server") -> list[int]:
    return [api.send("GET", path).status_code for _ in range(count)]


def test_status_by_number_method_and_path(api: Api) -> None:
    api.fault(kind="status", status=503, code="busy", method="GET", path="^/server$", nth=[1, 3])
    assert statuses(api, 2, "disk") == [200, 200]
    assert statuses(api, 4) == [503, 200, 503, 200]
    assert api.send("POST", "server", {}).status_code == 400
    state = api.control("GET", "/faults")["faults"][0]
    assert (state["seen"], state["fired"]) == (4, 2)


@pytest.mark.parametrize(
    ("status", "code"), [(423, "locked"), (429, "too_many_request"), (503, "busy"), (500, "unknown")]
)
def test_status_with_its_usual_code(api: Api, status: int, code: str) -> None:
    api.fault(kind="status", status=status, times=1, retry_after=3)
    answer = api.send("GET", "server")
    assert (answer.status_code, answer.json()["error_code"], answer.headers["Retry-After"]) == (status, code, "3")
    assert statuses(api, 2) == [200, 200]


def test_a_share_of_requests_is_the_same_for_one_seed(api: Api) -> None:
    def run() -> list[int]:
        api.control("POST", "/reset")
        api.control("POST", "/faults", {"kind": "status", "share": 0.2})
        return statuses(api, 100)

    found = run()
    assert 5 <= found.count(503) <= 40
    api.http.delete(f"{api.url}/_emulator/faults").raise_for_status()
    assert statuses(api, 20).count(503) == 0


def test_the_change_of_cut_after_is_made_that_of_cut_before_is_not(api: Api) -> None:
    switch = {"Switch": {"Name": "n"}}
    for kind, expected in (("cut_before", 0), ("cut_after", 1)):
        api.fault(kind=kind, method="POST", path="^/switch$", times=1)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            api.send("POST", "switch", switch)
        assert api.get("switch")["Total"] == expected
    assert [entry["status"] for entry in api.control("GET", "/log")["requests"]] == [0, 200, 0, 200]


def test_a_timeout_holds_the_line(api: Api) -> None:
    api.fault(kind="timeout", path="^/switch$", method="POST")
    with pytest.raises(httpx.ReadTimeout):
        HTTP.post(f"{api.base}/switch", auth=AUTH, json={"Switch": {"Name": "n"}}, timeout=SHORT)
    assert api.get("switch")["Total"] == 0
    api.http.delete(f"{api.url}/_emulator/faults").raise_for_status()
    api.fault(kind="timeout", path="^/switch$", method="POST", seconds=0.1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.send("POST", "switch", {"Switch": {"Name": "n"}})


def test_slow_answers_late(api: Api) -> None:
    api.fault(kind="slow", seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        HTTP.get(f"{api.base}/server", auth=AUTH, timeout=SHORT)
    api.control("POST", "/clock", {"time_scale": 3_600_000})
    assert statuses(api, 1) == [200], "an hour is a millisecond now"


def test_a_stale_hash(api: Api) -> None:
    zone = api.make_zone()
    api.fault(kind="stale_hash", method="PUT", path="^/commonserviceitem/", times=1)
    fields = {"Settings": zone["Settings"], "SettingsHash": zone["SettingsHash"]}
    body = {"CommonServiceItem": fields}
    assert api.refused("PUT", f"commonserviceitem/{zone['ID']}", body) == (409, "original_hash_mismatch")
    api.call("PUT", f"commonserviceitem/{zone['ID']}", body)


def test_a_stuck_disk_never_ends(slow: Api) -> None:
    slow.fault(kind="stuck_disk", method="POST", path="^/disk$", times=1)
    stuck, fine = slow.make_disk()["ID"], slow.make_disk()["ID"]
    slow.advance(10**6)
    found = slow.disk(stuck)
    assert found["Availability"] == "migrating"
    assert 0 < found["MigratedMB"] < found["SizeMB"]
    assert slow.disk(fine)["Availability"] == "available"


def test_a_failed_disk(slow: Api) -> None:
    slow.fault(kind="failed_disk", method="POST", path="^/disk$", times=1)
    server = slow.make_server()["ID"]
    disk = slow.make_disk(server, extra={"BootAtAvailable": True})["ID"]
    assert slow.disk(disk)["Availability"] == "migrating"
    slow.advance(1000)
    assert slow.disk(disk)["Availability"] == "failed"
    assert slow.power(server) == "down"
    assert slow.refused("PUT", f"server/{server}/power") == (409, "disk_is_not_available")
    slow.call("DELETE", f"server/{server}", {"WithDisk": [disk]})


def test_a_boot_that_fails_can_be_tried_again(slow: Api) -> None:
    slow.fault(kind="boot_failure", method="PUT", path="/power$", times=1)
    server = slow.make_server()["ID"]
    slow.boot(server)
    assert slow.refused("PUT", f"server/{server}/power")[0] == 409, "it is still trying"
    slow.advance(1000)
    assert slow.power(server) == "down"
    slow.boot(server)
    slow.advance(1000)
    assert slow.power(server) == "up"


def test_a_guest_that_ignores_the_shutdown(slow: Api) -> None:
    slow.fault(kind="ignored_shutdown", method="DELETE", path="/power$")
    server = slow.make_server()["ID"]
    slow.boot(server)
    slow.advance(1000)
    slow.call("DELETE", f"server/{server}/power", {})
    slow.advance(1000)
    assert slow.power(server) == "up"
    slow.call("DELETE", f"server/{server}/power", {"Force": True})
    slow.advance(1)
    assert slow.power(server) == "down"


def test_faults_can_be_removed_one_by_one(api: Api) -> None:
    first = api.control("POST", "/faults", {"kind": "status", "path": "^/server$"})["id"]
    api.control("POST", "/faults", {"faults": [{"kind": "status", "path": "^/disk$"}]})
    assert api.http.delete(f"{api.url}/_emulator/faults/{first}").json() == {"removed": 1}
    assert statuses(api, 1) == [200]
    assert statuses(api, 1, "disk") == [503]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "explode"},
        {"kind": "status", "path": "("},
        {"kind": "status", "share": 2},
        {"kind": "slow", "x": 1},
        {"kind": "status", "status": 200},
        {"kind": "status", "nth": ["a"]},
    ],
)
def test_rules_that_are_none(api: Api, rule: dict[str, Any]) -> None:
    answer = api.http.post(f"{api.url}/_emulator/faults", json=rule)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert api.control("GET", "/faults")["faults"] == []
