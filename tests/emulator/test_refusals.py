"""What the service says when it refuses: its texts, the line after them, and wrong methods."""

from __future__ import annotations

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import JSON, Api

RULES_BROKEN = "不適切な要求です。パラメータの指定誤り、入力規則違反です。入力内容をご確認ください。"
NO_PLAN = "No server plan found matching with the request parameters."
ELB_SETTINGS = "リクエストパラメータが不正です"
NULL = "NULL value found, but an array is required"


def said(api: Api, method: str, path: str, body: JSON | None = None) -> list[str]:
    """The lines of `error_msg`."""
    lines: list[str] = api.send(method, path, body).json()["error_msg"].splitlines()
    return lines


def item(kind: str, settings: JSON, **fields: object) -> JSON:
    return {"CommonServiceItem": {"Name": "n", "Provider": {"Class": kind}, "Settings": settings, **fields}}


def test_what_is_known_of_the_service_comes_first_and_the_emulators_own_last(api: Api) -> None:
    assert said(api, "GET", "server/999999999999") == [
        "対象が見つかりません。対象は利用できない状態か、IDまたはパスに誤りがあります。",
        "[emulator] server 999999999999 in is1b",
    ]
    assert said(api, "POST", "note", {"Note": {}}) == [
        "不適切な要求です。必要なパラメータが指定されていません。",
        "[emulator] Name",
    ]


@pytest.mark.parametrize(
    ("path", "body", "second"),
    [
        ("server", {"Server": {"Name": "s", "ServerPlan": {"CPU": 1, "MemoryMB": 1}}}, NO_PLAN),
        ("server", {"Server": {"Name": "s", "ServerPlan": {"ID": 1}}}, NO_PLAN),
        ("disk", {"Disk": {"Name": "d", "Plan": {"ID": 3}}}, "Disk.Plan.ID must be 2 (Standard Plan), 4 (SSD Plan)"),
        ("disk", {"Disk": {"Name": "d", "SizeMB": 1}}, "Disk.SizeMB must be 20480,40960,61440,"),
        ("commonserviceitem", item("proxylb", {"ProxyLB": {"Servers": [{"IPAddress": "x"}]}}), ELB_SETTINGS),
        ("commonserviceitem", item("proxylb", {"ProxyLB": {"SorryServer": {"Port": 80}}}), ELB_SETTINGS),
        ("commonserviceitem", item("proxylb", {}), ELB_SETTINGS),
        ("commonserviceitem", item("proxylb", {"ProxyLB": {}}, ServiceClass="cloud/proxylb/plain/7"), ELB_SETTINGS),
        ("commonserviceitem", item("dns", {"DNS": {"ResourceRecordSets": None}}, Status={"Zone": "a.example"}), NULL),
        (
            "commonserviceitem",
            item("gslb", {"GSLB": {"Servers": [{"Enabled": "True"}]}}),
            "実サーバのIPアドレス()が不正です",
        ),
        (
            "commonserviceitem",
            item("gslb", {"GSLB": {"Servers": [{"IPAddress": "x"}]}}),
            "実サーバのIPアドレス(x)が不正です",
        ),
    ],
)
def test_what_breaks_a_rule_is_a_bad_request_with_the_rule_on_a_second_line(
    api: Api, path: str, body: JSON, second: str
) -> None:
    assert api.refused("POST", path, body) == (400, "bad_request")
    first, line, own = said(api, "POST", path, body)
    assert first == RULES_BROKEN
    assert line.startswith(second)
    assert own.startswith("[emulator] ")
    assert api.control("GET", "/state")["total"] == 0


def test_records_that_are_wrong_are_a_bad_request_whose_second_line_nobody_has_quoted(api: Api) -> None:
    records = [{"Name": "www", "Type": "SPF", "RData": "x"}]
    body = item("dns", {"DNS": {"ResourceRecordSets": records}}, Status={"Zone": "a.example"})
    first, own = said(api, "POST", "commonserviceitem", body)
    assert (first, own.split(":")[0]) == (RULES_BROKEN, "[emulator] ResourceRecordSets[0]")


def test_a_null_list_of_records_empties_no_zone(api: Api) -> None:
    record = {"Name": "www", "Type": "A", "RData": "192.0.2.1"}
    zone = api.make_zone(records=[record])["ID"]
    body = {"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": None}}}}
    assert api.refused("PUT", f"commonserviceitem/{zone}", body) == (400, "bad_request")
    assert api.item(zone)["Settings"]["DNS"]["ResourceRecordSets"] == [record]


def test_an_update_of_a_gslb_is_judged_too(api: Api) -> None:
    server = {"IPAddress": "192.0.2.1", "Enabled": "True", "Weight": "1"}
    gslb = api.make("commonserviceitem", "CommonServiceItem", **item("gslb", {"GSLB": {}})["CommonServiceItem"])["ID"]
    api.put_item(gslb, Settings={"GSLB": {"Servers": [server]}})
    without = {"CommonServiceItem": {"Settings": {"GSLB": {"Servers": [{**server, "IPAddress": ""}]}}}}
    assert api.refused("PUT", f"commonserviceitem/{gslb}", without) == (400, "bad_request")
    assert api.item(gslb)["Settings"]["GSLB"]["Servers"] == [server]


def test_the_plan_of_an_elb_changes_alone(api: Api) -> None:
    elb = api.make_elb()["ID"]
    path, plan = f"commonserviceitem/{elb}/plan", {"ServiceClass": "cloud/proxylb/plain/500"}
    for wrong in ({**plan, "Description": ""}, {**plan, "Tags": []}, {}):
        assert api.refused("PUT", path, {"CommonServiceItem": wrong}) == (400, "bad_request")
    assert api.item(elb)["ServiceClass"] == "cloud/proxylb/plain/100"
    assert api.call("PUT", path, {"CommonServiceItem": plan})["CommonServiceItem"]["ServiceClass"].endswith("/500")


def test_interfaces_of_a_server_are_on_switches_of_their_own(api: Api) -> None:
    switch = api.make("switch", "Switch", Name="s")["ID"]
    server = api.make_server(ConnectedSwitches=[{"Scope": "shared"}, {"ID": switch}, None])
    third = server["Interfaces"][2]["ID"]
    for taken in ("shared", switch):
        assert api.refused("PUT", f"interface/{third}/to/switch/{taken}") == (409, "connect_to_same_switch")
    other = api.make("switch", "Switch", Name="t")["ID"]
    api.call("PUT", f"interface/{third}/to/switch/{other}")
    assert api.make_server(ConnectedSwitches=[None, None])["Interfaces"][1]["Switch"] is None, "nothing is no switch"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "server", "GET, POST"),
        ("POST", "zone", "GET"),
        ("GET", "server/113800000001/plan", "PUT"),
        ("POST", "commonserviceitem/113800000001/proxylb/sslcertificate", "DELETE, GET, PUT"),
        ("DELETE", "interface/113800000001/to/switch/shared", "PUT"),
    ],
)
def test_a_method_that_a_path_does_not_have(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api.send(method, path)
    assert (answer.status_code, answer.json()["error_code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed
    assert answer.json()["error_msg"].startswith("要求されたHTTPメソッドは対応していません。")


def test_what_the_sandbox_refuses_can_be_let_through(emulator: Factory) -> None:
    lenient = emulator(sandbox="allow").at("tk1v")
    assert lenient.get(f"server/{lenient.make_server()['ID']}/vnc/proxy")["Host"]
