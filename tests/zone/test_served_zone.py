"""The emulator's zone behind a real name server: Knot reads what was exported, and sends the bytes that were meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dns.name
import dns.rdatatype
import pytest

from sakura_emulator.server import Running
from sakura_fleet.client import Client
from sakura_fleet.model.dns import Record
from sakura_fleet.model.dns.published import read_value
from sakura_fleet.model.dns.svcb import Svcb
from sakura_fleet.model.dns.zone_file import read_zone_file, write_zone_file
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from sakura_fleet.resources.dns.zone_records import records_in, zone_named
from tests.emulator.support import Api
from tests.unit.resources.dns.zones import SETS_OWNER_TAGS
from tests.unit.world import checked
from tests.zone.name_server import TOOLS, NameServer, tool

ZONE = "example.com"
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "unit" / "model" / "dns" / "rfc9460-vectors.json").read_text("utf-8")
)
OTHERS: list[dict[str, Any]] = [
    {"Name": "@", "Type": "MX", "RData": "10 MAIL.example.com.", "TTL": 60},
    {"Name": "mail", "Type": "A", "RData": "192.0.2.25"},
    {"Name": "long", "Type": "TXT", "RData": 'v=DKIM1; k="rsa"; p=' + "é" * 100, "TTL": 300},
    {"Name": "@", "Type": "CAA", "RData": '0 issue "letsencrypt.org"'},
    {"Name": "_sip._tcp", "Type": "SRV", "RData": "10 5 443 mail.example.com."},
]
SETS = [
    {"name": "@", "type": "A", "values": ["192.0.2.1"]},
    {"name": "@", "type": "HTTPS", "values": ["0 pool.example.com."]},
    {"name": "caddy", "type": "A", "ttl": 30, "values": ["198.51.100.133"]},
    {"name": "caddy", "type": "HTTPS", "ttl": 30, "values": ["10 . alpn=h3,h3-29,h2 ipv4hint=198.51.100.133"]},
    {"name": "pool", "type": "A", "values": ["192.0.2.2", "192.0.2.3"]},
    {"name": "pool", "type": "HTTPS", "values": ["1 . alpn=h2,h3", '2 . alpn=h2 ohttp key700="a b"']},
    {"name": "*.wild", "type": "A", "values": ["192.0.2.4"]},
    {"name": "*.wild", "type": "HTTPS", "values": ["1 . alpn=h2"]},
    {"name": "_dns.pool", "type": "SVCB", "values": ['1 dot.example.net. alpn=h2 dohpath="/dns-query{?dns}"']},
    {"name": "日本", "type": "CNAME", "values": ["caddy.example.com"]},
]


@pytest.fixture
def served(name_server: NameServer, emulator: Running, session: Session) -> list[Record]:
    """Records of others and of the fleet in the emulator, exported and served; those records."""
    api = Api(emulator.url)
    with api.http:
        zone_id = str(api.make_zone(ZONE, OTHERS)["ID"])
    inputs = {"zone_id": zone_id, "zone_name": ZONE, "record_sets": SETS, "owner_tags": SETS_OWNER_TAGS.inputs()}
    life = DnsRecordSetsLifecycle()
    ready = life.check(session, {}, checked(life, **inputs))
    assert ready.problems == []
    life.create(session, ready.inputs)
    zone = zone_named(session, ZONE)
    assert zone is not None
    records = records_in(zone)
    text = write_zone_file(zone.name, zone.name_servers, records, lambda record: pytest.fail(str(record)))
    name_server.serve(text)
    return records


def full(record: Record) -> str:
    return f"{ZONE}." if record.name == "@" else f"{record.name.replace('*', 'any')}.{ZONE}."


def octets(line: str) -> bytes:
    """The record data of a line of kdig's in the generic form (RFC 3597, 5)."""
    length, *digits = line.partition("\\# ")[2].split()
    found = bytes.fromhex("".join(digits))
    assert len(found) == int(length)
    return found


