"""The rule about HTTPS records."""

from __future__ import annotations

from typing import Any

import pytest

from policies.properties import UNKNOWN
from policies.rule import Resource
from sakura_fleet import tokens
from tests.unit.policies.support import breaches, broken, resource, server

RULE = "https-record-agrees"
HOST = server("www", around=tokens.CADDY_HOST)
MEMBER = server("web-abc123-001")
ELB = {"elb": {"key": "sfr:elb", "id": UNKNOWN}}
H3, H2 = "10 . alpn=h3,h2", "10 . alpn=h2"


def ref(judged: Resource) -> dict[str, Any]:
    """A reference to a server, as a preview sees it."""
    return {"server": {"key": judged.props["owner_tags"]["resource"], "id": UNKNOWN, "zones": ["is1b"]}}


def sets(*written: Any, zone: Any = "example.com") -> Resource:
    """Record sets from (name, type, values)."""
    listed = [
        {"name": given[0], "type": given[1], "ttl": 30, "values": given[2]} if isinstance(given, tuple) else given
        for given in written
    ]
    return resource(tokens.DNS_RECORD_SETS, "records", zone_name=zone, record_sets=listed)


def paths(*written: Any, declared: tuple[Resource, ...] = (HOST, MEMBER), **settings: Any) -> list[str]:
    return broken(RULE, sets(*written), declared, **settings)


def structure(**changes: Any) -> dict[str, Any]:
    return {"priority": 10.0, "target": ".", "alpn": ["h3", "h2"], **changes}


@pytest.mark.parametrize("value", [H3, structure(), structure(ipv4hint=[ref(HOST)])])
def test_http3_is_for_a_caddy_host(value: Any) -> None:
    assert paths(("www", "A", [ref(HOST)]), ("www", "HTTPS", [value])) == []


@pytest.mark.parametrize("value", [H3, structure(), structure(alpn=["h3-29"])])
@pytest.mark.parametrize("behind", [ELB, ref(MEMBER)])
def test_http3_is_for_nobody_else(value: Any, behind: Any) -> None:
    assert paths(("app", "HTTPS", [value]), ("app", "A", [behind])) == ["record_sets[0].values[0]"]


@pytest.mark.parametrize("behind", [ELB, ref(MEMBER)])
@pytest.mark.parametrize("value", [H2, structure(alpn=["h2"]), structure(alpn=UNKNOWN), structure(alpn=[UNKNOWN])])
def test_http2_is_for_everybody(value: Any, behind: Any) -> None:
    assert paths(("app", "A", [behind]), ("app", "HTTPS", [value])) == []


def test_a_server_that_serves_http3_otherwise_can_be_named() -> None:
    written = (("app", "A", [ref(MEMBER)]), ("app", "HTTPS", [H3]))
    assert paths(*written, http3_servers=[MEMBER.name]) == []


@pytest.mark.parametrize("behind", ["203.0.113.5", UNKNOWN, {"server": UNKNOWN}, {"server": {"key": "sfr:other"}}])
def test_nobody_knows_what_serves_there(behind: Any) -> None:
    assert paths(("app", "A", [behind]), ("app", "HTTPS", [H3])) == []


def test_the_target_is_what_counts() -> None:
    app, www = ("app", "A", [ELB]), ("www", "A", [ref(HOST)])
    assert paths(app, www, ("app", "HTTPS", ["10 www.example.com. alpn=h3"])) == []
    assert paths(app, www, ("www", "HTTPS", ["10 app.example.com. alpn=h3"])) == ["record_sets[2].values[0]"]
    assert paths(app, www, ("www", "HTTPS", ["10 elsewhere.example.org. alpn=h3"])) == []
    assert broken(RULE, sets(app, ("app", "HTTPS", ["10 app.example.com. alpn=h3"]), zone=UNKNOWN)) == []


@pytest.mark.parametrize("value", ["0 www.example.com.", structure(priority=0, target="www.example.com."), H2])
def test_an_address_stands_beside(value: Any) -> None:
    https = ("@", "HTTPS", [value])
    assert paths(https, ("@", "ALIAS", ["www.example.com."])) == []
    assert paths(https, ("www", "A", ["203.0.113.5"])) == ["record_sets[0].values[0]"]
    assert paths(https, addressed_elsewhere=["@"]) == []
    assert paths(("_8443._https", "HTTPS", [value])) == []


