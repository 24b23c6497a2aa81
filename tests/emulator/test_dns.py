"""DNS zones: whole lists in order, limits, and what octodns and the acceptance tests insist on."""

from __future__ import annotations

import hashlib

import pytest

from tests.emulator.support import JSON, Api

A = {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300}
HTTPS = {"Name": "@", "Type": "HTTPS", "RData": '1 . alpn="h2,h3"'}


def records(zone: JSON) -> list[JSON]:
    found: list[JSON] = zone["Settings"]["DNS"]["ResourceRecordSets"]
    return found


def test_the_list_is_replaced_in_the_order_it_comes(api: Api) -> None:
    zone = api.make_zone(records=[HTTPS, A])
    assert zone["ServiceClass"] == "cloud/dns"
    assert zone["Status"] == {"Zone": "example.com", "NS": ["ns1.gslb4.sakura.ne.jp", "ns2.gslb4.sakura.ne.jp"]}
    assert records(zone) == [HTTPS, A], "an absent TTL stays absent"
    second = {**A, "RData": "192.0.2.2"}
    changed = api.put_item(zone["ID"], Settings={"DNS": {"ResourceRecordSets": [second, A]}})
    assert records(changed) == records(api.item(zone["ID"])) == [second, A]
    assert changed["SettingsHash"] != zone["SettingsHash"]
    stale = {"CommonServiceItem": {"Settings": zone["Settings"], "SettingsHash": zone["SettingsHash"]}}
    assert api.refused("PUT", f"commonserviceitem/{zone['ID']}", stale) == (409, "original_hash_mismatch")
    assert api.put_item(zone["ID"], Name="other.example", Description="d")["Name"] == "example.com"


def test_only_the_answer_that_empties_a_zone_has_no_list(api: Api) -> None:
    zone = api.make_zone(records=[A])
    emptied = api.put_item(zone["ID"], Settings={"DNS": {"ResourceRecordSets": []}})
    assert emptied["Settings"] == {"DNS": None}
    assert records(api.item(zone["ID"])) == []
    listed = api.get("commonserviceitem?%7BCount%3A+0%7D")["CommonServiceItems"]
    assert records(listed[0]) == []
    assert records(api.make_zone("example.net")) == []


def test_a_zone_can_be_taken(api: Api) -> None:
    zone = api.make_zone()
    body = {
        "CommonServiceItem": {"Name": "Example.COM", "Provider": {"Class": "dns"}, "Status": {"Zone": "Example.COM"}}
    }
    assert api.refused("POST", "commonserviceitem", body) == (409, "res_already_exists")
    api.call("DELETE", f"commonserviceitem/{zone['ID']}")
    api.call("POST", "commonserviceitem", body)


@pytest.mark.parametrize("name", ["example.com.", "com", "-a.example", "a b.example", "x" * 64 + ".example"])
def test_zone_names(api: Api, name: str) -> None:
    body = {"CommonServiceItem": {"Name": "n", "Provider": {"Class": "dns"}, "Status": {"Zone": name}}}
    assert api.refused("POST", "commonserviceitem", body) == (400, "bad_request")


@pytest.mark.parametrize(
    "record",
    [
        {**A, "RData": "2001:db8::1"},
        {**A, "Type": "AAAA"},
        {**A, "Type": "SPF"},
        {**A, "RData": ""},
        {**A, "TTL": 9},
        {**A, "TTL": 3600001},
        {**A, "TTL": "300"},
        {**A, "Name": "www.example.com."},
        {**A, "Name": ""},
        {**A, "Type": "CNAME", "RData": "other.example.com"},
        {**A, "Type": "MX", "RData": "mail.example.com."},
        {**A, "Type": "MX", "RData": "x mail.example.com."},
        {**A, "Type": "SRV", "RData": "1 2 mail.example.com."},
        {**A, "Type": "HTTPS", "RData": "1 svc.example.com"},
        {**A, "Type": "CAA", "RData": "0 issue"},
    ],
)
def test_records_that_are_wrong(api: Api, record: JSON) -> None:
    zone = api.make_zone(records=[A])
    body = {"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": [A, record]}}}}
    assert api.refused("PUT", f"commonserviceitem/{zone['ID']}", body) == (400, "bad_request")
    assert records(api.item(zone["ID"])) == [A]


def test_records_of_every_type(api: Api) -> None:
    wanted: list[JSON] = [
        A,
        HTTPS,
        {"Name": "*", "Type": "AAAA", "RData": "2001:db8::1", "TTL": 10},
        {"Name": "*.dev", "Type": "CNAME", "RData": "www.example.com.", "TTL": 3600000},
        {"Name": "@", "Type": "ALIAS", "RData": "site-1.proxylb1.sakura.ne.jp."},
        {"Name": "sub", "Type": "NS", "RData": "ns1.example.net."},
        {"Name": "@", "Type": "MX", "RData": "10 mail.example.com."},
        {"Name": "_dmarc", "Type": "TXT", "RData": "v=DMARC1; p=none"},
        {"Name": "_sip._tcp", "Type": "SRV", "RData": "1 2 5060 sip.example.com."},
        {"Name": "@", "Type": "CAA", "RData": '0 issue "letsencrypt.org"'},
        {"Name": "_8443._https", "Type": "SVCB", "RData": "0 svc.example.net."},
        {"Name": "1", "Type": "PTR", "RData": "host.example.com."},
    ]
    assert records(api.make_zone(records=wanted)) == wanted


def test_two_thousand_records_and_no_more(api: Api) -> None:
    many = [{**A, "Name": f"h{number}"} for number in range(2000)]
    zone = api.make_zone(records=many)
    body = {"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": [*many, A]}}}}
    assert api.refused("PUT", f"commonserviceitem/{zone['ID']}", body) == (409, "limit_count_in_account")


def test_the_hash_is_of_the_compact_settings_in_the_order_in_which_they_came(api: Api) -> None:
    first = {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300}
    zone = api.make_zone(records=[first])
    text = '{"DNS":{"ResourceRecordSets":[{"Name":"www","Type":"A","RData":"192.0.2.1","TTL":300}]}}'
    assert zone["SettingsHash"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    turned = dict(reversed(first.items()))
    changed = api.put_item(zone["ID"], Settings={"DNS": {"ResourceRecordSets": [turned]}})
    assert changed["SettingsHash"] != zone["SettingsHash"]
    snapshot = api.control("GET", "/snapshot")
    api.control("PUT", "/snapshot", snapshot)
    assert api.item(zone["ID"])["SettingsHash"] == changed["SettingsHash"], "the order is kept with the zone"