def test_every_record_comes_with_the_bytes_that_were_meant(name_server: NameServer, served: list[Record]) -> None:
    assert len(served) == len(OTHERS) + 12
    for record in served:
        rrset = name_server.rrset(full(record), record.type)
        assert rrset is not None, record
        assert rrset.ttl == (record.ttl or 3600)
        theirs = {octets(line) for line in name_server.kdig(full(record), record.type, "+generic")}
        if record.type in ("HTTPS", "SVCB"):
            value = record.data
            assert isinstance(value, Svcb)
            assert value.wire() in {rdata.to_wire() for rdata in rrset}, record
            assert value.wire() in theirs, record
        else:
            text = record.text if record.type != "TXT" else None
            known = {rdata.to_digestable() for rdata in rrset}
            assert text is None or read_value(record.type, text).wire in known, record
            assert len(theirs) == len(rrset)
    long = name_server.rrset(f"long.{ZONE}.", "TXT")
    assert long is not None
    assert b"".join(long[0].strings).decode() == OTHERS[2]["RData"]


def test_kdig_shows_the_article_s_record(name_server: NameServer, served: list[Record]) -> None:
    assert name_server.kdig(f"caddy.{ZONE}", "HTTPS", "+short") == ["10 . alpn=h3,h3-29,h2 ipv4hint=198.51.100.133"]
    (line,) = name_server.kdig(f"caddy.{ZONE}", "HTTPS", "+generic")
    assert line.split()[1:] == [
        "30",
        "IN",
        "TYPE65",
        "\\#",
        "27",
        "000A000001000C0268330568332D323902683200040004C6336485",
    ]


def test_a_change_in_the_emulator_is_served(name_server: NameServer, served: list[Record], client: Client) -> None:
    (zone,) = client.dns_zones.find(name=ZONE)
    client.dns_zones.update_records(zone, [record for record in zone.records if record.name != "caddy"])
    zone = client.dns_zones.read(zone.id)
    name_server.serve(write_zone_file(ZONE, zone.name_servers, records_in(zone), lambda _: None))
    assert name_server.rrset(f"caddy.{ZONE}.", "HTTPS") is None
    assert name_server.rrset(f"pool.{ZONE}.", "HTTPS") is not None


VALID = [vector for vector in VECTORS if vector["valid"]]


def test_all_valid_vectors_come_with_the_bytes_of_the_rfc(name_server: NameServer) -> None:
    records = [Record(f"v{n}", vector["type"], vector["presentation"][0]) for n, vector in enumerate(VALID)]
    assert len(records) == 15
    text = write_zone_file(ZONE, ["ns1.example.net"], records, lambda record: pytest.fail(str(record)))
    name_server.serve(text)
    for record, vector in zip(records, VALID, strict=True):
        rrset = name_server.rrset(full(record), record.type)
        assert rrset is not None
        (line,) = name_server.kdig(full(record), record.type, "+generic")
        assert octets(line).hex() == vector["wire_hex"], vector["id"]
        assert rrset[0].to_wire().hex() == vector["wire_hex"], vector["id"]
    again = read_zone_file(text, ZONE, [])
    assert [record.data for record in again] == [record.data for record in records]
    assert all(isinstance(record.data, Svcb) for record in again)


def test_the_file_is_one_that_a_zone_checker_takes(served: list[Record], tmp_path: Path) -> None:
    if not TOOLS["kzonecheck"]:
        pytest.skip("kzonecheck not found; scripts/test-tools installs the Debian package knot-dnssecutils")
    text = write_zone_file(ZONE, ["ns1.example.net"], served, lambda _: None)
    (tmp_path / "good").write_text(text)
    done = tool("kzonecheck", "-o", ZONE, str(tmp_path / "good"))
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "bad").write_text(text + "caddy CNAME x.example.net.\n")
    assert tool("kzonecheck", "-o", ZONE, str(tmp_path / "bad")).returncode == 1, "it does look"


def test_a_wildcard_answers_for_its_names(name_server: NameServer, served: list[Record]) -> None:
    rrset = name_server.rrset(f"a.wild.{ZONE}.", "HTTPS")
    assert rrset is not None
    assert rrset.name == dns.name.from_text(f"a.wild.{ZONE}.")
    assert rrset.rdtype == dns.rdatatype.HTTPS
