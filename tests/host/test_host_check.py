"""`sakura-fleet host check` against real Caddy and a real name server: promises kept, and each kind of broken one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sakura_fleet.cli.clock import now
from sakura_fleet.cli.main import main
from sakura_fleet.errors import DnsError, InputError
from sakura_fleet.probe import HostReport, check_host
from tests.host.caddy import Caddy, new_caddy
from tests.ports import free_port
from tests.zone.name_server import MISSING, NameServer

NAMES = [f"{name}.site.test" for name in ("full", "none", "quiet", "closed", "hint", "alias", "svc", "loop", "away")]

APEX = "$ORIGIN site.test.\n$TTL 30\n@ 60 SOA ns1 hostmaster 1 3600 600 604800 60\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n"


@dataclass
class Site:
    """One Caddy with many names, and the name server that knows them."""

    caddy: Caddy
    resolver: str

    def url(self, name: str) -> str:
        return f"https://{name}.site.test:{self.caddy.https_port}/"

    def report(self, name: str, **changes: Any) -> HostReport:
        usual = {"now": now(), "resolver": self.resolver, "ca_file": str(self.caddy.root_ca)}
        return check_host(self.url(name), **{**usual, **changes})

    def command(self, name: str, *options: str) -> Result:
        given = ["host", "check", self.url(name), "--resolver", self.resolver, "--ca-file", str(self.caddy.root_ca)]
        return CliRunner().invoke(main, [*given, *options])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if MISSING:
        pytest.skip(f"{MISSING} not found: apt-get install knot knot-dnsutils knot-dnssecutils")
    folder = tmp_path_factory.mktemp("site")
    caddy = new_caddy("2.11", folder / "caddy")
    caddy.write(f"{', '.join(NAMES)} {{\n\ttls internal\n\trespond ok\n}}")
    prefix = f"_{caddy.https_port}._https"  # RFC 9460 section 9.1: the owner for a port that is not 443
    records = "\n".join(
        [
            *(f"{name.partition('.')[0]} A 127.0.0.1" for name in NAMES),
            f"{prefix}.full HTTPS 10 . alpn=h3,h2 ipv4hint=127.0.0.1",
            f"{prefix}.full A 127.0.0.1",
            f"{prefix}.quiet HTTPS 10 . alpn=h2",
            f"{prefix}.closed HTTPS 10 . alpn=h3,h2 port={free_port()}",
            f"{prefix}.hint HTTPS 10 full.site.test. alpn=h3,h2 ipv4hint=127.0.0.9",
            f"{prefix}.alias HTTPS 0 svc.site.test.",
            f"svc HTTPS 1 . alpn=h3,h2 port={caddy.https_port}",
            f"{prefix}.loop HTTPS 0 loop.site.test.",
            "loop HTTPS 0 loop.site.test.",
            f"{prefix}.away HTTPS 0 nowhere.site.test.",
        ]
    )
    (folder / "knot").mkdir()
    server = NameServer(folder / "knot", "site.test", f"{APEX}{records}\n")
    try:
        with caddy.running(*NAMES):
            yield Site(caddy, f"127.0.0.1:{server.port}")
    finally:
        server.stop()


def verdicts(report: HostReport, check: str) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.text) for finding in report.findings if finding.check == check]


def test_a_host_that_keeps_its_promises(site: Site) -> None:
    done = site.command("full", "--days", "0", "-o", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["verdict"] == "ok"
    assert {key: answer["status"] for key, answer in found["protocols"].items()} == {"h1": 200, "h2": 200, "h3": 200}
    assert {answer["address"] for answer in found["protocols"].values()} == {"127.0.0.1"}
    assert found["protocols"]["h2"]["alt_svc"] == f'h3=":{site.caddy.https_port}"; ma=2592000'
    assert "Caddy Local Authority" in found["protocols"]["h3"]["certificate"]["issuer"]
    assert found["https_record"]["records"] == ["10 . alpn=h3,h2 ipv4hint=127.0.0.1"]
    assert (found["https_record"]["ttl"], found["https_record"]["aliases"]) == (30, [])
    assert {finding["check"] for finding in found["findings"]} == {
        "h1",
        "h2",
        "h3",
        "alt-svc",
        "certificate",
        "https record",
    }


def test_the_table_and_the_exit_code_for_a_certificate_that_ends_soon(site: Site) -> None:
    done = site.command("full")
    assert done.exit_code == 3
    lines = done.output.splitlines()
    assert lines[2].startswith("ok       h3            200 from 127.0.0.1 in ")
    (certificate,) = [line for line in lines if "certificate" in line]
    assert certificate.startswith("warning")
    assert "0 days left" in certificate
    assert lines[-1] == "ok       https record  10 . alpn=h3,h2 ipv4hint=127.0.0.1, TTL 30"


def test_days_are_counted_from_now(site: Site) -> None:
    report = site.report("none", now=now() - timedelta(days=20))
    ((verdict, text),) = verdicts(report, "certificate")
    assert verdict == "ok"
    assert "20 days left" in text


def test_no_record_promises_nothing(site: Site) -> None:
    report = site.report("none", days=0)
    assert (report.verdict, report.record and report.record.records) == ("ok", ())
    assert verdicts(report, "https record") == [("info", f"none at _{site.caddy.https_port}._https.none.site.test")]
    assert report.to_json()["https_record"] is None


def test_a_record_that_does_not_say_what_is_served(site: Site) -> None:
    report = site.report("quiet", days=0)
    assert report.verdict == "warning"
    assert verdicts(report, "https record") == [("warning", "10 . alpn=h2, TTL 30; it does not say that h3 is served")]


def test_a_record_that_promises_h3_where_nobody_listens(site: Site) -> None:
    done = site.command("closed", "--days", "0")
    assert done.exit_code == 4
    broken = [line for line in done.output.splitlines() if line.startswith("failed")]
    assert len(broken) == 3, "h3, h2 and HTTP/1.1, which every record implies"
    assert "promises h3, but " in broken[0]
    assert "nobody listens there" in broken[0]


def test_a_hint_that_is_no_address_of_the_target(site: Site) -> None:
    report = site.report("hint", days=0)
    assert report.verdict == "failed"
    text = "the hint 127.0.0.9 is no address of full.site.test, which has 127.0.0.1"
    assert ("failed", text) in verdicts(report, "https record")


def test_aliases_are_followed_and_their_end_is_probed(site: Site) -> None:
    report = site.report("alias", days=0)
    assert report.verdict == "ok", report.findings
    ((verdict, text),) = verdicts(report, "https record")
    assert (verdict, text.partition(" alpn")[0]) == ("ok", "0 svc.site.test. -> 1 .")
    assert report.record
    assert report.record.owner == "svc.site.test."


def test_an_alias_that_leads_nowhere(site: Site) -> None:
    assert verdicts(site.report("away", days=0), "https record") == [("warning", "none at nowhere.site.test")]
    ((verdict, text),) = verdicts(site.report("loop", days=0), "https record")
    assert verdict == "failed"
    assert "more than 8 aliases" in text


def test_protocols_that_are_switched_off(tmp_path: Path) -> None:
    caddy = new_caddy("2.11", tmp_path)
    caddy.write('localhost {\n\ttls internal\n\theader Alt-Svc `h3=":1"`\n\trespond ok\n}', protocols="h1 h2")
    with caddy.running("localhost"):
        url = f"https://localhost:{caddy.https_port}/"

        def check(**changes: Any) -> HostReport:
            usual = {"now": now(), "resolver": "127.0.0.1:1", "ca_file": str(caddy.root_ca), "timeout": 0.5, "days": 0}
            return check_host(url, **{**usual, **changes})

        report = check(address="127.0.0.1")
        assert report.verdict == "failed"
        assert [finding.verdict for finding in report.findings if finding.check == "h3"] == ["info"]
        ((_, alt_svc),) = [listed for listed in verdicts(report, "alt-svc") if listed[0] == "failed"]
        assert alt_svc.startswith("promises h3, but ")
        assert "port 1/udp" in alt_svc
        ((verdict, text),) = verdicts(report, "https record")
        assert verdict == "failed"
        assert "cannot be looked up at 127.0.0.1:1" in text
        required = check(address="127.0.0.1", require=["h3"])
        assert [
            listed
            for listed in verdicts(required, "h3")
            if listed[0] == "failed" and listed[1].startswith("required, but")
        ]
        with pytest.raises(DnsError, match=r"cannot be looked up at 127\.0\.0\.1:1"):
            check()


def test_an_address_has_no_record(tmp_path: Path) -> None:
    caddy = new_caddy("2.11", tmp_path, options="\tdefault_sni 127.0.0.1\n")
    caddy.write("127.0.0.1 {\n\ttls internal\n\trespond ok\n}")
    with caddy.running("127.0.0.1"):
        url = f"https://127.0.0.1:{caddy.https_port}/"
        report = check_host(url, now=now(), resolver="127.0.0.1:1", ca_file=str(caddy.root_ca), days=0, timeout=5)
    assert report.verdict == "ok", report.findings
    assert verdicts(report, "https record") == [("info", "none at 127.0.0.1")]


def test_a_host_that_is_down(site: Site) -> None:
    report = check_host("https://full.site.test:1/", now=now(), resolver=site.resolver, timeout=1)
    assert [(finding.check, finding.verdict) for finding in report.findings[:3]] == [
        ("h1", "failed"),
        ("h2", "failed"),
        ("h3", "failed"),
    ]
    missing = check_host("https://missing.site.test/", now=now(), resolver=site.resolver)
    assert [(finding.check, finding.verdict) for finding in missing.findings] == [("address", "failed")]


def test_an_answer_of_5xx_is_a_failure(site: Site, tmp_path: Path) -> None:
    caddy = new_caddy("2.11", tmp_path)
    caddy.write("none.site.test {\n\ttls internal\n\trespond 502\n}")
    with caddy.running("none.site.test"):
        url = f"https://none.site.test:{caddy.https_port}/"
        given = ["host", "check", url, "--resolver", site.resolver, "--ca-file", str(caddy.root_ca), "--days", "0"]
        done = CliRunner().invoke(main, given)
    assert done.exit_code == 4
    assert done.output.startswith("failed   h1            502 from 127.0.0.1")


@pytest.mark.parametrize("resolver", ["localhost:53", "1.2.3", "127.0.0.1:0", "127.0.0.1:x", "::1:53:"])
def test_a_resolver_that_is_none(resolver: str) -> None:
    with pytest.raises(InputError, match="probe-resolver"):
        check_host("https://a.test/", now=now(), resolver=resolver)


def test_what_cannot_be_asked_is_an_error_of_the_command() -> None:
    done = CliRunner().invoke(main, ["host", "check", "http://a.test/"])
    assert done.exit_code == 1
    assert "[probe-url]" in done.output
