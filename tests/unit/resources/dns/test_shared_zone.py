"""One zone, several stacks: whose an identical set is, and that nobody's goes with another's resource."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sakura_fleet.errors import FleetError, InputError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Outputs
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.emulator.support import JSON
from tests.unit.resources.dns.zones import FOREIGN, HTTPS, SETS_OWNER_TAGS, WWW, Zone, sets_inputs, wire
from tests.unit.resources.elb.support import CrashError
from tests.unit.world import FLEET, World

LIFE = DnsRecordSetsLifecycle()
THEIRS = OwnerTags.of("another-fleet", "urn:sets")
OTHERS = OwnerTags.of(FLEET, "urn:other-sets")
"""Another resource of the same fleet."""
AS_IS: JSON = wire("www", "A", "192.0.2.1", 300)
"""`WWW` as somebody else has written it."""


def put(world: World, zone: Zone, *sets: JSON, owner: OwnerTags = SETS_OWNER_TAGS, **changes: Any) -> Outputs:
    inputs = sets_inputs(zone, *sets, **{"shared": True, "owner_tags": owner.inputs(), **changes})
    return LIFE.create(world.next_run(), inputs)[1]


def delete(world: World, zone: Zone, outputs: Outputs) -> None:
    LIFE.delete(world.next_run(), zone.id, outputs)


def claims(zone: Zone) -> list[str]:
    return zone.at("_sakura-fleet", "TXT")


def claim(owner: OwnerTags, name: str, kind: str) -> str:
    return f"{owner.fleet} {owner.resource} {kind} {name}"


def test_what_is_written_to_a_zone_of_others_is_claimed_in_the_same_write(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    assert [call.split(" ")[0] for call in world.changes()] == ["PUT"]
    assert claims(zone) == [claim(SETS_OWNER_TAGS, "www", kind) for kind in ("A", "HTTPS")]
    news = sets_inputs(zone, WWW, shared=True)
    outputs = LIFE.update(world.next_run(), zone.id, outputs, news)
    assert claims(zone) == [claim(SETS_OWNER_TAGS, "www", "A")]
    delete(world, zone, outputs)
    assert zone.records == FOREIGN


def test_a_set_of_another_fleet_is_refused_already_by_a_preview(world: World) -> None:
    zone = Zone(world)
    theirs = put(world, zone, WWW, owner=THEIRS)
    for changes in ({}, {"shared": False}, {"adopt": True}):
        inputs = sets_inputs(zone, WWW, **{"shared": True, **changes})
        (problem,) = LIFE.check(world.next_run(), {}, inputs).problems
        assert (problem.path, problem.rule) == ("www A", "shared-set")
        with pytest.raises(InputError, match=f"www A: it is a record set of another fleet, {THEIRS.fleet}"):
            LIFE.create(world.next_run(), inputs)
    assert claims(zone) == [claim(THEIRS, "www", "A")]
    delete(world, zone, theirs)
    put(world, zone, WWW)


def in_state(owner: OwnerTags, state: str) -> OwnerTags:
    return OwnerTags(owner.fleet, owner.resource, state)


@pytest.mark.parametrize("same_resource", [True, False], ids=["another clone", "another stack"])
@pytest.mark.parametrize("shared", [True, False])
def test_two_stacks_with_one_fleet_id_are_told_apart_by_their_states(
    world: World, same_resource: bool, shared: bool
) -> None:
    zone = Zone(world)
    first = in_state(SETS_OWNER_TAGS, "sfs:0000000001")
    second = in_state(SETS_OWNER_TAGS if same_resource else OTHERS, "sfs:0000000002")
    tags = {"owner_tags": {**first.inputs(), "state": first.state}}
    outputs = put(world, zone, WWW, **tags)
    assert claims(zone) == [f"{first.fleet} {first.resource} {first.state} A www"]
    for adopt in (False, True):
        with pytest.raises(InputError, match="another stack or state with the same fleet_id, sfs:0000000001") as caught:
            put(world, zone, WWW, shared=shared, adopt=adopt, owner_tags={**second.inputs(), "state": second.state})
        assert "`pulumi stack tag set sakura-fleet:state sfs:0000000001`" in str(caught.value)
    put(world, zone, WWW, **tags)  # a killed run that goes on
    delete(world, zone, outputs)
    assert zone.records == FOREIGN


def test_without_the_states_name_one_of_two_with_one_fleet_id_would_remove_the_others(world: World) -> None:
    """The harm that the name in the claim prevents."""
    zone = Zone(world)
    put(world, zone, WWW)
    delete(world, zone, put(world, zone, WWW, owner=OTHERS))
    assert zone.at("www", "A") == []


def test_a_claim_gets_the_name_of_a_state_that_has_another_now(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    for state in ("sfs:0000000001", "sfs:0000000002"):
        owner_tags = {**SETS_OWNER_TAGS.inputs(), "state": state}
        news = sets_inputs(zone, WWW, HTTPS, shared=True, owner_tags=owner_tags)
        outputs = LIFE.update(world.next_run(), zone.id, outputs, news)
        assert [text.split(" ")[2] for text in claims(zone)] == [state, state]


def test_an_equal_set_of_the_zones_owner_is_refused_unless_adopted(world: World) -> None:
    zone = Zone(world, [AS_IS])
    (problem,) = LIFE.check(world.next_run(), {}, sets_inputs(zone, WWW, shared=True)).problems
    assert problem.rule == "shared-set"
    with pytest.raises(
        InputError, match="www A: it exists already with these values in a zone that is not this stack's"
    ):
        put(world, zone, WWW)
    assert zone.records == [AS_IS]
    put(world, zone, WWW, adopt=True)
    assert (zone.records[0], claims(zone)) == (AS_IS, [claim(SETS_OWNER_TAGS, "www", "A")])


def test_without_the_refusal_one_would_remove_the_others(world: World) -> None:
    """The harm that claims prevent: the owner's record, taken over as equal, goes with the second stack."""
    zone = Zone(world, [AS_IS])
    delete(world, zone, put(world, zone, WWW, shared=False))
    assert zone.at("www", "A") == []


