"""SVCB and HTTPS record data: the vectors of RFC 9460, every rule, and a round trip through text and wire."""

from __future__ import annotations

import base64
import json
import re
import struct
from pathlib import Path
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import RULES as ALL_RULES
from sakura_fleet.model.dns import severity_of
from sakura_fleet.model.dns.svcb import (
    RULES,
    Severity,
    Svcb,
    check_svcb,
    check_svcb_set,
    read_structure,
    read_svcb,
    structure_of,
)
from sakura_fleet.model.dns.svcb.keys import NAMES, REGISTRY, key_name, key_number
from sakura_fleet.model.dns.svcb.names import DomainName
from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import join_list, split_list, split_params, value_text
from sakura_fleet.model.reading import Reader

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("rfc9460-vectors.json").read_text("utf-8"))
ECH = base64.b64encode(b"\x00\x05\xfe\x0d\x00\x01\x00").decode()


def judged(text: str, *, https: bool = True) -> tuple[Svcb | None, list[str]]:
    """The value, and the ids of all rules that the text breaks."""
    problems: list[Problem] = []
    value = read_svcb(text, "", problems)
    if value is not None:
        problems += check_svcb(value, "", https=https)
    return value, [problem.rule for problem in problems]


def parsed(text: str) -> Svcb:
    value, _ = judged(text)
    assert value is not None, text
    return value


def set_rules(*texts: str, owner: str = "www", https: bool = True) -> list[str]:
    values = [parsed(text) for text in texts]
    return [p.rule for p in check_svcb_set(values, owner=owner, zone="example.com", https=https, path="")]


# The vectors


@pytest.mark.parametrize(
    ("vector", "text"),
    [pytest.param(v, text, id=f"{v['id']}-{n}") for v in VECTORS for n, text in enumerate(v["presentation"])],
)
def test_vector(vector: dict[str, Any], text: str) -> None:
    value, broken = judged(text, https=vector["type"] == "HTTPS")
    refused = [rule for rule in broken if RULES[rule][0] is not Severity.WARNING]
    if not vector["valid"]:
        assert refused, vector["reason"]
        return
    assert value is not None
    assert refused == []
    assert value.wire().hex() == vector["wire_hex"]
    assert Svcb.from_wire(bytes.fromhex(vector["wire_hex"])) == value
    assert parsed(value.text()) == value


def test_every_vector_of_the_file_is_there() -> None:
    assert len(VECTORS) == 25
    assert len([v for v in VECTORS if not v["valid"]]) == 10


def test_the_article_s_record_is_canonical() -> None:
    text = "10 . alpn=h3,h3-29,h2 ipv4hint=198.51.100.133"
    assert parsed(text).text() == text
    assert parsed(text).alpn == ("h3", "h3-29", "h2")


