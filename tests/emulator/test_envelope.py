"""Routes, envelopes, errors, authentication and the two ID styles."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import AUTH, Api
from tests.local_http import HTTP

ZONAL_LISTS = {
    "server": "Servers",
    "disk": "Disks",
    "archive": "Archives",
    "interface": "Interfaces",
    "switch": "Switches",
    "internet": "Internet",
    "packetfilter": "PacketFilters",
    "privatehost": "PrivateHosts",
    "appliance": "Appliances",
    "cdrom": "CDROMs",
}
GLOBAL_LISTS = {
    "note": "Notes",
    "sshkey": "SSHKeys",
    "icon": "Icons",
    "bridge": "Bridges",
    "commonserviceitem": "CommonServiceItems",
    "license": "Licenses",
    "product/server": "ServerPlans",
    "product/disk": "DiskPlans",
    "product/internet": "InternetPlans",
    "product/privatehost": "PrivateHostPlans",
    "product/license": "LicenseInfo",
    "public/price": "ServiceClasses",
    "zone": "Zones",
    "region": "Regions",
    "subnet": "Subnets",
    "ipaddress": "IPAddress",
    "ipv6net": "IPv6Nets",
    "ipv6addr": "IPv6Addrs",
}


@pytest.mark.parametrize(("path", "plural"), [*ZONAL_LISTS.items(), *GLOBAL_LISTS.items()])
def test_every_list_route_exists(api: Api, path: str, plural: str) -> None:
    for zone in ("is1a", "tk1v"):
        found = api.at(zone).get(f'{path}?{{"From":0,"Count":0,"Filter":{{"Name":"iaas-api-go-test-"}}}}')
        assert found["From"] == 0
        assert found["Count"] == found["Total"] == len(found[plural]) == 0


def test_a_life_in_envelopes(api: Api) -> None:
    made = api.send("POST", "note", {"Note": {"Name": "n", "Content": "#!/bin/sh"}})
    assert made.status_code == 201
    body = made.json()
    assert body["Success"] is True
    assert body["is_ok"] is True
    note = body["Note"]["ID"]
    read = api.send("GET", f"note/{note}")
    assert read.status_code == 200
    assert set(read.json()) == {"Note", "is_ok"}
    changed = api.send("PUT", f"note/{note}", {"Note": {"Name": "m"}}).json()
    assert changed["Note"]["Name"] == "m"
    assert changed["Note"]["Content"] == "#!/bin/sh", "an absent key keeps its value"
    assert api.send("DELETE", f"note/{note}").json() == {"Success": True, "is_ok": True}
    assert api.refused("GET", f"note/{note}") == (404, "not_found")


def test_unknown_paths_and_unwritten_routes(api: Api) -> None:
    assert api.refused("GET", "nothing/at/all") == (404, "resource_path_not_found")
    assert api.refused("GET", "server/999999999999") == (404, "not_found")
    assert api.refused("GET", "server/word") == (404, "not_found")
    answer = api.send("PUT", "disk/113800000001/to/blank")
    assert answer.status_code == 501
    assert "PUT disk/113800000001/to/blank" in answer.json()["error_msg"]
    assert api.refused("GET", f"server/{113800000001}/nothing/at/all") == (501, "not_implemented")
    assert api.refused("POST", "server", {}) == (400, "missing_param")
    outside = api.http.get(f"{api.url}/cloud/zone/is1b/api/system/1.0/bill/unknown")
    assert outside.status_code == 501
    assert api.http.get(f"{api.url}/elsewhere").json()["error_code"] == "resource_path_not_found"
    assert api.at("nowhere").refused("GET", "server") == (404, "resource_path_not_found")


@pytest.mark.parametrize("prefix", ["", "/cloud/zone", "/some/other/prefix", "//cloud//zone"])
def test_any_prefix_and_double_slashes(api: Api, prefix: str) -> None:
    url = f"{api.url}{prefix}/is1b//api/cloud/1.1//zone//31002"
    parts = urlsplit(api.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as raw:
        path = url.removeprefix(api.url)
        raw.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic dDpz\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["Zone"]["Name"] == "is1b"


def test_ids_are_numbers_or_texts_as_the_header_says(api: Api) -> None:
    server = api.make_server()
    assert isinstance(server["ID"], int)
    text = HTTP.get(f"{api.base}/server/{server['ID']}", auth=AUTH).json()["Server"]
    assert text["ID"] == str(server["ID"])
    assert text["Interfaces"][0]["ID"] == str(server["Interfaces"][0]["ID"])
    assert text["Zone"]["ID"] == 31002, "small IDs stay numbers"
    assert text["ServerPlan"]["ID"] == 100004002
    note = api.make("note", "Note", Name="n", Content='{"ID":113800000001}')
    assert HTTP.get(f"{api.base}/note/{note['ID']}", auth=AUTH).json()["Note"]["Content"] == '{"ID":113800000001}'


def test_requests_may_use_texts_for_ids_and_junk_in_references(api: Api) -> None:
    server = api.make_server()
    disk = api.make_disk(0, Server={"ID": str(server["ID"]), "Description": "", "Tags": [], "WaitDiskMigration": False})
    assert disk["Server"]["ID"] == server["ID"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_format"),
        (b"[1]", "invalid_format"),
        (b"0", "invalid_format"),
        (b'{"Note":' * 100_000, "invalid_format"),
        (b"[]", "missing_param"),
        (b"null", "missing_param"),
        (b"{}", "missing_param"),
        (b'{"Note":{}}', "missing_param"),
    ],
)
def test_bad_bodies(api: Api, body: bytes, code: str) -> None:
    answer = api.http.post(f"{api.base}/note", content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b""])
def test_a_client_that_can_only_post_names_its_method_in_a_header(api: Api, body: bytes) -> None:
    """As the vendor's older clients do, with a form's media type, and with what their language has for no body."""

    def send(method: str, path: str, content: bytes) -> tuple[int, dict[str, object]]:
        headers = {"X-Sakura-HTTP-Method": method, "Content-Type": "application/x-www-form-urlencoded"}
        answer = api.http.post(f"{api.base}/{path}", content=content, headers=headers)
        return answer.status_code, answer.json()

    server = api.make_server()["ID"]
    assert send("PUT", f"server/{server}", b'{"Server": {"Name": "web2"}}')[0] == 200
    assert send("put", f"server/{server}/power", body)[0] == 200
    assert (api.server(server)["Name"], api.power(server)) == ("web2", "up")
    assert send("DELETE", f"server/{server}", body)[1]["error_code"] == "server_power_must_be_down"
    api.call("DELETE", f"server/{server}/power", {"Force": True})
    api.fault(kind="status", method="DELETE", times=1)
    assert send("DELETE", f"server/{server}", body)[0] == 503, "a fault goes by the method that is meant"
    assert send("DELETE", f"server/{server}", body)[0] == 200
    assert api.get("server")["Total"] == 0
    assert send("BREW", "server", body)[0] == 405
    assert send("POST", "note", b'{"Note": {"Name": "n"}}')[0] == 201
    logged = api.control("GET", "/log")["requests"]
    assert [entry["method"] for entry in logged if entry["path"] == f"/server/{server}/power"] == ["PUT", "DELETE"]


def test_only_a_post_is_taken_for_something_else(api: Api) -> None:
    note = api.make("note", "Note", Name="n")["ID"]
    answer = api.http.get(f"{api.base}/note/{note}", headers={"X-Sakura-HTTP-Method": "DELETE"})
    assert answer.json()["Note"]["Name"] == "n"
    assert api.get(f"note/{note}")["Note"]["Name"] == "n"


@pytest.mark.parametrize("text", ["\u00b2", "\u0663", "9" * 5000, "-1", "1_0", "0"])
def test_what_looks_like_a_number_and_is_no_id_names_nothing(api: Api, text: str) -> None:
    server = api.make_server()
    interface = server["Interfaces"][0]["ID"]
    disk = api.make_disk(0)["ID"]
    switch = api.make("switch", "Switch", Name="s")["ID"]
    for method, path in (
        ("GET", f"server/{text}"),
        ("DELETE", f"commonserviceitem/{text}"),
        ("PUT", f"disk/{disk}/to/server/{text}"),
        ("PUT", f"interface/{interface}/to/packetfilter/{text}"),
        ("PUT", f"switch/{switch}/to/bridge/{text}"),
        ("PUT", f"server/{server['ID']}/plan"),
    ):
        body = {"ServerPlan": {"ID": text}} if path.endswith("plan") else None
        assert api.refused(method, path, body)[0] in (400, 404), (method, path)


@pytest.mark.parametrize("value", ["1e400", "-1e400", "1" + "0" * 400])
def test_numbers_that_are_too_large_are_refused_or_passed_over(api: Api, value: str) -> None:
    answer = api.http.post(
        f"{api.base}/disk", content=f'{{"Disk": {{"Name": "d", "Plan": {{"ID": 4}}, "SizeMB": {value}}}}}'
    )
    assert answer.status_code == 400, answer.text
    assert api.get(f'server?{{"From":{value},"Count":{value}}}')["Total"] == 0
    assert api.get(f'archive?{{"Filter":{{"SizeMB.>":{value}}}}}')["From"] == 0


def test_names_descriptions_and_tags_have_limits(api: Api) -> None:
    def note(**fields: object) -> tuple[int, str]:
        return api.refused("POST", "note", {"Note": {"Name": "n", **fields}})

    api.make("note", "Note", Name="n" * 64, Tags=[f"t{i}" for i in range(10)])
    assert note(Name="") == (400, "invalid_range")
    assert note(Name="n" * 65) == (400, "invalid_range")
    assert note(Description="d" * 513) == (400, "invalid_range")
    assert note(Tags=[f"t{i}" for i in range(11)]) == (400, "invalid_range")
    assert note(Tags=["t" * 33]) == (400, "invalid_range")
    assert note(Tags="t") == (400, "invalid_format")
    assert note(Icon={"ID": 112900000000}) == (400, "param_res_not_found")


def test_authentication(api: Api, emulator: Factory) -> None:
    url = f"{api.base}/auth-status"
    assert HTTP.get(url, auth=("any", "thing")).status_code == 200
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
        answer = HTTP.get(url, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "unauthorized")
    assert HTTP.get(url, auth=("", "")).status_code == 401
    assert HTTP.get(url, auth=("token", "")).status_code == 401
    strict = emulator(token="right", secret="pair", account_id=113000000777)
    url = f"{strict.base}/auth-status"
    assert HTTP.get(url, auth=("right", "wrong")).status_code == 401
    assert HTTP.get(url, auth=("wrong", "pair")).status_code == 401
    status = HTTP.get(url, auth=("right", "pair"), headers={"X-Sakura-Bigint-As-Int": "1"}).json()
    assert status["Account"]["ID"] == 113000000777
    assert status["Permission"] == "create"


def test_global_objects_show_in_every_zone_and_others_only_in_theirs(api: Api) -> None:
    note = api.make("note", "Note", Name="n")
    elb = api.make_elb()
    switch = api.make("switch", "Switch", Name="s")
    for zone in ("is1a", "tk1b", "any-word"):
        assert api.at(zone).get(f"note/{note['ID']}")["Note"]["Name"] == "n"
        assert api.at(zone).item(elb["ID"])["Name"] == "elb"
    assert api.at("is1a").refused("GET", f"switch/{switch['ID']}") == (404, "not_found")
    assert api.at("is1a").get("switch")["Total"] == 0
    assert api.get("switch")["Total"] == 1


def test_the_catalogue(api: Api) -> None:
    wanted = '"CPU":["2"],"Commitment":["standard"],"MemoryMB":["4096"],"ConfidentialVM":["0"]'
    query = f'{{"Sort":["-Generation"],"Filter":{{{wanted}}}}}'
    plans = api.get(f"product/server?{query}")["ServerPlans"]
    assert [plan["Generation"] for plan in plans] == [200, 100]
    assert {(plan["CPU"], plan["MemoryMB"]) for plan in plans} == {(2, 4096)}
    sizes = [size["SizeMB"] for size in api.get("product/disk/4")["DiskPlan"]["Size"]]
    assert 20480 in sizes
    prices = api.get("public/price")["ServiceClasses"]
    priced = {price["ServiceClassPath"]: price["Price"] for price in prices}
    for path in (plans[0]["ServiceClass"], "cloud/disk/ssd/20g", "cloud/proxylb/plain/100", "cloud/dns"):
        assert priced[path]["Monthly"] > 0
        assert priced[path]["Zone"] == "is1b"
    region = api.get("region/290")["Region"]
    assert region["Description"]
    assert region["NameServers"]
    assert len(api.get("product/license")["LicenseInfo"]) == 1
    assert {zone["Name"] for zone in api.get("zone")["Zones"] if zone["IsDummy"]} == {"tk1v"}
    assert api.get("icon/112901627749")["Icon"]["Scope"] == "shared"
    cdroms = [api.at(zone).get('cdrom?{"Filter":{"Scope":["shared"]}}')["CDROMs"][0]["ID"] for zone in ("is1a", "tk1v")]
    assert len(set(cdroms)) == 2


OS_TYPES = [
    ["current-stable", "distro-alma"],
    ["alma-10-latest"],
    ["alma-9-latest"],
    ["alma-8-latest"],
    ["current-stable", "distro-rocky"],
    ["rocky-10-latest"],
    ["rocky-9-latest"],
    ["rocky-8-latest"],
    ["current-stable", "distro-miracle"],
    ["miracle-9-latest"],
    ["miracle-8-latest"],
    ["current-stable", "distro-ubuntu"],
    ["ubuntu-24.04-latest"],
    ["ubuntu-22.04-latest"],
    ["current-stable", "distro-debian"],
    ["debian-12-latest"],
    ["debian-11-latest"],
    ["current-stable", "pkg-kusanagi"],
]


@pytest.mark.parametrize("tags", OS_TYPES, ids="+".join)
def test_one_public_archive_per_os_type_and_zone(api: Api, tags: list[str]) -> None:
    query = json.dumps({"Filter": {"Scope": ["shared"], "Tags.Name": [tags]}}, separators=(",", ":"))
    ids = set()
    for zone in ("is1a", "is1b", "is1c", "tk1a", "tk1b", "tk1v"):
        archives = api.at(zone).get(f"archive?{query}")["Archives"]
        assert len(archives) == 1
        assert archives[0]["Availability"] == "available"
        ids.add(archives[0]["ID"])
    assert len(ids) == 6
    assert api.at("is1a").send("DELETE", f"archive/{min(ids)}").status_code == 403, "shared ones are the vendor's"
