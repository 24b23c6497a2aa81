"""A DNS zone: owned or looked up, never deleted with records of others in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sakura_fleet.errors import FleetError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.resources.dns.zone_lifecycle import DnsZoneLifecycle
from tests.unit.resources.dns.zones import ZONE, ZONE_OWNER_TAGS, Zone, somebody, zone_inputs
from tests.unit.world import World

LIFE = DnsZoneLifecycle()


def make(world: World, **changes: Any) -> tuple[str, dict[str, Any]]:
    return LIFE.create(world.session, zone_inputs(**changes))


def test_made_found_again_changed_and_deleted(world: World) -> None:
    zone_id, outputs = make(world, description="d", tags=["web"])
    zone = world.client.dns_zones.read(zone_id)
    assert (zone.name, zone.description, set(zone.tags)) == (
        ZONE,
        "d",
        {"web", ZONE_OWNER_TAGS.fleet, ZONE_OWNER_TAGS.resource},
    )
    assert outputs["name_servers"] == list(zone.name_servers) != []
    assert make(world, description="d", tags=["web"])[0] == zone_id, "the owner tag finds it again"

    found = LIFE.read(world.session, zone_id, outputs)
    assert found is not None
    assert LIFE.diff(found.outputs, zone_inputs(description="d", tags=["web"])) == Diff()
    assert LIFE.diff(found.outputs, zone_inputs()) == Diff(changed=("description", "tags"))
    outputs = LIFE.update(world.session, zone_id, outputs, zone_inputs(tags=["x"]))
    assert "x" in world.client.dns_zones.read(zone_id).tags

    LIFE.delete(world.session, zone_id, outputs)
    assert world.client.dns_zones.find() == []
    assert LIFE.read(world.session, zone_id, outputs) is None
    LIFE.delete(world.session, zone_id, outputs)


def test_a_create_without_an_answer_is_not_repeated(world: World) -> None:
    world.fault(method="POST", path="^/commonserviceitem$", nth=[1], kind="cut_after")
    zone_id, _ = make(world)
    assert [zone.id for zone in world.client.dns_zones.find()] == [zone_id]
    assert world.calls("POST commonserviceitem") == 1


def test_records_of_others_keep_a_zone(world: World) -> None:
    zone_id, outputs = make(world)
    api = somebody(world.emulator.url)
    records = [{"Name": f"h{number}", "Type": "A", "RData": "192.0.2.1"} for number in range(12)]
    api.put_item(int(zone_id), Settings={"DNS": {"ResourceRecordSets": records}})
    with pytest.raises(FleetError, match=r"still has records.*h0 A, h1 A.* and 2 more.*`lookup: true`"):
        LIFE.delete(world.session, zone_id, outputs)
    assert world.client.dns_zones.read(zone_id).records


def test_looked_up_and_left_alone(world: World) -> None:
    zone = Zone(world)
    before = world.client.dns_zones.read(zone.id)
    inputs = zone_inputs(lookup=True)
    zone_id, outputs = LIFE.create(world.session, inputs)
    assert zone_id == zone.id
    assert outputs["name_servers"] == list(before.name_servers)
    found = LIFE.read(world.session, zone_id, outputs)
    assert found is not None
    assert LIFE.diff(found.outputs, inputs) == Diff()
    LIFE.delete(world.session, zone_id, outputs)
    assert world.client.dns_zones.read(zone.id) == before
    assert world.changes() == []
    zone.api.call("DELETE", f"commonserviceitem/{zone.id}")
    assert LIFE.read(world.session, zone_id, outputs) is None


def test_nothing_to_look_up(world: World) -> None:
    somebody(world.emulator.url).make_zone("www.example.com")
    with pytest.raises(FleetError, match=r"no DNS zone example\.com; the account has www\.example\.com"):
        LIFE.create(world.session, zone_inputs(lookup=True))
    (problem,) = LIFE.check(world.session, {}, zone_inputs(lookup=True)).problems
    assert (problem.path, problem.rule) == ("lookup", "no-such-zone")


def test_what_a_run_left_that_was_cut_short_is_no_zone_of_others(world: World) -> None:
    _, outputs = make(world)
    for olds in ({}, outputs):
        assert LIFE.check(world.session, olds, zone_inputs()).problems == []


def test_a_zone_that_is_there_is_not_taken_unasked(world: World) -> None:
    zone = Zone(world)
    (problem,) = LIFE.check(world.session, {}, zone_inputs()).problems
    assert (problem.path, problem.rule) == ("name", "zone-exists")
    ways_out = rf'`lookup: true` .* or `adopt_zone: "{zone.id}"`'
    assert re.search(ways_out, problem.message)
    with pytest.raises(FleetError, match=ways_out):  # made by somebody after the check
        make(world)
    assert world.client.dns_zones.read(zone.id).tags == ()
    assert make(world, adopt=zone.id)[0] == zone.id
    assert OwnerTags.from_tags(world.client.dns_zones.read(zone.id).tags) == ZONE_OWNER_TAGS


@pytest.mark.parametrize("adopt", ["of another name", "113899999999"])
def test_a_preview_says_what_cannot_be_adopted(world: World, adopt: str) -> None:
    other = str(somebody(world.emulator.url).make_zone("example.net")["ID"])
    given = {**zone_inputs(), "adopt": other if adopt == "of another name" else adopt}
    (problem,) = LIFE.check(world.session, {}, given).problems
    assert (problem.path, problem.rule) == ("adopt", "adopt")
    assert ("another name" if adopt == "of another name" else f"there is no DNS zone {adopt}") in problem.message


def test_a_preview_says_what_adopting_will_do_to_a_zone(world: World) -> None:
    zone = Zone(world)
    zone.api.put_item(int(zone.id), Description="theirs", Tags=["shop"])
    assert LIFE.check(world.session, {}, {**zone_inputs(), "adopt": zone.id}).notices == [
        f"the DNS zone example.com ({zone.id}) is taken over, not made: description theirs -> none, "
        f"tag +{ZONE_OWNER_TAGS.fleet}, tag +{ZONE_OWNER_TAGS.resource}, tag -shop"
    ]


def test_another_zone_cannot_be_adopted_under_this_name(world: World) -> None:
    other = somebody(world.emulator.url).make_zone("example.net")
    with pytest.raises(FleetError, match="another name"):
        make(world, adopt=str(other["ID"]))


def test_handed_back_and_taken_over(world: World) -> None:
    zone_id, outputs = make(world, description="d", tags=["web"])
    lookup = zone_inputs(lookup=True)
    assert LIFE.diff(outputs, lookup).replaces == ()
    outputs = LIFE.update(world.session, zone_id, outputs, lookup)
    zone = world.client.dns_zones.read(zone_id)
    assert (zone.description, zone.tags) == ("d", ("web",))
    LIFE.delete(world.session, zone_id, outputs)
    outputs = LIFE.update(world.session, zone_id, outputs, zone_inputs(tags=["web"]))
    assert OwnerTags.from_tags(world.client.dns_zones.read(zone_id).tags) == ZONE_OWNER_TAGS


def test_a_zone_of_another_fleet_is_not_taken_over(world: World) -> None:
    theirs = OwnerTags.of("another-fleet", "urn")
    zone = world.client.dns_zones.create(ZONE, tags=[theirs.fleet, theirs.resource])
    zone_id, outputs = LIFE.create(world.session, zone_inputs(lookup=True))
    with pytest.raises(FleetError, match="belongs to another fleet"):
        LIFE.update(world.session, zone_id, outputs, zone_inputs())
    assert OwnerTags.from_tags(world.client.dns_zones.read(zone.id).tags) == theirs


def test_the_icon_stays(world: World) -> None:
    zone_id, outputs = make(world)
    icon = world.client.icons.find()[0].id
    world.client.dns_zones.update(
        zone_id, description="", tags=[ZONE_OWNER_TAGS.fleet, ZONE_OWNER_TAGS.resource], icon_id=icon
    )
    LIFE.update(world.session, zone_id, outputs, zone_inputs(description="new"))
    assert world.client.dns_zones.read(zone_id).icon_id == icon


@pytest.mark.parametrize(
    ("inputs", "broken"),
    [
        ({"name": "example.com"}, []),
        ({"name": "Example.COM."}, []),
        ({"name": ""}, [("name", "zone-name")]),
        ({"name": "com"}, [("name", "zone-name")]),
        ({"name": "a b.example"}, [("name", "zone-name")]),
        ({"tags": list("abcdefgh")}, [("tags", "too-many-tags")]),
        ({"description": "d" * 513}, [("description", "length")]),
        ({"lookup": True, "description": "d", "tags": ["a"]}, [("description", "lookup"), ("tags", "lookup")]),
        ({"lookup": True, "adopt": "1"}, [("adopt", "lookup")]),
    ],
)
def test_check(world: World, inputs: dict[str, Any], broken: list[tuple[str, str]]) -> None:
    if inputs.get("lookup"):
        Zone(world)
    found = LIFE.check(world.session, {}, zone_inputs(**inputs))
    assert [(p.path, p.rule) for p in found.problems] == broken
    if not broken:
        assert found.inputs["name"] == "example.com"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "example.net"}, Diff(("name",), ("name",))),
        ({"lookup": True}, Diff(("lookup",))),
        ({"adopt": "113800000001"}, Diff()),
        ({"tags": ["b", "a"]}, Diff()),
    ],
)
def test_diff(change: dict[str, Any], expected: Diff) -> None:
    assert LIFE.diff(zone_inputs(tags=["a", "b"]), zone_inputs(**{"tags": ["a", "b"], **change})) == expected