# Text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('1 . alpn="h2"', "1 . alpn=h2"),
        ("1 . port=443 alpn=h2", "1 . alpn=h2 port=443"),
        ("1 Svc.Example.COM. ", "1 Svc.Example.COM."),
        ("1 . key3=\\001\\187", "1 . port=443"),
        ('1 . ohttp=""', "1 . ohttp"),
        ("1 . key667", "1 . key667"),
        ('1 . key667=""', "1 . key667"),
        ("1 . key11=\\001\\255", '1 . key11="\\001\\255"'),
        ('1 . key700="a b;c"', '1 . key700="a b;c"'),
        ('1 . key700="a\\"b\\\\c"', '1 . key700="a\\"b\\\\c"'),
        ("1 . ipv6hint=2001:DB8:0::1", "1 . ipv6hint=2001:db8::1"),
        (f"1 . ech={ECH}", f"1 . ech={ECH}"),
        ("1 . tls-supported-groups=29,23", "1 . tls-supported-groups=29,23"),
        ('1 . docpath=""', "1 . docpath"),
        ("1 . docpath=a,b", "1 . docpath=a,b"),
        ("1 a\\.b.example.", "1 a\\.b.example."),
        ("1 \\097.example.", "1 a.example."),
        ("1 日本.example.", "1 xn--wgv71a.example."),
        ("1 日本。example。", "1 xn--wgv71a.example."),
        ("1 ＦＯＯ．example.", "1 foo.example."),
        ("1\t.\talpn=h2", "1 . alpn=h2"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    value = parsed(text)
    assert value.text() == canonical
    assert parsed(canonical) == value


MALFORMED = [
    ("", "svcb-syntax"),
    ("1", "svcb-syntax"),
    ("-1 .", "svcb-priority"),
    ("65536 .", "svcb-priority"),
    ("x .", "svcb-priority"),
    ("٣ .", "svcb-priority"),
    ("1 a..b.", "svcb-target"),
    ("1 .a.", "svcb-target"),
    (f"1 {'a' * 64}.example.", "svcb-target"),
    (f"1 {'a' * 63}.{'a' * 63}.{'a' * 63}.{'a' * 62}.", "svcb-target"),
    ("1 a\\25.example.", "svcb-target"),
    ("1 a\\256.example.", "svcb-target"),
    ("1 a\\", "svcb-target"),
    ('1 . "alpn=h2"', "svcb-quoting"),
    ('1 . alpn="h2', "svcb-quoting"),
    ('1 . alpn="h2"x', "svcb-quoting"),
    ('1 . alpn=h"2', "svcb-quoting"),
    ("1 . alpn=h2;c", "svcb-quoting"),
    ("1 . alpn=(h2", "svcb-quoting"),
    ("1 . alpn=“h2”", "svcb-ascii"),
    ("1 . alpn＝h2", "svcb-ascii"),
    ("1 . ａlpn=h2", "svcb-ascii"),
    ("1 . alpn=h2\xa0port=443", "svcb-ascii"),
    ("1\u3000. alpn=h2", "svcb-ascii"),
    ("1 .\xa0alpn=h2", "svcb-ascii"),
    ("1 . key700=é", "svcb-ascii"),
    ("1 . key700=a\x7f", "svcb-ascii"),
    ("1 . alpn =h2", "svcb-key-syntax"),
    ("1 . alpn= h2", "svcb-empty-value"),
    ("1 . alpn=", "svcb-empty-value"),
    ("1 . ALPN=h2", "svcb-key-syntax"),
    ("1 . al\\112n=h2", "svcb-key-syntax"),
    (f"1 . {'a' * 64}=h2", "svcb-key-syntax"),
    ("1 . alpn_=h2", "svcb-key-syntax"),
    ("1 . pvd=x", "svcb-unknown-key"),
    ("1 . key65536=x", "svcb-unknown-key"),
    ("1 . key01=x", "svcb-unknown-key"),
    ("1 . key=x", "svcb-unknown-key"),
    ("1 . alpn=h2 key1=\\002h2", "svcb-duplicate-key"),
    ("1 . ohttp ohttp", "svcb-duplicate-key"),
    ("1 . alpn=h2,", "svcb-list"),
    ("1 . alpn=,h2", "svcb-list"),
    ('1 . alpn=""', "svcb-list"),
    ("1 . alpn=h\\\\2", "svcb-list"),
    (f"1 . alpn={'a' * 256}", "svcb-alpn"),
    ("1 . key1=\\003h2", "svcb-alpn"),
    ("1 . key1=\\000", "svcb-alpn"),
    ("1 . mandatory=alpn,,port alpn=h2 port=1", "svcb-mandatory"),
    ("1 . mandatory=key0", "svcb-mandatory-self"),
    ("1 . mandatory=alpn,key1 alpn=h2", "svcb-mandatory-duplicate"),
    ("1 . key0=\\000\\004\\000\\001 alpn=h2 ipv4hint=192.0.2.1", "svcb-wire"),
    ("1 . key0=\\000", "svcb-mandatory"),
    ("1 . ohttp=1", "svcb-flag"),
    ("1 . port=65536", "svcb-port"),
    ("1 . port=-1", "svcb-port"),
    ("1 . port=80,81", "svcb-port"),
    ("1 . port=\\0528", "svcb-escape"),
    ("1 . key3=\\001", "svcb-port"),
    ("1 . ipv4hint=192.0.2.256", "svcb-ipv4hint"),
    ("1 . ipv4hint=192.0.2.0/24", "svcb-ipv4hint"),
    ("1 . ipv4hint=www.example.com", "svcb-ipv4hint"),
    ('1 . ipv4hint="192.0.2.1, 192.0.2.2"', "svcb-ipv4hint"),
    ("1 . ipv4hint=192.0.2.1,", "svcb-ipv4hint"),
    ("1 . ipv4hint=192.0.2.\\049", "svcb-escape"),
    ("1 . key4=\\192\\000\\002", "svcb-ipv4hint"),
    ("1 . ipv6hint=192.0.2.1", "svcb-ipv6hint"),
    ("1 . ipv6hint=fe80::1%eth0", "svcb-ipv6hint"),
    ("1 . ipv6hint=[2001:db8::1]", "svcb-ipv6hint"),
    ("1 . ech=x", "svcb-ech"),
    ("1 . ech=AAAA", "svcb-ech"),
    (f"1 . ech={ECH[:-4]}AAAA", "svcb-ech"),
    ("1 . dohpath=/q", "svcb-dohpath"),
    ('1 . dohpath="https://x/{?dns}"', "svcb-dohpath"),
    ("1 . tls-supported-groups=29,29", "svcb-groups"),
    ("1 . tls-supported-groups=65536", "svcb-groups"),
    ("1 . key700=\\256", "svcb-escape"),
    ("1 . key700=\\25", "svcb-escape"),
    ("1 . key700=a\\", "svcb-escape"),
    (f'1 . key700="{"a" * 65536}"', "svcb-value-length"),
    (f'1 . key700="{"a" * 65529}"', "svcb-value-length"),
    (f"1 . {'a' * 63}=h2", "svcb-unknown-key"),
    (f"1 . ech={base64.b64encode(bytes.fromhex('0003fe0d00')).decode()}", "svcb-ech"),
    ("1 . tls-supported-groups=-1", "svcb-groups"),
    ("1 . port=065535", "svcb-port"),
    ("100000 .", "svcb-priority"),
]


@pytest.mark.parametrize(("text", "rule"), MALFORMED, ids=lambda value: value[:40])
def test_malformed(text: str, rule: str) -> None:
    value, broken = judged(text)
    assert value is None
    assert broken == [rule]
    assert RULES[rule][0] is Severity.ERROR


@pytest.mark.parametrize(
    "text",
    [
        "0 a.",
        "65535 .",
        f"1 {'a' * 63}.example.",
        f"1 {'a' * 63}.{'a' * 63}.{'a' * 63}.{'a' * 61}.",
        "1 . port=1024",
        "1 . port=65535",
        f"1 . alpn={'a' * 255}",
        "1 . key65534=x",
        "1 . dohpath=/dns-query{?dns}",
        '1 . key700="' + "a" * 65528 + '"',
        "1 . tls-supported-groups=0,65535",
        "1 . key700=\\000\\255",
        f"1 . ech={base64.b64encode(bytes.fromhex('0004fe0d0000')).decode()}",
        "1 a.example. ipv4hint=0.0.0.0,255.255.255.255",
        "1 a.example. ipv6hint=::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ],
    ids=lambda value: value[:40],
)
def test_the_other_edge(text: str) -> None:
    assert judged(text)[1] == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("1 svc.example.com alpn=h2", ["svcb-relative-target"]),
        ("1 . key65535=x", ["svcb-invalid-key"]),
        ("0 a.example. alpn=h2", ["svcb-alias-params"]),
        ("1 . no-default-alpn", ["svcb-no-default-alpn"]),
        ("1 . no-default-alpn alpn=h2", []),
        ("1 . mandatory=key700 alpn=h2", ["svcb-mandatory-missing"]),
        ("1 . mandatory=port port=8443 alpn=h2", ["svcb-default-mandatory"]),
        ("0 .", ["svcb-alias-dot"]),
        ("1 . alpn=h2c", ["svcb-cleartext-alpn"]),
        ("1 . alpn=h3-29,h2", ["svcb-draft-alpn"]),
        ("1 . port=0", ["svcb-port-unsafe"]),
        ("1 . port=6000", ["svcb-port-unsafe"]),
        ("1 . alpn=h2 ipv4hint=192.0.2.1", ["svcb-hint-at-owner"]),
        ("1 . alpn=h2 ipv6hint=2001:db8::1", ["svcb-hint-at-owner"]),
        ("1 a.example. alpn=h2 ipv4hint=192.0.2.1", []),
        ("1 . alpn=http/1.1,h2,h3", []),
    ],
)
def test_rules_of_one_record(text: str, rules: list[str]) -> None:
    assert judged(text)[1] == rules


