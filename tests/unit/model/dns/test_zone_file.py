"""Zone files: what is written is read again as the same, and what a file would change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import Record, RecordSet, record_name
from sakura_fleet.model.dns.zone_file import FileRecord, read_zone_file, unwritable, write_zone_file
from sakura_fleet.model.dns.zone_plan import equal_sets, judge, plan_zone, read_wanted

ZONE = "example.com"
EVERYTHING = [
    Record("@", "A", "192.0.2.1", 30),
    Record("www", "AAAA", "2001:db8::1"),
    Record("@", "ALIAS", "site-1.proxylb1.sakura.ne.jp."),
    Record("*.dev", "CNAME", "www.example.com.", 300),
    Record("sub", "NS", "ns1.example.net."),
    Record("@", "MX", "10 mail.example.net."),
    Record("@", "MX", "0 ."),
    Record("@", "TXT", 'v=spf1; "é" \\ -all'),
    Record("long", "TXT", "x" * 300),
    Record("_sip._tcp", "SRV", "10 5 443 host.example.net."),
    Record("@", "CAA", '0 issue "letsencrypt.org; x=1"'),
    Record("www", "HTTPS", "10 . alpn=h3,h3-29,h2 ipv4hint=198.51.100.133", 30),
    Record("www", "HTTPS", '20 . alpn=h2 ohttp tls-supported-groups=29 key700="a b"', 30),
    Record("_dns.www", "SVCB", '1 dot.example.net. alpn=h2 dohpath="/dns-query{?dns}"'),
    Record("@", "HTTPS", "0 www.example.com."),
    Record("1", "PTR", "www.example.com."),
]


def written(*records: Record) -> str:
    skipped: list[Record] = []
    text = write_zone_file(ZONE, ["ns1.gslb4.sakura.ne.jp", "ns2.gslb4.sakura.ne.jp"], records, skipped.append)
    assert skipped == []
    return text


def plain(records: Sequence[Record]) -> list[tuple[str, str, str, int]]:
    return [(record.name, record.type, record.text, 3600 if record.ttl is None else record.ttl) for record in records]


def read(text: str) -> list[FileRecord]:
    problems: list[Problem] = []
    records = read_zone_file(text, ZONE, problems)
    assert problems == []
    return records


def rules(text: str) -> list[tuple[str, str]]:
    """What is wrong with the file, line by line and by the rules of its sets."""
    problems: list[Problem] = []
    read_wanted(read_zone_file(text, ZONE, problems), zone=ZONE, allow=(), warnings=[], problems=problems)
    return [(problem.path, problem.rule) for problem in problems]


def test_every_type_goes_through_a_file() -> None:
    assert plain(read(written(*EVERYTHING))) == plain(EVERYTHING)


def test_a_file_has_what_name_servers_ask_for() -> None:
    assert written(*EVERYTHING[:1]).splitlines()[1:] == [
        "$ORIGIN example.com.",
        "$TTL 3600",
        "@ 3600 IN SOA ns1.gslb4.sakura.ne.jp. hostmaster 1 3600 600 604800 300",
        "@ 3600 IN NS ns1.gslb4.sakura.ne.jp.",
        "@ 3600 IN NS ns2.gslb4.sakura.ne.jp.",
        "@ 30 IN A 192.0.2.1",
    ]


def test_keys_that_few_servers_know_by_name_are_numbers() -> None:
    assert '20 . alpn=h2 key8 key9="\\000\\029" key700="a b"' in written(*EVERYTHING)


def test_data_that_nobody_can_read_is_left_out_and_named() -> None:
    skipped: list[Record] = []
    broken = Record("www", "HTTPS", "rub\nbish")
    text = write_zone_file(ZONE, [], [broken, Record("a", "MX", "ten mail."), EVERYTHING[0]], skipped.append)
    assert [record.name for record in skipped] == ["www", "a"]
    assert "; left out: www 3600 IN HTTPS: 'rub\\nbish' cannot be read" in text
    assert plain(read(text)) == plain(EVERYTHING[:1])


@pytest.mark.parametrize("name", ["a\nwww 60 IN A 192.0.2.6 ;", "a b", "a;b", "a\rb", "a\x85b", 'a"', "$TTL", "a\\"])
def test_a_name_that_would_end_its_line_is_left_out(name: str) -> None:
    skipped: list[Record] = []
    text = write_zone_file(ZONE, [], [Record(name, "A", "192.0.2.1"), Record("*.b", "A", "192.0.2.2")], skipped.append)
    assert [record.name for record in skipped] == [name]
    assert [record.name for record in read(text)] == ["*.b"]
    assert len(text.splitlines()) == len(text.split("\n")) - 1


def test_a_file_as_people_write_it() -> None:
    text = """
