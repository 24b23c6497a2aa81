"""What the API always sends and an answer lacks is named, and never taken for empty."""

from __future__ import annotations

import json
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
    ElbCertificates,
    ElbHealth,
    Icon,
    Note,
    PacketFilter,
    Price,
    Server,
    ServerPlan,
    SshKey,
    Switch,
)
from sakura_fleet.client._fields import Fields, Source
from sakura_fleet.errors import UnusableAnswerError
from tests.lies.lie import Lie, Rule, falsified, paths
from tests.unit.client import samples
from tests.unit.client.wire import Wire, ok

OPTIONAL: list[tuple[Any, dict[str, Any], str]] = [
    (Server, samples.SERVER, "ServiceClass CreatedAt Instance* Zone* Icon.* Disks.Plan* ServerPlan.ID"),
    (Disk, samples.DISK, "Icon JobStatus MigratedMB CreatedAt SourceDisk SourceArchive* Plan.StorageClass Server.*"),
    (Archive, samples.ARCHIVE, "CreatedAt"),
    (Switch, samples.SWITCH, "CreatedAt UserSubnet*"),
    (
        PacketFilter,
        samples.PACKET_FILTER,
        "RequiredHostVersion CreatedAt Expression.SourceNetwork Expression.SourcePort Expression.DestinationPort "
        "Expression.Description",
    ),
    (Note, samples.NOTE, "CreatedAt"),
    (SshKey, samples.SSH_KEY, "Fingerprint CreatedAt"),
    (Icon, samples.ICON, "URL"),
    (ServerPlan, samples.SERVER_PLAN, "GPU ConfidentialVM"),
    (DiskPlan, samples.DISK_PLAN, ""),
    (Price, samples.PRICE, "ServiceClassID DisplayName IsPublic Price*"),
    (Elb, samples.ELB, "CreatedAt Provider* Status.Region Status.FQDN Settings.ProxyLB.*.*"),
    (ElbHealth, samples.ELB_HEALTH, "ActiveConn CPS CurrentVIP Servers.CPS"),
    (ElbCertificates, samples.ELB_CERTIFICATES, "PrimaryCert.PrivateKey PrimaryCert.Certificate*"),
    (DnsZone, samples.DNS_ZONE, "ServiceClass CreatedAt Provider* *.TTL *.MonitoringSuiteLog*"),
    (AuthStatus, samples.AUTH_STATUS, "Account.Name Account.Code Account.Class Member* IsAPIKey OperationPenalty"),
]
"""Each kind with a sample, and what of it may be missing by right."""
REQUIRED_DEEP = {"Settings.ProxyLB.HealthCheck.Protocol", "Settings.ProxyLB.BindPorts.ProxyMode"}
REQUIRED_DEEP |= {"Settings.ProxyLB.BindPorts.Port", "Settings.ProxyLB.Servers.IPAddress"}
REQUIRED_DEEP |= {"Settings.ProxyLB.Servers.Port"}
NULLABLE = {"Description", "Icon", "Content", "PrimaryCert", "Server"}
NULLABLE |= {"Expression", "Status.ProxyNetworks", "Settings.ProxyLB.Rules"}
NULLABLE |= {"PrimaryCert.ServerCertificate", "PrimaryCert.IntermediateCertificate"}
NULLABLE |= {f"Interfaces.{key}" for key in ("IPAddress", "UserIPAddress", "PacketFilter", "Switch")}

LEFT_OUT = {"Settings.ProxyLB.Rules"}
"""What a client that does not know it never sent, so that the API does not have it."""


def is_optional(path: str, optional: str) -> bool:
    from fnmatch import fnmatchcase

    if path in REQUIRED_DEEP:
        return False
    return "Novelty" in path or "StrictRule" in path or any(fnmatchcase(path, one) for one in optional.split())


def cases() -> list[Any]:
    return [
        pytest.param(kind, body, path, is_optional(path, optional), id=f"{kind.__name__}-{path}")
        for kind, body, optional in OPTIONAL
        for path in sorted(paths(json.dumps(body).encode()))
        if path not in ("Interfaces.Switch.ID", "Interfaces.Switch.Subnet", "Interfaces.Switch.Subnet.NetworkMaskLen")
        if not path.startswith(("Interfaces.PacketFilter.", "Interfaces.Switch.Scope"))
    ]


def lied(body: dict[str, Any], lie: Lie, path: str) -> dict[str, Any]:
    answer = falsified(json.dumps(body).encode(), Rule("GET", "/", lie, field=path))
    return dict(json.loads(answer))


