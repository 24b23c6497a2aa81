"""The search condition in every spelling, and what it matches."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from sakura_emulator.server import running
from tests.emulator.support import Api

NAMES = ("web-1", "Web 2", "my-web 10%", "db<1>", "日本語")


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running() as emulator:
        api = Api(emulator.url)
        for number, name in enumerate(NAMES):
            tags = [f"n{number}", "all", *(["even"] if number % 2 == 0 else [])]
            api.make("switch", "Switch", Name=name, Tags=tags)
        for cores in (1, 2, 4):
            api.make_server(f"s{cores}", ServerPlan={"CPU": cores, "MemoryMB": 4096}, Tags=[f"c{cores}"])
        api.make_zone()
        api.make_elb()
        yield api
        api.http.close()


def raw(api: Api, target: str) -> dict[str, Any]:
    """Send a request target byte for byte, as the Go client does with braces and quotes."""
    parts = urlsplit(api.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        head = (
            f"GET /cloud/zone/is1b/api/cloud/1.1/{target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic dDpz\r\n"
        )
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    document: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return document


def names(document: dict[str, Any], plural: str = "Switches") -> list[str]:
    return [item["Name"] for item in document[plural]]


def test_go_writes_raw_json_with_escaped_values(api: Api) -> None:
    assert names(raw(api, 'switch?{"Count":0,"From":0,"Filter":{"Name":"Web%202"}}')) == ["Web 2"]
    assert names(raw(api, 'switch?{"Count":0,"From":0,"Filter":{"Name":"10%25"}}')) == ["my-web 10%"]
    assert names(raw(api, 'switch?{"Filter":{"Name":"db\\u003c1\\u003e"}}')) == ["db<1>"]
    assert names(raw(api, 'switch?{"Filter":{"Name":"Web%202%0A"}}')) == ["Web 2"], "autoscaler sends a line break"


def test_curl_users_encode_everything(api: Api) -> None:
    text = json.dumps({"Filter": {"Name": "日本"}}, ensure_ascii=False)
    assert names(raw(api, f"switch?{quote(text, safe='')}")) == ["日本語"]
    encoded = quote(json.dumps({"Filter": {"Name": "10%"}}), safe="")
    assert names(raw(api, f"switch?{encoded}")) == ["my-web 10%"], "a value is decoded once, not twice"


def test_octodns_writes_something_that_is_not_json(api: Api) -> None:
    found = raw(api, "commonserviceitem?%7BCount%3A+0%7D")
    assert [item["Provider"]["Class"] for item in found["CommonServiceItems"]] == ["dns", "proxylb"]


def test_q_equals(api: Api) -> None:
    assert names(raw(api, 'switch?q={"Filter":{"Name":"db"}}')) == ["db<1>"]
    assert names(raw(api, f"switch?q={quote(json.dumps({'Filter': {'Name': 'db'}}), safe='')}")) == ["db<1>"]


@pytest.mark.parametrize("query", ["", "?", "?nonsense", "?{", "?[1]", "?a=b", '?{"Filter":[]}', '?{"Count":"x"}'])
def test_what_cannot_be_read_is_no_condition(api: Api, query: str) -> None:
    assert len(raw(api, f"switch{query}")["Switches"]) == len(NAMES)


def find(api: Api, path: str = "switch", **condition: Any) -> dict[str, Any]:
    return api.get(f"{path}?{quote(json.dumps(condition), safe='')}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web", ["web-1", "Web 2", "my-web 10%"]),
        ("WEB 2", ["Web 2"]),
        (" 10% my ", ["my-web 10%"]),
        (["web-1", "Web 2"], ["web-1", "Web 2"]),
        (["web"], []),
        ("nothing", []),
    ],
)
def test_text_is_partial_and_a_list_is_exact(api: Api, value: Any, expected: list[str]) -> None:
    assert names(find(api, Filter={"Name": value})) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([["all", "even"]], ["web-1", "my-web 10%", "日本語"]),
        ([["n0", "even"], ["n1"]], ["web-1", "Web 2"]),
        (["n3"], ["db<1>"]),
        ("n3", ["db<1>"]),
        ([["n0", "n1"]], []),
        ("n", []),
    ],
)
def test_tags(api: Api, value: Any, expected: list[str]) -> None:
    assert names(find(api, Filter={"Tags.Name": value})) == expected


def test_numbers_booleans_and_ids_are_compared_as_text(api: Api) -> None:
    assert names(find(api, "server", Filter={"ServerPlan.CPU": ["2"]}), "Servers") == ["s2"]
    assert names(find(api, "server", Filter={"ServerPlan.CPU": [1, 4]}), "Servers") == ["s1", "s4"]
    assert names(find(api, "server", Filter={"ServerPlan.CPU": 2}), "Servers") == ["s2"]
    assert names(find(api, "server", Filter={"WaitDiskMigration": ["0"]}), "Servers") == ["s1", "s2", "s4"]
    assert names(find(api, "server", Filter={"WaitDiskMigration": ["1"]}), "Servers") == []
    server = find(api, "server")["Servers"][1]
    assert names(find(api, "server", Filter={"ID": str(server["ID"])}), "Servers") == ["s2"]
    assert names(find(api, "server", Filter={"ID": str(server["ID"])[:-1]}), "Servers") == [], "an ID is exact"


def test_dotted_keys(api: Api) -> None:
    assert find(api, "server", Filter={"Instance.Status": "down"})["Total"] == 3
    assert find(api, "server", Filter={"Zone.Name": ["is1b"]})["Total"] == 3
    assert find(api, "server", Filter={"Zone.Name": ["is1a"]})["Total"] == 0
    items = find(api, "commonserviceitem", Filter={"Provider.Class": ["dns"], "Name": "example"})
    assert names(items, "CommonServiceItems") == ["example.com"]
    address = find(api, "server")["Servers"][2]["Interfaces"][0]["IPAddress"]
    assert names(find(api, "server", Filter={"Interfaces.IPAddress": [address]}), "Servers") == ["s4"]
    assert find(api, "server", Filter={"No.Such.Key": "x"})["Total"] == 0


def test_operators(api: Api) -> None:
    assert names(find(api, "server", Filter={"ServerPlan.CPU>": 1}), "Servers") == ["s2", "s4"]
    assert names(find(api, "server", Filter={"ServerPlan.CPU>=": "2"}), "Servers") == ["s2", "s4"]
    assert names(find(api, "server", Filter={"ServerPlan.CPU<": 4, "ServerPlan.CPU>": 1}), "Servers") == ["s2"]
    assert find(api, Filter={"CreatedAt>": "2020-01-01T00:00:00.000000001Z"})["Total"] == len(NAMES)
    assert find(api, Filter={"CreatedAt<=": "2020-01-01T00:00:00+09:00"})["Total"] == 0
    for key, value, code in (
        ("CreatedAt<", ["2020"], "filter_array_comparison"),
        ("CreatedAt<", None, "filter_null_comparison"),
        ("Name~", "x", "filter_unknown_operator"),
    ):
        query = quote(json.dumps({"Filter": {key: value}}), safe="")
        assert api.refused("GET", f"switch?{query}") == (400, code)


def test_order_and_page(api: Api) -> None:
    assert names(find(api, "server", Sort=["-ServerPlan.CPU"]), "Servers") == ["s4", "s2", "s1"]
    assert names(find(api, "server", Sort=["ServerPlan.MemoryMB", "-Name"]), "Servers") == ["s4", "s2", "s1"]
    page = find(api, From=1, Count=2, Sort=["Name"])
    assert (page["From"], page["Count"], page["Total"]) == (1, 2, len(NAMES))
    assert names(page) == sorted(NAMES)[1:3]
    assert [item["Index"] for item in page["Switches"]] == [1, 2]
    assert find(api, From=99)["Count"] == 0
    unsorted = find(api, From=1, Count=2)
    assert (unsorted["From"], unsorted["Count"], unsorted["Total"]) == (1, 2, len(NAMES))
    assert [(item["Index"], item["Name"]) for item in unsorted["Switches"]] == [(1, NAMES[1]), (2, NAMES[2])]
    assert find(api, Count=0)["Count"] == len(NAMES)


def test_projection(api: Api) -> None:
    assert set(find(api, Include=["ID", "Name"])["Switches"][0]) == {"Index", "ID", "Name"}
    assert "Bridge" not in find(api, Exclude=["Bridge"])["Switches"][0]
    server = find(api, "server", Include=["Name", "ServerPlan.CPU"])["Servers"][0]
    assert server == {"Index": 0, "Name": "s1", "ServerPlan": {"CPU": 1}}
    server = find(api, "server", Exclude=["ServerPlan.CPU"])["Servers"][0]
    assert "CPU" not in server["ServerPlan"]
    assert "MemoryMB" in server["ServerPlan"]
