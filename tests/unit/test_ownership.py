"""Owner tags are stored in the cloud: these literals must hold in every release."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.ownership import MAX_OWN_TAGS, MAX_TAGS, SIGNATURE_LENGTH, OwnerTags, fleet_tag

FLEET = "local-emulator"
URN = (
    "urn:pulumi:local::sakura-fleet::sakura-fleet:index:ServerGroup$pulumi-python:dynamic/sakura:Server"
    "::hscale-group-31d9bf-001"
)
GOLDEN = OwnerTags("sf:097cc39be7", "sfr:d43ba0d9b144f77e")
OF_A_STATE = replace(GOLDEN, state="sfs:0123456789")
SWITCH_URN = "urn:pulumi:production::sakura-fleet::pulumi-python:dynamic/sakura:Switch::backend"

own = st.text(min_size=1).filter(lambda tag: OwnerTags.untag([tag]) == [tag])
states = st.sampled_from(["", "sfs:0123456789"])
owner_tags = st.builds(
    lambda fleet_id, urn, state: replace(OwnerTags.of(fleet_id, urn), state=state),
    st.text(min_size=1),
    st.text(min_size=1),
    states,
)


@pytest.mark.parametrize(
    ("fleet_id", "urn", "expected"),
    [
        (FLEET, URN, GOLDEN),
        ("0123456789abcdef", SWITCH_URN, OwnerTags("sf:9f9f5111f7", "sfr:607eecb054714e81")),
    ],
)
def test_golden_owner_tags(fleet_id: str, urn: str, expected: OwnerTags) -> None:
    assert OwnerTags.of(fleet_id, urn) == expected
    assert fleet_tag(fleet_id) == expected.fleet


def test_golden_texts_in_the_cloud() -> None:
    assert GOLDEN.tag(["web"]) == ["sf:097cc39be7", "sfr:d43ba0d9b144f77e", "web"]
    assert GOLDEN.sign("key of alice") == "key of alice\nsf:097cc39be7 sfr:d43ba0d9b144f77e"
    assert GOLDEN.sign("") == "sf:097cc39be7 sfr:d43ba0d9b144f77e"


def test_another_fleet_or_urn_has_other_owner_tags() -> None:
    here = OwnerTags.of(FLEET, URN)
    assert OwnerTags.of("other-fleet", URN).fleet != here.fleet
    assert OwnerTags.of("other-fleet", URN).resource != here.resource
    assert OwnerTags.of(FLEET, URN + "2").fleet == here.fleet
    assert OwnerTags.of(FLEET, URN + "2").resource != here.resource


def test_fleet_and_urn_cannot_run_into_each_other() -> None:
    assert OwnerTags.of("ab", "c").resource != OwnerTags.of("a", "bc").resource


def test_own_tags_leave_room_for_all_owner_tags() -> None:
    assert MAX_OWN_TAGS + 3 < MAX_TAGS == 10
    assert len(OF_A_STATE.tag([f"t{n}" for n in range(MAX_OWN_TAGS)])) == MAX_OWN_TAGS + 3


def test_the_state_is_told_and_does_not_count_as_identity() -> None:
    assert OF_A_STATE.tag(["web"]) == ["sf:097cc39be7", "sfr:d43ba0d9b144f77e", "sfs:0123456789", "web"]
    assert OF_A_STATE.sign("") == "sf:097cc39be7 sfr:d43ba0d9b144f77e sfs:0123456789"
    assert OwnerTags.from_tags(OF_A_STATE.tag(())) == OF_A_STATE == GOLDEN
    for found in (OwnerTags.from_tags(OF_A_STATE.tag(())), OwnerTags.from_description(OF_A_STATE.sign("x"))):
        assert found
        assert found.state == "sfs:0123456789"
    assert OF_A_STATE.freed("113800000001").state == "sfs:0123456789"
    assert OF_A_STATE.inputs() == GOLDEN.inputs()
    assert OwnerTags.untag(OF_A_STATE.tag(["web"])) == ["web"]


@pytest.mark.parametrize(
    ("found", "here", "another"),
    [("sfs:0123456789", "sfs:0123456789", False), ("", "sfs:0123456789", False), ("sfs:0123456789", "", True)],
)
def test_whose_state_it_is(found: str, here: str, another: bool) -> None:
    assert replace(GOLDEN, state=found).is_of_another_state(here) is another
    assert OF_A_STATE.is_of_another_state("sfs:aaaaaaaaaa")


@given(owner_tags, st.lists(own, unique=True, max_size=MAX_OWN_TAGS))
def test_tags_round_trip(written: OwnerTags, tags: list[str]) -> None:
    tagged = written.tag(tags)
    assert tagged == sorted(tagged)
    assert OwnerTags.from_tags(tagged) == written
    assert OwnerTags.untag(tagged) == sorted(tags)


@given(owner_tags, st.text())
def test_descriptions_round_trip(written: OwnerTags, description: str) -> None:
    signed = written.sign(description)
    assert OwnerTags.from_description(signed) == written
    assert OwnerTags.unsign(signed) == description
    assert len(signed) <= len(description) + SIGNATURE_LENGTH


@given(owner_tags)
def test_inputs_round_trip(written: OwnerTags) -> None:
    assert OwnerTags.from_inputs(dict(written.inputs())) == written


@pytest.mark.parametrize(
    "tags",
    [
        [],
        ["web"],
        ["sf:5ef27d7cf4"],
        ["sfr:0123456789abcdef"],
        ["sf:5ef27d7cf", "sfr:0123456789abcdef"],
        ["sf:5EF27D7CF4", "sfr:0123456789abcdef"],
        ["sf:5ef27d7cf4x", "sfr:0123456789abcdef"],
        ["xsf:5ef27d7cf4", "sfr:0123456789abcdef"],
    ],
)
def test_half_or_broken_owner_tags_are_none(tags: list[str]) -> None:
    assert OwnerTags.from_tags(tags) is None
    assert OwnerTags.from_description(" ".join(tags)) is None


@pytest.mark.parametrize("description", ["", "text", "two\nlines", "sf:5ef27d7cf4", "ends\n"])
def test_a_description_without_owner_tags_is_all_the_users(description: str) -> None:
    assert OwnerTags.unsign(description) == description


def test_only_the_last_line_has_owner_tags() -> None:
    signed = GOLDEN.sign("x")
    assert OwnerTags.from_description(f"{signed}\nadded by hand") is None
    assert OwnerTags.unsign(f"{signed}\nadded by hand") == f"{signed}\nadded by hand"


def test_whose_an_object_is() -> None:
    owner_tags = OwnerTags.of("0123456789abcdef", "urn:a")
    assert owner_tags.is_of(owner_tags.fleet)
    assert not OwnerTags.of("another", "urn:a").is_of(owner_tags.fleet)
    assert owner_tags.are_among(["a", owner_tags.resource])
    assert not owner_tags.are_among(["a", owner_tags.fleet])