def test_svcb_has_no_keys_that_are_always_mandatory() -> None:
    assert judged("1 . mandatory=port port=8443", https=False)[1] == []


@pytest.mark.parametrize(
    ("texts", "owner", "https", "rules"),
    [
        (["1 . alpn=h2", "2 b.example. alpn=h3"], "www", True, []),
        (["0 a.example.", "1 . alpn=h2"], "@", True, ["svcb-mixed-modes"]),
        (["0 a.example.", "0 b.example."], "@", True, ["svcb-several-aliases"]),
        (["0 www.example.com."], "www", True, ["svcb-alias-loop"]),
        (["0 EXAMPLE.com."], "@", True, ["svcb-alias-loop"]),
        (["0 www.example.com."], "@", True, []),
        (["1 . alpn=h2 no-default-alpn"], "www", True, ["svcb-no-default-alpn-everywhere"]),
        (["1 . alpn=h2 no-default-alpn", "2 . alpn=h2"], "www", True, []),
        ([f"1 . alpn=h2 ech={ECH}", "2 . alpn=h2"], "www", True, ["svcb-ech-mixed"]),
        ([f"1 . alpn=h2 ech={ECH}"], "www", True, []),
        (["1 ."], "_8443._https.www", True, []),
        (["1 ."], "_http.www", True, ["svcb-owner"]),
        (["1 ."], "_https.www", False, ["svcb-owner"]),
        (["1 ."], "www", False, ["svcb-owner"]),
        (["1 . alpn=h2 dohpath=/q{?dns}"], "_dns.resolver", False, []),
        (["1 . alpn=h2 dohpath=/q{?dns}"], "www", True, ["svcb-dohpath-owner"]),
        (["1 . alpn=h2"], "_dns.resolver", False, ["svcb-dohpath-missing"]),
        (["1 . alpn=dot,doq"], "_853._dns.resolver", False, []),
        (["1 . alpn=co docpath=a"], "_dns.resolver", False, []),
        (["1 . alpn=co docpath=a"], "www", True, ["svcb-docpath-owner"]),
        (["1 ."], "_443._https.www", True, ["svcb-owner"]),
        (["1 ."], "_1._https.www", True, []),
        (["1 ."], "_65535._https.www", True, []),
        (["1 ."], "_65536._https.www", True, ["svcb-owner"]),
        (["1 ."], "_0._https.www", True, ["svcb-owner"]),
        (["1 ."], "_https.www", True, ["svcb-owner"]),
        (["1 ."], "a._8443._https.www", True, ["svcb-owner"]),
        (["1 ."], "_8443.www", True, ["svcb-owner"]),
    ],
)
def test_rules_of_a_set(texts: list[str], owner: str, https: bool, rules: list[str]) -> None:
    assert set_rules(*texts, owner=owner, https=https) == rules


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 . alpn=“h2”", 'U+201C (LEFT DOUBLE QUOTATION MARK), and SvcParams are printable ASCII; write "'),
        ("1 . alpn＝h2", "U+FF1D (FULLWIDTH EQUALS SIGN), and SvcParams are printable ASCII; write ="),
        ("1 . alpn=h2\xa0port=443", "U+00A0 (NO-BREAK SPACE), and SvcParams are printable ASCII; write a plain blank"),
        ("1 . key700=é", "and SvcParams are printable ASCII; octets beyond it are written as \\DDD, in a text"),
    ],
)
def test_what_is_not_ascii_is_named_with_what_to_write_instead(text: str, words: str) -> None:
    problems: list[Problem] = []
    assert read_svcb(text, "", problems) is None
    assert problems[0].message.endswith(words)


