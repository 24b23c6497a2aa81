"""What few fleets need: routed networks, IPv6, appliances, private hosts, licences, host names, bills, monitors."""

from __future__ import annotations

import pytest

from tests.emulator.support import JSON, Api


def _router(api: Api) -> JSON:
    return api.make("internet", "Internet", Name="r", BandWidthMbps=100, NetworkMaskLen=28)


def test_a_router_routes_further_networks_to_one_of_its_addresses(api: Api) -> None:
    router = _router(api)
    own = api.get(f"switch/{router['Switch']['ID']}")["Switch"]["Subnets"][0]
    path = f"internet/{router['ID']}/subnet"
    first, last = own["IPAddresses"]["Min"], own["IPAddresses"]["Max"]
    subnet = api.call("POST", path, {"NetworkMaskLen": 28, "NextHop": first})["Subnet"]
    assert (len(subnet["IPAddresses"]), subnet["NextHop"]) == (16, first)
    assert subnet["NetworkAddress"] != own["NetworkAddress"]
    assert api.call("PUT", f"{path}/{subnet['ID']}", {"NextHop": last})["Subnet"]["NextHop"] == last
    assert api.refused("PUT", f"{path}/{subnet['ID']}", {"NextHop": "192.0.2.1"}) == (400, "invalid_range")
    assert [subnet_of_router["ID"] for subnet_of_router in api.get("subnet")["Subnets"]] == [own["ID"], subnet["ID"]]
    api.call("DELETE", f"{path}/{subnet['ID']}")
    assert api.refused("DELETE", f"{path}/{subnet['ID']}") == (404, "not_found")


def test_a_router_with_ipv6_stays_until_that_is_off(api: Api) -> None:
    router = _router(api)
    path = f"internet/{router['ID']}"
    net = api.call("POST", f"{path}/ipv6net")["IPv6Net"]
    assert api.refused("POST", f"{path}/ipv6net") == (409, "ipv6net_already_attached")
    assert api.get("ipv6net")["IPv6Nets"][0]["IPv6Prefix"] == net["IPv6Prefix"]
    assert api.get(f"switch/{router['Switch']['ID']}")["Switch"]["IPv6Nets"][0]["ID"] == net["ID"]
    assert api.refused("DELETE", path) == (409, "delete_ipv6nets_first")
    api.call("DELETE", f"{path}/ipv6net/{net['ID']}")
    api.call("DELETE", path)


def test_an_appliance_has_real_power_and_gives_back_what_was_sent(slow: Api) -> None:
    switch = slow.make("switch", "Switch", Name="s")
    remark = {"Switch": {"ID": str(switch["ID"])}, "Servers": [{"IPAddress": "192.168.0.11"}]}
    nfs = slow.make("appliance", "Appliance", Name="n", Class="nfs", Plan={"ID": 101}, Remark=remark)
    path = f"appliance/{nfs['ID']}"
    assert (nfs["Availability"], nfs["Instance"]["Status"]) == ("migrating", "down")
    assert nfs["Remark"]["Switch"] == {"ID": str(switch["ID"])}
    slow.advance(68 + 27)
    running = slow.get(path)["Appliance"]
    assert (running["Availability"], running["Instance"]["Status"]) == ("available", "up")
    assert slow.refused("DELETE", path) == (409, "server_power_must_be_down")
    slow.call("DELETE", f"{path}/power", {"Force": True})
    slow.advance(1)
    slow.call("DELETE", path)


def test_a_vpc_router_boots_when_told_and_takes_switches_while_off(api: Api) -> None:
    switch = api.make("switch", "Switch", Name="s")
    router = api.make("appliance", "Appliance", Name="v", Class="vpcrouter", Remark={"Switch": {"Scope": "shared"}})
    path = f"appliance/{router['ID']}"
    assert router["Instance"]["Status"] == "down"
    api.call("PUT", f"{path}/interface/2/to/switch/{switch['ID']}")
    slots = api.get(path)["Appliance"]["Interfaces"]
    assert slots[2]["Switch"]["ID"] == switch["ID"]
    assert slots[0]["Index"] == 0
    assert [slots[1], *slots[3:]] == [None] * 6, "an empty slot is null"
    api.call("PUT", f"{path}/power")
    assert api.refused("DELETE", f"{path}/interface/2/to/switch") == (409, "server_power_must_be_down")
    assert api.refused("PUT", path, {"Appliance": {"Settings": {}, "SettingsHash": "0" * 32}})[0] == 409
    assert api.refused("POST", "appliance", {"Appliance": {"Name": "x", "Class": "toaster"}})[0] == 400


