"""The readers of loose values, and each value class from the reference's own samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sakura_fleet.client import (
    Archive,
    AuthStatus,
    Disk,
    DiskPlan,
    DnsRecord,
    DnsZone,
    Elb,
    ElbCertificate,
    ElbCertificates,
    ElbHealth,
    Icon,
    Interface,
    Note,
    PacketFilter,
    PacketFilterRule,
    Price,
    Server,
    ServerDisk,
    ServerPlan,
    SshKey,
    Switch,
    Zone,
    _values,
)
from sakura_fleet.client.catalogue import ZoneReader
from sakura_fleet.model.zones import SANDBOX, ZONES
from tests.unit.client import samples

JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (_values.text, None, ""),
        (_values.text, 5, "5"),
        (_values.text, True, ""),
        (_values.text, {"a": 1}, ""),
        (_values.optional_text, "", None),
        (_values.optional_text, "x", "x"),
        (_values.number, "80", 80),
        (_values.number, 1.0, 1),
        (_values.number, None, 0),
        (_values.number, "many", 0),
        (_values.number, float("inf"), 0),
        (_values.boolean, True, True),
        (_values.boolean, "True", True),
        (_values.boolean, "False", False),
        (_values.boolean, None, False),
        (_values.boolean, 1, False),
        (_values.mapping, [], {}),
        (_values.mapping, None, {}),
        (_values.mapping, {"a": 1}, {"a": 1}),
        (_values.moment, None, None),
        (_values.moment, "", None),
        (_values.moment, "soon", None),
        (_values.moment, "2026-08-01T09:30:00+09:00", datetime(2026, 8, 1, 9, 30, tzinfo=JST)),
        (_values.moment, "2026-08-01T00:30:00.123456789Z", datetime(2026, 8, 1, 0, 30, 0, 123456, tzinfo=UTC)),
        (_values.wire_id, "113800000020", 113800000020),
        (_values.wire_ref, "5", {"ID": 5}),
        (_values.wire_ref, None, None),
        (_values.wire_ref, "", None),
    ],
)
def test_readers(read: Callable[[Any], object], value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"ID": 5}, "5"),
        ({"ID": "5"}, "5"),
        ({"ID": 0, "Tags": []}, None),
        ({"ID": "-1"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_references(value: object, expected: str | None) -> None:
    assert _values.reference(value) == expected


SHARED_NIC = Interface("113800000021", "9C:A3:BA:00:00:01", "192.0.2.11", None, None, True, "113800000060")
SWITCH_NIC = Interface("113800000023", "9C:A3:BA:00:00:02", None, "192.168.0.11", "113800000010", False, None)
BARE_NIC = Interface("113800000024", "9C:A3:BA:00:00:03", None, None, None, False, None)

SERVER = Server(
    id="113800000020",
    name="web1",
    description="front",
    tags=("a", "web"),
    zone="is1b",
    availability="available",
    status="up",
    core=2,
    memory_gb=4,
    dedicated_cpu=False,
    generation=100,
    icon_id="112901627749",
    interface_driver="virtio",
    interfaces=(SHARED_NIC, SWITCH_NIC, BARE_NIC),
    disks=(ServerDisk("113800000022", "web1-disk", 20, "available", "virtio"),),
    created_at=datetime(2026, 8, 1, 9, 30, tzinfo=JST),
)

DISK = Disk(
    id="113800000022",
    name="web1-disk",
    description="",
    tags=(),
    availability="migrating",
    size_gb=20,
    migrated_gb=5.0,
    plan="ssd",
    connection="virtio",
    server_id="113800000020",
    source_archive_id="113601000001",
    source_disk_id=None,
    config_error=None,
    created_at=datetime(2026, 8, 1, 9, 30, 1, tzinfo=JST),
)

NINE = datetime(2026, 8, 1, 9, 0, tzinfo=JST)
PEM_CERTIFICATE, PEM_KEY = "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"

VALUES: list[tuple[Any, dict[str, Any], object]] = [
    (Server, samples.SERVER, SERVER),
    (
        Server,
        {
            **samples.SERVER,
            "ServerPlan": {**samples.SERVER["ServerPlan"], "GPU": 1},
            "PrivateHost": {"ID": 112900000001},
        },
        replace(SERVER, gpu=1, private_host_id="112900000001"),
    ),
    (Disk, samples.DISK, DISK),
    (
        Archive,
        samples.ARCHIVE,
        Archive(
            id="113601000001",
            name="AlmaLinux 9.6 (64bit)",
            description="",
            tags=("alma-9-latest", "current-stable", "distro-alma", "os-linux"),
            scope="shared",
            availability="available",
            size_gb=20,
            created_at=datetime(2026, 6, 1, 10, tzinfo=JST),
        ),
    ),
    (
        Switch,
        samples.SWITCH,
        Switch("113800000010", "backend", "", (), None, "user", 2, "192.168.0.1", 24, NINE),
    ),
    (
        PacketFilter,
        samples.PACKET_FILTER,
        PacketFilter(
            "113800000060",
            "pf",
            "sf:1",
            (PacketFilterRule("tcp", "192.168.0.0/24", "", "80-90", "allow", ""),),
            "0cc175b9c0f1b6a831c399e269772661",
            NINE,
        ),
    ),
    (Note, samples.NOTE, Note("113800000031", "boot", ("a", "b"), "shell", "user", "#!/bin/sh\n", NINE)),
    (SshKey, samples.SSH_KEY, SshKey("113800000030", "key", "sf:1", "ssh-ed25519 AAAA", "79:d7:ac:b8", NINE)),
    (Icon, samples.ICON, Icon("112901627749", "Linux", (), "shared", "https://i")),
    (
        ServerPlan,
        samples.SERVER_PLAN,
        ServerPlan("100004002", "プラン/2Core-4GB", 2, 4, False, 100, 0, False, "available"),
    ),
    (DiskPlan, samples.DISK_PLAN, DiskPlan("4", "ssd", "SSDプラン", "available", (20, 40))),
    (Price, samples.PRICE, Price("cloud/plan/1core-1gb", "1Core 1GB", "is1a", 0, 6, 60, 1210, True)),
    (ZoneReader, samples.ZONE, Zone("is1b", "31002", "石狩第2ゾーン", "310", "石狩")),
    (
        AuthStatus,
        samples.AUTH_STATUS,
        AuthStatus("113000000001", "emulator", "emulator", "abc12345", "create", "none", True),
    ),
    (
        ElbCertificates,
        samples.ELB_CERTIFICATES,
        ElbCertificates(
            ElbCertificate(
                PEM_CERTIFICATE, PEM_KEY, "", datetime(2027, 5, 4, 1, 37, 47, tzinfo=UTC), "www.example.com", ""
            )
        ),
    ),
]


def as_text(value: Any) -> Any:
    """The same body with every ID and number as the API sends them without its big-integer header."""
    if isinstance(value, dict):
        return {key: str(item) if key == "ID" else as_text(item) for key, item in value.items()}
    return [as_text(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("kind", "body", "expected"), VALUES, ids=[row[0].__name__ for row in VALUES])
def test_from_api_with_either_id_style(kind: Any, body: dict[str, Any], expected: object) -> None:
    assert kind.from_api(body) == expected
    assert kind.from_api(as_text(body)) == expected
    hash(kind.from_api(body))


def test_server_properties() -> None:
    server = Server.from_api(samples.SERVER, "tk1a")
    assert server.is_up
    assert server.zone == "is1b"
    assert server.ip_address == "192.0.2.11"
    assert Server.from_api({**samples.SERVER, "Zone": None}, "tk1a").zone == "tk1a"
    assert Server.from_api({**samples.SERVER, "Interfaces": []}).ip_address is None
    assert Server.from_api({**samples.SERVER, "Interfaces": samples.SERVER["Interfaces"][1:]}).ip_address == (
        "192.168.0.11"
    )
    assert Server.from_api({**samples.SERVER, "Interfaces": samples.SERVER["Interfaces"][2:]}).ip_address is None


@pytest.mark.parametrize(
    ("instance", "read"),
    [
        ({"Status": "down"}, "down"),
        ({"Status": "Cleaning"}, "cleaning"),
        ({"Status": None}, ""),
        ({"Status": ""}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_server_status(instance: object, read: str) -> None:
    server = Server.from_api({**samples.SERVER, "Instance": instance})
    assert server.status == read
    assert not server.is_up


@pytest.mark.parametrize(
    ("changes", "progress"),
    [
        ({}, 0.25),
        ({"Availability": "available", "MigratedMB": None}, 1.0),
        ({"MigratedMB": None}, 0.0),
        ({"SizeMB": 500}, 0.0),
        ({"MigratedMB": 99999}, 1.0),
    ],
)
def test_disk_progress(changes: dict[str, Any], progress: float) -> None:
    assert Disk.from_api({**samples.DISK, **changes}).progress == progress


def test_disk_plan_and_failed_edit() -> None:
    failure = {"ConfigError": {"ErrorCode": "invalid", "ErrorMsg": "no such user", "Status": "400"}}
    disk = Disk.from_api({**samples.DISK, "Plan": {"ID": 2}, "JobStatus": failure})
    assert (disk.plan, disk.config_error) == ("hdd", "invalid: no such user")
    assert Disk.from_api({**samples.DISK, "Plan": {"ID": 7}}).plan == "7"


def test_price_that_is_not_sold() -> None:
    price = Price.from_api({**samples.PRICE, "Price": []}, "tk1a")
    assert (price.zone, price.basic, price.hourly, price.daily, price.monthly) == ("tk1a", None, None, None, None)


def test_elb() -> None:
    elb = Elb.from_api(samples.ELB)
    assert (elb.id, elb.plan, elb.region, elb.vip_failover) == ("113800000040", 100, "is1", True)
    assert elb.address == elb.fqdn == "site-1.proxylb1.sakura.ne.jp"
    assert elb.proxy_networks == ("133.242.0.0/24",)
    assert elb.settings_hash == "5d41402abc4b2a76b9719d911017c592"
    status = {"UseVIPFailover": False, "VirtualIPAddress": "192.0.2.80", "ProxyNetworks": []}
    fixed = Elb.from_api({**samples.ELB, "Status": status, "ServiceClass": "odd"})
    assert (fixed.address, fixed.fqdn, fixed.plan) == ("192.0.2.80", None, 0)


def test_a_document_is_raw_and_a_copy() -> None:
    elb = Elb.from_api(samples.ELB)
    assert elb.document.wire == samples.ELB["Settings"]["ProxyLB"]
    elb.document.wire["Servers"].append({})
    assert len(samples.ELB["Settings"]["ProxyLB"]["Servers"]) == 1


def test_elb_health() -> None:
    health = ElbHealth.from_api(samples.ELB_HEALTH)
    assert (health.active_connections, health.connections_per_second, health.current_vip) == (10, 1, "192.0.2.80")
    assert [(entry.ip_address, entry.port, entry.up) for entry in health.servers] == [
        ("192.0.2.11", 80, True),
        ("192.0.2.12", 80, False),
    ]


def test_certificates_keep_their_key_to_themselves() -> None:
    certificates = ElbCertificates.from_api(samples.ELB_CERTIFICATES)
    assert PEM_KEY not in repr(certificates)
    assert certificates.to_api() == {
        "PrimaryCert": {
            "ServerCertificate": PEM_CERTIFICATE,
            "IntermediateCertificate": "",
            "PrivateKey": PEM_KEY,
        },
        "AdditionalCerts": [],
    }
    empty = dict.fromkeys(samples.ELB_CERTIFICATES["PrimaryCert"], "")
    assert ElbCertificates.from_api({"PrimaryCert": empty, "AdditionalCerts": []}) == ElbCertificates()


@pytest.mark.parametrize(("ttl", "read"), [(300, 300), (0, 0), ("60", 60), (None, None)])
def test_record_ttl(ttl: object, read: int | None) -> None:
    assert DnsRecord.from_api({"Name": "@", "Type": "A", "RData": "192.0.2.1", "TTL": ttl}).ttl == read


def test_dns_zone() -> None:
    zone = DnsZone.from_api(samples.DNS_ZONE)
    assert zone.name == "example.com"
    assert zone.name_servers == ("ns1.gslb4.sakura.ne.jp", "ns2.gslb4.sakura.ne.jp")
    assert zone.records == (
        DnsRecord("www", "A", "192.0.2.1", 300),
        DnsRecord("@", "HTTPS", '1 . alpn="h2,h3"', None),
    )
    assert zone.settings == samples.DNS_ZONE["Settings"]["DNS"]
    assert [record.to_api() for record in zone.records] == samples.DNS_ZONE["Settings"]["DNS"]["ResourceRecordSets"]
    assert [replace(record, sent=None).to_api() for record in zone.records] == [
        {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300},
        {"Name": "@", "Type": "HTTPS", "RData": '1 . alpn="h2,h3"'},
    ]


def test_known_zones() -> None:
    assert set(ZONES) == {"is1a", "is1b", "is1c", "tk1a", "tk1b", "tk1v"}
    assert [name for name, zone in ZONES.items() if zone.sandbox] == [SANDBOX]
    assert all(name == zone.name for name, zone in ZONES.items())