def test_octets_beyond_ascii_can_be_written() -> None:
    assert parsed("1 . key700=\\195\\169").params == ((700, "é".encode()),)


def test_all_problems_of_a_text_come_together() -> None:
    assert judged("70000 a..b. port=x ipv4hint=y")[1] == [
        "svcb-priority",
        "svcb-target",
        "svcb-port",
        "svcb-ipv4hint",
    ]


def test_every_rule_can_be_broken() -> None:
    here = Path(__file__)
    sources = "".join(
        here.with_name(name).read_text("utf-8") for name in (here.name, "test_record_sets.py", "test_lint.py")
    )
    assert [rule for rule in ALL_RULES if not re.search(rf'[" ]{rule}"', sources)] == []


def test_a_rule_of_another_part_is_an_error() -> None:
    assert severity_of(Problem("", "record-name", "")) is Severity.ERROR


# Meaning


@pytest.mark.parametrize(
    ("here", "other", "same"),
    [
        ("1 A.example. alpn=h2", '1 a.EXAMPLE. alpn="h2"', True),
        ("1 . alpn=h2,h3", "1 . alpn=h3,h2", False),
        ("1 . alpn=h2", "2 . alpn=h2", False),
        ("1 . key3=\\001\\187", "1 . port=443", True),
    ],
)
def test_identity(here: str, other: str, same: bool) -> None:
    assert (parsed(here).identity == parsed(other).identity) is same