def test_a_private_host_shows_what_its_servers_take(api: Api) -> None:
    plan = api.get('product/privatehost?{"Filter":{"Class":"dynamic"}}')["PrivateHostPlans"][0]["ID"]
    host = api.make("privatehost", "PrivateHost", Name="h", Plan={"ID": plan})
    server = api.make_server(PrivateHost={"ID": host["ID"]})
    assert server["PrivateHost"]["ID"] == host["ID"]
    path = f"server/{server['ID']}"
    assert api.call("PUT", path, {"Server": {"PrivateHost": {"ID": 0}}})["Server"]["PrivateHost"] is None
    moved = api.call("PUT", path, {"Server": {"PrivateHost": {"ID": host["ID"]}}})["Server"]
    assert moved["PrivateHost"]["ID"] == host["ID"]
    assert api.call("PUT", path, {"Server": {"Tags": ["t"]}})["Server"]["PrivateHost"], "no key keeps it"
    assert api.refused("PUT", path, {"Server": {"PrivateHost": {"ID": 113999999999}}})[0] == 400
    taken = api.get(f"privatehost/{host['ID']}")["PrivateHost"]
    assert (taken["AssignedCPU"], taken["AssignedMemoryMB"]) == (2, 4096)
    assert api.refused("DELETE", f"privatehost/{host['ID']}") == (409, "conflict")
    assert api.refused("POST", "server", {"Server": {"Name": "w", "PrivateHost": {"ID": 1}}})[0] == 400


def test_licences(api: Api) -> None:
    made = api.make("license", "License", Name="l", LicenseInfo={"ID": 10001})
    assert made["LicenseInfo"]["Name"] == "Windows RDS SAL"
    assert api.refused("POST", "license", {"License": {"Name": "l", "LicenseInfo": {"ID": 1}}})[0] == 400
    sandboxed = {"License": {"Name": "l", "LicenseInfo": {"ID": 10001}}}
    assert api.at("tk1v").refused("POST", "license", sandboxed) == (403, "dont_create_in_sandbox")


def test_host_names_of_addresses(api: Api) -> None:
    address = api.make_server()["Interfaces"][0]["IPAddress"]
    changed = api.call("PUT", f"ipaddress/{address}", {"IPAddress": {"HostName": "www.example.com"}})
    assert changed["IPAddress"]["HostName"] == "www.example.com"
    assert [address["HostName"] for address in api.get("ipaddress")["IPAddress"]] == ["www.example.com"]
    assert api.at("tk1a").refused("GET", f"ipaddress/{address}") == (404, "not_found")


def test_bills_have_an_api_of_their_own(api: Api) -> None:
    base = f"{api.url}/cloud/zone/is1a/api/system/1.0"
    account = api.get("auth-status")
    bills = api.http.get(f"{base}/bill/by-contract/{account['Account']['ID']}").json()["Bills"]
    assert len(bills) == 1
    details = api.http.get(f"{base}/billdetail/{account['Member']['Code']}/{bills[0]['BillID']}").json()
    assert details["BillDetails"][0]["Amount"] == 0
    assert api.http.get(f"{base}/coupon/{account['Account']['ID']}").json()["Coupons"] == []
    assert api.http.get(f"{base}/bill/by-contract/1").status_code == 404


def test_users_of_a_container_registry_without_their_passwords(api: Api) -> None:
    wanted = {"Name": "c", "Provider": {"Class": "containerregistry"}, "Status": {"registry_name": "shop"}}
    item = api.make("commonserviceitem", "CommonServiceItem", **wanted)
    assert item["Status"]["hostname"] == "shop.sakuracr.jp"
    users = f"commonserviceitem/{item['ID']}/containerregistry/users"
    user = {"ContainerRegistry": {"username": "u", "password": "hush", "permission": "readonly"}}
    api.call("POST", users, user)
    assert api.refused("POST", users, user) == (409, "res_already_exists")
    api.call("PUT", f"{users}/u", {"ContainerRegistry": {"permission": "readwrite"}})
    assert api.get(users)["ContainerRegistry"]["users"] == [{"username": "u", "permission": "readwrite"}]
    api.call("DELETE", f"{users}/u")
    assert api.refused("DELETE", f"{users}/u") == (404, "not_found")


def test_a_simple_monitor_follows_the_server_that_it_watches(slow: Api) -> None:
    server = slow.make_server()
    target = server["Interfaces"][0]["IPAddress"]
    settings = {"SimpleMonitor": {"DelayLoop": 60, "HealthCheck": {"Protocol": "ping"}, "Enabled": "True"}}
    wanted = {"Name": target, "Provider": {"Class": "simplemon"}, "Status": {"Target": target}, "Settings": settings}
    monitor = slow.make("commonserviceitem", "CommonServiceItem", **wanted)
    path = f"commonserviceitem/{monitor['ID']}/health"
    before = slow.get(path)["SimpleMonitor"]
    assert (before["Health"], before["LastCheckedAt"], before["LatestLogs"]) == ("DOWN", None, [])
    slow.boot(server["ID"])
    slow.advance(600)
    after = slow.get(path)["SimpleMonitor"]
    assert (after["Health"], len(after["LatestLogs"])) == ("UP", 5)
    assert after["LatestLogs"][0] == f"{after['LastCheckedAt']} UP"


@pytest.mark.parametrize("path", ["commonserviceitem/1/sim/status", "ipv6addr/1/2", "appliance/1/status"])
def test_what_is_not_written_says_so(api: Api, path: str) -> None:
    answer = api.send("GET", path)
    assert answer.status_code == 501
    assert f"GET {path}" in answer.json()["error_msg"]
