"""Record sets: what may be written, when two values are the same, and how sets get into a zone of others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import (
    DEFAULT_TTL,
    MAX_RECORDS,
    MAX_TTL,
    MIN_TTL,
    TYPES,
    Record,
    RecordSet,
    check_merged,
    check_takeover,
    differing_sets,
    is_zone_name,
    merge,
    read_rdata,
    read_record_sets,
    record_name,
    without,
    zone_name,
)
from sakura_fleet.model.dns.set_rules import check_sets
from sakura_fleet.model.dns.values import Pending
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import Reference
from tests.unit.model.read import read

ZONE = "example.com"
SERVER = {"key": "sfr:0000000000000001", "id": "113800000001", "zones": ["is1b"]}
OTHER = {**SERVER, "key": "sfr:0000000000000002", "id": "113800000002"}
ELB = {"key": "sfr:0000000000000003", "id": "113800000003"}


class Unknown:
    """What a preview does not know yet."""


def read_sets(*sets: Any, **options: Any) -> tuple[list[RecordSet], list[tuple[str, str]]]:
    """The sets, and what refuses them."""
    problems: list[Problem] = []
    reader = Reader({"sets": list(sets)}, "", problems, Unknown)
    found = read_record_sets(reader, "sets", zone=ZONE, unknown=Unknown, **options)
    return found, [(p.path, p.rule) for p in problems]


def a_set(kind: str, *values: Any, name: str = "www", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "values": list(values), **more}


def texts(kind: str, *values: Any, name: str = "www") -> tuple[list[str], list[tuple[str, str]]]:
    found, broken = read_sets(a_set(kind, *values, name=name))
    return [value.text() for value in found[0].values if not isinstance(value, Pending)], broken


def same_rdata(kind: str, here: str, there: str) -> bool:
    return read_rdata(kind, here).identity == read_rdata(kind, there).identity


def sets_of(
    kind: str, *texts: str, name: str = "www", ttl: int = DEFAULT_TTL, allow: tuple[str, ...] = ()
) -> RecordSet:
    return RecordSet.of_texts(name, kind, texts, ttl, allow)


# Values

GOOD = [
    ("A", "192.0.2.1", "192.0.2.1"),
    ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
    ("CNAME", "Host.Example.net", "host.example.net."),
    ("CNAME", "host.example.net.", "host.example.net."),
    ("CNAME", "localhost.", "localhost."),
    ("ALIAS", "site-1.proxylb1.sakura.ne.jp", "site-1.proxylb1.sakura.ne.jp."),
    ("NS", "ns1.example.net", "ns1.example.net."),
    ("PTR", "host.example.net", "host.example.net."),
    ("MX", "10 mail.example.com", "10 mail.example.com."),
    ("MX", "0  mail.example.com.", "0 mail.example.com."),
    ("MX", "65535 mail.example.com.", "65535 mail.example.com."),
    ("MX", "0 .", "0 ."),
    ("TXT", "v=spf1 -all", "v=spf1 -all"),
    ("TXT", 'say "hi" now', 'say "hi" now'),
    ("TXT", "a" * 255, "a" * 255),
    ("CAA", '0 issue "letsencrypt.org"', '0 issue "letsencrypt.org"'),
    ("CAA", "128 ISSUE letsencrypt.org", '128 issue "letsencrypt.org"'),
    ("CAA", '0 issue ";"', '0 issue ";"'),
    ("HTTPS", '10 . alpn="h3,h2"', "10 . alpn=h3,h2"),
    ("HTTPS", "0 pool.example.com.", "0 pool.example.com."),
    ("CNAME", "日本.example.com", "xn--wgv71a.example.com."),
]
BAD = [
    ("A", "192.0.2.256"),
    ("A", "2001:db8::1"),
    ("A", "192.0.2.01"),
    ("A", ""),
    ("AAAA", "192.0.2.1"),
    ("AAAA", "fe80::1%eth0"),
    ("CNAME", "www"),
    ("CNAME", "."),
    ("CNAME", "a b.example.com."),
    ("CNAME", "-a.example.com."),
    ("CNAME", "*.example.com."),
    ("ALIAS", f"{'a' * 64}.example.com."),
    ("NS", ""),
    ("MX", "mail.example.com."),
    ("MX", "65536 mail.example.com."),
    ("MX", "-1 mail.example.com."),
    ("MX", "10 ."),
    ("TXT", ""),
    ("TXT", "a" * 256),
    ("TXT", "é" * 128),
    ("TXT", '"quoted"'),
    ("TXT", "two\nlines"),
    ("CAA", '1 issue "letsencrypt.org"'),
    ("CAA", "0 issue"),
    ("CAA", '0 is-sue "x"'),
    ("MX", "10 192.0.2.1"),
    ("CNAME", "192.0.2.1."),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), GOOD)
def test_values_that_are_taken(kind: str, text: str, canonical: str) -> None:
    assert texts(kind, text) == ([canonical], [])
    assert texts(kind, canonical) == ([canonical], [])
    assert same_rdata(kind, text, canonical)


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_values_that_are_refused(kind: str, text: str) -> None:
    assert texts(kind, text) == ([text], [("sets[0].values[0]", f"{kind.lower()}-value")])


def test_srv() -> None:
    good = "10 5 443 host.example.com."
    assert texts("SRV", "10 5 443 host.example.com", name="_sip._tcp") == ([good], [])
    assert texts("SRV", "0 0 65535 .", name="_sip._tcp.sub") == (["0 0 65535 ."], [])
    for bad in ("10 5 host.example.com.", "10 5 65536 host.example.com.", "x 5 443 host.example.com."):
        assert texts("SRV", bad, name="_sip._tcp")[1] == [("sets[0].values[0]", "srv-value")]
    assert texts("SRV", good)[1] == [("sets[0].name", "srv-name")]


MAPPINGS = [
    ("MX", {"priority": 10, "target": "mail.example.net"}, "10 mail.example.net."),
    ("MX", {"priority": 0, "target": "."}, "0 ."),
    ("MX", {"priority": 65535.0, "target": "mail.example.net."}, "65535 mail.example.net."),
    ("SRV", {"priority": 10, "weight": 5, "port": 443, "target": "a.example.net"}, "10 5 443 a.example.net."),
    ("SRV", {"priority": 0, "weight": 0, "port": 0, "target": "."}, "0 0 0 ."),
    ("CAA", {"tag": "issue", "value": "letsencrypt.org"}, '0 issue "letsencrypt.org"'),
    ("CAA", {"flags": 128, "tag": "ISSUEWILD", "value": ";"}, '128 issuewild ";"'),
]


@pytest.mark.parametrize(("kind", "value", "text"), MAPPINGS)
def test_mappings_become_texts(kind: str, value: dict[str, Any], text: str) -> None:
    assert texts(kind, value, name="_sip._tcp") == ([text], [])
    assert read_sets(a_set(kind, value, name="_sip._tcp"))[0][0].values == (read_rdata(kind, text),)


@pytest.mark.parametrize(
    ("kind", "value", "broken"),
    [
        ("MX", {"priority": -1, "target": "a.example.net"}, [".priority:range"]),
        ("MX", {"priority": 65536, "target": "a.example.net"}, [".priority:range"]),
        ("MX", {"target": "mail"}, [".priority:required"]),
        ("MX", {"priority": 10, "target": "mail"}, [":mx-value"]),
        ("MX", {"priority": 10, "target": "."}, [":mx-value"]),
        ("MX", {"priority": 10, "target": "a.example.net", "weight": 1}, [".weight:unknown-key"]),
        ("MX", {"priority": "ten"}, [".priority:type", ".target:required"]),
        ("SRV", {"priority": 1, "weight": 65536, "port": 65536, "target": "a.b."}, [".weight:range", ".port:range"]),
        ("CAA", {"flags": 1, "tag": "issue", "value": "x"}, [":caa-value"]),
        ("CAA", {"tag": "is-sue", "value": "x"}, [":caa-value"]),
        ("CAA", {"tag": "issue", "value": 'x" y'}, [":caa-value"]),
        ("A", {"address": "192.0.2.1"}, [":type"]),
    ],
)
def test_mappings_that_are_refused(kind: str, value: dict[str, Any], broken: list[str]) -> None:
    found = [(path.removeprefix("sets[0].values[0]"), rule) for path, rule in texts(kind, value, name="_sip._tcp")[1]]
    assert [f"{path}:{rule}" for path, rule in found] == broken


def test_a_mapping_that_is_not_known_yet_passes() -> None:
    assert texts("MX", {"priority": 10, "target": Unknown()}) == ([], [])


def test_every_type_is_tried() -> None:
    assert {kind for kind, *_ in GOOD} | {"SRV", "SVCB"} == set(TYPES)


@pytest.mark.parametrize(
    ("kind", "here", "there", "same"),
    [
        ("AAAA", "2001:db8::1", "2001:0DB8::0:1", True),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:c000:201", True),
        ("CNAME", "www.example.com.", "WWW.example.com", True),
        ("MX", "10 mail.example.com.", "10  MAIL.example.com", True),
        ("TXT", "v=spf1", '"v=spf1"', True),
        ("TXT", "v=spf1", "V=spf1", False),
        ("CAA", "0 issue letsencrypt.org", '0 ISSUE "letsencrypt.org"', True),
        ("CAA", '0 issue "x; accounturi=A"', '0 issue "x; accounturi=a"', False),
        ("HTTPS", '1 . alpn="h2" port=443', "1 . port=443 alpn=h2", True),
        ("HTTPS", "not a record", "not a record", True),
        ("HTTPS", "not a record", "1 .", False),
        ("SPF", "x", "x", True),
    ],
)
def test_the_same_data(kind: str, here: str, there: str, same: bool) -> None:
    assert same_rdata(kind, here, there) is same


# Names, TTLs, counts


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("@", "@"),
        ("WWW", "www"),
        ("*", "*"),
        ("*.dev", "*.dev"),
        ("_acme-challenge.www", "_acme-challenge.www"),
        ("a" * 63, "a" * 63),
        ("a.b.c", "a.b.c"),
        ("日本", "xn--wgv71a"),
    ],
)
def test_names(name: str, plain: str) -> None:
    assert record_name(name) == plain
    assert read_sets(a_set("A", "192.0.2.1", name=name))[0][0].name == plain


@pytest.mark.parametrize(
    "name", ["www.example.com.", "a" * 64, f"{'a' * 31}.{'b' * 32}", "a..b", "-a", "a-", "a b", "w*w", "a.*", "a/b"]
)
def test_names_that_are_refused(name: str) -> None:
    assert read_sets(a_set("A", "192.0.2.1", name=name))[1] == [("sets[0].name", "record-name")]


@pytest.mark.parametrize(("ttl", "broken"), [(MIN_TTL - 1, 1), (MIN_TTL, 0), (MAX_TTL, 0), (MAX_TTL + 1, 1)])
def test_ttl(ttl: int, broken: int) -> None:
    assert read_sets(a_set("A", "192.0.2.1", ttl=ttl))[1] == [("sets[0].ttl", "range")] * broken
    assert (MIN_TTL, MAX_TTL, DEFAULT_TTL) == (10, 3_600_000, 3600)


def test_a_ttl_that_is_left_out() -> None:
    assert read_sets(a_set("A", "192.0.2.1"))[0][0].ttl == DEFAULT_TTL


@pytest.mark.parametrize(("count", "broken"), [(MAX_RECORDS, []), (MAX_RECORDS + 1, [("sets", "too-many-records")])])
def test_how_many_records(count: int, broken: list[tuple[str, str]]) -> None:
    assert read_sets(*[a_set("A", "192.0.2.1", name=f"h{number}") for number in range(count)])[1] == broken


@pytest.mark.parametrize(
    ("name", "plain", "usable"),
    [
        ("example.com", "example.com", True),
        ("Example.COM.", "example.com", True),
        ("日本.jp", "xn--wgv71a.jp", True),
        ("com", "com", False),
        ("a_b.example", "a_b.example", True),
        ("a b.example", "", False),
        ("*.example.com", "*.example.com", False),
    ],
)
def test_zone_names(name: str, plain: str, usable: bool) -> None:
    if plain:
        assert zone_name(name) == plain
        assert is_zone_name(plain) is usable
    else:
        with pytest.raises(ValueError, match="blank"):
            zone_name(name)


# Rules of one set, and of all

A = a_set("A", "192.0.2.1")


@pytest.mark.parametrize(
    ("sets", "broken"),
    [
        ([{"name": "www", "type": "A"}], [("sets[0].values", "no-values")]),
        ([a_set("A")], [("sets[0].values", "no-values")]),
        ([a_set("A", 1)], [("sets[0].values[0]", "type")]),
        ([a_set("A", {"address": "x"})], [("sets[0].values[0]", "type")]),
        ([a_set("SPF", "x")], [("sets[0].type", "unknown-value")]),
        ([{**A, "rdata": "x"}], [("sets[0].rdata", "unknown-key")]),
        ([{"type": "A", "values": ["192.0.2.1"]}], [("sets[0].name", "required")]),
        ([a_set("AAAA", "2001:db8::1", "2001:DB8::1")], [("sets[0].values[1]", "duplicate-value")]),
        ([A, a_set("A", "192.0.2.2", name="WWW")], [("sets[1]", "duplicate-set")]),
        ([A, a_set("CNAME", "a.example.net.")], [("sets[1]", "cname-beside-others")]),
        ([a_set("CNAME", "a.example.net."), a_set("TXT", "x")], [("sets[0]", "cname-beside-others")]),
        ([a_set("CNAME", "a.example.net."), a_set("TXT", "x", name="other")], []),
        ([a_set("CNAME", "a.example.net.", name="@")], [("sets[0]", "cname-apex")]),
        ([a_set("CNAME", "a.example.net.", "b.example.net.")], [("sets[0].values", "single-value")]),
        ([a_set("ALIAS", "a.example.net.", "b.example.net.")], [("sets[0].values", "single-value")]),
        ([a_set("ALIAS", "a.example.net.", name="@"), a_set("HTTPS", "0 a.example.net.", name="@")], []),
        ([a_set("NS", "a.example.net.", name="@")], [("sets[0]", "ns-apex")]),
        ([a_set("HTTPS", "0 a.example.net.", "1 .")], [("sets[0]", "svcb-mixed-modes")]),
        ([a_set("HTTPS", "0 a.example.net.", "1 .", allow=["svcb-mixed-modes"])], []),
        ([a_set("HTTPS", "1 svc.example.com alpn=h2")], [("sets[0].values[0]", "svcb-relative-target")]),
        (
            [a_set("HTTPS", "1 . alpn=x,", allow=["svcb-list"])],
            [("sets[0].allow[0]", "unknown-rule"), ("sets[0].values[0]", "svcb-list")],
        ),
        ([a_set("HTTPS", "1 . alpn=h3-29")], []),
        ([a_set("SVCB", "1 .")], [("sets[0]", "svcb-owner")]),
        ([a_set("SVCB", "1 . alpn=dot", name="_dns.resolver")], []),
        ([a_set("SVCB", "1 . alpn=h2", name="_dns.resolver")], [("sets[0]", "svcb-dohpath-missing")]),
        ([a_set("HTTPS", "0 a.example.net.", "1 .", allow=[{"svcb-mixed-modes": "until May"}])], []),
        ([a_set("HTTPS", "1 .", allow=[{"svcb-owner": ""}])], [("sets[0].allow[0]", "type")]),
        ([a_set("HTTPS", "1 .", allow=[{"svcb-owner": "a", "svcb-list": "b"}])], [("sets[0].allow[0]", "type")]),
        ([a_set("HTTPS", "1 .", allow=[1])], [("sets[0].allow[0]", "type")]),
        ([a_set("HTTPS", "1 .", allow="svcb-owner")], [("sets[0].allow", "type")]),
        ([a_set("HTTPS", "1 .", allow=[{"svcb-list": "why"}])], [("sets[0].allow[0]", "unknown-rule")]),
        ([a_set("MX", "0 .", "10 mx.example.net.")], [("sets[0]", "null-mx-beside-others")]),
        ([a_set("MX", "0 .", "10 mx.example.net.", allow=["null-mx-beside-others"])], []),
        ([a_set("A", "192.0.2.1", name="xn--zz--a")], [("sets[0]", "idna-label")]),
        ([a_set("CNAME", "xn--zz--a.example.net.")], [("sets[0]", "idna-label")]),
        ([a_set("CNAME", "xn--wgv71a.example.net.")], []),
        (
            [a_set("CNAME", "b.example.com."), a_set("CNAME", "www.example.com.", name="b")],
            [("sets[0]", "cname-loop"), ("sets[1]", "cname-loop")],
        ),
        (
            [a_set("MX", "10 b.example.com."), a_set("CNAME", "b.example.net.", name="b")],
            [("sets[0]", "target-is-cname")],
        ),
    ],
)
def test_rules(sets: list[Any], broken: list[tuple[str, str]]) -> None:
    assert read_sets(*sets)[1] == broken


def test_a_problem_names_set_rule_and_way_out() -> None:
    _, problems = read(
        lambda r: read_record_sets(r, "sets", zone=ZONE), {"sets": [a_set("HTTPS", "1 . alpn=h2c", name="shop")]}
    )
    assert str(problems[0]) == (
        "sets[0].values[0]: shop HTTPS: h2c is HTTP/2 without TLS and has no place here; write h2 "
        "(or put svcb-cleartext-alpn into the set's `allow`) [svcb-cleartext-alpn]"
    )


# References


def addresses(reference: Reference, record_type: str) -> str:
    if reference.kind == "elb":
        return "198.51.100.80" if record_type == "A" else "site-3.proxylb1.sakura.ne.jp"
    return {"113800000001": "198.51.100.1", "113800000002": "198.51.100.2"}[reference.id]


def resolved(*sets: Any) -> list[list[str]]:
    found, broken = read_sets(*sets)
    assert broken == []
    known = [declared.resolved(addresses) for declared in found]
    problems: list[Problem] = []
    check_sets(known, zone=ZONE, path="sets", problems=problems, warnings=[])
    assert problems == []
    return [[value.text() for value in declared.values] for declared in known]


def test_references_become_texts() -> None:
    https = {"priority": 10, "target": ".", "alpn": ["h3", "h2"], "ipv4hint": [{"server": SERVER}, "192.0.2.9"]}
    assert resolved(
        a_set("A", {"server": SERVER}, {"server": OTHER}, "192.0.2.9"),
        a_set("HTTPS", https),
        a_set("A", {"elb": ELB}, name="elb"),
        a_set("ALIAS", {"elb": {**ELB, "key": ""}}, name="@"),
        a_set("CNAME", {"elb": ELB}, name="cname"),
        a_set("HTTPS", {"priority": 0, "target": "www.example.com"}, name="@"),
    ) == [
        ["198.51.100.1", "198.51.100.2", "192.0.2.9"],
        ["10 . alpn=h3,h2 ipv4hint=198.51.100.1,192.0.2.9"],
        ["198.51.100.80"],
        ["site-3.proxylb1.sakura.ne.jp."],
        ["site-3.proxylb1.sakura.ne.jp."],
        ["0 www.example.com."],
    ]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (a_set("AAAA", {"server": SERVER}), "reference-type"),
        (a_set("CNAME", {"server": SERVER}), "reference-type"),
        (a_set("HTTPS", {"elb": ELB}), "reference-type"),
        (a_set("A", {"server": {"key": "sfr:1"}}), "reference"),
        (a_set("A", {"server": {**SERVER, "zones": []}}), "reference"),
        (a_set("A", {"elb": {"id": "1"}}), "reference"),
        (a_set("A", {"elb": "113800000003"}), "reference"),
        (a_set("A", {"server": SERVER}, {"server": dict(SERVER)}), "duplicate-value"),
        (a_set("HTTPS", {"priority": 1, "ipv4hint": [{"elb": ELB}]}), "svcb-elb-hint"),
        (a_set("HTTPS", {"priority": 1, "ipv6hint": [{"server": SERVER}]}), "type"),
        (a_set("HTTPS", {"priority": 1, "ipv4hint": "192.0.2.1"}), "type"),
        (a_set("HTTPS", {"priority": 1, "ipv4hint": [1]}), "type"),
        (a_set("HTTPS", {"priority": 1, "ipv4hint": ["x"]}), "svcb-ipv4hint"),
        (a_set("HTTPS", {"priority": 1, "alpns": []}), "unknown-key"),
    ],
)
def test_references_that_are_refused(written: Any, rule: str) -> None:
    assert [found for _, found in read_sets(written)[1]] == [rule]


def test_references_are_judged_before_anybody_knows_the_addresses() -> None:
    assert read_sets(a_set("A", {"server": SERVER}, {"server": OTHER}), a_set("ALIAS", {"elb": ELB}, name="@"))[1] == []


def test_what_is_not_known_yet_passes() -> None:
    unknown = {"server": {"key": Unknown(), "id": Unknown(), "zones": ["is1b"]}}
    https = {"priority": 1, "target": ".", "alpn": ["h3"], "ipv4hint": [unknown]}
    found, broken = read_sets(
        a_set("A", unknown, "192.0.2.1"),
        a_set("HTTPS", https),
        {"name": "b", "type": "A", "values": Unknown()},
        a_set("HTTPS", {"priority": Unknown(), "target": "."}, name="c"),
        {"name": Unknown(), "type": Unknown(), "values": ["x"]},
    )
    assert broken == []
    assert [value.text() for value in found[0].values] == ["the server ?", "192.0.2.1"]


@pytest.mark.parametrize(
    ("address", "https", "refused"),
    [
        (a_set("A", {"elb": ELB}), "1 . alpn=h3,h2", True),
        (a_set("A", {"elb": ELB}), "1 . alpn=h3-29", True),
        (a_set("A", {"elb": ELB}), {"priority": 1, "alpn": ["h3"]}, True),
        (a_set("A", {"elb": ELB}), "1 . alpn=h2", False),
        (a_set("A", {"elb": ELB}), "1 www.example.com. alpn=h3", True),
        (a_set("A", {"elb": ELB}, name="elb"), "1 ELB.example.com. alpn=h3", True),
        (a_set("A", {"elb": ELB}, name="elb"), "1 . alpn=h3", False),
        (a_set("ALIAS", {"elb": ELB}), "1 . alpn=h3", True),
        (a_set("ALIAS", "site-1.proxylb1.sakura.ne.jp"), "1 . alpn=h3", True),
        (a_set("A", {"server": SERVER}), "1 site-1.proxylb1.sakura.ne.jp. alpn=h3", True),
        (a_set("A", {"server": SERVER}), "1 . alpn=h3", False),
    ],
)
def test_no_http3_through_an_elb(address: Any, https: Any, refused: bool) -> None:
    broken = [rule for _, rule in read_sets(address, a_set("HTTPS", https))[1] if rule == "svcb-elb-h3"]
    assert bool(broken) is refused


def test_a_hint_that_follows_its_server_is_not_warned_of() -> None:
    def warned(hint: Any) -> list[str]:
        data = {"sets": [a_set("HTTPS", {"priority": 1, "alpn": ["h3"], "ipv4hint": [hint]})]}
        warnings: list[Problem] = []
        assert read(lambda r: read_record_sets(r, "sets", zone=ZONE, warnings=warnings), data)[1] == []
        return [p.rule for p in warnings]

    assert warned({"server": SERVER}) == []
    assert warned("192.0.2.1") == ["svcb-hint-at-owner"]


# Into a zone


def record(name: str, kind: str, rdata: str, ttl: int | None = None) -> Record:
    return Record(name, kind, rdata, ttl, source={"Name": name, "RData": rdata, "Comment": "kept"})


MAIL = record("@", "MX", "10 MAIL.example.com.", 60)
CHALLENGE = record("_acme-challenge", "TXT", "token")
FOREIGN = [MAIL, CHALLENGE, record("other", "A", "192.0.2.9", 300)]
WWW = sets_of("A", "192.0.2.1", "192.0.2.2", ttl=300)
HTTPS = sets_of("HTTPS", "10 . alpn=h3,h2", ttl=30)


def test_new_sets_come_last() -> None:
    merged = merge(FOREIGN, [], [WWW, HTTPS])
    assert merged[:3] == FOREIGN
    assert [record.source for record in merged[:3]] == [record.source for record in FOREIGN]
    assert [str(record) for record in merged[3:]] == ["www A 192.0.2.1", "www A 192.0.2.2", "www HTTPS 10 . alpn=h3,h2"]
    assert all(record.source is None for record in merged[3:])


def test_a_set_that_means_the_same_stays_as_it_is() -> None:
    spelled = [
        record("WWW", "HTTPS", '10 . alpn="h3,h2"', 30),
        MAIL,
        record("www", "A", "192.0.2.2", 300),
        record("www", "A", "192.0.2.1", 300),
    ]
    merged = merge(spelled, [], [WWW, HTTPS])
    assert all(kept is other for kept, other in zip(merged, spelled, strict=True))
    assert differing_sets(spelled, [WWW, HTTPS]) == {}


@pytest.mark.parametrize(
    "found",
    [
        [("192.0.2.1", 300)],
        [("192.0.2.1", 300), ("192.0.2.3", 300)],
        [("192.0.2.1", 300), ("192.0.2.2", 300), ("192.0.2.3", 300)],
        [("192.0.2.1", 300), ("192.0.2.2", 60)],
        [("192.0.2.1", 300), ("192.0.2.2", None)],
        [("192.0.2.1", 300), ("192.0.2.1", 300), ("192.0.2.2", 300)],
    ],
)
def test_a_changed_set_is_replaced_where_it_was(found: list[tuple[str, int | None]]) -> None:
    first, *rest = [record("www", "A", address, ttl) for address, ttl in found]
    zone = [MAIL, first, CHALLENGE, *rest]
    merged = merge(zone, [WWW], [WWW])
    assert [str(record) for record in merged] == [str(MAIL), "www A 192.0.2.1", "www A 192.0.2.2", str(CHALLENGE)]
    assert [record.ttl for record in merged[1:3]] == [300, 300]
    assert merged[0] is MAIL
    assert merged[3] is CHALLENGE
    assert list(differing_sets(zone, [WWW])) == [WWW.key]


def test_drift_shows_what_is_there() -> None:
    assert differing_sets([record("www", "A", "192.0.2.7", 60)], [WWW, HTTPS]) == {
        WWW.key: sets_of("A", "192.0.2.7", ttl=60),
        HTTPS.key: None,
    }


def test_a_set_that_is_left_out_loses_only_its_own_values() -> None:
    added = record("www", "A", "192.0.2.7", 300)
    zone = [MAIL, record("www", "A", "192.0.2.1", 60), added, record("WWW", "A", "192.0.2.2", 300)]
    assert merge(zone, [WWW], []) == without(zone, [WWW]) == [MAIL, added]
    assert without([MAIL], [WWW]) == [MAIL]


def test_taking_over() -> None:
    same = [record("www", "A", "192.0.2.2", 60), record("www", "A", "192.0.2.1", 60)]
    other = [record("www", "A", "192.0.2.1")]
    assert check_takeover(same, [], [WWW]) == []
    assert check_takeover(FOREIGN, [], [WWW]) == []
    assert check_takeover(other, [WWW], [WWW]) == []
    (problem,) = check_takeover(other, [], [WWW])
    assert problem.rule == "foreign-set"
    assert "it exists already with other values (192.0.2.1)" in problem.message
    assert "`adopt: true`" in problem.message


def test_what_would_break_the_zone() -> None:
    cname = sets_of("CNAME", "host.example.net.", name="other")
    (problem,) = check_merged(merge(FOREIGN, [], [cname]), [cname], zone=ZONE)
    assert problem.rule == "cname-beside-others"
    assert "other A 192.0.2.9" in problem.message
    foreign = [*FOREIGN, record("x", "CNAME", "a.example.net."), record("x", "TXT", "y")]
    assert check_merged(foreign, [WWW], zone=ZONE) == [], "what others break among themselves is theirs"
    many = [record(f"h{number}", "A", "192.0.2.1") for number in range(MAX_RECORDS)]
    assert check_merged(many, [WWW], zone=ZONE) == []
    assert [problem.rule for problem in check_merged([*many, MAIL], [WWW], zone=ZONE)] == ["too-many-records"]


@pytest.mark.parametrize(
    ("value", "zone", "refused"),
    [
        ("1 . alpn=h2", [], True),
        ("1 . alpn=h2", [record("www", "A", "192.0.2.1")], False),
        ("1 . alpn=h2", [record("WWW", "AAAA", "2001:db8::1")], False),
        ("1 . alpn=h2", [record("www", "ALIAS", "a.example.net.")], False),
        ("1 . alpn=h2", [record("*", "A", "192.0.2.1")], True),  # a wildcard covers no name that is there
        ("1 svc.example.com. alpn=h2", [], True),
        ("1 svc.example.com. alpn=h2", [record("*", "A", "192.0.2.1")], False),
        ("1 svc.example.com. alpn=h2", [record("svc", "CNAME", "a.example.net.")], False),
        ("1 a.svc.example.com. alpn=h2", [record("*.svc", "A", "192.0.2.1")], False),
        ("1 a.svc.example.com. alpn=h2", [record("svc", "NS", "ns.example.net.")], False),
        ("1 svc.example.net. alpn=h2", [], False),
        ("0 svc.example.com.", [], True),
        ("0 svc.example.com.", [record("svc", "HTTPS", "1 .")], False),
        ("0 example.com.", [record("@", "A", "192.0.2.1")], False),
        ("0 .", [], False),
    ],
)
def test_a_target_in_the_zone_has_an_address(value: str, zone: list[Record], refused: bool) -> None:
    https = sets_of("HTTPS", value, ttl=30)
    problems = check_merged(merge(zone, [], [https]), [https], zone=ZONE)
    assert [problem.rule for problem in problems] == ["svcb-target-without-address"] * refused
    allowed = sets_of("HTTPS", value, ttl=30, allow=("svcb-target-without-address",))
    assert check_merged(merge(zone, [], [allowed]), [allowed], zone=ZONE) == []


def test_a_cname_takes_the_place_of_our_own_address_in_one_step() -> None:
    cname = sets_of("CNAME", "host.example.net.")
    zone = [MAIL, record("www", "A", "192.0.2.1", 300), record("www", "A", "192.0.2.2", 300)]
    merged = merge(zone, [WWW], [cname])
    assert [str(record) for record in merged] == [str(MAIL), "www CNAME host.example.net."]
    assert check_merged(merged, [cname], zone=ZONE) == []


some_names = st.sampled_from(["@", "www", "WWW", "a"])
some_values = st.sampled_from([f"192.0.2.{number}" for number in range(1, 5)])
zones = st.lists(
    st.builds(record, some_names, st.sampled_from(["A", "TXT"]), some_values, st.sampled_from([None, 60, 3600]))
)
some_sets = st.lists(
    st.builds(
        RecordSet.of_texts,
        st.sampled_from(["@", "www", "a"]),
        st.sampled_from(["A", "TXT"]),
        st.lists(some_values, min_size=1, max_size=3, unique=True).map(tuple),
        st.sampled_from([60, 3600]),
    ),
    unique_by=lambda found: found.key,
)


@given(zones, some_sets, some_sets)
def test_merging_keeps_what_is_not_owned_and_ends_where_it_should(
    zone: list[Record], before: list[RecordSet], wanted: list[RecordSet]
) -> None:
    merged = merge(zone, before, wanted)
    owned = {declared.key for declared in (*before, *wanted)}
    assert [record for record in merged if record.key not in owned] == [
        record for record in zone if record.key not in owned
    ]
    assert differing_sets(merged, wanted) == {}
    again = merge(merged, wanted, wanted)
    assert all(kept is other for kept, other in zip(again, merged, strict=True))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
written_sets = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["@", "www", "_dns.a", "*"]) | anything, "type": st.sampled_from(TYPES) | anything},
        optional={
            "values": st.lists(anything, max_size=3) | anything,
            "ttl": anything,
            "allow": st.lists(anything, max_size=2) | anything,
        },
    ),
    max_size=3,
)


@given(written_sets)
def test_whatever_is_written_is_judged_and_never_a_crash(sets: list[dict[str, Any]]) -> None:
    found, broken = read_sets(*sets)
    if not broken:
        assert read_sets(*[declared.inputs() for declared in found]) == (found, []), "read again it is the same"
