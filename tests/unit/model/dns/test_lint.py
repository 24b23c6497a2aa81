"""What is wrong with a whole zone: chains, hints, targets, TTLs, how many records."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import (
    ALLOWABLE,
    MAX_RECORDS,
    RULES,
    Record,
    RecordSet,
    check_merged,
    lint,
    merge,
    read_record_sets,
    severity_of,
)
from sakura_fleet.model.dns.svcb import Severity
from sakura_fleet.model.reading import Reader

ZONE = "example.com"


class Unknown:
    """What a preview does not know yet."""


def records(*lines: str) -> list[Record]:
    """Records from `name [ttl] type data`."""
    found = []
    for line in lines:
        name, *rest = line.split(" ")
        ttl = int(rest.pop(0)) if rest[0].isdigit() else None
        found.append(Record(name, rest[0], " ".join(rest[1:]), ttl))
    return found


def broken(*lines: str, **options: Any) -> list[str]:
    """`set rule` of all problems of a zone."""
    return [f"{p.path} {p.rule}".strip() for p in lint(records(*lines), zone=ZONE, **options)]


WWW = "www A 192.0.2.1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Addresses at the owner
        ([WWW, "www HTTPS 1 . alpn=h2"], []),
        (["@ HTTPS 0 www.example.net."], ["@ HTTPS svcb-owner-without-address"]),
        (["@ ALIAS www.example.net.", "@ HTTPS 0 www.example.net."], []),
        (["* A 192.0.2.1", "www.a HTTPS 1 www.example.net."], ["www.a HTTPS svcb-owner-without-address"]),
        (["_8443._https.www HTTPS 1 www.example.net."], []),
        (["www HTTPS 1 ."], ["www HTTPS svcb-target-without-address"]),
        (["@ HTTPS 0 ."], []),
        # Chains
        ([WWW, "a A 192.0.2.1", "a HTTPS 0 www.example.com."], []),
        (
            [WWW, "a A 192.0.2.1", "a HTTPS 0 www.example.com.", "b A 192.0.2.1", "b HTTPS 0 a.example.com."],
            ["b HTTPS svcb-alias-chain"],
        ),
        (
            ["a A 192.0.2.1", "a HTTPS 0 b.example.com.", "b A 192.0.2.1", "b HTTPS 0 x.example.net."],
            ["a HTTPS svcb-alias-chain"],
        ),
        (
            ["a A 192.0.2.1", "a HTTPS 0 b.example.com.", "b A 192.0.2.1", "b HTTPS 0 A.example.com."],
            ["a HTTPS svcb-alias-loop", "b HTTPS svcb-alias-loop"],
        ),
        (
            ["a A 192.0.2.1", "a HTTPS 0 b.example.com.", "b CNAME a.example.com."],
            ["a HTTPS svcb-alias-loop"],
        ),
        (["a CNAME a.example.com."], ["a CNAME cname-loop"]),
        (
            ["a CNAME b.example.com.", "b CNAME c.example.com.", "c CNAME b.example.com."],
            ["a CNAME cname-loop", "b CNAME cname-loop", "c CNAME cname-loop"],
        ),
        # Hints
        (["t A 192.0.2.1", WWW, "www HTTPS 1 t.example.com. alpn=h2 ipv4hint=192.0.2.1"], []),
        (
            ["t A 192.0.2.1", WWW, "www HTTPS 1 t.example.com. alpn=h2 ipv4hint=192.0.2.1,192.0.2.9"],
            ["www HTTPS svcb-stale-hint"],
        ),
        (["t ALIAS t.example.net.", WWW, "www HTTPS 1 t.example.com. alpn=h2 ipv4hint=192.0.2.9"], []),
        (
            ["t AAAA 2001:db8::1", WWW, "www HTTPS 1 t.example.com. alpn=h2 ipv6hint=2001:db8::2"],
            ["www HTTPS svcb-stale-hint"],
        ),
        (
            ["t AAAA 2001:db8::1", "t A 192.0.2.1", WWW, "www HTTPS 1 t.example.com. alpn=h2 ipv4hint=192.0.2.1"],
            ["www HTTPS svcb-ipv6hint-missing"],
        ),
        ([WWW, "www HTTPS 1 t.example.net. alpn=h2 ipv4hint=192.0.2.9"], []),
        # Other types
        (["@ MX 10 mail.example.com.", "mail A 192.0.2.25"], []),
        (["@ MX 10 mail.example.com."], ["@ MX target-without-address"]),
        (["@ MX 10 mail.example.net."], []),
        (["@ MX 10 mail.example.com.", "mail CNAME a.example.net."], ["@ MX target-is-cname"]),
        (["_sip._tcp SRV 1 2 3 mail.example.com.", "mail CNAME a.example.net."], ["_sip._tcp SRV target-is-cname"]),
        (["sub NS ns.example.com."], ["sub NS target-without-address"]),
        (["sub NS ns.sub.example.com.", "ns.sub A 192.0.2.53"], []),
        (["a CNAME b.example.com."], ["a CNAME target-without-address"]),
        (["a CNAME b.example.com.", "b TXT x"], []),
        (["@ ALIAS b.example.com.", "b TXT x"], ["@ ALIAS target-without-address"]),
        (["@ MX 0 ."], []),
        (["@ MX 0 .", "@ MX 10 mail.example.net."], ["@ MX null-mx-beside-others"]),
        (["a CNAME b.example.net.", "a TXT x"], ["a CNAME cname-beside-others"]),
        (["@ CNAME b.example.net."], ["@ CNAME cname-apex"]),
        (["www 60 A 192.0.2.1", "WWW 30 A 192.0.2.2"], ["www A unequal-ttls"]),
        (["www 3600 A 192.0.2.1", "www A 192.0.2.2"], []),
        (["xn--zz--a A 192.0.2.1"], ["xn--zz--a A idna-label"]),
        ([WWW, "www HTTPS 1 xn--zz--a.example.net."], ["www HTTPS idna-label"]),
        ([WWW, "www HTTPS not a record"], []),
    ],
)
def test_a_zone(lines: list[str], expected: list[str]) -> None:
    assert broken(*lines) == expected


def chain(length: int, kind: str) -> list[str]:
    """`length` hops from `h0`, of HTTPS aliases or CNAMEs behind one alias."""
    lines = ["h0 A 192.0.2.1", "h0 HTTPS 0 h1.example.com."]
    for number in range(1, length):
        target = f"h{number + 1}.example.com."
        here = [f"h{number} A 192.0.2.1", f"h{number} HTTPS 0 {target}"]
        lines += here if kind == "HTTPS" else [f"h{number} CNAME {target}"]
    return [*lines, f"h{length} A 192.0.2.1"]


@pytest.mark.parametrize(
    ("length", "kind", "rule"),
    [
        (8, "CNAME", ""),
        (9, "CNAME", "svcb-long-chain"),
        (1, "HTTPS", ""),
        (2, "HTTPS", "svcb-alias-chain"),
        (8, "HTTPS", "svcb-alias-chain"),
        (9, "HTTPS", "svcb-long-chain"),
    ],
)
def test_how_long_a_chain_may_be(length: int, kind: str, rule: str) -> None:
    found = broken(*chain(length, kind), of=[("h0", "HTTPS")])
    assert found == ([f"h0 HTTPS {rule}"] if rule else [])


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1600, []), (1601, ["many-records"]), (MAX_RECORDS, ["many-records"]), (MAX_RECORDS + 1, ["too-many-records"])],
)
def test_how_many_records(count: int, expected: list[str]) -> None:
    assert broken(*[f"h{number} A 192.0.2.1" for number in range(count)]) == expected


def test_what_is_missing_may_stand_in_the_zone_of_others() -> None:
    lines = ["www HTTPS 1 .", "@ HTTPS 0 www.example.net.", "@ MX 10 mail.example.com.", "a CNAME b.example.com."]
    assert broken(*lines, complete=False) == []


def test_only_the_sets_asked_for_are_judged() -> None:
    assert broken("@ MX 10 mail.example.com.", "www HTTPS 1 .", of=[("www", "HTTPS"), ("gone", "A")]) == [
        "www HTTPS svcb-target-without-address"
    ]


def test_a_new_https_set_says_what_it_means_for_browsers() -> None:
    new = [("www", "HTTPS"), ("www", "A")]
    assert broken(WWW, "www HTTPS 1 . alpn=h2", joining=new) == ["www HTTPS svcb-https-only"]


def test_what_is_allowed_and_what_is_only_to_be_known() -> None:
    stale = RecordSet.of_texts("www", "HTTPS", ("1 t.example.com. alpn=h2 ipv4hint=192.0.2.9",))
    theirs = records("t A 192.0.2.1", WWW)
    warnings: list[Problem] = []
    assert check_merged(merge(theirs, [], [stale]), [stale], zone=ZONE, warnings=warnings) == []
    assert [(p.path, p.rule) for p in warnings] == [("www HTTPS", "svcb-stale-hint")]
    mail = RecordSet.of_texts("@", "MX", ("10 mail.example.com.",))
    (problem,) = check_merged(merge([], [], [mail]), [mail], zone=ZONE)
    assert "put target-without-address into the set's `allow`" in problem.message
    for allow in ("target-without-address", {"target-without-address": "the mail host comes next week"}):
        reason = RecordSet("@", "MX", mail.values, allow=(allow,))
        assert check_merged(merge([], [], [reason]), [reason], zone=ZONE) == []
        assert RecordSet.from_inputs(reason.inputs()) == reason, "the reason is kept"


def test_a_warning_that_the_sets_alone_have_shown_is_not_said_again() -> None:
    both = [RecordSet.of_texts(name, "A", ("192.0.2.1",)) for name in ("t", "www")]
    both.append(RecordSet.of_texts("www", "HTTPS", ("1 t.example.com. alpn=h2 ipv4hint=192.0.2.9",)))
    warnings: list[Problem] = []
    assert check_merged(merge([], [], both), both, zone=ZONE, warnings=warnings) == []
    assert warnings == []


def test_a_program_s_own_sets_are_judged_by_the_same_rules() -> None:
    server = {"server": {"key": "sfr:1", "id": "1", "zones": ["is1b"]}}
    other = {"server": {"key": "sfr:2", "id": "2", "zones": ["is1b"]}}

    def warned(hint: Any, address: Any = server) -> list[str]:
        sets = [
            {"name": "t", "type": "A", "values": [address]},
            {"name": "www", "type": "HTTPS", "values": [{"priority": 1, "target": f"t.{ZONE}", "ipv4hint": [hint]}]},
        ]
        problems: list[Problem] = []
        warnings: list[Problem] = []
        reader = Reader({"sets": sets}, "", problems, Unknown)
        read_record_sets(reader, "sets", zone=ZONE, unknown=Unknown, warnings=warnings)
        assert problems == []
        return [f"{p.path} {p.rule}" for p in warnings]

    assert warned(server) == []
    assert warned(other) == ["sets[1] svcb-stale-hint"]
    assert warned("192.0.2.1") == [], "whether a literal address is that of a server shows when it is applied"
    assert warned("192.0.2.1", Unknown()) == []
    assert warned("192.0.2.1", "192.0.2.2") == ["sets[1] svcb-stale-hint"]


def test_every_rule_has_a_severity_and_a_source() -> None:
    assert all(section for _, section in RULES.values())
    assert {severity_of(Problem("", rule, "")) for rule in ALLOWABLE} == {Severity.HARMFUL}