$TTL 1h
@       SOA ns1 hostmaster (
            7 3600 600 604800 300 )
        NS  ns1
        MX  10 mail             ; a comment
mail    60 IN A 192.0.2.25
WWW     IN 60 HTTPS ( 1 .
                  alpn="h3,h2" port=443 )
        TXT "one" " two"
$ORIGIN sub.example.com.
a       AAAA 2001:DB8::1
x.example.com. CNAME mail.example.com.
"""
    assert plain(read(text)) == [
        ("@", "MX", "10 mail.example.com.", 3600),
        ("mail", "A", "192.0.2.25", 60),
        ("www", "HTTPS", "1 . alpn=h3,h2 port=443", 60),
        ("www", "TXT", "one two", 3600),
        ("a.sub", "AAAA", "2001:db8::1", 3600),
        ("x", "CNAME", "mail.example.com.", 3600),
    ]


def test_names_in_other_scripts_become_the_same_labels_as_in_a_stack() -> None:
    (record,) = read("STRAßE CNAME 日本.example.net.\n")
    assert record.name == record_name("STRAßE") == "xn--strae-oqa"
    assert record.text == "xn--wgv71a.example.net."


def test_what_no_zone_of_the_appliance_can_have_is_said_at_once() -> None:
    text = (
        'a.example.org. A 192.0.2.1\nx HINFO a b\nz TXT "\\255"\nwww HTTPS 1 . key9="\\000\\029\\000\\029"\n@ NS ns1\n'
    )
    assert rules(text) == [
        ("line 1", "outside-zone"),
        ("line 3", "txt-value"),
        ("line 2", "unknown-type"),
        ("line 4", "svcb-groups"),
    ]


@pytest.mark.parametrize(
    ("line", "rule", "message"),
    [
        ("www A 192.0.2.256", "a-value", "www A: '192.0.2.256' is not an IPv4 address"),
        ("www HTTPS 1 . alpn=", "svcb-empty-value", "www HTTPS: alpn= has no value"),
        ("www HTTPS 1 . foo=bar", "svcb-unknown-key", "www HTTPS: there is no key 'foo'"),
        ("www 1 A 192.0.2.1", "range", "www A: 1 is out of range"),
        ("$INCLUDE /etc/passwd", "zone-file", "$INCLUDE is not read; only $ORIGIN and $TTL are"),
        ("$GENERATE 1-9 a$ A 192.0.2.$", "zone-file", "$GENERATE is not read"),
        ("$TTL soon", "zone-file", "soon is not a TTL"),
        ("www A (", "zone-file", "a parenthesis is opened that is not closed"),
        ("www A 192.0.2.1 )", "zone-file", "a parenthesis is closed that was not opened"),
        ('www TXT "open', "zone-file", "quotes that are not closed"),
        ("www TXT a\\", "zone-file", "a backslash at its end"),
        ("www CH A 192.0.2.1", "zone-file", "the class CH is not IN"),
        ("www 300 IN", "zone-file", "there is no type"),
        ("www A", "zone-file", "there is nothing behind A"),
        ("a..b A 192.0.2.1", "zone-file", "an empty label"),
        ('www TXT "\\999"', "zone-file", "www TXT: \\999 is not an octet"),
        ("www A \\# 4 c000", "zone-file", "www A: "),
        ("www HTTPS \\# 2 0001", "zone-file", "www HTTPS: "),
    ],
)
def test_a_line_that_is_wrong_is_named_and_the_others_are_read(line: str, rule: str, message: str) -> None:
    problems: list[Problem] = []
    records = read_zone_file(f"a A 192.0.2.1\n{line}\nb A 192.0.2.2\n", ZONE, problems)
    read_wanted(records, zone=ZONE, allow=(), warnings=[], problems=problems)
    assert [(problem.path, problem.rule) for problem in problems] == [("line 2", rule)]
    assert message in problems[0].message
    assert "a" in [record.name for record in records]
    assert "(" in line or "b" in [record.name for record in records]


def test_data_in_hexadecimal_digits() -> None:
    text = "a TYPE65 \\# 10 0001000001000302683200\nb A \\# 4 c0000201\nc TXT \\# 3 026869\n"
    text = text.replace("10 0001000001000302683200", "10 00010000010003026832")
    assert plain(read(text)) == [
        ("a", "HTTPS", "1 . alpn=h2", 3600),
        ("b", "A", "192.0.2.1", 3600),
        ("c", "TXT", "hi", 3600),
    ]


@given(st.text(max_size=80) | st.text('a0. \\n\\t;()"\\\\$@*#', max_size=60))
def test_no_file_is_a_crash(text: str) -> None:
    rules(text)


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_any_text_goes_through_a_file(text: str) -> None:
    (record,) = read(written(Record("a", "TXT", text)))
    assert record.text == text


# What a file would change


def wanted(*records: Record, allow: tuple[str, ...] = ()) -> tuple[list[RecordSet], list[Problem], list[Problem]]:
    problems: list[Problem] = []
    warnings: list[Problem] = []
    sets = read_wanted(records, zone=ZONE, allow=allow, warnings=warnings, problems=problems)
    return sets, problems, warnings


def there(name: str, kind: str, rdata: str, ttl: int | None = None) -> Record:
    return Record(name, kind, rdata, ttl, source={"RData": rdata})


def test_a_plan_compares_by_meaning_and_keeps_what_the_file_does_not_name() -> None:
    zone = [
        there("www", "HTTPS", '1 . port=443 alpn="h2"', 60),
        there("WWW", "A", "192.0.2.1"),
        there("_acme-challenge", "TXT", "token"),
    ]
    sets, problems, _ = wanted(
        Record("www", "HTTPS", "1 . alpn=h2 port=443", 60),
        Record("www", "A", "192.0.2.2", 3600),
        Record("new", "A", "192.0.2.3", 3600),
    )
    assert problems == []
    plan = plan_zone(zone, sets, delete=False)
    before = [
        (change.key, change.before and [value.text() for value in change.before.values]) for change in plan.changes
    ]
    assert before == [
        (("www", "A"), ["192.0.2.1"]),
        (("new", "A"), None),
    ]
    assert [str(record) for record in plan.kept] == ["_acme-challenge TXT"]
    assert plan.records[0] is zone[0]
    assert plan.records[2] is zone[2]
    assert plan.lost == 1
    everything = plan_zone(zone, sets, delete=True)
    assert [(change.key, change.after) for change in everything.changes][-1] == (("_acme-challenge", "TXT"), None)
    assert everything.kept == ()
    assert [str(record) for record in everything.records] == [
        'www HTTPS 1 . port=443 alpn="h2"',
        "www A 192.0.2.2",
        "new A 192.0.2.3",
    ]
    assert plan_zone(everything.records, sets, delete=True).changes == ()


def test_a_file_is_judged_by_the_rules_of_the_stack() -> None:
    odd = (Record("www", "A", "192.0.2.1", 60), Record("www", "A", "192.0.2.2", 30), Record("x", "A", "192.0.2.1", 9))
    _, problems, _ = wanted(*odd)
    assert [problem.rule for problem in problems] == ["range", "unequal-ttls"]
    assert [problem.rule for problem in wanted(*odd, allow=("unequal-ttls",))[1]] == ["range"]
    sets, problems, warnings = wanted(Record("www", "HTTPS", "1 . alpn=h3-29", 60))
    assert problems == []
    assert [warning.rule for warning in warnings] == ["svcb-draft-alpn"]
    plan = plan_zone([], sets, delete=False)
    broken, odd_ones = judge(plan, zone=ZONE, allow=())
    assert [problem.rule for problem in broken] == ["svcb-target-without-address"]
    assert [problem.rule for problem in odd_ones] == ["svcb-https-only"]
    assert judge(plan, zone=ZONE, allow=("svcb-target-without-address",))[0] == []


def test_what_others_break_is_theirs() -> None:
    sets, _, _ = wanted(Record("a", "A", "192.0.2.1", 60))
    assert judge(plan_zone([there("@", "MX", "10 mail.example.com.")], sets, delete=False), zone=ZONE, allow=()) == (
        [],
        [],
    )


# What others made: every zone's export is a plan without changes


_OCTETS = st.text(st.characters(codec="utf-8"), max_size=12)
_TEXTS = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": st.sampled_from(["A\\.b.example.net.", "x", "x.example.org", "\\065.example.", "日本.example."]),
    "MX": st.sampled_from(["10 Mail.example.com.", "0 .", "10 mail", "10  x.y.", "-1 a.b.", "1 a.b. c"]),
    "SRV": st.sampled_from(["1 2 3 .", "1 2 3 a", "1 2 3 a.b"]),
    "CAA": st.tuples(st.integers(0, 300), st.sampled_from(["issue", "IODEF"]), _OCTETS).map(
        lambda caa: f'{caa[0]} {caa[1]} "{caa[2]}"'
    ),
    "TXT": _OCTETS | st.sampled_from(['"quoted"', "", '"', "\\\\", "a\\\\", ";", "(", "x" * 300, "é", "\\x00"]),
    "SSHFP": st.sampled_from(["4 2 " + "ab" * 32, "1 1 " + "AB " * 20, "?"]),
    "SPF": _OCTETS,
}
_PARAMS = st.sampled_from([
    "alpn=h2", 'alpn="h3,h2"', "ech=AAX+DQABAA==", "ech=AAAA", "new=1", "key65535=x", "port=1", "port=٣", "ohttp",
    "key700=\\195\\169", "key701=é", 'key702="a;b (c) \\"d"', 'dohpath="/q{?dns}"', "mandatory=alpn", "key9=x",
    'alpn="a\\\\\\\\,b"', "ipv4hint=192.0.2.1", "ipv6hint=::", "tls-supported-groups=29", "no-default-alpn",
])  # fmt: skip
_SVCB = st.tuples(
    st.sampled_from(["0", "1", "65535"]),
    st.sampled_from([".", "a.", "A.b.", "a\\.b.", "a"]),
    st.lists(_PARAMS, max_size=3, unique=True),
).map(lambda data: " ".join([data[0], data[1], *data[2]]))
_NAMES = st.sampled_from(["@", "www", "WWW", "*.a", "_443._tcp", "mail", "x-1", "in", "300", ""])
_ODD_NAMES = st.sampled_from(["a\\.b", "a.", "日本", "A B", "$TTL", "a;b"]) | _OCTETS
_TTLS = st.sampled_from([None, 0, 1, 60, 3600, 2**31])


@st.composite
def anything(draw: st.DrawFn) -> Record:
    """A record as others may have made it; now and then one that no file can hold."""
    kind = draw(st.sampled_from([*_TEXTS, "HTTPS", "https", "SVCB", "NS", "PTR", "ALIAS"]))
    text = draw(_TEXTS.get(kind, _SVCB if kind.upper() in ("HTTPS", "SVCB") else _TEXTS["CNAME"]))
    name, ttl = draw(_NAMES), draw(_TTLS)
    match draw(st.integers(0, 19)):
        case 0:
            name = draw(_ODD_NAMES)
        case 1:
            text = draw(_OCTETS)
        case 2:
            ttl = -1
        case 3:
            kind = draw(st.sampled_from(["SOA", "TYPE65", "nonsense"]))
    return Record(name, kind, text, ttl, source=object())


@settings(max_examples=400)
@given(st.lists(anything(), max_size=6))
def test_the_export_of_any_zone_is_a_plan_without_changes(zone: list[Record]) -> None:
    skipped: list[Record] = []
    text = write_zone_file(ZONE, ["ns1.gslb4.sakura.ne.jp"], zone, skipped.append)
    assert len(text.splitlines()) == len(text.split("\n")) - 1
    records = read(text)
    equal = equal_sets(zone, records)
    assert equal == {record.key for record in records}
    assert equal | {record.key for record in skipped} == {record.key for record in zone}
    plan = plan_zone(zone, [], delete=True, stay=unwritable(ZONE, zone).keys(), equal=equal)
    assert plan.changes == ()
    assert all(after is before for after, before in zip(plan.records, zone, strict=True))


@pytest.mark.parametrize("ttl", [1, 60, None])
def test_what_a_file_can_hold_is_in_the_file(ttl: int | None) -> None:
    odd = [
        Record("a", "HTTPS", "1 . ech=AAX+DQABAA== key65535=x key700=\\195", ttl),
        Record("b", "CNAME", "a\\.b.example.net.", ttl),
        Record("c", "CAA", '1 issue "x"', ttl),
        Record("d", "TXT", '"quoted"', ttl),
        Record("e", "SSHFP", "4 2 " + "ab" * 32, ttl),
    ]
    assert [record.identity for record in read(written(*odd))] == [record.identity for record in odd]


def test_a_set_with_one_value_that_no_file_can_hold_is_left_out_whole() -> None:
    skipped: list[Record] = []
    half = [Record("a", "HTTPS", "1 . alpn=h2"), Record("a", "HTTPS", "2 . new=1")]
    text = write_zone_file(ZONE, [], half, skipped.append)
    assert skipped == half
    assert read(text) == []


def test_records_that_go_through_a_file_mean_the_same() -> None:
    for before, after in zip(EVERYTHING, read(written(*EVERYTHING)), strict=True):
        assert before.identity == after.identity
