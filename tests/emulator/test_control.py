"""The control routes: who may use them, the clock, snapshots, counts and the log."""

from __future__ import annotations

import os
from typing import Any

import pytest

from sakura_emulator.server import running
from sakura_emulator.settings import Settings
from tests.emulator.conftest import Factory
from tests.emulator.support import Api
from tests.local_http import HTTP

ROUTES = ["/health", "/snapshot", "/faults", "/load", "/clock", "/log", "/state"]


@pytest.mark.parametrize("path", ROUTES)
def test_only_a_loopback_host_and_no_foreign_origin(api: Api, path: str) -> None:
    url = f"{api.url}/_emulator{path}"
    assert HTTP.get(url).status_code == 200
    assert HTTP.get(url, headers={"Origin": "http://localhost:3000"}).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1:18080", "localhost.evil.example"):
        assert HTTP.get(url, headers={"Host": host}).status_code == 403
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        assert HTTP.get(url, headers={"Origin": origin}).status_code == 403


def test_the_api_is_for_this_machine_and_not_for_pages_of_others(api: Api) -> None:
    """A page can make a browser send a form, whose Origin is the page's; and one whose name leads here by DNS sends
    its own Host. What sends neither, such as curl or a client library, goes on as before."""
    url, key = f"{api.url}/is1b/api/cloud/1.1/note", ("any", "key")
    body = b'{"Note": {"Name": "n", "Content": "x"}}'
    for headers in ({}, {"Origin": "http://localhost:3000"}, {"Host": "localhost"}):
        assert HTTP.post(url, content=body, auth=key, headers=headers).status_code == 201
    for headers in (
        {"Host": "rebound.example"},
        {"Host": "10.0.0.1:18080"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://rebound.example", "Host": "rebound.example"},
    ):
        for answer in (
            HTTP.post(url, content=body, auth=key, headers={**headers, "Content-Type": "text/plain"}),
            HTTP.get(url, auth=key, headers=headers),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (403, "forbidden")
    made = [note for note in api.get("note")["Notes"] if note["Name"] == "n"]
    assert len(made) == 3, "nothing was made for a page"


def test_an_emulator_that_is_reached_from_elsewhere_has_other_names() -> None:
    with running(host="0.0.0.0", token="t", secret="s") as emulator:
        url = f"{emulator.url}/is1b/api/cloud/1.1/note"
        for headers in ({"Host": "emulator:18080"}, {"Host": "emulator:18080", "Origin": "http://emulator:18080"}):
            assert HTTP.get(url, auth=("t", "s"), headers=headers).status_code == 200
            assert HTTP.get(url, auth=("t", "wrong"), headers=headers).status_code == 401
        foreign = {"Host": "emulator:18080", "Origin": "https://evil.example"}
        assert HTTP.get(url, auth=("t", "s"), headers=foreign).status_code == 403


@pytest.mark.parametrize("path", ["/reset", "/faults", "/load", "/clock"])
def test_writes_take_json_only(api: Api, path: str) -> None:
    api.make_server()
    url = f"{api.url}/_emulator{path}"
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = HTTP.post(url, content=b"{}", headers={"Content-Type": content_type})
        assert answer.status_code == 415
    assert HTTP.post(url, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert HTTP.post(url, json=[]).status_code == 400
    assert api.get("server")["Total"] == 1, "nothing was reset"


def test_listening_elsewhere_needs_a_token() -> None:
    with pytest.raises(ValueError, match="token and secret"):
        Settings(host="0.0.0.0")
    with running(host="0.0.0.0", token="t", secret="s") as emulator:
        url = f"{emulator.url}/_emulator/state"
        assert HTTP.get(url).status_code == 401
        assert HTTP.get(url, auth=("t", "x")).status_code == 401
        assert HTTP.get(url, auth=("t", "s")).status_code == 200


def test_health(api: Api) -> None:
    api.get("server")
    health = api.control("GET", "/health")
    assert health["ok"] is True
    assert health["version"]
    assert (health["latency"], health["time_scale"], health["db"]) == ("instant", 1, ":memory:")
    assert (health["pid"], health["requests"]) == (os.getpid(), 1)


def test_the_clock_freezes_advances_and_runs(api: Api) -> None:
    def now() -> float:
        return float(api.control("GET", "/clock")["now"])

    api.control("POST", "/clock", {"freeze": True})
    stood = now()
    assert now() == stood
    assert api.control("POST", "/clock", {"advance": 3600})["now"] == stood + 3600
    assert api.control("POST", "/clock", {"freeze": False, "time_scale": 1000})["time_scale"] == 1000
    assert now() > stood + 3600
    for body in ({}, {"advance": -1}, {"advance": "x"}, {"time_scale": 0}, {"freeze": 1}, {"stop": True}):
        assert api.http.post(f"{api.url}/_emulator/clock", json=body).status_code == 400
    for number in ("1e400", "NaN", '"nan"', "1e12"):
        for key in ("advance", "time_scale"):
            answer = api.http.post(
                f"{api.url}/_emulator/clock",
                content=f'{{"{key}": {number}}}',
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 400, (key, number)
    assert now() > stood + 3600


def test_timestamps_follow_the_clock(api: Api) -> None:
    api.control("POST", "/clock", {"freeze": True})
    time = api.control("GET", "/clock")["time"]
    note = api.make("note", "Note", Name="n")
    assert note["CreatedAt"] == note["ModifiedAt"] == time
    assert time.endswith("+09:00")
    api.advance(60)
    changed = api.call("PUT", f"note/{note['ID']}", {"Note": {"Name": "m"}})["Note"]
    assert changed["CreatedAt"] == time
    assert changed["ModifiedAt"] == api.control("GET", "/clock")["time"] != time


def test_counts_leave_out_what_is_shared(api: Api) -> None:
    assert api.control("GET", "/state")["total"] == 0
    server = api.make_server()["ID"]
    api.at("tk1b").make_server()
    api.make_disk(server)
    api.make_elb()
    api.make_zone()
    state = api.control("GET", "/state")
    assert state["total"] == 7, "two servers with an interface each, a disk, an ELB, a zone"
    assert state["resources"]["server"] == {"total": 2, "zones": {"is1b": 1, "tk1b": 1}}
    assert state["resources"]["proxylb"]["total"] == state["resources"]["dns"]["total"] == 1
    assert state["resources"]["archive"]["total"] == 0
    api.control("POST", "/reset")
    assert api.control("GET", "/state")["total"] == 0
    assert api.get("archive")["Total"] > 0, "the catalogue is still there"


def test_the_log(api: Api) -> None:
    api.get("server")
    api.refused("GET", "note/1")
    log = api.control("GET", "/log")
    assert log["total"] == 2
    first, second = log["requests"]
    assert (first["n"], first["method"], first["path"], first["zone"], first["status"]) == (
        1,
        "GET",
        "/server",
        "is1b",
        200,
    )
    assert first["ms"] >= 0
    assert (second["path"], second["status"]) == ("/note/1", 404)
    assert api.control("GET", "/log?since=1")["requests"] == [second]
    assert api.control("GET", "/log?since=2")["requests"] == []
    for text in ("x", "\u00b2", "-1", "9" * 5000):
        assert api.http.get(f"{api.url}/_emulator/log?since={text}").status_code == 400
    assert api.control("GET", "/log?since=0") == log


def everything(api: Api) -> dict[str, Any]:
    paths = ("server", "disk", "note", "switch", "commonserviceitem", "interface")
    return {path: api.get(path) for path in paths}


def test_a_snapshot_holds_the_whole_cloud(slow: Api, emulator: Factory) -> None:
    server = slow.make_server("web1", Tags=["sf:0123456789"])
    slow.make_disk(server["ID"], extra={"BootAtAvailable": True})
    slow.make("note", "Note", Name="n", Content="日本語")
    slow.make_elb(Servers=[{"IPAddress": "192.0.2.1", "Port": 80}])
    slow.make_zone()
    slow.advance(30)
    snapshot = slow.control("GET", "/snapshot")
    before = everything(slow)
    slow.call("DELETE", f"commonserviceitem/{before['commonserviceitem']['CommonServiceItems'][0]['ID']}")
    slow.advance(1000)
    assert everything(slow) != before
    slow.control("PUT", "/snapshot", snapshot)
    assert everything(slow) == before, "with its clock, in the middle of a copy"
    other = emulator(latency="seed")
    other.make_server("unwanted")
    other.control("PUT", "/snapshot", snapshot)
    assert everything(other) == before
    assert other.make_server("web2")["ID"] not in {interface["ID"] for interface in before["interface"]["Interfaces"]}
    assert other.control("GET", "/snapshot") != snapshot


def test_something_that_is_no_snapshot_changes_nothing(api: Api) -> None:
    api.make_server()
    before = everything(api)
    good = api.control("GET", "/snapshot")
    server = next(item for item in good["objects"] if item["kind"] == "server")
    others = [item for item in good["objects"] if item is not server]
    clock = {"now": "noon", "frozen": False, "time_scale": 1}

    def damaged(**change: Any) -> dict[str, Any]:
        return {**good, "objects": [*others, {**server, **change}]}

    for document, words in (
        ({}, "not a snapshot"),
        ({**good, "sakura_emulator_snapshot": 99}, "not a snapshot of version 1"),
        ({**good, "objects": [{"id": 1}]}, "damaged"),
        ({**good, "objects": None}, "damaged"),
        ({**good, "objects": [*good["objects"], server]}, "two objects have one ID"),
        ({**good, "meta": {**good["meta"], "clock": clock}}, "noon"),
        ({**good, "meta": {**good["meta"], "clock": 5}}, "damaged"),
        (damaged(kind="cat"), "is a 'cat' in 'is1b'"),
        (damaged(zone="moon"), "is a 'server' in 'moon'"),
        (damaged(id=10**30), "damaged"),
        (damaged(data={}), f"server {server['id']} cannot be read"),
        (damaged(data={**server["data"], "plan": 5}), f"server {server['id']} cannot be read"),
    ):
        answer = api.http.put(f"{api.url}/_emulator/snapshot", json=document)
        assert answer.status_code == 400, answer.text
        assert words in answer.json()["error"]
        assert everything(api) == before
    api.control("PUT", "/snapshot", good)


def test_settings_name_the_choices() -> None:
    for wrong, words in (
        ({"latency": "warp"}, "instant, seed, baseline"),
        ({"settings_hash": "maybe"}, "enforce, ignore"),
        ({"time_scale": 0.0}, "more than 0"),
        ({"time_scale": float("nan")}, "more than 0"),
        ({"time_scale": float("inf")}, "at most 100000000"),
        ({"health_delay": -1.0}, "health_delay is -1"),
        ({"drain": float("inf")}, "drain is inf"),
        ({"token": "t"}, "both or neither"),
        ({"last_entry_status": 418}, "400, 409"),
    ):
        with pytest.raises(ValueError, match=words):
            Settings(**wrong)
