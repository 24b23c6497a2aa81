"""`sakura-fleet dns check` against a real name server and a JSON resolver on loopback."""

from __future__ import annotations

import json
import socket
from typing import Any

import dns.flags
import dns.resolver
import pytest
from click.testing import CliRunner, Result

from sakura_fleet import tokens
from sakura_fleet.cli import dns_check
from sakura_fleet.cli.main import main
from sakura_fleet.client import name_servers
from sakura_fleet.errors import DnsError
from tests.zone.conftest import EMPTY
from tests.zone.name_server import LOOPBACK, SPELLINGS, NameServer, Resolver

JSON = dict[str, Any]
WWW = "www.example.com"
HEAD = EMPTY.rstrip("\n") + "\n"
RECORDS = HEAD + "www 300 IN A 192.0.2.1\nwww 30 IN HTTPS 10 . alpn=h3,h2 ipv4hint=192.0.2.1\n"
OTHER = RECORDS.replace("alpn=h3,h2", "alpn=h2")


class Check:
    """The command with both ends on loopback."""

    def __init__(self, name_server: NameServer, resolver: Resolver) -> None:
        self.name_server, self.resolver = name_server, resolver

    def run(self, *arguments: str, name: str = WWW, doh: bool = True) -> Result:
        ends = ["--server", f"{LOOPBACK}:{self.name_server.port}"]
        ends += ["--doh", self.resolver.url] if doh else ["--no-doh"]
        return CliRunner().invoke(main, ["dns", "check", name, *ends, *arguments])

    def found(self, *arguments: str, **options: Any) -> tuple[int, JSON]:
        result = self.run(*arguments, "-o", "json", **options)
        assert result.stdout, result.output
        (found,) = json.loads(result.stdout)
        return result.exit_code, found

    def verdicts(self, *arguments: str, **options: Any) -> tuple[int, list[tuple[str, str]]]:
        code, found = self.found(*arguments, **options)
        return code, [(answer["verdict"], answer["note"]) for answer in found["answers"]]


@pytest.fixture
def check(name_server: NameServer, resolver: Resolver) -> Check:
    name_server.serve(RECORDS)
    return Check(name_server, resolver)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> list[JSON]:
    """The state of a stack with these sets; the engine is a stand-in."""
    sets: list[JSON] = [
        {"name": "www", "type": "A", "ttl": 300, "values": ["192.0.2.1"]},
        {"name": "www", "type": "HTTPS", "ttl": 30, "values": ["10 . ipv4hint=192.0.2.1 alpn=h3,h2"]},
    ]
    outputs = {"zone_id": "1", "zone_name": "example.com", "records": sets}
    zone = {"type": tokens.DNS_ZONE, "id": "1", "outputs": {"name_servers": ["ns1.gslb4.sakura.ne.jp"]}}

    class Engine:
        def __init__(self, *_: object) -> None: ...

        def resources(self) -> list[JSON]:
            return [zone, {"type": tokens.DNS_RECORD_SETS, "id": "1", "outputs": outputs}]

    monkeypatch.setattr(dns_check, "StackEngine", Engine)
    return sets


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_agree_in_every_spelling_of_the_resolver(check: Check, spelling: str) -> None:
    check.resolver.spelling = spelling
    code, found = check.found()
    assert code == 0
    assert found["expected"]["values"] == [
        {
            "text": "10 . alpn=h3,h2 ipv4hint=192.0.2.1",
            "wire": "000a0000010006026833026832" + "00040004c0000201",
        }
    ]
    assert [answer["values"] for answer in found["answers"]] == [found["expected"]["values"]] * 2
    assert [answer["resolver"] for answer in found["answers"]] == [False, True]
    assert check.resolver.asked == ["/resolve?name=www.example.com.&type=65"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", ["A", "TXT", "MX", "CAA", "SRV"])
def test_other_types_in_every_spelling(check: Check, kind: str, spelling: str) -> None:
    data = {
        "A": "192.0.2.1",
        "TXT": '"v=spf1 -all"',
        "MX": "10 Mail.example.net.",
        "CAA": "0 issue letsencrypt.org",
        "SRV": "1 2 3 a.example.net.",
    }
    check.name_server.serve(f"{HEAD}www 60 IN {kind} {data[kind]}\n")
    check.resolver.spelling = spelling
    assert check.verdicts("-t", kind) == (0, [("ok", ""), ("ok", "")])


def test_a_set_that_is_too_large_for_udp(check: Check, name_server: NameServer) -> None:
    addresses = [f"192.0.2.{number}" for number in range(200)]
    name_server.serve(HEAD + "".join(f"many 60 IN A {address}\n" for address in addresses))
    assert name_server.ask("many.example.com", "A").flags & dns.flags.TC, "over UDP it is cut off"
    code, found = check.found("-t", "A", name="many.example.com", doh=False)
    assert code == 0
    assert {value["text"] for value in found["answers"][0]["values"]} == set(addresses)


def test_the_table_and_what_is_odd_about_the_set(check: Check, name_server: NameServer) -> None:
    assert check.found()[1]["odd"] == []
    name_server.serve(RECORDS.replace("IN A 192.0.2.1", "IN A 192.0.2.7"))
    result = check.run()
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "www.example.com. HTTPS",
        f"  expected by {LOOPBACK}@{check.name_server.port}: 10 . alpn=h3,h2 ipv4hint=192.0.2.1 (30 s)",
        f"  ok         {LOOPBACK}@{check.name_server.port}: 10 . alpn=h3,h2 ipv4hint=192.0.2.1 (30 s)",
        f"  ok         {check.resolver.url}: 10 . alpn=h3,h2 ipv4hint=192.0.2.1 (30 s)",
        "  odd        the hint 192.0.2.1 is none of the addresses of www.example.com; take it from the same server, or "
        "leave it out [svcb-stale-hint]",
    ]


