"""A zone and its records from `pulumi up` to `pulumi destroy`, beside records of others, with the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sakura_fleet.model.dns.claims import CLAIMS
from tests.program.fleet import Fleet
from tests.program.zone_program import CHALLENGE, JSON, TXT, Dns, SomebodyElse
from tests.zone.name_server import LOOPBACK, MISSING, NameServer

MX: JSON = {"Name": "@", "Type": "MX", "RData": "10 MAIL.example.com.", "TTL": 60, "Comment": "kept"}


def test_life_of_an_owned_zone(fleet: Fleet) -> None:
    dns = Dns(fleet)
    assert fleet.changes()["create"] == 5 + 3
    fleet.up()
    addresses = [member["address"] for member in fleet.members()]
    assert dns.at("www", "A") == addresses
    assert dns.at("www", "HTTPS") == [f"10 . alpn=h3,h2 ipv4hint={','.join(addresses)}"]
    assert dns.at("@", "HTTPS") == ["0 www.example.com."]
    assert [record["TTL"] for record in dns.records if record["Name"] == "www"] == [300, 300, 30]
    assert fleet.outputs()["name_servers"] == dns.item()["Status"]["NS"]

    dns.put([MX, *dns.records, CHALLENGE])
    before = dns.asked()
    fleet.up("--expect-no-changes")
    assert dns.asked() == before, "an up without changes asks the cloud nothing"

    dns.sets = [{**TXT, "values": ["v=spf1 mx -all"]}]
    dns.declare()
    assert fleet.changes() == {"update": 1}
    fleet.up()
    assert dns.writes(before) == 1
    assert dns.at("@", "TXT") == ["v=spf1 mx -all"]
    assert (dns.records[0], dns.records[-1]) == (MX, CHALLENGE), "records of others stay byte for byte"

    fleet.template(tags=["web", "blue"])
    assert fleet.changes() == {"update": 2}, "a changed tag on the servers touches no record"
    fleet.write(size=3)
    fleet.up()
    assert dns.at("www", "A") == [member["address"] for member in fleet.members()]
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    failed = fleet.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert failed.returncode != 0
    assert "still has records that were not made here: @ MX, _acme-challenge TXT" in failed.stdout
    assert dns.records == [MX, CHALLENGE]
    dns.put([])
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}


def test_drift_is_shown_by_refresh_and_repaired_by_up(fleet: Fleet) -> None:
    fleet.write(size=0)
    dns = Dns(fleet)
    dns.sets = [TXT, {"name": "www", "type": "A", "values": ["192.0.2.1"], "ttl": 300}]
    dns.declare(hosts=False)
    fleet.up()
    dns.put([{**record, "RData": record["RData"].replace("192.0.2.1", "192.0.2.66")} for record in dns.records])
    fleet.pulumi("refresh", "--yes", "--skip-preview")
    preview = json.loads(fleet.pulumi("preview", "--json").stdout)
    (step,) = [step for step in preview["steps"] if step["op"] != "same"]
    old, new = (step[state]["inputs"]["record_sets"] for state in ("oldState", "newState"))
    assert [record_set["values"] for record_set in old] == [["v=spf1 -all"], ["192.0.2.66"]]
    assert [record_set["values"] for record_set in new] == [["v=spf1 -all"], ["192.0.2.1"]]
    fleet.up()
    assert dns.at("www", "A") == ["192.0.2.1"]
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_zone_as_a_file_and_seen_from_outside(fleet: Fleet, tmp_path: Path) -> None:
    """One stack, its zone exported, served by a real name server, and compared with the state."""
    fleet.write(size=1)
    dns = Dns(fleet)
    fleet.up()
    dns.put([MX, *dns.records])

    def run(*arguments: str) -> tuple[int, str]:
        done = fleet.run("sakura-fleet", "dns", *arguments, "--stack", fleet.stack, check=False)
        return done.returncode, done.stdout + done.stderr

    assert run("export", "example.com", "-f", "zone") == (0, "")
    file = fleet.folder / "zone"
    assert run("plan", "example.com", "zone")[0] == 0
    file.write_text(file.read_text().replace("v=spf1 -all", "v=spf1 mx -all"))
    code, shown = run("plan", "example.com", "zone")
    assert code == 1
    assert "the set belongs to the stack test; change it there" in shown
    file.write_text("new 60 IN A 192.0.2.9\n")
    code, shown = run("apply", "example.com", "zone", "--delete", "--yes")
    assert code == 0, shown
    assert "www HTTPS stays: of the stack test" in shown
    assert dns.at("new", "A") == ["192.0.2.9"]
    assert dns.at("@", "MX") == [], "with --delete what the file does not name goes"
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    if MISSING:
        pytest.skip(f"{MISSING} not found; scripts/test-tools installs the Debian packages knot and knot-dnsutils")
    assert run("export", "example.com", "-f", "zone")[0] == 0
    server = NameServer(tmp_path, "example.com", file.read_text())
    try:
        ends = ("--server", f"{LOOPBACK}:{server.port}", "--no-doh")
        code, shown = run("check", "www.example.com", *ends)
        assert code == 0, shown
        assert "expected by the stack test: 10 . alpn=h3,h2 ipv4hint=" in shown
        server.serve(file.read_text().replace("alpn=h3,h2", "alpn=h2"))
        code, shown = run("check", "www.example.com", *ends)
        assert code == 3
        assert "missing: 10 . alpn=h3,h2" in shown
    finally:
        server.stop()


def test_a_looked_up_zone_stays_with_the_records_of_others(fleet: Fleet) -> None:
    fleet.write(size=0)
    dns = Dns(fleet)
    dns.make_zone([MX, {"Name": "@", "Type": "TXT", "RData": "theirs"}, CHALLENGE])
    dns.declare(hosts=False, lookup=True)
    refused = fleet.up(check=False)
    assert "@ TXT: it exists already with other values (theirs)" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert dns.at("@", "TXT") == ["theirs"]
    dns.declare(hosts=False, lookup=True, adopt=True)
    fleet.up()
    assert dns.at("@", "TXT") == ["v=spf1 -all"]
    assert dns.item()["Tags"] == []
    assert [text.split(" ", 3)[3] for text in dns.at(CLAIMS, "TXT")] == ["TXT @"], "the stack's set is claimed"
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert dns.records == [MX, CHALLENGE]


def test_bad_records_stop_the_program_before_anything_changes(fleet: Fleet) -> None:
    dns = Dns(fleet)
    dns.sets = [{"name": "www", "type": "CNAME", "values": ["a.example.net."]}, {**TXT, "ttl": 9}]
    dns.declare()
    failed = fleet.pulumi("up", "--yes", check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "no other record may be beside a CNAME, but there is A, HTTPS" in text
    assert "record_sets[1].ttl: 9 is out of range" in text
    assert "Traceback" not in text
    assert fleet.count() == {}


@pytest.mark.parametrize("mood", ["enforce", "ignore"])
def test_somebody_writes_meanwhile(make_fleet: Callable[..., Fleet], mood: str) -> None:
    fleet = make_fleet(size=0, settings_hash=mood)
    dns = Dns(fleet)
    dns.declare(hosts=False)
    fleet.up()
    somebody = SomebodyElse(dns)
    lost = 0
    for number in range(3):
        dns.sets = [{**TXT, "values": [f"round {number}"]}]
        dns.declare(hosts=False)
        with somebody.writing():
            fleet.up()
        if dns.at("@", "TXT") != [f"round {number}"]:
            lost += 1
            fleet.up("--refresh")
        assert dns.at("@", "TXT") == [f"round {number}"]
    assert somebody.added
    assert mood == "ignore" or (lost == 0 and {record["Name"] for record in dns.records} == {"@", *somebody.added})
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
