"""Zone files: what is written is read again as the same, and what a file would change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.dns import Record, RecordSet, record_name
from sakura_fleet.model.dns.zone_file import read_zone_file, write_zone_file
from sakura_fleet.model.dns.zone_plan import judge, plan_zone, read_wanted

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


def plain(records: list[Record]) -> list[tuple[str, str, str, int]]:
    return [(record.name, record.type, record.text, 3600 if record.ttl is None else record.ttl) for record in records]


def read(text: str) -> list[Record]:
    return read_zone_file(text, ZONE, source="example.com.zone")


def rules(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [(p.path, p.rule) for p in caught.value.problems]


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
        ("a.example.org. A", "outside-zone"),
        ("x.example.com. HINFO", "unknown-type"),
        ("z.example.com. TXT", "txt-value"),
        ("www.example.com. HTTPS", "svcb-groups"),
    ]


@pytest.mark.parametrize(
    "line",
    ["www A 192.0.2.256", "www HTTPS 1 . alpn=", "$INCLUDE /etc/passwd", "$GENERATE 1-9 a$ A 192.0.2.$", "www A ("],
)
def test_a_line_that_is_not_of_the_grammar_is_named(line: str) -> None:
    with pytest.raises(InputError, match=r"in example\.com\.zone.*\n  line [23], or the one before: .+ \[zone-file\]"):
        read(f"a A 192.0.2.1\n{line}\n")


@given(st.text(max_size=80))
def test_no_file_is_a_crash(text: str) -> None:
    try:
        read(text)
    except InputError:
        return


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


def test_records_that_go_through_a_file_mean_the_same() -> None:
    for before, after in zip(EVERYTHING, read(written(*EVERYTHING)), strict=True):
        assert before.identity == after.identity