def test_what_a_stack_has_written_is_what_all_must_answer(check: Check, state: list[JSON]) -> None:
    result = check.run("-s", "test")
    assert result.exit_code == 0, result.output
    assert "www.example.com. A\n  expected by the stack test: 192.0.2.1 (300 s)" in result.output
    assert (
        "www.example.com. HTTPS\n  expected by the stack test: 10 . alpn=h3,h2 ipv4hint=192.0.2.1 (30 s)"
        in result.output
    )
    check.name_server.serve(OTHER)
    code, found = check.verdicts("-s", "test", "-t", "HTTPS")
    missing = "missing: 10 . alpn=h3,h2 ipv4hint=192.0.2.1; not expected: 10 . alpn=h2 ipv4hint=192.0.2.1"
    assert code == 3
    assert found == [
        ("differs", missing),
        ("differs", f"{missing}; it may hold this for 30 s more, as may other caches"),
    ]
    state[1]["ttl"] = 60
    check.name_server.serve(RECORDS)
    assert check.verdicts("-s", "test", "-t", "HTTPS") == (3, [("differs", "the TTL is 30, not 60"), ("ok", "")])


def test_a_resolver_that_still_holds_the_old_set(check: Check, name_server: NameServer) -> None:
    check.resolver.ttl = lambda ttl: ttl - 13
    check.resolver.document = check.resolver.answer("/resolve?name=www.example.com.&type=65")
    name_server.serve(OTHER)
    code, found = check.verdicts()
    assert code == 4
    assert found[0] == ("ok", "")
    assert found[1][0] == "differs"
    assert found[1][1].endswith("it may hold this for 17 s more, as may other caches")


def test_a_resolver_that_holds_an_absence(check: Check, name_server: NameServer) -> None:
    name_server.serve(HEAD)
    for name, shown in ((WWW, "no such name"), ("ns1.example.com", "no such record")):
        check.resolver.document = None
        check.resolver.document = check.resolver.answer(f"/resolve?name={name}.&type=65")
        check.resolver.document["Authority"][0]["TTL"] = 120
        name_server.serve(f"{RECORDS}ns1 30 IN HTTPS 1 . alpn=h2\n")
        result = check.run(name=name)
        assert result.exit_code == 4
        assert f"{check.resolver.url}: {shown} (120 s)" in result.output
        assert "it may hold this for 120 s more" in result.output
        name_server.serve(HEAD)
    check.resolver.document = None
    assert check.verdicts(name="nowhere.example.com") == (0, [("ok", ""), ("ok", "")]), "nothing, and all say so"