# The mapping that a program writes


def structure(data: dict[str, Any], **hints: list[str]) -> tuple[str, list[str]]:
    problems: list[Problem] = []
    value = read_structure(Reader(data, "", problems), {"ipv4hint": [], "ipv6hint": [], **hints})
    return value.text() if value else "", [f"{p.path}:{p.rule}" for p in problems]


def test_a_mapping_with_everything() -> None:
    data = {
        "priority": 10,
        "target": "svc.example.com",
        "mandatory": ["alpn", "ipv4hint"],
        "alpn": ["h3", "h2", "a,b\\"],
        "no_default_alpn": True,
        "port": 8443.0,
        "ech": ECH,
        "dohpath": "/q{?dns}",
        "ohttp": True,
        "tls_supported_groups": [29],
        "docpath": ["a", "b"],
    }
    text, broken = structure(data, ipv4hint=["192.0.2.1", "192.0.2.2"], ipv6hint=["2001:DB8::1"])
    assert broken == []
    assert text == (
        '10 svc.example.com. mandatory=alpn,ipv4hint alpn="h3,h2,a\\\\,b\\\\\\\\" no-default-alpn port=8443 '
        f'ipv4hint=192.0.2.1,192.0.2.2 ech={ECH} ipv6hint=2001:db8::1 dohpath="/q{{?dns}}" ohttp '
        "tls-supported-groups=29 docpath=a,b"
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"priority": 1}, ("1 .", [])),
        ({"priority": 0, "target": "www.example.com."}, ("0 www.example.com.", [])),
        ({"priority": 1, "no_default_alpn": False, "ohttp": False}, ("1 .", [])),
        ({}, ("", ["priority:required"])),
        ({"priority": 65536}, ("", ["priority:range"])),
        ({"priority": 1, "port": 65536}, ("1 .", ["port:range"])),
        ({"priority": 1, "alpns": ["h2"]}, ("1 .", ["alpns:unknown-key"])),
        ({"priority": 1, "alpn": "h2"}, ("1 .", ["alpn:type"])),
        ({"priority": 1, "alpn": ["h2", "“h3”"]}, ("1 .", ["alpn:svcb-ascii"])),
        ({"priority": 1, "docpath": ["ａ"], "port": 443}, ("1 . port=443", ["docpath:svcb-ascii"])),
        ({"priority": 1, "dohpath": "/é{?dns}"}, ("1 .", ["dohpath:svcb-ascii"])),
        ({"priority": 1, "ech": "\xa0"}, ("1 .", ["ech:svcb-ascii"])),
        ({"priority": 1, "alpn": []}, ("", [":svcb-list"])),
        ({"priority": 1, "target": "www"}, ("1 www.", [":svcb-relative-target"])),
    ],
)
def test_mappings(data: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    assert structure(data) == expected


# Wire and registry


@pytest.mark.parametrize(
    "wire",
    [
        "",
        "0001",
        "000103",
        "0001c000",
        "00010000",
        "0001000001",
        "000100000100030268",
        "00010001ffff0000",
        "0001000003000201bb00010003026832",
        "0001000003000201bb0003000201bb",
    ],
)
def test_broken_wire(wire: str) -> None:
    with pytest.raises(BrokenRuleError, match=r"\w") as caught:
        Svcb.from_wire(bytes.fromhex(wire))
    assert RULES[caught.value.rule][0] is Severity.ERROR


def test_names_and_numbers() -> None:
    assert [key.number for key in REGISTRY] == list(range(13))
    assert all(key.section.startswith(("RFC", "draft")) for key in REGISTRY)
    assert [key_number(name) for name in NAMES] == list(range(11))
    assert [key_name(number) for number in (0, 10, 11, 12, 65535)] == [
        "mandatory",
        "docpath",
        "key11",
        "key12",
        "key65535",
    ]


labels = st.binary(min_size=1, max_size=63)
names = st.lists(labels, max_size=3).map(lambda found: DomainName(tuple(found)))


@given(names)
def test_names_go_through_text_and_wire(name: DomainName) -> None:
    assert DomainName.read(name.text()) == (name, True)
    assert DomainName.from_wire(name.wire() + b"rest") == (name, len(name.wire()))


@given(st.binary())
def test_any_octets_go_through_a_character_string(octets: bytes) -> None:
    (param,) = split_params(f"key700={value_text(octets)}")
    assert param.value == octets


@given(st.lists(st.binary(min_size=1), min_size=1))
def test_any_items_go_through_a_list(items: list[bytes]) -> None:
    assert split_list(join_list(items), "alpn") == items


addresses4 = st.lists(st.ip_addresses(v=4), min_size=1, max_size=4)
addresses6 = st.lists(st.ip_addresses(v=6), min_size=1, max_size=4)
lists = st.lists(st.binary(min_size=1, max_size=255), max_size=4).map(
    lambda found: b"".join(bytes([len(item)]) + item for item in found)
)
paths = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"))
groups = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=4, unique=True)
params = st.fixed_dictionaries(
    {},
    optional={
        0: st.sets(st.integers(1, 0xFFFF), min_size=1, max_size=4).map(
            lambda found: b"".join(struct.pack("!H", number) for number in sorted(found))
        ),
        1: lists.filter(bool),
        2: st.just(b""),
        3: st.binary(min_size=2, max_size=2),
        4: addresses4.map(lambda found: b"".join(address.packed for address in found)),
        5: st.binary(min_size=4, max_size=40).map(lambda found: struct.pack("!H", len(found)) + found),
        6: addresses6.map(lambda found: b"".join(address.packed for address in found)),
        7: paths.map(lambda path: f"/{path}{{?dns}}".encode()),
        8: st.just(b""),
        9: groups.map(lambda found: b"".join(struct.pack("!H", number) for number in found)),
        10: lists,
        11: st.binary(max_size=40),
        65280: st.binary(max_size=40),
    },
)