@pytest.mark.parametrize(("kind", "body", "path", "optional"), cases())
def test_a_missing_field_is_no_empty_value(kind: Any, body: dict[str, Any], path: str, optional: bool) -> None:
    for lie in (Lie.MISSING, Lie.NULL):
        answer = lied(body, lie, path)
        if optional or path in (NULLABLE if lie is Lie.NULL else LEFT_OUT):
            kind.from_api(answer)
            continue
        with pytest.raises(UnusableAnswerError) as caught:
            kind.from_api(answer)
        assert path.rpartition(".")[2] in caught.value.message


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        (Elb, samples.ELB, "ID"),
        (Elb, samples.ELB, "Settings.ProxyLB.Servers.Port"),
        (Elb, samples.ELB, "Settings.ProxyLB.BindPorts.Port"),
        (ElbHealth, samples.ELB_HEALTH, "Servers.Port"),
        (Server, samples.SERVER, "ID"),
        (Server, samples.SERVER, "ServerPlan.CPU"),
        (Server, samples.SERVER, "ServerPlan.MemoryMB"),
        (Server, samples.SERVER, "Disks.SizeMB"),
        (Disk, samples.DISK, "ID"),
        (Disk, samples.DISK, "SizeMB"),
        (DnsZone, samples.DNS_ZONE, "ID"),
    ],
)
def test_what_is_never_0_is_not_taken_for_it(kind: Any, body: dict[str, Any], path: str) -> None:
    kind.from_api(body)
    with pytest.raises(UnusableAnswerError) as caught:
        kind.from_api(lied(body, Lie.EMPTY, path))
    assert path.rpartition(".")[2] in caught.value.message


def test_an_interface_on_a_switch_says_on_which() -> None:
    for key in ("Scope", "ID"):
        body = lied(samples.SERVER, Lie.MISSING, f"Interfaces.Switch.{key}")
        with pytest.raises(UnusableAnswerError, match=key):
            Server.from_api(body)


@pytest.mark.parametrize("settings", [None, [], {}, {"DNS": None}, {"DNS": {}}, {"DNS": {"ResourceRecordSets": None}}])
def test_a_zone_without_its_list_is_not_an_empty_zone(settings: object) -> None:
    with pytest.raises(UnusableAnswerError, match=r"example\.com \(113800000050\): Settings"):
        DnsZone.from_api({**samples.DNS_ZONE, "Settings": settings})
    empty = DnsZone.from_api({**samples.DNS_ZONE, "Settings": {"DNS": {"ResourceRecordSets": []}}})
    assert empty.records == ()


@pytest.mark.parametrize("settings", [None, {"DNS": None}])
def test_only_in_the_answer_to_its_creation_a_zone_has_null_settings(settings: object) -> None:
    zones = Wire(ok(CommonServiceItem={**samples.DNS_ZONE, "Settings": settings})).client().dns_zones
    made = zones.create("example.com")
    assert (made.id, made.records) == ("113800000050", ())
    with pytest.raises(UnusableAnswerError, match="Settings"):
        zones.create("example.com", records=[DnsRecord("@", "A", "192.0.2.1")])
    with pytest.raises(UnusableAnswerError, match="Settings"):
        zones.read(made.id)


def test_the_error_names_call_object_field_and_way_out() -> None:
    bare = {key: value for key, value in samples.SERVER.items() if key != "InterfaceDriver"}
    with pytest.raises(UnusableAnswerError) as caught:
        Wire(ok(Server=bare)).client().servers.read("is1a", "113")
    assert str(caught.value) == (
        "GET /is1a/api/cloud/1.1/server/113 was answered 200 unusable_answer: web1 (113800000020): "
        "Server.InterfaceDriver is missing; it was not used, and changed nothing: run the same command again, "
        "and if it stays so, check what is between you and the API root"
    )
    assert caught.value.coded().endswith("[unusable-answer]")


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", ""),
        ("text", {}),
        ("blank_text", 5),
        ("number", "many"),
        ("number", ""),
        ("number", True),
        ("flag", "True"),
        ("child", []),
        ("items", {}),
        ("items", [None]),
        ("texts", "a"),
        ("tags", None),
    ],
)
def test_another_type_is_no_value(method: str, value: object) -> None:
    with pytest.raises(UnusableAnswerError, match=r"^GET /x was answered 200 unusable_answer: Key"):
        getattr(Fields({"Key": value}, Source("GET", "/x")), method)("Key")


def test_numbers_may_be_texts() -> None:
    assert Fields({"Port": "80"}).number("Port") == 80
    assert Fields({"SizeMB": 20480}).gigabytes("SizeMB") == 20