@pytest.mark.parametrize("at", range(1, 4))
def test_a_killed_run_finds_its_own_sets_by_their_claims(world: World, at: int) -> None:
    zone = Zone(world)
    calls = 0

    def answer(_: str, response: httpx.Response) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == at:
            raise CrashError
        return response

    world.wire.answer = answer
    with pytest.raises(CrashError):
        put(world, zone, WWW, HTTPS)
    put(world, zone, WWW, HTTPS)
    assert len(zone.records) == len(FOREIGN) + 4


def test_claims_follow_another_name_of_the_resource(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    renamed = OwnerTags.of("renamed-fleet", "urn:renamed")
    LIFE.update(world.next_run(), zone.id, outputs, sets_inputs(zone, WWW, shared=True, owner_tags=renamed.inputs()))
    assert claims(zone) == [claim(renamed, "www", "A")]


def test_a_zone_that_becomes_the_stacks_own_needs_no_claims(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    LIFE.update(world.next_run(), zone.id, outputs, sets_inputs(zone, WWW))
    assert (claims(zone), zone.at("www", "A")) == ([], ["192.0.2.1"])


@pytest.mark.parametrize("shared", [True, False])
def test_a_set_that_moved_to_another_resource_of_the_program_stays(world: World, shared: bool) -> None:
    zone = Zone(world)
    first = put(world, zone, WWW, HTTPS, shared=shared)
    session = world.next_run()
    moved = sets_inputs(zone, WWW, shared=shared, owner_tags=OTHERS.inputs())
    assert LIFE.check(session, {}, moved).problems == []
    _, outputs = LIFE.create(session, moved)
    LIFE.delete(session, zone.id, first)
    assert (zone.at("www", "A"), zone.at("www", "HTTPS")) == (["192.0.2.1"], [])
    assert claims(zone) == ([claim(OTHERS, "www", "A")] if shared else [])
    delete(world, zone, outputs)
    assert zone.records == FOREIGN


def test_what_a_failed_write_has_changed_is_in_the_state(world: World) -> None:
    zone = Zone(world)

    def overwritten(call: str, response: httpx.Response) -> httpx.Response:
        if call.startswith("PUT"):
            zone.put(FOREIGN)
        return response

    world.wire.answer = overwritten
    with pytest.raises(FleetError, match="was changed by somebody else") as caught:
        put(world, zone, WWW, shared=False)
    assert caught.value.left is not None
    left_id, outputs = caught.value.left
    assert (left_id, outputs["records"]) == (zone.id, [WWW])