@given(st.integers(0, 65535), names, params)
def test_any_value_goes_through_text_and_wire(priority: int, name: DomainName, found: dict[int, bytes]) -> None:
    value = Svcb(priority, name, tuple(sorted(found.items())))
    assert parsed(value.text()) == value
    assert Svcb.from_wire(value.wire()) == value
    assert Svcb.from_wire(value.identity).identity == value.identity


@given(st.integers(1, 65535), names, params)
def test_dnspython_reads_the_same_bytes(priority: int, name: DomainName, found: dict[int, bytes]) -> None:
    """Another reader and writer, of the keys that it knows by name."""
    known = {number: value for number, value in found.items() if number in (1, 3, 4, 6) or number > 10}
    value = Svcb(priority, name, tuple(sorted(known.items())))
    theirs = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.HTTPS, value.text())
    assert theirs.to_wire() == value.wire()
    assert parsed(theirs.to_text()) == value


written = st.text(st.characters(codec="utf-8")) | st.text('0123456789.,="\\ ;()abchln-_日。*@/{}?\n', max_size=40)


@given(written, written)
def test_no_text_is_a_crash(text: str, params: str) -> None:
    for whole in (text, f"1 . {params}", f"1 {text} {params}", f"1 . alpn={params}", f"1 . key700={params}"):
        value, broken = judged(whole)
        assert value is not None or broken
        if value is not None:
            assert parsed(value.text()) == value


