"""Every call of every API: method, path and body on the wire; and that none is missing here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sakura_fleet.client import (
    Client,
    DiskConfig,
    DnsRecord,
    DnsZone,
    Elb,
    ElbCertificate,
    ElbCertificates,
    ElbDocument,
    NoteRef,
    PacketFilterRule,
)
from sakura_fleet.client._api import Caller
from sakura_fleet.model.elb import ElbSettings
from tests.unit.client import samples
from tests.unit.client.wire import Wire, found, ok

LABELS: dict[str, Any] = {"name": "n", "description": "d", "tags": ["b", "a"], "icon_id": "5"}
WIRE_LABELS: dict[str, Any] = {"Name": "n", "Description": "d", "Tags": ["a", "b"], "Icon": {"ID": 5}}
RULE = PacketFilterRule("tcp", destination_port="443")
WIRE_RULE = {
    "Protocol": "tcp",
    "SourceNetwork": "",
    "SourcePort": "",
    "DestinationPort": "443",
    "Action": "allow",
    "Description": "",
}
CONFIG = DiskConfig(
    host_name="web1",
    password="pw",
    disable_pw_auth=True,
    enable_dhcp=True,
    change_partition_uuid=True,
    ssh_key_ids=("30",),
    public_keys=("ssh-ed25519 AAAA",),
    notes=(NoteRef("31", {"port": "8080"}), NoteRef("32")),
    ip_address="192.168.0.11",
    default_route="192.168.0.1",
    network_mask_len=24,
)
WIRE_CONFIG = {
    "Background": True,
    "HostName": "web1",
    "Password": "pw",
    "DisablePWAuth": True,
    "EnableDHCP": True,
    "ChangePartitionUUID": True,
    "SSHKeys": [{"ID": 30}, {"PublicKey": "ssh-ed25519 AAAA"}],
    "Notes": [{"ID": 31, "Variables": {"port": "8080"}}, {"ID": 32}],
    "UserIPAddress": "192.168.0.11",
    "UserSubnet": {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24},
}
CERTIFICATES = ElbCertificates(ElbCertificate("cert", "key"))
WIRE_CERTIFICATES = {
    "PrimaryCert": {"ServerCertificate": "cert", "IntermediateCertificate": "", "PrivateKey": "key"},
    "AdditionalCerts": [],
}

DONE = ok()
SERVER = ok(Server=samples.SERVER)
DISK = ok(Disk=samples.DISK)
SWITCH = ok(Switch=samples.SWITCH)
FILTER = ok(PacketFilter=samples.PACKET_FILTER)
NIC = ok(Interface=samples.SERVER["Interfaces"][0])
NOTE = ok(Note=samples.NOTE)
SSH_KEY = ok(SSHKey=samples.SSH_KEY)


def an_elb(settings_hash: str) -> Elb:
    return Elb.from_api({**samples.ELB, "ID": 40, "SettingsHash": settings_hash})


def a_zone(settings_hash: str) -> DnsZone:
    return DnsZone.from_api(
        {**samples.DNS_ZONE, "ID": 50, "Settings": {"DNS": {"ResourceRecordSets": []}}, "SettingsHash": settings_hash}
    )


ELB = ok(CommonServiceItem=samples.ELB)
DNS = ok(CommonServiceItem=samples.DNS_ZONE)
HEALTH = ok(ProxyLB=samples.ELB_HEALTH)
CERTS = ok(ProxyLB=samples.ELB_CERTIFICATES)
FILTER_ARGS: dict[str, Any] = {"name": "n", "description": "d", "expressions": [RULE]}
WIRE_FILTER = {"Name": "n", "Description": "d", "Expression": [WIRE_RULE]}
NO_SUBNET = {"DefaultRoute": "", "NetworkMaskLen": 0}

# name of the call, the call, the answer, `METHOD zone path`, the body
CALLS: list[tuple[str, Callable[[Client], object], httpx.Response, str, object]] = [
    ("auth_status", lambda c: c.auth_status(), ok(**samples.AUTH_STATUS), "GET is1c auth-status", None),
    ("servers.find", lambda c: c.servers.find("is1b"), found("Servers"), "GET is1b server", None),
    ("servers.read", lambda c: c.servers.read("is1b", "20"), SERVER, "GET is1b server/20", None),
    (
        "servers.create",
        lambda c: c.servers.create("is1b", **LABELS, core=2, memory_gb=4, nics=["shared", None, "10"]),
        SERVER,
        "POST is1b server",
        {
            "Server": {
                **WIRE_LABELS,
                "InterfaceDriver": "virtio",
                "ServerPlan": {"CPU": 2, "MemoryMB": 4096, "Commitment": "standard"},
                "ConnectedSwitches": [{"Scope": "shared"}, None, {"ID": 10}],
            }
        },
    ),
    (
        "servers.create",
        lambda c: c.servers.create(
            "is1b", name="n", core=4, memory_gb=16, dedicated_cpu=True, interface_driver="e1000"
        ),
        SERVER,
        "POST is1b server",
        {
            "Server": {
                "Name": "n",
                "Description": "",
                "Tags": [],
                "Icon": None,
                "InterfaceDriver": "e1000",
                "ServerPlan": {"CPU": 4, "MemoryMB": 16384, "Commitment": "dedicatedcpu"},
                "ConnectedSwitches": [],
            }
        },
    ),
    (
        "servers.update",
        lambda c: c.servers.update("is1b", "20", **LABELS),
        SERVER,
        "PUT is1b server/20",
        {"Server": WIRE_LABELS},
    ),
    ("servers.delete", lambda c: c.servers.delete("is1b", "20"), DONE, "DELETE is1b server/20", None),
    (
        "servers.delete",
        lambda c: c.servers.delete("is1b", "20", disk_ids=["22", "23"]),
        DONE,
        "DELETE is1b server/20",
        {"WithDisk": [22, 23]},
    ),
    ("servers.power_on", lambda c: c.servers.power_on("is1b", "20"), DONE, "PUT is1b server/20/power", None),
    ("servers.power_off", lambda c: c.servers.power_off("is1b", "20"), DONE, "DELETE is1b server/20/power", {}),
    (
        "servers.power_off",
        lambda c: c.servers.power_off("is1b", "20", force=True),
        DONE,
        "DELETE is1b server/20/power",
        {"Force": True},
    ),
    ("disks.find", lambda c: c.disks.find("is1b"), found("Disks"), "GET is1b disk", None),
    ("disks.read", lambda c: c.disks.read("is1b", "22"), DISK, "GET is1b disk/22", None),
    (
        "disks.create",
        lambda c: c.disks.create(
            "is1b",
            **LABELS,
            size_gb=20,
            plan="ssd",
            source_archive_id="1",
            server_id="20",
            config=CONFIG,
            boot_at_available=True,
        ),
        DISK,
        "POST is1b disk",
        {
            "Disk": {
                **WIRE_LABELS,
                "SizeMB": 20480,
                "Connection": "virtio",
                "Plan": {"ID": 4},
                "SourceArchive": {"ID": 1},
                "Server": {"ID": 20},
            },
            "BootAtAvailable": True,
            "Config": WIRE_CONFIG,
        },
    ),
    (
        "disks.create",
        lambda c: c.disks.create("is1b", name="n", size_gb=40, plan="hdd", source_disk_id="2"),
        DISK,
        "POST is1b disk",
        {
            "Disk": {
                "Name": "n",
                "Description": "",
                "Tags": [],
                "Icon": None,
                "SizeMB": 40960,
                "Connection": "virtio",
                "Plan": {"ID": 2},
                "SourceDisk": {"ID": 2},
            },
            "BootAtAvailable": False,
        },
    ),
    ("disks.update", lambda c: c.disks.update("is1b", "22", **LABELS), DISK, "PUT is1b disk/22", {"Disk": WIRE_LABELS}),
    (
        "disks.configure",
        lambda c: c.disks.configure("is1b", "22", CONFIG),
        DONE,
        "PUT is1b disk/22/config",
        WIRE_CONFIG,
    ),
    (
        "disks.configure",
        lambda c: c.disks.configure("is1b", "22", DiskConfig(ip_address="192.168.0.9")),
        DONE,
        "PUT is1b disk/22/config",
        {"Background": True, "UserIPAddress": "192.168.0.9"},
    ),
    ("disks.connect", lambda c: c.disks.connect("is1b", "22", "20"), DONE, "PUT is1b disk/22/to/server/20", None),
    ("disks.disconnect", lambda c: c.disks.disconnect("is1b", "22"), DONE, "DELETE is1b disk/22/to/server", None),
    ("disks.delete", lambda c: c.disks.delete("is1b", "22"), DONE, "DELETE is1b disk/22", None),
    ("archives.find", lambda c: c.archives.find("is1b", scope="user"), found("Archives"), "GET is1b archive", None),
    (
        "archives.read",
        lambda c: c.archives.read("is1b", "1"),
        ok(Archive=samples.ARCHIVE),
        "GET is1b archive/1",
        None,
    ),
    (
        "archives.find_by_os_type",
        lambda c: c.archives.find_by_os_type("is1b", "almalinux"),
        found("Archives", samples.ARCHIVE),
        "GET is1b archive",
        None,
    ),
    ("archives.delete", lambda c: c.archives.delete("is1b", "1"), DONE, "DELETE is1b archive/1", None),
    ("switches.find", lambda c: c.switches.find("is1b"), found("Switches"), "GET is1b switch", None),
    ("switches.read", lambda c: c.switches.read("is1b", "10"), SWITCH, "GET is1b switch/10", None),
    (
        "switches.create",
        lambda c: c.switches.create("is1b", **LABELS, default_route="192.168.0.1", network_mask_len=24),
        SWITCH,
        "POST is1b switch",
        {"Switch": {**WIRE_LABELS, "UserSubnet": {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24}}},
    ),
    (
        "switches.update",
        lambda c: c.switches.update("is1b", "10", **LABELS),
        SWITCH,
        "PUT is1b switch/10",
        {"Switch": {**WIRE_LABELS, "UserSubnet": NO_SUBNET}},
    ),
    ("switches.delete", lambda c: c.switches.delete("is1b", "10"), DONE, "DELETE is1b switch/10", None),
    ("interfaces.find", lambda c: c.interfaces.find("is1b"), found("Interfaces"), "GET is1b interface", None),
    ("interfaces.read", lambda c: c.interfaces.read("is1b", "21"), NIC, "GET is1b interface/21", None),
    ("interfaces.delete", lambda c: c.interfaces.delete("is1b", "21"), DONE, "DELETE is1b interface/21", None),
    (
        "interfaces.set_user_ip",
        lambda c: c.interfaces.set_user_ip("is1b", "21", "192.168.0.11"),
        NIC,
        "PUT is1b interface/21",
        {"Interface": {"UserIPAddress": "192.168.0.11"}},
    ),
    (
        "interfaces.connect_packet_filter",
        lambda c: c.interfaces.connect_packet_filter("is1b", "21", "60"),
        DONE,
        "PUT is1b interface/21/to/packetfilter/60",
        None,
    ),
    (
        "interfaces.disconnect_packet_filter",
        lambda c: c.interfaces.disconnect_packet_filter("is1b", "21"),
        DONE,
        "DELETE is1b interface/21/to/packetfilter",
        None,
    ),
    (
        "interfaces.connect_switch",
        lambda c: c.interfaces.connect_switch("is1b", "21", "10"),
        DONE,
        "PUT is1b interface/21/to/switch/10",
        None,
    ),
    (
        "interfaces.connect_switch",
        lambda c: c.interfaces.connect_switch("is1b", "21", "shared"),
        DONE,
        "PUT is1b interface/21/to/switch/shared",
        None,
    ),
    (
        "interfaces.disconnect_switch",
        lambda c: c.interfaces.disconnect_switch("is1b", "21"),
        DONE,
        "DELETE is1b interface/21/to/switch",
        None,
    ),
    (
        "packet_filters.find",
        lambda c: c.packet_filters.find("is1b"),
        found("PacketFilters"),
        "GET is1b packetfilter",
        None,
    ),
    ("packet_filters.read", lambda c: c.packet_filters.read("is1b", "60"), FILTER, "GET is1b packetfilter/60", None),
    (
        "packet_filters.create",
        lambda c: c.packet_filters.create("is1b", **FILTER_ARGS),
        FILTER,
        "POST is1b packetfilter",
        {"PacketFilter": WIRE_FILTER},
    ),
    (
        "packet_filters.update",
        lambda c: c.packet_filters.update("is1b", "60", **FILTER_ARGS),
        FILTER,
        "PUT is1b packetfilter/60",
        {"PacketFilter": WIRE_FILTER},
    ),
    (
        "packet_filters.update",
        lambda c: c.packet_filters.update("is1b", "60", **FILTER_ARGS, original_hash="h"),
        FILTER,
        "PUT is1b packetfilter/60",
        {"PacketFilter": WIRE_FILTER, "OriginalExpressionHash": "h"},
    ),
    (
        "packet_filters.delete",
        lambda c: c.packet_filters.delete("is1b", "60"),
        DONE,
        "DELETE is1b packetfilter/60",
        None,
    ),
    ("server_plans.find", lambda c: c.server_plans.find("is1b"), found("ServerPlans"), "GET is1b product/server", None),
    (
        "server_plans.lookup",
        lambda c: c.server_plans.lookup("is1b", 2, 4),
        found("ServerPlans"),
        "GET is1b product/server",
        None,
    ),
    ("disk_plans.find", lambda c: c.disk_plans.find("is1b"), found("DiskPlans"), "GET is1b product/disk", None),
    (
        "disk_plans.read",
        lambda c: c.disk_plans.read("is1b", "4"),
        ok(DiskPlan=samples.DISK_PLAN),
        "GET is1b product/disk/4",
        None,
    ),
    ("prices.find", lambda c: c.prices.find("is1b"), found("ServiceClasses"), "GET is1b public/price", None),
    ("activity.cpu", lambda c: c.activity.cpu("is1b", "20"), ok(Data={}), "GET is1b server/20/monitor", None),
    ("notes.find", lambda c: c.notes.find(), found("Notes"), "GET is1c note", None),
    ("notes.read", lambda c: c.notes.read("31"), NOTE, "GET is1c note/31", None),
    (
        "notes.create",
        lambda c: c.notes.create(name="n", content="x", tags=["b", "a"]),
        NOTE,
        "POST is1c note",
        {"Note": {"Name": "n", "Class": "shell", "Content": "x", "Tags": ["a", "b"], "Icon": None}},
    ),
    (
        "notes.update",
        lambda c: c.notes.update("31", name="n", content="x", tags=[]),
        NOTE,
        "PUT is1c note/31",
        {"Note": {"Name": "n", "Content": "x", "Tags": []}},
    ),
    ("notes.delete", lambda c: c.notes.delete("31"), DONE, "DELETE is1c note/31", None),
    ("ssh_keys.find", lambda c: c.ssh_keys.find(), found("SSHKeys"), "GET is1c sshkey", None),
    ("ssh_keys.read", lambda c: c.ssh_keys.read("30"), SSH_KEY, "GET is1c sshkey/30", None),
    (
        "ssh_keys.create",
        lambda c: c.ssh_keys.create(name="n", public_key="k"),
        SSH_KEY,
        "POST is1c sshkey",
        {"SSHKey": {"Name": "n", "Description": "", "PublicKey": "k"}},
    ),
    (
        "ssh_keys.update",
        lambda c: c.ssh_keys.update("30", name="n", description="d"),
        SSH_KEY,
        "PUT is1c sshkey/30",
        {"SSHKey": {"Name": "n", "Description": "d"}},
    ),
    ("ssh_keys.delete", lambda c: c.ssh_keys.delete("30"), DONE, "DELETE is1c sshkey/30", None),
    ("icons.find", lambda c: c.icons.find(), found("Icons"), "GET is1c icon", None),
    ("icons.read", lambda c: c.icons.read("5"), ok(Icon=samples.ICON), "GET is1c icon/5", None),
    ("zones.find", lambda c: c.zones.find(), found("Zones", samples.ZONE), "GET is1c zone", None),
    ("zones.read", lambda c: c.zones.read("31002"), ok(Zone=samples.ZONE), "GET is1c zone/31002", None),
    ("elbs.find", lambda c: c.elbs.find(), found("CommonServiceItems"), "GET is1c commonserviceitem", None),
    ("elbs.read", lambda c: c.elbs.read("40"), ELB, "GET is1c commonserviceitem/40", None),
    (
        "elbs.create",
        lambda c: c.elbs.create(**LABELS, plan=500, region="is1", vip_failover=True, settings=ElbSettings()),
        ELB,
        "POST is1c commonserviceitem",
        {
            "CommonServiceItem": {
                **WIRE_LABELS,
                "Provider": {"Class": "proxylb"},
                "ServiceClass": "cloud/proxylb/plain/500",
                "Status": {"UseVIPFailover": True, "Region": "is1"},
                "Settings": {"ProxyLB": ElbDocument.new(ElbSettings()).wire},
            }
        },
    ),
    (
        "elbs.create",
        lambda c: c.elbs.create(name="n", plan=100, region="anycast", settings=ElbSettings(gzip=True)),
        ELB,
        "POST is1c commonserviceitem",
        {
            "CommonServiceItem": {
                "Name": "n",
                "Description": "",
                "Tags": [],
                "Icon": None,
                "Provider": {"Class": "proxylb"},
                "ServiceClass": "cloud/proxylb/anycast/100",
                "Status": {"UseVIPFailover": False, "Region": "anycast"},
                "Settings": {"ProxyLB": ElbDocument.new(ElbSettings(gzip=True)).wire},
            }
        },
    ),
    (
        "elbs.update",
        lambda c: c.elbs.update(an_elb("h"), **LABELS, document=ElbDocument({"Novelty": 1})),
        ELB,
        "PUT is1c commonserviceitem/40",
        {"CommonServiceItem": {**WIRE_LABELS, "Settings": {"ProxyLB": {"Novelty": 1}}, "SettingsHash": "h"}},
    ),
    (
        "elbs.update_document",
        lambda c: c.elbs.update_document(an_elb("h"), ElbDocument({"Novelty": 1})),
        ELB,
        "PUT is1c commonserviceitem/40",
        {"CommonServiceItem": {"Settings": {"ProxyLB": {"Novelty": 1}}, "SettingsHash": "h"}},
    ),
    (
        "elbs.change_plan",
        lambda c: c.elbs.change_plan("40", 500),
        ELB,
        "PUT is1c commonserviceitem/40/plan",
        {"CommonServiceItem": {"ServiceClass": "cloud/proxylb/plain/500"}},
    ),
    ("elbs.health", lambda c: c.elbs.health("40"), HEALTH, "GET is1c commonserviceitem/40/health", None),
    (
        "elbs.get_certificates",
        lambda c: c.elbs.get_certificates("40"),
        CERTS,
        "GET is1c commonserviceitem/40/proxylb/sslcertificate",
        None,
    ),
    (
        "elbs.set_certificates",
        lambda c: c.elbs.set_certificates("40", CERTIFICATES),
        CERTS,
        "PUT is1c commonserviceitem/40/proxylb/sslcertificate",
        {"ProxyLB": WIRE_CERTIFICATES},
    ),
    (
        "elbs.delete_certificates",
        lambda c: c.elbs.delete_certificates("40"),
        DONE,
        "DELETE is1c commonserviceitem/40/proxylb/sslcertificate",
        None,
    ),
    (
        "elbs.renew_lets_encrypt",
        lambda c: c.elbs.renew_lets_encrypt("40"),
        DONE,
        "PUT is1c commonserviceitem/40/proxylb/letsencryptrenew",
        None,
    ),
    ("elbs.delete", lambda c: c.elbs.delete("40"), DONE, "DELETE is1c commonserviceitem/40", None),
    ("dns_zones.find", lambda c: c.dns_zones.find(), found("CommonServiceItems"), "GET is1c commonserviceitem", None),
    ("dns_zones.read", lambda c: c.dns_zones.read("50"), DNS, "GET is1c commonserviceitem/50", None),
    (
        "dns_zones.create",
        lambda c: c.dns_zones.create("example.com", records=[DnsRecord("@", "A", "192.0.2.1", 300)]),
        DNS,
        "POST is1c commonserviceitem",
        {
            "CommonServiceItem": {
                "Name": "example.com",
                "Description": "",
                "Tags": [],
                "Icon": None,
                "Provider": {"Class": "dns"},
                "Status": {"Zone": "example.com"},
                "Settings": {
                    "DNS": {"ResourceRecordSets": [{"Name": "@", "Type": "A", "RData": "192.0.2.1", "TTL": 300}]}
                },
            }
        },
    ),
    (
        "dns_zones.update",
        lambda c: c.dns_zones.update("50", description="d", tags=["a"], icon_id=None),
        DNS,
        "PUT is1c commonserviceitem/50",
        {"CommonServiceItem": {"Description": "d", "Tags": ["a"], "Icon": None}},
    ),
    (
        "dns_zones.update_records",
        lambda c: c.dns_zones.update_records(a_zone("h"), []),
        DNS,
        "PUT is1c commonserviceitem/50",
        {"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": []}}, "SettingsHash": "h"}},
    ),
    ("dns_zones.delete", lambda c: c.dns_zones.delete("50"), DONE, "DELETE is1c commonserviceitem/50", None),
]


@pytest.mark.parametrize(
    ("call", "answer", "expected", "body"), [row[1:] for row in CALLS], ids=[f"{row[0]}: {row[3]}" for row in CALLS]
)
def test_on_the_wire(call: Callable[[Client], object], answer: httpx.Response, expected: str, body: object) -> None:
    wire = Wire(answer)
    call(wire.client(default_zone="is1c"))
    assert wire.call == expected
    assert wire.body == body


def test_every_call_stands_in_the_table() -> None:
    client = Wire(DONE).client()
    apis = {name: api for name, api in vars(client).items() if isinstance(api, Caller)}
    calls = {
        f"{name}.{method}"
        for name, api in apis.items()
        for method, _ in inspect.getmembers(api, inspect.ismethod)
        if not method.startswith("_")
    }
    assert calls == {row[0] for row in CALLS} - {"auth_status"}


@pytest.mark.parametrize(
    ("call", "answer", "condition"),
    [
        (lambda c: c.elbs.find(name="web"), "CommonServiceItems", {"Provider.Class": ["proxylb"], "Name": "web"}),
        (
            lambda c: c.dns_zones.find(tags=["a"]),
            "CommonServiceItems",
            {"Provider.Class": ["dns"], "Tags.Name": [["a"]]},
        ),
        (lambda c: c.archives.find("is1a", scope="shared"), "Archives", {"Scope": ["shared"]}),
        (
            lambda c: c.server_plans.lookup("is1a", 2, 4, True),
            "ServerPlans",
            {"CPU": ["2"], "MemoryMB": ["4096"], "Commitment": ["dedicatedcpu"]},
        ),
    ],
)
def test_conditions(call: Callable[[Client], object], answer: str, condition: dict[str, Any]) -> None:
    wire = Wire(found(answer))
    call(wire.client())
    assert wire.query["Filter"] == condition


def test_activity_bounds_and_samples() -> None:
    samples_of_day: dict[str, object] = {
        "2026-08-01T09:05:00+09:00": {"CPU-TIME": 1.92},
        "2026-08-01T09:00:00+09:00": {"CPU-TIME": 0},
        "2026-08-01T09:10:00+09:00": {"CPU-TIME": None},
        "2026-08-01T09:15:00+09:00": {"CPU-TIME": "n/a"},
        "2026-08-01T09:20:00+09:00": None,
        "yesterday": {"CPU-TIME": 1},
    }
    wire = Wire(ok(Data=samples_of_day))
    start = datetime(2026, 8, 1, 0, 0, tzinfo=UTC)
    found_samples = wire.client().activity.cpu("is1a", "20", start=start)
    assert [sample.cpu_time for sample in found_samples] == [0.0, 1.92, None, None, None]
    assert found_samples[0].time == start
    assert set(wire.query) == {"Start"}
    assert datetime.fromisoformat(wire.query["Start"]) == start


@pytest.mark.parametrize("data", [{}, []])
def test_activity_without_samples(data: object) -> None:
    assert Wire(ok(Data=data)).client().activity.cpu("is1a", "20") == []