@pytest.mark.parametrize(
    "other", [UNKNOWN, {"name": UNKNOWN, "type": "A", "values": []}, {"name": "@", "type": UNKNOWN, "values": []}]
)
def test_an_address_may_still_turn_up(other: Any) -> None:
    assert paths(("@", "HTTPS", ["0 www.example.com."]), other) == []


@pytest.mark.parametrize(
    ("hints", "addresses", "agrees"),
    [
        ([ref(HOST)], [ref(HOST)], True),
        ([ref(HOST)], [ref(HOST), ref(MEMBER)], True),
        ([ref(MEMBER)], [ref(HOST)], False),
        (["203.0.113.5"], ["203.0.113.5"], True),
        (["203.0.113.6"], ["203.0.113.5"], False),
        (["203.0.113.6"], [ref(HOST)], True),
        ([UNKNOWN], [ref(HOST)], True),
        (UNKNOWN, [ref(HOST)], True),
        ([ref(HOST)], [UNKNOWN], True),
        ([ref(HOST)], UNKNOWN, True),
    ],
)
def test_hints_are_among_the_addresses(hints: Any, addresses: Any, agrees: bool) -> None:
    value = structure(alpn=["h2"], ipv4hint=hints)
    expected = [] if agrees else ["record_sets[1].values[0].ipv4hint"]
    assert paths(("www", "A", addresses), ("www", "HTTPS", [value])) == expected


@pytest.mark.parametrize("value", [UNKNOWN, structure(priority=UNKNOWN), structure(target=UNKNOWN), "not a record", 7])
def test_values_that_cannot_be_read(value: Any) -> None:
    assert paths(("app", "A", [ELB]), ("app", "HTTPS", [value])) == []


def test_sets_that_are_not_known() -> None:
    assert broken(RULE, resource(tokens.DNS_RECORD_SETS, "records", zone_name="example.com", record_sets=UNKNOWN)) == []
    assert paths({"name": "app", "type": "HTTPS", "values": UNKNOWN}) == []


def odd(*written: Any) -> list[str]:
    return [f"{breach.path} {breach.words}" for breach in breaches("dns-records-sound", sets(*written))]


def test_a_sound_set_is_not_odd() -> None:
    reason = {"name": "_x.www", "type": "HTTPS", "values": [H2], "allow": [{"svcb-owner": "a probe looks there"}]}
    assert odd(("www", "A", [ref(HOST)]), ("www", "HTTPS", [structure(ipv4hint=[ref(HOST)])]), reason) == []
    assert odd(("www", "A", UNKNOWN), (UNKNOWN, "HTTPS", [structure(alpn=UNKNOWN)])) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("www", "HTTPS", ["1 . alpn=h3-29"]), "record_sets[0].values[0] the rule svcb-draft-alpn (RFC 9114 3.1) is"),
        (("www", "HTTPS", ["1 . alpn=h2 ipv4hint=192.0.2.1"]), "record_sets[0].values[0] the rule svcb-hint-at-owner"),
        (("www", "A", ["x"]), "record_sets[0].values[0] the rule a-value is broken"),
        (
            {"name": "_x.www", "type": "HTTPS", "values": [H2], "allow": ["svcb-owner"]},
            "record_sets[0].allow[0] a rule is allowed without a reason",
        ),
    ],
)
def test_what_is_odd_is_named_without_its_value(written: Any, expected: str) -> None:
    (found,) = odd(written)
    assert found.startswith(expected)


def before(*written: Any, zone: Any = "example.com") -> Resource:
    """Record sets of the zone that another resource has made."""
    return Resource(
        "urn:pulumi:test::fleet::other::www-address", tokens.DNS_RECORD_SETS, sets(*written, zone=zone).props
    )


def test_addresses_may_stand_in_sets_that_came_before() -> None:
    known = (HOST, MEMBER, before(("www", "A", [ref(HOST)])))
    assert paths(("www", "HTTPS", [structure(ipv4hint=[ref(HOST)])]), declared=known) == []
    assert paths(("www", "HTTPS", [H3]), declared=(HOST, MEMBER, before(("www", "A", [ref(MEMBER)])))) == [
        "record_sets[0].values[0]"
    ]
    elsewhere = (HOST, MEMBER, before(("www", "A", [ref(HOST)]), zone="example.net"))
    assert paths(("www", "HTTPS", [H2]), declared=elsewhere) == ["record_sets[0].values[0]"]