@given(st.binary())
def test_no_wire_is_a_crash(wire: bytes) -> None:
    for whole in (wire, b"\0\1\0" + wire):
        try:
            value = Svcb.from_wire(whole)
        except BrokenRuleError:
            continue
        assert value.wire() == whole
        assert parsed(value.text()) == value


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("h2"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
keys_of_a_mapping = st.sampled_from(["priority", "target", *(name.replace("-", "_") for name in NAMES)])


@given(st.dictionaries(keys_of_a_mapping, anything), st.lists(st.text(max_size=8), max_size=2))
def test_no_mapping_is_a_crash(data: dict[str, Any], hints: list[str]) -> None:
    bare = {key: value for key, value in data.items() if not key.endswith("hint")}
    text, broken = structure(bare, ipv4hint=hints)
    assert text or broken


@pytest.mark.parametrize(
    "text",
    [
        "0 www.example.com.",
        '10 . alpn="h3,h2" no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2',
        'mandatory=alpn,port alpn="f\\\\\\\\oo\\\\,bar,h2" port=1 ipv6hint=2001:db8::1 ohttp',
        'ech="AEj+DQBEAQAgACAdd+scUi0IYFsXnUIU7ko2Nd9+F8M26pAGZVpz/KrWPgAEAAEAAWQVZWNoLXNpdGVzLmV4YW1wbGUubmV0AAA="',
        'dohpath="/dns-query{?dns}" tls-supported-groups=29,23 docpath=a,b',
    ],
)
def test_a_mapping_says_all_of_a_record(text: str) -> None:
    value = read_svcb(text if text[0].isdigit() else f"1 svc.example.com. {text}", "", [])
    assert value is not None
    written = structure_of(value)
    hints = {name: written.pop(name, []) for name in ("ipv4hint", "ipv6hint")}
    assert read_structure(Reader(written, "", []), hints) == value
