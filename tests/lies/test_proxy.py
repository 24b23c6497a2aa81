"""The proxy passes calls on as they are, and tells each lie where a rule says so, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sakura_emulator.server import Running
from tests.calls import Call
from tests.lies.lie import FIELD_LIES, Lie, Rule
from tests.lies.proxy import LyingProxy, lying

RECORDS = "CommonServiceItem.Settings.DNS.ResourceRecordSets"
ZONE = {
    "Name": "example.com",
    "Provider": {"Class": "dns"},
    "Settings": {"DNS": {"ResourceRecordSets": [{"Name": "www", "Type": "A", "RData": "192.0.2.1"}]}},
    "Status": {"Zone": "example.com"},
}


@pytest.fixture
def proxy(emulator: Running) -> Iterator[LyingProxy]:
    with lying(emulator.url) as made:
        yield made


def send(root: str, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{root}/is1a/api/cloud/1.1/{path}", json=body, auth=("t", "s"), trust_env=False)


def make_note(root: str, name: str = "n") -> httpx.Response:
    return send(root, "POST", "note", {"Note": {"Name": name, "Content": "#!/bin/sh\n", "Class": "shell"}})


def names(root: str) -> list[str]:
    found = send(root, "GET", "note").json()
    assert len(found["Notes"]) == found["Count"] == found["Total"]
    return [note["Name"] for note in found["Notes"] if note["Scope"] == "user"]


def make_zone(root: str) -> str:
    return str(send(root, "POST", "commonserviceitem", {"CommonServiceItem": ZONE}).json()["CommonServiceItem"]["ID"])


def test_without_a_rule_it_tells_what_the_emulator_tells(proxy: LyingProxy, emulator: Running) -> None:
    zone = make_zone(proxy.api_root)
    path = f"commonserviceitem/{zone}"
    assert send(proxy.api_root, "GET", path).json() == send(emulator.api_root, "GET", path).json()
    assert send(proxy.api_root, "GET", "server/999999999999").status_code == 404
    assert proxy.record == [
        Call("POST", "/commonserviceitem", 1),
        Call("GET", "/commonserviceitem/*", 1),
        Call("GET", "/server/*", 1),
    ]
    assert proxy.told == []


@pytest.mark.parametrize(("lie", "told"), list(zip(FIELD_LIES, ("gone", None, []), strict=True)))
def test_a_field(proxy: LyingProxy, lie: Lie, told: object) -> None:
    path = f"commonserviceitem/{make_zone(proxy.api_root)}"
    proxy.tell(Rule("GET", "/commonserviceitem/*", lie, field=RECORDS, nth=2))
    truth, lied, after = [send(proxy.api_root, "GET", path).json()["CommonServiceItem"] for _ in range(3)]
    assert lied["Settings"]["DNS"].get("ResourceRecordSets", "gone") == told
    assert after == truth
    assert proxy.told == [Call("GET", "/commonserviceitem/*", 2)]


def test_a_field_of_every_item_of_a_list(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.MISSING, field="Notes.Tags"))
    assert not any("Tags" in note for note in send(proxy.api_root, "GET", "note").json()["Notes"])


def test_what_is_not_there_cannot_be_lied_about(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.MISSING, field="Notes.Nothing"))
    names(proxy.api_root)
    assert proxy.told == []


def test_a_stale_answer_is_that_of_before_the_last_write(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.STALE))
    make_note(proxy.api_root, "old")
    make_note(proxy.api_root, "new")
    assert names(proxy.api_root) == ["old"]
    assert names(proxy.api_root) == ["old", "new"]


def test_no_json_at_all(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.HTML), Rule("GET", "/zone", Lie.CUT_JSON))
    page, cut = send(proxy.api_root, "GET", "note"), send(proxy.api_root, "GET", "zone")
    assert (page.status_code, page.headers["Content-Type"], page.text[:6]) == (200, "text/html", "<html>")
    assert cut.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        cut.json()


@pytest.mark.parametrize("lie", [Lie.GATEWAY_503, Lie.API_503])
def test_a_503_after_the_call_was_carried_out(proxy: LyingProxy, lie: Lie) -> None:
    proxy.tell(Rule("POST", "/note", lie))
    answer = make_note(proxy.api_root)
    assert answer.status_code == 503
    assert (b'"error_code": "busy"' in answer.content) == (lie is Lie.API_503)
    assert names(proxy.api_root) == ["n"]


def test_a_connection_that_is_cut_after_the_call(proxy: LyingProxy) -> None:
    proxy.tell(Rule("POST", "/note", Lie.CUT_AFTER))
    with pytest.raises(httpx.RemoteProtocolError):
        make_note(proxy.api_root)
    assert names(proxy.api_root) == ["n"]


def test_a_call_that_is_carried_out_twice(proxy: LyingProxy) -> None:
    proxy.tell(Rule("POST", "/note", Lie.TWICE))
    assert make_note(proxy.api_root).status_code == 201
    assert names(proxy.api_root) == ["n", "n"]


def test_a_new_object_that_finds_do_not_show_for_a_while(proxy: LyingProxy) -> None:
    proxy.tell(Rule("POST", "/note", Lie.HIDDEN, looks=2), Rule("POST", "/note", Lie.CUT_AFTER))
    with pytest.raises(httpx.RemoteProtocolError):
        make_note(proxy.api_root)
    assert [names(proxy.api_root) for _ in range(3)] == [[], [], ["n"]]


def test_a_rule_for_several_calls(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.HTML, nth=2, times=2))
    kinds = [send(proxy.api_root, "GET", "note").headers["Content-Type"].partition(";")[0] for _ in range(4)]
    assert kinds == ["application/json", "text/html", "text/html", "application/json"]


def test_an_answer_that_is_held_back(proxy: LyingProxy) -> None:
    proxy.tell(Rule("GET", "/note", Lie.DELAY, seconds=0.2))
    assert send(proxy.api_root, "GET", "note").elapsed.total_seconds() >= 0.2
    assert len(proxy.told) == 1


@pytest.mark.parametrize(
    ("lie", "left", "count", "total"),
    [(Lie.ITEM, [2, 3], 3, 3), (Lie.PAGE, [1], 1, 3), (Lie.TOTAL, [1], 3, 1), (Lie.SHORT, [1], 1, 1)],
)
def test_a_part_of_a_list(proxy: LyingProxy, lie: Lie, left: list[int], count: int, total: int) -> None:
    for number in range(1, 4):
        send(proxy.api_root, "POST", "switch", {"Switch": {"Name": f"s{number}"}})
    proxy.tell(Rule("GET", "/switch", lie))
    found = send(proxy.api_root, "GET", "switch").json()
    assert [switch["Name"] for switch in found["Switches"]] == [f"s{number}" for number in left]
    assert (found["Count"], found["Total"], len(proxy.told)) == (count, total, 1)
    assert send(proxy.api_root, "GET", "switch").json()["Total"] == 3, "it is told once"
    proxy.tell(Rule("GET", "/disk", lie))
    assert send(proxy.api_root, "GET", "disk").json()["Total"] == 0
    assert proxy.told == [], "of an empty list nothing can be missing"
