"""ELBs: settings, the hash, bounds, the last entry of a group, health, plans, certificates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import JSON, Api

BOOT, HEALTH, DRAIN = 27, 10, 30


def entry(address: str = "192.0.2.11", **fields: Any) -> JSON:
    return {"IPAddress": address, "Port": 80, "ServerGroup": "", "Enabled": True, "ProxySSL": False, **fields}


def write(api: Api, elb: int, **settings: Any) -> JSON:
    """Change some of the settings as a good client does: read, send all back with the hash."""
    item = api.item(elb)
    wanted = {**item["Settings"]["ProxyLB"], **settings}
    return api.put_item(elb, Settings={"ProxyLB": wanted}, SettingsHash=item["SettingsHash"])


def test_settings_are_kept_as_sent_and_replaced_as_a_whole(api: Api) -> None:
    odd = {"Mode": "safe", "FutureKey": [1, {"x": None}]}
    elb = api.make_elb(BackendHttpKeepAlive=odd, Timeout={}, Servers=[entry()])
    settings = api.item(elb["ID"])["Settings"]["ProxyLB"]
    assert settings == elb["Settings"]["ProxyLB"]
    assert (settings["BackendHttpKeepAlive"], settings["Timeout"], settings["Rules"]) == (odd, {}, [])
    del settings["BackendHttpKeepAlive"]
    changed = api.put_item(elb["ID"], Settings={"ProxyLB": settings})
    assert "BackendHttpKeepAlive" not in changed["Settings"]["ProxyLB"]
    renamed = api.put_item(elb["ID"], Name="other")
    assert renamed["Settings"] == changed["Settings"]
    assert renamed["SettingsHash"] == changed["SettingsHash"]


def test_the_hash_guards_the_settings(api: Api, emulator: Factory) -> None:
    elb = api.make_elb()
    old = elb["SettingsHash"]
    assert len(old) == 32
    new = write(api, elb["ID"], Servers=[entry()])["SettingsHash"]
    assert new != old
    stale = {"CommonServiceItem": {"Settings": elb["Settings"], "SettingsHash": old}}
    assert api.refused("PUT", f"commonserviceitem/{elb['ID']}", stale) == (409, "original_hash_mismatch")
    assert len(api.item(elb["ID"])["Settings"]["ProxyLB"]["Servers"]) == 1, "the refused write changed nothing"
    stale["CommonServiceItem"]["SettingsHash"] = ""
    api.call("PUT", f"commonserviceitem/{elb['ID']}", stale)
    lenient = emulator(settings_hash="ignore")
    other = lenient.make_elb()
    lenient.put_item(other["ID"], Settings=other["Settings"], SettingsHash="0" * 32)


def test_forty_servers_and_no_more(api: Api) -> None:
    elb = api.make_elb(Servers=[entry(f"192.0.2.{i}") for i in range(1, 41)])
    settings = elb["Settings"]["ProxyLB"]
    settings["Servers"].append(entry("192.0.2.41"))
    body = {"CommonServiceItem": {"Settings": {"ProxyLB": settings}}}
    assert api.refused("PUT", f"commonserviceitem/{elb['ID']}", body) == (400, "bad_request")
    assert len(api.item(elb["ID"])["Settings"]["ProxyLB"]["Servers"]) == 40


@pytest.mark.parametrize(
    "settings",
    [
        {"Servers": [entry(Port=0)]},
        {"Servers": [entry(Port=65536)]},
        {"Servers": [entry(Port="80")]},
        {"Servers": [entry("example.com")]},
        {"Servers": [entry(ServerGroup="g" * 11)]},
        {"HealthCheck": {"Protocol": "udp"}},
        {"HealthCheck": {"Protocol": "tcp", "DelayLoop": 9}},
        {"HealthCheck": {"Protocol": "tcp", "DelayLoop": 61}},
        {"BindPorts": [{"ProxyMode": "quic", "Port": 443}]},
        {"BindPorts": [{"ProxyMode": "http", "Port": 80, "SSLPolicy": "TLS-1-3-2021-06"}]},
        {"BindPorts": [{"ProxyMode": "http", "Port": 0}]},
        {"Timeout": {"InactiveSec": 9}},
        {"Timeout": {"InactiveSec": 601}},
        {"Syslog": {}},
        {"SorryServer": {"IPAddress": "", "Port": 80}},
        {"SorryServer": {"Port": 80}},
        {"Rules": [{"Action": "redirect", "RedirectStatusCode": 301}]},
        {"Rules": [{"Action": "teapot"}]},
    ],
)
def test_values_out_of_bounds(api: Api, settings: JSON) -> None:
    with pytest.raises(AssertionError, match=r"400 .*bad_request"):
        api.make_elb(**settings)
    assert api.control("GET", "/state")["total"] == 0


def test_plan_region_and_class_must_exist(api: Api) -> None:
    base = {"Name": "e", "Provider": {"Class": "proxylb"}, "Settings": {"ProxyLB": {}}}
    for wrong, code in (
        ({"ServiceClass": "cloud/proxylb/plain/7"}, "bad_request"),
        ({"Status": {"Region": "us1"}}, "bad_request"),
        ({"Provider": {"Class": "teapot"}}, "unsupported_res_class"),
        ({"Settings": {}}, "bad_request"),
        ({"Settings": []}, "bad_request"),
    ):
        assert api.refused("POST", "commonserviceitem", {"CommonServiceItem": {**base, **wrong}}) == (400, code)


@pytest.mark.parametrize("status", [400, 409])
def test_the_last_enabled_server_of_a_ruled_group_stays(emulator: Factory, status: int) -> None:
    api = emulator(last_entry_status=status)
    blue, other = entry("192.0.2.1", ServerGroup="blue"), entry("192.0.2.2", ServerGroup="blue")
    rule = {"Host": "www.example.com", "Action": "forward", "ServerGroup": "blue"}
    elb = api.make_elb(Servers=[blue, other], Rules=[rule])["ID"]
    settings = api.item(elb)["Settings"]["ProxyLB"]

    def refused(**changes: Any) -> tuple[int, str]:
        body = {"CommonServiceItem": {"Settings": {"ProxyLB": {**settings, **changes}}}}
        return api.refused("PUT", f"commonserviceitem/{elb}", body)

    assert refused(Servers=[])[0] == status
    assert refused(Servers=[{**blue, "Enabled": False}, {**other, "Enabled": False}])[0] == status
    assert refused(Servers=[{**blue, "ServerGroup": "green"}])[0] == status
    no_action = {key: value for key, value in rule.items() if key != "Action"}
    assert refused(Servers=[], Rules=[no_action])[0] == status, "a rule without an action forwards"
    write(api, elb, Servers=[{**blue, "Enabled": False}, other])
    write(api, elb, Servers=[], Rules=[])
    assert api.item(elb)["Settings"]["ProxyLB"]["Servers"] == [], "rules that go in the same write do not count"


def test_a_group_that_no_rule_names_may_become_empty(api: Api) -> None:
    elb = api.make_elb(Servers=[entry(ServerGroup="blue")], Rules=[{"Path": "/", "ServerGroup": "green"}])["ID"]
    write(api, elb, Servers=[])


def test_an_fqdn_or_an_address_never_both(api: Api) -> None:
    named = api.make_elb(failover=True)["Status"]
    assert named["FQDN"].endswith(".sakura.ne.jp")
    assert "VirtualIPAddress" not in named
    plain = api.make_elb(failover=False)["Status"]
    assert plain["VirtualIPAddress"]
    assert "FQDN" not in plain
    assert plain["ProxyNetworks"]
    elb = api.make_elb()
    changed = api.put_item(elb["ID"], Status={"UseVIPFailover": False, "Region": "tk1"})
    assert changed["Status"] == elb["Status"], "both are fixed at creation"


def health(api: Api, elb: int) -> dict[str, str]:
    found = api.get(f"commonserviceitem/{elb}/health")["ProxyLB"]
    assert all(isinstance(server["Port"], str) for server in found["Servers"])
    assert found["ActiveConn"] == sum(server["ActiveConn"] for server in found["Servers"])
    return {server["IPAddress"]: server["Status"] for server in found["Servers"]}


def test_health_follows_the_server(slow: Api) -> None:
    server = slow.make_server()
    address = server["Interfaces"][0]["IPAddress"]
    elb = slow.make_elb(Servers=[entry(address), entry("192.0.2.99")])["ID"]
    assert health(slow, elb) == {address: "DOWN", "192.0.2.99": "DOWN"}
    slow.boot(server["ID"])
    slow.advance(BOOT + HEALTH - 1)
    assert health(slow, elb)[address] == "DOWN"
    slow.advance(1)
    assert health(slow, elb) == {address: "UP", "192.0.2.99": "DOWN"}
    slow.call("DELETE", f"server/{server['ID']}/power", {"Force": True})
    assert health(slow, elb)[address] == "DOWN"


def test_a_server_that_runs_may_fail_its_checks(api: Api) -> None:
    sick, well = api.make_server(), api.make_server()
    addresses = [server["Interfaces"][0]["IPAddress"] for server in (sick, well)]
    for server in (sick, well):
        api.boot(server["ID"])
    elb = api.make_elb(Servers=[entry(address) for address in addresses])["ID"]
    api.control("POST", "/unhealthy", {"servers": [sick["ID"]]})
    assert health(api, elb) == dict(zip(addresses, ["DOWN", "UP"], strict=True))
    assert api.get(f"server/{sick['ID']}")["Server"]["Instance"]["Status"] == "up"
    api.control("POST", "/unhealthy", {"servers": []})
    assert set(health(api, elb).values()) == {"UP"}
    for body in ({}, {"servers": 5}, {"servers": ["x"]}, {"servers": ["\u00b2"]}, {"servers": [], "more": 1}):
        assert api.http.post(f"{api.url}/_emulator/unhealthy", json=body).status_code == 400


def test_a_new_entry_of_a_running_server_needs_its_checks_first(slow: Api) -> None:
    server = slow.make_server()
    address = server["Interfaces"][0]["IPAddress"]
    slow.boot(server["ID"])
    slow.advance(BOOT + 1000)
    elb = slow.make_elb()["ID"]
    write(slow, elb, Servers=[entry(address)])
    assert health(slow, elb) == {address: "DOWN"}
    slow.advance(HEALTH)
    assert health(slow, elb) == {address: "UP"}
    write(slow, elb, Servers=[entry(address), entry("192.0.2.99")])
    assert health(slow, elb)[address] == "UP", "another entry does not disturb it"


def test_the_health_delay_is_an_option(emulator: Factory) -> None:
    api = emulator(health_delay=5, drain=0)
    api.control("POST", "/clock", {"freeze": True})
    server = api.make_server()
    address = server["Interfaces"][0]["IPAddress"]
    api.boot(server["ID"])
    elb = api.make_elb(Servers=[entry(address)])["ID"]
    api.advance(4)
    assert health(api, elb) == {address: "DOWN"}
    api.advance(1)
    assert health(api, elb) == {address: "UP"}


def test_connections_drain_after_an_entry_is_disabled(slow: Api) -> None:
    server = slow.make_server()
    address = server["Interfaces"][0]["IPAddress"]
    slow.boot(server["ID"])
    elb = slow.make_elb(Servers=[entry(address)])["ID"]
    slow.advance(BOOT + HEALTH)

    def connections() -> int:
        return int(slow.get(f"commonserviceitem/{elb}/health")["ProxyLB"]["ActiveConn"])

    assert connections() == 10
    write(slow, elb, Servers=[entry(address, Enabled=False)])
    seen = [connections()]
    for _ in range(3):
        slow.advance(DRAIN / 3 - 0.001)
        seen.append(connections())
    assert seen[0] == 10
    assert seen == sorted(seen, reverse=True)
    assert 0 < seen[2] < 10
    assert health(slow, elb)[address] == "DOWN"
    slow.advance(1)
    assert connections() == 0
    assert health(slow, elb) == {}, "a disabled entry without connections is not listed"
    write(slow, elb, Servers=[entry(address)])
    slow.advance(HEALTH)
    assert (connections(), health(slow, elb)) == (10, {address: "UP"})


def test_a_plan_change_may_give_a_new_id(api: Api, emulator: Factory) -> None:
    elb = api.make_elb(Servers=[entry()])
    body = {"CommonServiceItem": {"ServiceClass": "cloud/proxylb/plain/500"}}
    changed = api.call("PUT", f"commonserviceitem/{elb['ID']}/plan", body)["CommonServiceItem"]
    assert changed["ID"] != elb["ID"]
    assert changed["ServiceClass"] == "cloud/proxylb/plain/500"
    assert (changed["Settings"], changed["Status"]) == (elb["Settings"], elb["Status"])
    assert api.refused("GET", f"commonserviceitem/{elb['ID']}") == (404, "not_found")
    body["CommonServiceItem"]["ServiceClass"] = "cloud/proxylb/plain/501"
    assert api.refused("PUT", f"commonserviceitem/{changed['ID']}/plan", body)[0] == 400
    steady = emulator(elb_plan_change="same-id")
    other = steady.make_elb()
    body["CommonServiceItem"]["ServiceClass"] = "cloud/proxylb/plain/500"
    same = steady.call("PUT", f"commonserviceitem/{other['ID']}/plan", body)["CommonServiceItem"]
    assert same["ID"] == other["ID"]


CERTIFICATE_KEYS = {
    "ServerCertificate",
    "IntermediateCertificate",
    "PrivateKey",
    "CertificateEndDate",
    "CertificateCommonName",
    "CertificateAltNames",
}
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def test_certificates(api: Api) -> None:
    path = f"commonserviceitem/{api.make_elb()['ID']}/proxylb/sslcertificate"
    empty = api.get(path)["ProxyLB"]
    assert empty == {"PrimaryCert": dict.fromkeys(CERTIFICATE_KEYS, ""), "AdditionalCerts": []}
    sent = {"ServerCertificate": PEM, "PrivateKey": KEY, "CertificateEndDate": "0001-01-01T00:00:00Z"}
    put = api.call("PUT", path, {"ProxyLB": {"PrimaryCert": sent, "AdditionalCerts": [sent]}})["ProxyLB"]
    assert set(put["PrimaryCert"]) == set(put["AdditionalCerts"][0]) == CERTIFICATE_KEYS
    assert (put["PrimaryCert"]["ServerCertificate"], put["PrimaryCert"]["CertificateEndDate"]) == (PEM, "")
    assert api.get(path)["ProxyLB"] == put
    for wrong in ({"ServerCertificate": PEM}, {"ServerCertificate": "x", "PrivateKey": KEY}):
        assert api.refused("PUT", path, {"ProxyLB": {"PrimaryCert": wrong}})[0] == 400
    many = {"PrimaryCert": sent, "AdditionalCerts": [sent] * 20}
    assert api.refused("PUT", path, {"ProxyLB": many}) == (400, "bad_request")
    none = {"PrimaryCert": sent, "AdditionalCerts": None}
    assert api.refused("PUT", path, {"ProxyLB": none}) == (400, "bad_request")
    api.call("DELETE", path)
    assert api.get(path)["ProxyLB"] == empty


REAL_PEM = """\
-----BEGIN CERTIFICATE-----
MIIB2DCCAX6gAwIBAgIUUBZIoa7DVERgfUuSDv/CPw7YKYEwCgYIKoZIzj0EAwIw
LDEQMA4GA1UECgwHRXhhbXBsZTEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMCAX
DTI2MTEyMzE1MDUwMVoYDzIxMjYxMDMwMTUwNTAxWjAsMRAwDgYDVQQKDAdFeGFt
cGxlMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASVpjivtYRppNEWxG+X9m/4w8IG0W8I8WuDbtzD51x/15jofcfkIgaT
ftYiHmvX2idvhiqfMwn/3DSX5RZ03uu6o3wwejAdBgNVHQ4EFgQUUfwL97tEKv7V
kG6d4oHEdCGqx/gwHwYDVR0jBBgwFoAUUfwL97tEKv7VkG6d4oHEdCGqx/gwDwYD
VR0TAQH/BAUwAwEB/zAnBgNVHREEIDAegg93d3cuZXhhbXBsZS5jb22CC2V4YW1w
bGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIQD5S7arvyrnG6WTMxDZyp96Dtmuv5/0
VW1GC/xBlj4IQAIgSgjXKu/bLJp9Oy1gxkW/ZJHEB8fJSJ79OMpVKnNf2IQ=
-----END CERTIFICATE-----
"""


def test_the_facts_of_a_certificate_are_read_from_it(api: Api) -> None:
    path = f"commonserviceitem/{api.make_elb()['ID']}/proxylb/sslcertificate"
    body = {"ProxyLB": {"PrimaryCert": {"ServerCertificate": REAL_PEM, "PrivateKey": KEY}}}
    read = api.call("PUT", path, body)["ProxyLB"]["PrimaryCert"]
    assert read["CertificateEndDate"] == "Oct 30 15:05:01 2126 GMT"
    assert read["CertificateCommonName"] == "www.example.com"
    assert read["CertificateAltNames"] == "www.example.com, example.com"


def test_lets_encrypt_takes_a_while(slow: Api) -> None:
    elb = slow.make_elb()["ID"]
    path = f"commonserviceitem/{elb}/proxylb"
    assert slow.refused("PUT", f"{path}/letsencryptrenew")[0] == 400
    write(slow, elb, LetsEncrypt={"Enabled": True, "CommonName": "www.example.com", "SubjectAltNames": "a.example.com"})
    slow.call("PUT", f"{path}/letsencryptrenew")
    assert slow.get(f"{path}/sslcertificate")["ProxyLB"]["PrimaryCert"]["ServerCertificate"] == ""
    slow.advance(20)
    certificate = slow.get(f"{path}/sslcertificate")["ProxyLB"]["PrimaryCert"]
    assert certificate["CertificateCommonName"] == "www.example.com"
    assert certificate["CertificateAltNames"] == "www.example.com, a.example.com"
    assert certificate["CertificateEndDate"].endswith(" GMT")
    assert "BEGIN CERTIFICATE" in certificate["ServerCertificate"]


def test_a_delete_returns_what_was_deleted(api: Api) -> None:
    elb = api.make_elb()
    assert api.call("DELETE", f"commonserviceitem/{elb['ID']}")["CommonServiceItem"]["ID"] == elb["ID"]
    assert api.refused("GET", f"commonserviceitem/{elb['ID']}/health") == (404, "not_found")


def test_other_classes_by_echo(api: Api) -> None:
    settings = {"SimpleMonitor": {"DelayLoop": 60, "Enabled": "True"}}
    fields: JSON = {"Provider": {"Class": "simplemon"}, "Settings": settings, "Status": {"Target": "192.0.2.1"}}
    monitor = api.make("commonserviceitem", "CommonServiceItem", Name="m", **fields)
    assert (monitor["Settings"], monitor["Status"]) == (settings, {"Target": "192.0.2.1"})
    assert api.get(f"commonserviceitem/{monitor['ID']}/health")["SimpleMonitor"]["Health"] == "UP"
    assert "Data" in api.get(f"commonserviceitem/{monitor['ID']}//activity/responsetimesec/monitor")
    backup: JSON = {"Provider": {"Class": "autobackup"}, "Settings": {"Autobackup": {}}, "Status": {"DiskID": "1"}}
    made = api.make("commonserviceitem", "CommonServiceItem", Name="b", **backup)
    assert api.at("is1a").refused("GET", f"commonserviceitem/{made['ID']}") == (404, "not_found"), "it is of one zone"
    assert api.get("commonserviceitem")["Total"] == 2
