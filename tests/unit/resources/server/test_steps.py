"""Which steps lead from each half of a server to the whole: tables, without any cloud."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sakura_fleet import client as api
from sakura_fleet.errors import FleetError
from sakura_fleet.model.server.template import DiskTemplate
from sakura_fleet.resources.server.observation import Observation
from sakura_fleet.resources.server.power import ORDER_AGAIN, order_is_due
from sakura_fleet.resources.server.spec import ServerSpec
from sakura_fleet.resources.server.steps import (
    ConnectDisk,
    ConnectPacketFilter,
    CreateDisk,
    CreateServer,
    DiscardDisk,
    PowerOff,
    PowerOn,
    SetUserIp,
    Step,
    WaitForDisks,
    WriteLabels,
    addresses,
    labels_and_filters,
    power,
    steps,
)
from tests.unit.world import OTHER_ZONE, OWNER_TAGS, ZONE, server_inputs

FILTER = "113800000009"
ON_SWITCH = {"upstream": "113800000007", "assign_cidr_block": "192.168.0.0/24", "ip_address": "192.168.0.1"}
TWO_DISKS = [asdict(DiskTemplate(os_type="almalinux")), asdict(DiskTemplate(size=40))]


def spec(**changes: Any) -> ServerSpec:
    return ServerSpec.from_inputs(server_inputs(**changes))


def interface(**changes: Any) -> api.Interface:
    nic = api.Interface(
        id="113800000005",
        mac_address="9C:A3:BA:00:00:01",
        ip_address="192.0.2.1",
        user_ip_address=None,
        switch_id=None,
        shared=True,
        packet_filter_id=None,
    )
    return replace(nic, **changes)


def disk(number: int = 1, **changes: Any) -> api.Disk:
    made = api.Disk(
        id=f"11380000010{number}",
        name=f"web-001-disk{number:03}",
        description="",
        tags=tuple(OWNER_TAGS.tag(())),
        availability="available",
        size_gb=20,
        migrated_gb=20.0,
        plan="ssd",
        connection="virtio",
        server_id="113800000001",
        source_archive_id=None,
        source_disk_id=None,
        config_error=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


def server(*disks: api.Disk, **changes: Any) -> api.Server:
    made = api.Server(
        id="113800000001",
        name="web-001",
        description="",
        tags=tuple(OWNER_TAGS.tag(["web"])),
        zone=ZONE,
        availability="available",
        status="down",
        core=1,
        memory_gb=2,
        dedicated_cpu=False,
        generation=100,
        icon_id=None,
        interface_driver="virtio",
        interfaces=(interface(),),
        disks=tuple(
            api.ServerDisk(it.id, it.name, it.size_gb, it.availability, it.connection) for it in disks if it.server_id
        ),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


def there(*disks: api.Disk, **changes: Any) -> Observation:
    return Observation(server(*disks, **changes), disks)


BOOTED_BY_THE_CLOUD: list[Step] = [CreateDisk(0, boots=True), WaitForDisks(boots=True), PowerOn(ordered=True)]
FIRST, SECOND = disk(1).id, disk(2).id


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [CreateServer(ZONE), *BOOTED_BY_THE_CLOUD], id="two calls that change something"),
        pytest.param({"slot": 1}, [CreateServer(OTHER_ZONE), *BOOTED_BY_THE_CLOUD], id="another zone"),
        pytest.param({"disks": []}, [CreateServer(ZONE), PowerOn()], id="no disk"),
        pytest.param(
            {"disks": TWO_DISKS},
            [
                CreateServer(ZONE),
                CreateDisk(0, boots=False),
                CreateDisk(1, boots=False),
                WaitForDisks(boots=False),
                PowerOn(),
            ],
            id="the cloud would not wait for a second disk",
        ),
        pytest.param(
            {"packet_filters": [{ZONE: FILTER}], "network_interfaces": [ON_SWITCH]},
            [
                CreateServer(ZONE),
                ConnectPacketFilter(0, FILTER),
                SetUserIp(0, "192.168.0.1"),
                *BOOTED_BY_THE_CLOUD,
            ],
            id="interfaces",
        ),
    ],
)
def test_a_server_of_which_nothing_is_there(changes: dict[str, Any], expected: list[Step]) -> None:
    assert steps(spec(**changes), Observation()) == expected


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(there(disk(), status="up"), [], id="finished"),
        pytest.param(there(), BOOTED_BY_THE_CLOUD, id="without a disk"),
        pytest.param(there(status=""), BOOTED_BY_THE_CLOUD, id="power not told"),
        pytest.param(there(disk()), [PowerOn()], id="off"),
        pytest.param(there(disk(availability="migrating")), [WaitForDisks(boots=False), PowerOn()], id="copying"),
        pytest.param(there(disk(server_id=None)), [ConnectDisk(FIRST), PowerOn()], id="unconnected"),
        pytest.param(
            there(disk(availability="migrating", server_id=None)),
            [ConnectDisk(FIRST), WaitForDisks(boots=False), PowerOn()],
            id="unconnected and copying",
        ),
        pytest.param(there(disk(availability="failed")), [DiscardDisk(FIRST), *BOOTED_BY_THE_CLOUD], id="copy failed"),
        pytest.param(there(disk(config_error="no")), [DiscardDisk(FIRST), *BOOTED_BY_THE_CLOUD], id="not prepared"),
        pytest.param(
            there(disk(config_error="no"), status="up"),
            [PowerOff(), DiscardDisk(FIRST), *BOOTED_BY_THE_CLOUD],
            id="not prepared, and up",
        ),
        pytest.param(Observation(server(disk())), [PowerOn()], id="taken over with its disks, and off"),
        pytest.param(there(disk(), name="old-name", status="up"), [WriteLabels()], id="labels of an earlier program"),
        pytest.param(
            there(disk(), interfaces=(interface(packet_filter_id=FILTER),), status="up"),
            [ConnectPacketFilter(0, "")],
            id="a packet filter that is not declared",
        ),
    ],
)
def test_a_server_of_which_a_half_is_there(observed: Observation, expected: list[Step]) -> None:
    assert steps(spec(), observed) == expected


@pytest.mark.parametrize(
    ("disks", "expected"),
    [
        ([disk(1)], [CreateDisk(1, boots=False), WaitForDisks(boots=False), PowerOn()]),
        ([disk(2)], [CreateDisk(0, boots=False), WaitForDisks(boots=False), PowerOn()]),
        ([disk(1), disk(2)], [PowerOn()]),
        ([disk(1, server_id=None), disk(2, server_id=None)], [ConnectDisk(FIRST), ConnectDisk(SECOND), PowerOn()]),
        (
            [disk(1, availability="failed"), disk(2, server_id=None)],
            [
                DiscardDisk(FIRST),
                ConnectDisk(SECOND),
                CreateDisk(0, boots=False),
                WaitForDisks(boots=False),
                PowerOn(),
            ],
        ),
    ],
)
def test_of_several_disks_only_what_is_missing_is_made(disks: list[api.Disk], expected: list[Step]) -> None:
    assert steps(spec(disks=TWO_DISKS), there(*disks)) == expected


def test_a_server_of_another_template_has_no_steps() -> None:
    with pytest.raises(FleetError, match="has 2 cores and 2 GB instead of 1 cores and 2 GB"):
        steps(spec(), there(core=2))


def test_a_change_in_place_touches_labels_filters_and_power_only() -> None:
    changed = spec(name="renamed", packet_filters=[FILTER], network_interfaces=[ON_SWITCH])
    assert list(labels_and_filters(changed, server())) == [WriteLabels(), ConnectPacketFilter(0, FILTER)]
    assert list(power(server())) == [PowerOn()]
    assert list(power(server(status="up"))) == []


def test_an_address_is_noted_down_once() -> None:
    on_switch = spec(network_interfaces=[ON_SWITCH])
    assert list(addresses(on_switch, server())) == [SetUserIp(0, "192.168.0.1")]
    noted = server(interfaces=(interface(user_ip_address="192.168.0.1"),))
    assert list(addresses(on_switch, noted)) == []


@pytest.mark.parametrize(
    ("status", "since_last_order", "due"),
    [
        ("down", None, True),
        ("", None, False),
        ("cleaning", None, False),
        ("down", ORDER_AGAIN - 0.1, False),
        ("down", ORDER_AGAIN, True),
    ],
)
def test_when_a_server_is_ordered_to_boot(status: str, since_last_order: float | None, due: bool) -> None:
    assert order_is_due(server(status=status), since_last_order) is due
