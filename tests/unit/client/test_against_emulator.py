"""Every API once against the emulator over real HTTP: two pieces of code written apart must understand each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sakura_emulator.server import Running, running
from sakura_fleet.client import (
    Client,
    Credentials,
    DiskConfig,
    DnsRecord,
    ElbCertificate,
    ElbCertificates,
    ElbEntry,
    NoteRef,
    PacketFilterRule,
    RetryPolicy,
)
from sakura_fleet.errors import AuthenticationError, ConflictError, NotFoundError, UnavailableError, UnreachableError
from sakura_fleet.model.elb import ElbSettings
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.model.zones import ZONES

ZONE = "is1b"
QUICK = RetryPolicy(attempts=4, wait_min=0.01)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(latency="instant") as started:
        yield started


@pytest.fixture
def client(emulator: Running) -> Iterator[Client]:
    with Client(emulator.api_root, Credentials("token", "secret"), rate_limit=0, retry=QUICK) as made:
        yield made
    emulator.cloud.faults.clear()


def test_account_and_catalogue(client: Client) -> None:
    assert client.auth_status().permission == "create"
    assert {zone.name: zone.id for zone in client.zones.find()} == {name: zone.id for name, zone in ZONES.items()}
    plan = client.server_plans.lookup(ZONE, 2, 4)
    assert plan is not None
    assert (plan.core, plan.memory_gb, plan.dedicated_cpu) == (2, 4, False)
    assert client.server_plans.lookup(ZONE, 3, 1000) is None
    assert {plan.plan for plan in client.disk_plans.find(ZONE)} >= {"ssd", "hdd"}
    assert 20 in client.disk_plans.read(ZONE, "4").sizes_gb
    assert any(price.monthly for price in client.prices.find(ZONE))
    icon = client.icons.find()[0]
    assert client.icons.read(icon.id) == icon


@pytest.mark.parametrize("zone", ["is1b", "tk1v"])
def test_every_os_type_has_an_archive(client: Client, zone: str) -> None:
    for os_type, tags in OS_TYPES.items():
        archive = client.archives.find_by_os_type(zone, os_type)
        assert set(tags) <= set(archive.tags)
    assert client.archives.read(zone, archive.id) == archive


def test_notes_and_keys(client: Client) -> None:
    note = client.notes.create(name="boot", content="#!/bin/sh\necho 石狩\n", tags=["sf:1", "sfr:1"])
    assert client.notes.find(tags=["sfr:1", "sf:1"]) == [note]
    assert client.notes.find(tags=["sf:1", "sfr:2"]) == []
    updated = client.notes.update(note.id, name="boot2", content="#!/bin/sh\n", tags=["sf:1"])
    assert client.notes.read(note.id) == updated
    assert (updated.name, updated.content, updated.tags) == ("boot2", "#!/bin/sh\n", ("sf:1",))
    client.notes.delete(note.id)
    with pytest.raises(NotFoundError) as caught:
        client.notes.read(note.id)
    assert caught.value.error_code == "not_found"
    assert caught.value.serial

    key = client.ssh_keys.create(name="key one", public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me", description="d")
    assert key.fingerprint.count(":") == 15
    assert [found.id for found in client.ssh_keys.find(name="ONE key")] == [key.id]
    assert client.ssh_keys.update(key.id, name="k2", description="").name == "k2"
    assert client.ssh_keys.read(key.id).public_key == key.public_key
    client.ssh_keys.delete(key.id)


def test_a_server_from_nothing_to_up_and_back(client: Client) -> None:
    switch = client.switches.create(
        ZONE, name="lan", tags=["sf:2"], default_route="192.168.0.1", network_mask_len=24, icon_id=None
    )
    server = client.servers.create(
        ZONE, name="web 1", core=2, memory_gb=4, tags=["sf:2", "b"], nics=["shared", switch.id, None], description="d"
    )
    assert (server.zone, server.core, server.memory_gb, server.dedicated_cpu) == (ZONE, 2, 4, False)
    assert (server.tags, server.description, server.is_up) == (("b", "sf:2"), "d", False)
    shared, lan, bare = server.interfaces
    assert (shared.shared, shared.switch_id, server.ip_address) == (True, None, shared.ip_address)
    assert (lan.shared, lan.switch_id, lan.ip_address) == (False, switch.id, None)
    assert (bare.shared, bare.switch_id) == (False, None)

    note = client.notes.create(name="boot", content="#!/bin/sh\n")
    config = DiskConfig(
        host_name="web1", disable_pw_auth=True, public_keys=("ssh-ed25519 AAAA",), notes=(NoteRef(note.id, {"a": "b"}),)
    )
    disk = client.disks.create(
        ZONE,
        name="web1-disk",
        size_gb=20,
        plan="ssd",
        source_archive_id=client.archives.find_by_os_type(ZONE, "ubuntu2404").id,
        server_id=server.id,
        tags=["sf:2"],
        config=config,
    )
    assert (disk.plan, disk.size_gb, disk.server_id, disk.config_error) == ("ssd", 20, server.id, None)
    disk = client.disks.read(ZONE, disk.id)
    assert (disk.availability, disk.progress) == ("available", 1.0)
    assert [found.id for found in client.disks.find(ZONE, tags=["sf:2"])] == [disk.id]
    assert client.disks.update(ZONE, disk.id, name="d", description="", tags=["sf:2"]).name == "d"
    client.disks.configure(ZONE, disk.id, DiskConfig(host_name="web2"))
    client.disks.disconnect(ZONE, disk.id)
    assert client.disks.read(ZONE, disk.id).server_id is None
    client.disks.connect(ZONE, disk.id, server.id)

    packet_filter = client.packet_filters.create(
        ZONE, name="pf", description="", expressions=[PacketFilterRule("tcp", destination_port="443")]
    )
    client.interfaces.connect_packet_filter(ZONE, shared.id, packet_filter.id)
    assert client.interfaces.set_user_ip(ZONE, lan.id, "192.168.0.11").user_ip_address == "192.168.0.11"
    other = client.switches.create(ZONE, name="lan-2")
    client.interfaces.connect_switch(ZONE, bare.id, other.id)
    assert client.interfaces.read(ZONE, bare.id).switch_id == other.id
    client.interfaces.disconnect_switch(ZONE, bare.id)
    client.switches.delete(ZONE, other.id)

    client.servers.power_on(ZONE, server.id)
    server = client.servers.read(ZONE, server.id)
    assert server.is_up
    assert server.interfaces[0].packet_filter_id == packet_filter.id
    assert [(attached.id, attached.size_gb) for attached in server.disks] == [(disk.id, 20)]
    with pytest.raises(ConflictError):
        client.servers.power_on(ZONE, server.id)
    with pytest.raises(ConflictError):
        client.servers.delete(ZONE, server.id)
    assert all(sample.time.tzinfo for sample in client.activity.cpu(ZONE, server.id))
    renamed = client.servers.update(ZONE, server.id, name="web9", description="", tags=["sf:2"], icon_id=None)
    assert client.servers.find(ZONE, tags=["sf:2"]) == [renamed]
    with pytest.raises(NotFoundError):
        client.servers.read("is1a", server.id)

    client.servers.power_off(ZONE, server.id, force=True)
    assert not client.servers.read(ZONE, server.id).is_up
    client.interfaces.disconnect_packet_filter(ZONE, shared.id)
    client.servers.delete(ZONE, server.id, disk_ids=[disk.id])
    assert client.disks.find(ZONE, tags=["sf:2"]) == []
    client.packet_filters.delete(ZONE, packet_filter.id)
    client.switches.delete(ZONE, switch.id)
    client.notes.delete(note.id)


def test_a_blank_disk(client: Client) -> None:
    disk = client.disks.create(ZONE, name="data", size_gb=40, plan="hdd", connection="virtio")
    assert (disk.plan, disk.source_archive_id, disk.server_id) == ("hdd", None, None)
    client.disks.delete(ZONE, disk.id)
    with pytest.raises(NotFoundError):
        client.disks.read(ZONE, disk.id)


def test_switches_and_packet_filters(client: Client) -> None:
    switch = client.switches.create(ZONE, name="lan", default_route="10.0.0.1", network_mask_len=16)
    assert (switch.default_route, switch.network_mask_len, switch.server_count) == ("10.0.0.1", 16, 0)
    cleared = client.switches.update(ZONE, switch.id, name="lan2", description="d", tags=["x"], icon_id=None)
    assert (cleared.name, cleared.default_route, cleared.network_mask_len) == ("lan2", None, None)
    assert client.switches.read(ZONE, switch.id) == client.switches.find(ZONE, tags=["x"])[0] == cleared
    client.switches.delete(ZONE, switch.id)

    rules = [PacketFilterRule("icmp"), PacketFilterRule("ip", action="deny", description="the rest")]
    made = client.packet_filters.create(ZONE, name="pf", expressions=rules)
    assert made.expressions == tuple(rules)
    changed = client.packet_filters.update(
        ZONE, made.id, name="pf", description="", expressions=rules[1:], original_hash=made.expression_hash
    )
    assert changed.expression_hash != made.expression_hash
    with pytest.raises(ConflictError) as caught:
        client.packet_filters.update(
            ZONE, made.id, name="pf", description="", expressions=[], original_hash=made.expression_hash
        )
    assert caught.value.error_code == "original_hash_mismatch"
    assert client.packet_filters.read(ZONE, made.id) == client.packet_filters.find(ZONE, name="pf")[0] == changed
    client.packet_filters.delete(ZONE, made.id)


def test_elbs(client: Client) -> None:
    server = client.servers.create(ZONE, name="web", core=1, memory_gb=1, nics=["shared"])
    elb = client.elbs.create(
        name="elb", plan=100, region="is1", vip_failover=True, settings=ElbSettings(), tags=["sf:3"]
    )
    assert (elb.plan, elb.region, elb.vip) == (100, "is1", None)
    assert elb.address
    assert client.elbs.find(tags=["sf:3"]) == [elb]
    assert server.ip_address
    entry = ElbEntry(server.ip_address, 80)
    changed = client.elbs.update_document(elb, elb.document.with_entries([entry], elb.document.rules))
    assert changed.entries == (entry,)
    with pytest.raises(ConflictError):
        client.elbs.update_document(elb, elb.document)
    assert [entry.ip_address for entry in client.elbs.health(elb.id).servers] == [server.ip_address]
    labelled = client.elbs.update(
        changed, name="elb2", description="d", tags=["sf:3"], icon_id=None, document=changed.document
    )
    assert (labelled.name, labelled.document) == ("elb2", changed.document)
    assert client.elbs.get_certificates(elb.id) == ElbCertificates()
    own = ElbCertificate("-----BEGIN CERTIFICATE-----\nAA==\n", "-----BEGIN PRIVATE KEY-----\nAA==\n")
    assert client.elbs.set_certificates(elb.id, ElbCertificates(own, (own,))).additional == (own,)
    assert client.elbs.get_certificates(elb.id) == ElbCertificates(own, (own,))
    client.elbs.delete_certificates(elb.id)
    assert client.elbs.get_certificates(elb.id) == ElbCertificates()
    moved = client.elbs.change_plan(elb.id, 500)
    assert moved.plan == 500
    assert client.elbs.read(moved.id).document == changed.document
    client.elbs.delete(moved.id)
    assert client.elbs.find(tags=["sf:3"]) == []
    client.servers.delete(ZONE, server.id)


def test_dns_zones(client: Client) -> None:
    first = DnsRecord("@", "A", "192.0.2.1", 300)
    zone = client.dns_zones.create("example.com", tags=["sf:4"], records=[first])
    assert (zone.name, zone.records) == ("example.com", (first,))
    assert zone.name_servers
    https = DnsRecord("@", "HTTPS", '1 . alpn="h2,h3"')
    client.dns_zones.update_records(zone, [first, https])
    with pytest.raises(ConflictError):
        client.dns_zones.update_records(zone, [first, https])
    labelled = client.dns_zones.update(zone.id, description="d", tags=["sf:4"], icon_id=None)
    assert labelled.records == (first, https)
    assert client.dns_zones.find(tags=["sf:4"], name="example") == [labelled]
    client.dns_zones.update_records(labelled, [])
    assert client.dns_zones.read(zone.id).records == ()
    client.dns_zones.delete(zone.id)


def test_the_wrong_key(emulator: Running) -> None:
    with (
        running(latency="instant", token="right-token", secret="right-secret") as guarded,
        Client(guarded.api_root, Credentials("right-token", "wrong-secret")) as client,
        pytest.raises(AuthenticationError, match="SAKURA_ACCESS_TOKEN") as caught,
    ):
        client.auth_status()
    assert "wrong-secret" not in str(caught.value)


def test_busy_answers_are_outlasted(client: Client, emulator: Running) -> None:
    fault = emulator.cloud.faults.add({"kind": "status", "status": 503, "path": "note", "times": 3})
    note = client.notes.create(name="n", content="x")
    assert fault.fired == 3
    client.notes.delete(note.id)


def test_busy_for_too_long(client: Client, emulator: Running) -> None:
    emulator.cloud.faults.add({"kind": "status", "status": 503, "path": "note"})
    with pytest.raises(UnavailableError, match="busy for as long as calls are repeated"):
        client.notes.find()


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_create_that_was_cut_is_not_repeated(client: Client, emulator: Running, kind: str, made: int) -> None:
    emulator.cloud.faults.add({"kind": kind, "method": "POST", "path": "note", "times": 1})
    with pytest.raises(UnreachableError) as caught:
        client.notes.create(name=kind, content="x", tags=[f"mark:{kind}"])
    assert caught.value.maybe_done
    assert len(client.notes.find(tags=[f"mark:{kind}"])) == made


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_change_that_was_cut_is_repeated(client: Client, emulator: Running, kind: str) -> None:
    note = client.notes.create(name="n", content="x")
    fault = emulator.cloud.faults.add({"kind": kind, "method": "PUT", "path": "note", "times": 1})
    assert client.notes.update(note.id, name="m", content="y", tags=[]).name == "m"
    assert fault.fired == 1
    client.notes.delete(note.id)


def test_sixty_four_threads_share_one_client(client: Client) -> None:
    with ThreadPoolExecutor(64) as pool:
        notes = list(pool.map(lambda n: client.notes.create(name=f"n{n}", content="x", tags=["many"]), range(64)))
        assert len({note.id for note in notes}) == 64
        assert {note.id for note in client.notes.find(tags=["many"])} == {note.id for note in notes}
        list(pool.map(lambda note: client.notes.delete(note.id), notes))
    assert client.notes.find(tags=["many"]) == []
