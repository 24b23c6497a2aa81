"""What the hosts of one stack must keep together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sakura_fleet.errors import InputError
from sakura_fleet.model.caddy.rules import ADDRESS_COMES_FIRST
from sakura_fleet.model.stack import StackConfig, read_stack
from tests.unit.model.read import rules

GROUP: dict[str, Any] = {"name": "web", "zones": ["is1b"], "max_size": 5}
DNS: dict[str, Any] = {"zone": "example.com"}


def host(name: str, *sites: str, **changes: Any) -> dict[str, Any]:
    listed = [{"name": site, "file_server": {}} for site in sites or (f"{name}.example.com",)]
    return {"name": name, "zone": "is1b", "sites": listed, **changes}


def stack(*hosts: dict[str, Any], dns: dict[str, Any] | None = None) -> StackConfig:
    raw: dict[str, Any] = {"server_group": GROUP, "hosts": list(hosts), **({"dns": dns} if dns else {})}
    return read_stack({"fleet_id": "0123456789abcdef", "size": "2", **{k: json.dumps(v) for k, v in raw.items()}})


def problems(*hosts: dict[str, Any], dns: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        stack(*hosts, dns=dns)
    return rules(caught.value.problems)


def test_one_name_one_host() -> None:
    assert problems(host("a"), host("a", "b.example.com")) == [("hosts[1].name", "duplicate-host")]


def test_hosts_with_a_certificate_for_one_name_share_their_storage() -> None:
    shared = ("app.example.com",)
    assert problems(host("a", *shared), host("b", "b.example.com", *shared)) == [
        ("hosts[1].sites[1].name", "acme-name-shared")
    ]
    assert problems(host("a", *shared, storage="/mnt/a"), host("b", *shared, storage="/mnt/b")) == [
        ("hosts[1].sites[0].name", "acme-name-shared")
    ]
    assert stack(host("a", *shared, storage="/mnt/a"), host("b", *shared, storage="/mnt/a"))
    plain = {"behind": {"networks": ["192.0.2.0/24"]}}
    assert stack(host("a", *shared, **plain), host("b", *shared, **plain)), "no certificates there"


def test_records_need_a_zone() -> None:
    assert problems(host("a", record="a")) == [("hosts[0].record", "no-dns-zone")]
    assert problems(host("a", records=["a"])) == [("hosts[0].records", "no-dns-zone")]


def test_a_record_is_one_host_s() -> None:
    assert problems(host("a", record="www"), host("b", records=["b", "www"]), dns=DNS) == [
        ("hosts[1].records", "duplicate-record")
    ]
    own = [{"name": "www", "type": "A", "values": ["192.0.2.1"]}]
    assert problems(host("a", record="www"), dns={**DNS, "record_sets": own}) == [
        ("hosts[0].record", "duplicate-record")
    ]
    for kind, value in (
        ("CNAME", "example.org."),
        ("HTTPS", "1 ."),
        ("ALIAS", "example.org."),
        ("AAAA", "2001:db8::1"),
    ):
        beside = [{"name": "www", "type": kind, "values": [value]}]
        for names in ({"record": "www"}, {"records": ["www"]}):
            assert (f"hosts[0].{next(iter(names))}", "duplicate-record") in problems(
                host("a", **names), dns={**DNS, "record_sets": beside}
            )
    text = [{"name": "www", "type": "TXT", "values": ["x"]}]
    assert stack(host("a", record="www"), dns={**DNS, "record_sets": text})


def test_the_zone_s_own_name_is_one_host_s() -> None:
    own = [{"name": "@", "type": "A", "values": ["192.0.2.1"]}]
    apex = {**DNS, "apex": "www"}
    assert problems(host("a", record="www"), dns={**apex, "record_sets": own}) == [("dns.apex", "duplicate-record")]
    assert problems(host("a", record="www"), host("b", record="@"), dns=apex) == [("dns.apex", "duplicate-record")]
    assert problems(host("a", record="@"), dns={**DNS, "apex": "@"}) == [("dns.apex", "duplicate-record")]
    assert stack(host("a", record="www"), dns=apex)


def test_hosts_without_a_name_are_not_two_of_one_name() -> None:
    unnamed = {key: value for key, value in host("a", "").items() if key != "name"}
    assert {rule for _, rule in problems(unnamed, unnamed)} == {"required"}


def test_own_https_sets_may_point_at_names_that_hosts_get() -> None:
    """The seed's indirection: the name of the service is another one than the host's."""
    own = [
        {"name": "shop", "type": "HTTPS", "values": ["0 www.example.com."]},
        {"name": "away", "type": "HTTPS", "values": ["0 cdn.example.com."]},
    ]
    config = stack(host("a", record="www"), dns={**DNS, "record_sets": own})
    assert config.dns
    assert [record_set.allow for record_set in config.dns.record_sets] == [(ADDRESS_COMES_FIRST,), ()]
