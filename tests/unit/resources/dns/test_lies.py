"""A zone's answer that lacks records is no empty zone: nothing is written, and nothing of others is lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from sakura_fleet.errors import ResourceError, UnusableAnswerError
from sakura_fleet.provider import shared_document
from sakura_fleet.resources.dns import record_sets_lifecycle, zone_lifecycle
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from sakura_fleet.resources.dns.zone_lifecycle import DnsZoneLifecycle
from tests.lies.lie import FIELD_LIES, Lie, Rule
from tests.unit.resources.dns.zones import FOREIGN, LOGGING, WWW, Zone, sets_inputs, zone_calls
from tests.unit.resources.lying import ALWAYS, lied_to
from tests.unit.world import World

LIFE = DnsRecordSetsLifecycle()
OTHER = {**WWW, "values": ["192.0.2.9"]}
RECORDS = "Settings.DNS.ResourceRecordSets"
READ, FIND = ("GET", "/commonserviceitem/*"), ("GET", "/commonserviceitem")


def in_a_read(lie: Lie, field: str, **changes: Any) -> Rule:
    return Rule(*READ, lie, field=f"CommonServiceItem.{field}", **changes)


def always_empty() -> list[Rule]:
    found = Rule(*FIND, Lie.EMPTY, field=f"CommonServiceItems.{RECORDS}", times=ALWAYS)
    return [in_a_read(Lie.EMPTY, RECORDS, times=ALWAYS), found]


def made(world: World) -> tuple[Zone, dict[str, Any]]:
    zone = Zone(world)
    _, outputs = LIFE.create(world.session, sets_inputs(zone, WWW))
    world.wire.calls.clear()
    return zone, outputs


def change(world: World, zone: Zone, outputs: dict[str, Any]) -> dict[str, Any]:
    return LIFE.update(world.next_run(), zone.id, outputs, sets_inputs(zone, OTHER))


@pytest.mark.parametrize("field", ["Settings", "Settings.DNS", RECORDS])
@pytest.mark.parametrize("lie", FIELD_LIES)
@pytest.mark.parametrize("nth", [1, 2])
def test_one_answer_without_records(world: World, lie: Lie, field: str, nth: int) -> None:
    zone, outputs = made(world)
    with lied_to(world, in_a_read(lie, field, nth=nth)) as told, suppress(UnusableAnswerError, ResourceError):
        change(world, zone, outputs)
    assert len(told) == 1
    assert zone.records[: len(FOREIGN)] == FOREIGN
    change(world, zone, outputs)
    assert zone.at("www", "A") == ["192.0.2.9"]
    assert zone.records[: len(FOREIGN)] == FOREIGN


@pytest.mark.parametrize("lie", [Lie.MISSING, Lie.NULL])
@pytest.mark.parametrize("field", ["Settings.DNS.MonitoringSuiteLog", f"{RECORDS}.TTL"])
def test_one_answer_without_a_setting(world: World, lie: Lie, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    zone, outputs = made(world)
    before = zone.settings
    with lied_to(world, in_a_read(lie, field)), pytest.raises(ResourceError, match="same settings hash"):
        change(world, zone, outputs)
    assert zone.settings == before
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(lie, field)), suppress(ResourceError):
        change(world, zone, outputs)
    kept = zone.settings.get("MonitoringSuiteLog") == LOGGING and zone.records[: len(FOREIGN)] == FOREIGN
    assert not kept, "without the second read it is lost"


@pytest.mark.parametrize("nth", [1, 2])
def test_one_answer_without_one_record_of_somebody_else(
    world: World, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone, outputs = made(world)
    with lied_to(world, in_a_read(Lie.ITEM, RECORDS, nth=nth)) as told, suppress(ResourceError):
        change(world, zone, outputs)
    assert len(told) == 1
    assert zone.records[: len(FOREIGN)] == FOREIGN
    change(world, zone, outputs)
    assert (zone.at("www", "A"), zone.records[: len(FOREIGN)]) == (["192.0.2.9"], FOREIGN)
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.ITEM, RECORDS)):
        LIFE.update(world.next_run(), zone.id, outputs, sets_inputs(zone, WWW))
    assert zone.records[: len(FOREIGN)] != FOREIGN, "without the second read it is lost"


def test_answers_without_records_that_agree(world: World) -> None:
    zone, outputs = made(world)
    with (
        lied_to(world, *always_empty()),
        pytest.raises(ResourceError, match=r"is empty, says the API, though the state has written www A") as caught,
    ):
        change(world, zone, outputs)
    assert "pulumi refresh" in str(caught.value)
    assert "PUT" not in zone_calls(world)


def test_without_the_guards_everything_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    monkeypatch.setattr(shared_document, "_refuse_emptied", lambda *_: None)
    zone, outputs = made(world)
    with lied_to(world, *always_empty()), pytest.raises(ResourceError, match="12 times"):
        change(world, zone, outputs)
    assert FOREIGN[0] not in zone.records


def test_a_zone_that_a_person_has_emptied_is_written_after_a_refresh(world: World) -> None:
    zone, outputs = made(world)
    zone.put([])
    with pytest.raises(ResourceError, match="is empty"):
        change(world, zone, outputs)
    found = LIFE.read(world.session, zone.id, outputs)
    assert found is not None
    assert (found.inputs["record_sets"], found.outputs["records"]) == ([], [])
    change(world, zone, found.outputs)
    assert zone.at("www", "A") == ["192.0.2.9"]


def test_a_refresh_does_not_believe_one_empty_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    zone, outputs = made(world)
    with lied_to(world, in_a_read(Lie.EMPTY, RECORDS)), pytest.raises(ResourceError, match="same settings hash"):
        LIFE.read(world.session, zone.id, outputs)
    monkeypatch.setattr(record_sets_lifecycle, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.EMPTY, RECORDS)):
        found = LIFE.read(world.session, zone.id, outputs)
    assert found
    assert found.outputs["records"] == []


def test_a_zone_with_records_of_others_is_not_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Zone(world)
    with lied_to(world, in_a_read(Lie.EMPTY, RECORDS)), pytest.raises(ResourceError, match="same settings hash"):
        DnsZoneLifecycle().delete(world.session, zone.id, {"lookup": False})
    assert zone.records == FOREIGN
    monkeypatch.setattr(zone_lifecycle, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.EMPTY, RECORDS)):
        DnsZoneLifecycle().delete(world.session, zone.id, {"lookup": False})
    assert world.client.dns_zones.find() == []