def test_a_ttl_that_a_resolver_makes_longer(check: Check) -> None:
    check.resolver.ttl = lambda ttl: ttl + 1
    code, found = check.verdicts()
    assert (code, found[1]) == (4, ("differs", "it holds the set for 31 s more, longer than the TTL of 30"))
    check.resolver.ttl = lambda ttl: 1
    assert check.verdicts()[0] == 0


def test_name_servers_that_differ(check: Check, name_server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = name_servers.ask

    def ask(server: name_servers.NameServer, name: str, kind: str) -> Any:
        asked.append(server.name)
        name_server.serve(RECORDS if len(asked) == 1 else OTHER)
        return real(server, name, kind)

    monkeypatch.setattr(name_servers, "ask", ask)
    code, found = check.verdicts("--server", f"{LOOPBACK}:{name_server.port}", doh=False)
    assert code == 3
    assert [verdict for verdict, _ in found] == ["ok", "differs"]


def test_cnames_are_followed(check: Check, name_server: NameServer, state: list[JSON]) -> None:
    name_server.serve(f"{RECORDS}a 60 IN CNAME B.example.com.\nb 60 IN CNAME www\nout 60 IN CNAME www.example.net.\n")
    code, found = check.found(name="a.example.com")
    assert code == 0
    assert found["expected"]["cnames"] == ["b.example.com.", "www.example.com."]
    assert found["answers"][1]["values"][0]["text"] == "10 . alpn=h3,h2 ipv4hint=192.0.2.1"
    assert check.verdicts("-t", "CNAME", name="a.example.com")[0] == 0
    there = {"name": "www.example.net.", "type": 65, "TTL": 5, "data": "1 . alpn=h2"}
    cname = {"name": "out.example.com.", "type": 5, "TTL": 5, "data": "www.example.net."}
    check.resolver.document = {"Status": 0, "Answer": [cname, there]}
    assert check.verdicts(name="out.example.com")[0] == 0, "what stands outside the zone is not the zone's to say"
    cname["data"] = "www.example.org."
    there["name"] = "www.example.org."
    code, found = check.verdicts(name="out.example.com")
    assert code == 4
    assert found[1][1].startswith("leads to www.example.org., not to www.example.net.")
    state[:] = [{"name": "out", "type": "CNAME", "ttl": 60, "values": ["www.example.net."]}]
    assert check.verdicts("-s", "test", "-t", "HTTPS", name="out.example.com", doh=False)[0] == 0


def test_names_that_the_stack_has_by_wildcard_or_alias(
    check: Check, state: list[JSON], name_server: NameServer
) -> None:
    state[:] = [
        {"name": "*.wild", "type": "HTTPS", "ttl": 30, "values": ["1 . alpn=h2"]},
        {"name": "@", "type": "ALIAS", "ttl": 30, "values": ["x.example.net."]},
    ]
    name_server.serve(f"{HEAD}*.wild 30 IN HTTPS 1 . alpn=h2\n@ 20 IN A 192.0.2.9\n")
    assert check.verdicts("-s", "test", name="a.wild.example.com") == (0, [("ok", ""), ("ok", "")])
    assert check.verdicts("-s", "test", "-t", "A", name="example.com")[0] == 0, "what ALIAS stands for is the cloud's"
    assert check.verdicts("-s", "test", "-t", "MX", name="example.com")[0] == 0, "no MX in the stack and none there"


ABSURD = [
    ({"Status": 2}, "it answers with the code 2 (SERVFAIL)"),
    ({"Status": 5}, "it answers with the code 5"),
    ([], "the answer is not the JSON of a DNS resolver"),
    ({"Status": 0, "Answer": [{"name": f"{WWW}.", "type": 65, "data": "1 . alpn="}]}, "its answer cannot be read"),
    ({"Status": 0, "Answer": [{"name": f"{WWW}.", "type": 65, "data": "\\# 3 00"}]}, "its answer cannot be read"),
]


@pytest.mark.parametrize(("document", "note"), ABSURD)
def test_a_resolver_that_gives_no_answer(check: Check, document: Any, note: str) -> None:
    check.resolver.document = document
    code, found = check.verdicts()
    assert code == 5
    assert found[0] == ("ok", "")
    assert found[1][0] == "no answer"
    assert found[1][1].startswith(note)


@pytest.mark.parametrize("raw", [(503, b"{}"), (200, b"<html>"), (200, b"\xff\xfe")])
def test_a_resolver_that_is_none(check: Check, raw: tuple[int, bytes]) -> None:
    check.resolver.raw = raw
    code, found = check.verdicts()
    assert (code, found[1][0]) == (5, "no answer")


def test_a_name_server_that_does_not_answer(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_servers, "TIMEOUT", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        code, found = check.verdicts("--server", f"{LOOPBACK}:{silent.getsockname()[1]}")
    assert code == 5
    assert found[1] == ("no answer", "it does not answer within 0 s")


def test_a_name_server_without_the_zone(check: Check) -> None:
    code, found = check.verdicts(name="www.example.org", doh=False)
    assert (code, found) == (5, [("no answer", "it answers REFUSED")])


def test_waiting_until_all_agree(check: Check, name_server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    check.resolver.document = check.resolver.answer("/resolve?name=www.example.com.&type=65")
    name_server.serve(OTHER)
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            check.resolver.document = None

    monkeypatch.setattr(dns_check, "sleep", sleep)
    assert check.verdicts("--wait", "600")[0] == 0
    assert naps == [1, 2, 4]
    naps.clear()
    assert check.verdicts()[0] == 0
    assert naps == [], "all agree: nobody waits"


def test_the_zone_s_own_name_servers_are_found(
    check: Check, name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = dns.resolver.Resolver(configure=False)
    looking.nameservers, looking.port, looking.lifetime = [LOOPBACK], name_server.port, 5
    monkeypatch.setattr(dns.resolver, "default_resolver", looking)
    monkeypatch.setattr(name_servers, "PORT", name_server.port)
    assert name_servers.name_servers_of(WWW) == ["ns1.example.com"]
    result = CliRunner().invoke(main, ["dns", "check", WWW, "--no-doh", "-o", "json"])
    assert result.exit_code == 0, result.output
    (answer,) = json.loads(result.output)[0]["answers"]
    assert answer["source"] == f"ns1.example.com ({LOOPBACK})"
    with pytest.raises(DnsError, match=r"the name server nowhere\.example\.com has no address"):
        name_servers.addresses_of("nowhere.example.com")
    looking.nameservers = []
    with pytest.raises(DnsError, match=r"cannot be found: .*--server"):
        name_servers.name_servers_of(WWW)
    with pytest.raises(DnsError, match="cannot be looked up"):
        name_servers.addresses_of("ns1.example.com")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["www", "--no-doh"], "'www' is not a whole name"),
        (["a..b.example.com"], "an empty label"),
        ([WWW, "--doh", "http://dns.google/resolve"], "is not an https URL"),
        ([WWW, "--doh", "dns.google"], "is not an https URL"),
        ([WWW, "--no-doh", "--server", "127.0.0.1:0"], "is not HOST or HOST:PORT"),
        ([WWW, "--no-doh", "--server", "127.0.0.1:65536"], "is not HOST or HOST:PORT"),
        ([WWW, "--no-doh", "--server", ":53"], "is not HOST or HOST:PORT"),
    ],
)
def test_arguments_that_are_refused(arguments: list[str], expected: str) -> None:
    result = CliRunner().invoke(main, ["dns", "check", *arguments])
    assert result.exit_code == 1
    assert expected in result.output


def test_a_name_in_no_zone_of_the_stack(state: list[JSON]) -> None:
    result = CliRunner().invoke(main, ["dns", "check", "www.example.org", "-s", "test", "--no-doh"])
    assert result.exit_code == 1
    assert "www.example.org. is in no zone of the stack test; those are example.com" in result.output


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("ns1.example.com:65535", ("ns1.example.com", 65535)),
    ],
)
def test_servers_as_people_write_them(text: str, place: tuple[str, int]) -> None:
    assert dns_check._host_and_port(text) == place
