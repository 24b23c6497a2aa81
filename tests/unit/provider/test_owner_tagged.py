"""Startup scripts, switches, SSH keys and packet filters, against the emulator over real HTTP: one table of kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pulumi
import pytest

from sakura_fleet.errors import (
    AuthenticationError,
    CredentialsError,
    FleetError,
    OwnershipError,
    PermissionDeniedError,
    UnreachableError,
    WaitTimeoutError,
)
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.idempotent_create import FOUND_AGAIN_DEADLINE
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle
from sakura_fleet.resources.server.ssh_key_lifecycle import SshKeyLifecycle
from sakura_fleet.resources.server.startup_script_lifecycle import StartupScriptLifecycle
from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle
from tests.unit.world import FOREIGN, OTHER_KEY, OTHER_ZONE, OWNER_TAGS, PUBLIC_KEY, ZONE, World, checked

SCRIPT = "#!/bin/sh\necho {{ .Name }}\n"
WEB = PacketFilterRule(protocol="tcp", destination_port="80").inputs()
DENY = PacketFilterRule(protocol="ip", action="deny").inputs()


@dataclass(frozen=True)
class Kind:
    """One kind of object: its life cycle, its path on the wire, inputs, and inputs of an update in place."""

    life: OwnerTaggedLifecycle[Any]
    path: str
    inputs: dict[str, Any]
    changed: dict[str, Any]
    by_hand: Callable[[World, str], object]
    """A change that a person made to the object, leaving its owner tag; it changes `drifted`."""
    drifted: str
    make: Callable[[World], Any]
    """An object made elsewhere."""

    def __str__(self) -> str:
        return self.path

    def all_inputs(self, **changes: Any) -> dict[str, Any]:
        return checked(self.life, **{**self.inputs, "owner_tags": dict(OWNER_TAGS.inputs()), **changes})

    def listed(self, world: World) -> list[Any]:
        """All of this kind in the cloud, the vendor's left out."""
        found = self.life.listed(world.session, self.inputs, OWNER_TAGS)
        return [item for item in found if getattr(item, "scope", "user") == "user"]

    def created(self, world: World, **changes: Any) -> tuple[str, dict[str, Any]]:
        return self.life.create(world.next_run(), self.all_inputs(**changes))


KINDS = [
    Kind(
        StartupScriptLifecycle(),
        "note",
        {"name": "boot", "content": SCRIPT, "tags": ["a"]},
        {"name": "other", "content": "#!/bin/sh\ntrue\n", "tags": ["b"]},
        lambda world, object_id: world.client.notes.update(
            object_id, name="boot", content="#!/bin/sh\nby hand\n", tags=OWNER_TAGS.tag(["a"])
        ),
        "content",
        lambda world: world.client.notes.create(name="boot", content="#!/bin/sh\n", tags=["theirs"]),
    ),
    Kind(
        SwitchLifecycle(),
        "switch",
        {"name": "back", "zone": ZONE, "description": "d", "tags": ["a"]},
        {"name": "other", "description": "", "tags": []},
        lambda world, object_id: world.client.switches.update(
            ZONE, object_id, name="back", description="d", tags=OWNER_TAGS.tag(["by-hand"]), icon_id=None
        ),
        "tags",
        lambda world: world.client.switches.create(ZONE, name="back", tags=["theirs"]),
    ),
    Kind(
        SshKeyLifecycle(),
        "sshkey",
        {"name": "alice", "public_key": PUBLIC_KEY, "description": "d"},
        {"name": "other", "description": ""},
        lambda world, object_id: world.client.ssh_keys.update(
            object_id, name="by hand", description=OWNER_TAGS.sign("d")
        ),
        "name",
        lambda world: world.client.ssh_keys.create(name="alice", public_key=PUBLIC_KEY, description="theirs"),
    ),
    Kind(
        PacketFilterLifecycle(),
        "packetfilter",
        {"name": "web", "zone": ZONE, "rules": [WEB, DENY], "description": "d"},
        {"name": "other", "rules": [DENY], "description": ""},
        lambda world, object_id: world.client.packet_filters.update(
            ZONE, object_id, name="web", description=OWNER_TAGS.sign("d"), expressions=[]
        ),
        "rules",
        lambda world: world.client.packet_filters.create(ZONE, name="web", description="theirs"),
    ),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@every_kind
def test_create_gives_what_read_gives(world: World, kind: Kind) -> None:
    object_id, outputs = kind.created(world)
    assert kind.all_inputs().items() <= outputs.items()
    found = kind.life.read(world.session, object_id, outputs)
    assert found is not None
    assert (found.id, found.inputs, found.outputs) == (object_id, kind.all_inputs(), outputs)
    assert kind.life.diff(found.outputs, kind.all_inputs()) == Diff()
    (item,) = kind.listed(world)
    assert kind.life.owner_tags_of(item) == OWNER_TAGS


@every_kind
def test_creating_twice_makes_one_object(world: World, kind: Kind) -> None:
    assert kind.created(world) == kind.created(world)
    assert world.calls(f"POST {kind.path}") == 1


@every_kind
def test_creating_again_writes_what_the_program_says_now(world: World, kind: Kind) -> None:
    object_id, _ = kind.created(world)
    again, outputs = kind.created(world, **kind.changed)
    assert again == object_id
    found = kind.life.read(world.session, object_id, outputs)
    assert found is not None
    assert kind.life.diff(found.outputs, kind.all_inputs(**kind.changed)) == Diff()


@every_kind
def test_update_in_place(world: World, kind: Kind) -> None:
    object_id, outputs = kind.created(world)
    news = kind.all_inputs(**kind.changed)
    updated = kind.life.update(world.session, object_id, outputs, news)
    assert {**outputs, **news} == updated
    found = kind.life.read(world.session, object_id, updated)
    assert found is not None
    assert found.inputs == news
    assert len(kind.listed(world)) == 1


@every_kind
def test_drift_is_named_by_its_property_and_undone(world: World, kind: Kind) -> None:
    object_id, outputs = kind.created(world)
    kind.by_hand(world, object_id)
    found = kind.life.read(world.session, object_id, outputs)
    assert found is not None
    assert kind.life.diff(found.outputs, kind.all_inputs()) == Diff(changed=(kind.drifted,))
    kind.life.update(world.session, object_id, found.outputs, kind.all_inputs())
    healed = kind.life.read(world.session, object_id, outputs)
    assert healed is not None
    assert healed.inputs == kind.all_inputs()


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[2]], ids=str)
def test_a_mark_that_a_person_removed_is_drift_and_written_again(world: World, kind: Kind) -> None:
    object_id, outputs = kind.created(world)
    if kind.path == "switch":
        world.client.switches.update(ZONE, object_id, name="back", description="d", tags=["a"], icon_id=None)
    else:
        world.client.ssh_keys.update(object_id, name="alice", description="d")
    found = kind.life.read(world.session, object_id, outputs)
    assert found is not None
    assert kind.life.diff(found.outputs, kind.all_inputs()) == Diff(changed=("owner_tags",))
    kind.life.update(world.session, object_id, found.outputs, kind.all_inputs())
    assert kind.created(world)[0] == object_id


@every_kind
def test_delete_and_delete_again(world: World, kind: Kind) -> None:
    object_id, outputs = kind.created(world)
    for _ in range(2):
        kind.life.delete(world.session, object_id, outputs)
    assert kind.listed(world) == []
    assert kind.life.read(world.session, object_id, outputs) is None


@every_kind
def test_an_object_made_elsewhere_is_adopted_by_its_id(world: World, kind: Kind) -> None:
    theirs = kind.make(world)
    object_id, outputs = kind.created(world, adopt=theirs.id)
    assert (object_id, world.calls(f"POST {kind.path}")) == (theirs.id, 1)
    found = kind.life.read(world.session, object_id, outputs)
    assert found is not None
    assert kind.life.diff(found.outputs, kind.all_inputs(adopt=theirs.id)) == Diff()
    assert kind.life.owner_tags_of(kind.life.fetch(world.session, outputs, object_id)) == OWNER_TAGS


@every_kind
def test_adopting_an_unknown_id_says_so(world: World, kind: Kind) -> None:
    with pytest.raises(FleetError, match=f"adopt: there is no {kind.life.kind} 113899999999; check the ID"):
        kind.created(world, adopt="113899999999")
    assert world.changes() == []


@every_kind
def test_an_object_of_the_same_name_that_is_not_ours_is_not_touched(world: World, kind: Kind) -> None:
    theirs = kind.make(world)
    object_id, outputs = kind.created(world)
    assert object_id != theirs.id
    assert kind.life.fetch(world.session, outputs, theirs.id) == theirs


GATEWAYS = [
    httpx.Response(500, text="<html>500</html>"),
    httpx.Response(504, text="<html>504</html>"),
    httpx.Response(503, text="<html>503 Service Unavailable</html>"),
    httpx.Response(429, text="<html>slow down</html>"),
    httpx.Response(423, text="<html>locked</html>"),
    httpx.Response(503, json={"message": "no healthy upstream"}),
    httpx.Response(200, text="<html>sign in</html>"),
    httpx.Response(201, content=b'{"Note'),
    httpx.Response(201, json={"is_ok": True}),
]
"""What a gateway may answer to a call, whether the API has carried it out or not."""


def hidden(response: httpx.Response) -> httpx.Response:
    """The answer to a find that does not show anything yet."""
    body = json.loads(response.read())
    lists: dict[str, Any] = {key: [] for key, value in body.items() if isinstance(value, list)}
    return httpx.Response(200, json={**body, **lists, "Count": 0, "Total": 0})


@every_kind
@pytest.mark.parametrize("answer", GATEWAYS, ids=lambda answer: f"{answer.status_code} {answer.content[:12].decode()}")
def test_a_create_whose_answer_a_gateway_lost_is_found_and_not_repeated(
    world: World, kind: Kind, answer: httpx.Response
) -> None:
    world.wire.answer = lambda call, response: answer if call.startswith("POST") else response
    kind.created(world)
    assert (world.calls(f"POST {kind.path}"), len(kind.listed(world))) == (1, 1)


@every_kind
def test_a_create_whose_answer_was_cut_is_found_and_not_repeated(world: World, kind: Kind) -> None:
    world.fault(kind="cut_after", method="POST", nth=1)
    kind.created(world)
    assert (world.calls(f"POST {kind.path}"), len(kind.listed(world))) == (1, 1)


@every_kind
@pytest.mark.parametrize("lag", [0.0, 10.0, 55.0])
def test_what_the_finds_show_late_only_is_waited_for(world: World, kind: Kind, lag: float) -> None:
    def lost(call: str, response: httpx.Response) -> httpx.Response:
        if call.startswith("POST"):
            return GATEWAYS[2]
        late = call == f"GET {kind.path}" and world.pace.since(1000.0) < lag
        return hidden(response) if late else response

    world.wire.answer = lost
    kind.created(world)
    world.wire.answer = lambda _, response: response
    assert (world.calls(f"POST {kind.path}"), len(kind.listed(world))) == (1, 1)


@every_kind
def test_what_was_not_made_is_made_once_it_was_looked_for_long_enough(world: World, kind: Kind) -> None:
    world.fault(kind="cut_before", method="POST", nth=1)
    object_id, _ = kind.created(world)
    assert world.pace.since(1000.0) >= FOUND_AGAIN_DEADLINE
    assert [item.id for item in kind.listed(world)] == [object_id]


@every_kind
def test_what_cannot_be_made_twice_over_is_left_to_the_next_run(world: World, kind: Kind) -> None:
    world.fault(kind="cut_before", method="POST", nth=[1, 2])
    with pytest.raises(WaitTimeoutError, match=f"the {kind.life.kind} .*whose creation got no answer"):
        kind.created(world)
    assert world.pace.since(1000.0) >= 2 * FOUND_AGAIN_DEADLINE
    kind.created(world)
    assert len(kind.listed(world)) == 1


@every_kind
def test_a_second_one_that_came_to_light_later_is_warned_of_and_every_run_chooses_the_same(
    world: World, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)

    def lost(call: str, response: httpx.Response) -> httpx.Response:
        if call == f"GET {kind.path}" and world.calls(f"POST {kind.path}") < 2:
            return hidden(response)
        return GATEWAYS[2] if call.startswith("POST") and world.calls(call) == 1 else response

    world.wire.answer = lost
    object_id, _ = kind.created(world)
    first, second = sorted(item.id for item in kind.listed(world))
    assert object_id == first
    assert any("it is made again now" in words for words in warned)
    for _ in range(2):
        warned.clear()
        assert kind.created(world)[0] == first
        (words,) = warned
        assert f"({second}) carries the owner tag of the {kind.life.kind}" in words
        assert f"({first}), too" in words
        assert "`sakura-fleet repair --remove` removes it" in words


@every_kind
def test_a_create_that_never_left_is_not_looked_for(world: World, kind: Kind) -> None:
    def refuse(call: str, response: httpx.Response) -> httpx.Response:
        if call.startswith("POST"):
            raise httpx.ConnectError("refused")
        return response

    world.wire.answer = refuse
    with pytest.raises(UnreachableError):
        kind.created(world)


@every_kind
@pytest.mark.parametrize("status", [503, 429, 423])
def test_a_busy_cloud_is_waited_for(world: World, kind: Kind, status: int) -> None:
    world.fault(kind="status", status=status, nth=[1, 3, 5])
    object_id, outputs = kind.created(world)
    kind.life.update(world.session, object_id, outputs, kind.all_inputs(**kind.changed))
    kind.life.delete(world.session, object_id, outputs)
    assert kind.listed(world) == []


# What is special about one kind


def test_a_note_speaks_its_own_words_and_outputs_the_users(world: World) -> None:
    kind = KINDS[0]
    object_id, outputs = kind.created(world)
    assert world.client.notes.read(object_id).content == (
        '#!/bin/sh\n# @sacloud-text required maxlen=64 SERVER_NAME "name of the server"\necho @@@SERVER_NAME@@@\n'
    )
    assert outputs["content"] == SCRIPT


def test_the_longest_description_has_room_for_the_owner_tags(world: World) -> None:
    for kind in KINDS[1:]:
        longest = "d" * 512
        while kind.life.check(world.session, {}, kind.all_inputs(description=longest)).problems:
            longest = longest[1:]
        assert len(longest) >= 450
        kind.created(world, description=longest)


def test_adopting_a_switch_keeps_what_we_do_not_manage(world: World) -> None:
    icon = world.client.icons.find()[0].id
    theirs = world.client.switches.create(
        ZONE, name="back", icon_id=icon, default_route="192.168.0.1", network_mask_len=24
    )
    object_id, outputs = KINDS[1].created(world, adopt=theirs.id)
    KINDS[1].life.update(world.session, object_id, outputs, KINDS[1].all_inputs(name="renamed"))
    kept = world.client.switches.read(ZONE, object_id)
    assert (kept.name, kept.icon_id) == ("renamed", icon)
    assert (kept.default_route, kept.network_mask_len) == ("192.168.0.1", 24)


@pytest.mark.parametrize("adopt", [True, False], ids=["adopted", "found by its mark"])
def test_another_key_is_not_taken_for_the_declared_one(world: World, adopt: bool) -> None:
    kind = KINDS[2]
    theirs = world.client.ssh_keys.create(
        name="alice", public_key=OTHER_KEY, description="" if adopt else OWNER_TAGS.sign("")
    )
    with pytest.raises(FleetError, match=f"SSH key {theirs.id} has another public_key"):
        kind.created(world, adopt=theirs.id if adopt else "")
    assert world.client.ssh_keys.read(theirs.id) == theirs


def test_a_key_of_another_fleet_is_left_alone(world: World) -> None:
    theirs = world.client.ssh_keys.create(name="alice", public_key=PUBLIC_KEY, description=FOREIGN.sign("d"))
    object_id, _ = KINDS[2].created(world)
    assert object_id != theirs.id
    assert OwnerTags.from_description(world.client.ssh_keys.read(theirs.id).description) == FOREIGN


def test_a_preview_says_what_adopting_a_packet_filter_will_do(world: World) -> None:
    theirs = world.client.packet_filters.create(ZONE, name="old", description="theirs")
    kind = KINDS[3]
    checked = kind.life.check(world.session, {}, kind.all_inputs(adopt=theirs.id))
    assert (checked.problems, checked.notices) == (
        [],
        [
            f"the packet filter old ({theirs.id}) is taken over, not made: name old -> web, description theirs -> d, "
            "rules"
        ],
    )
    (problem,) = kind.life.check(world.session, {}, kind.all_inputs(adopt="113899999999")).problems
    assert (problem.path, problem.message) == (
        "adopt",
        "there is no packet filter 113899999999; check the ID and the zone",
    )


@every_kind
def test_a_preview_says_what_is_taken_over(world: World, kind: Kind) -> None:
    theirs = kind.make(world)
    given = {**kind.all_inputs(), "adopt": theirs.id}
    checked = kind.life.check(world.session, {}, given)
    (said,) = checked.notices
    assert said.startswith(f"the {kind.life.kind} {theirs.name} ({theirs.id}) is taken over, not made: ")
    assert ("tag -theirs" if "tags" in given else "description theirs -> d") in said
    kind.life.create(world.next_run(), checked.inputs)
    (said,) = kind.life.check(world.next_run(), {}, given).notices
    assert said.endswith("is taken over, not made: nothing changes")
    (problem,) = kind.life.check(world.session, {}, {**given, "adopt": "113899999999"}).problems
    message = f"there is no {kind.life.kind} 113899999999; check the ID and the zone"
    assert (problem.path, problem.rule, problem.message) == ("adopt", "adopt", message)


@every_kind
def test_an_object_that_was_taken_over_is_not_replaced_as_long_as_it_says_adopt(world: World, kind: Kind) -> None:
    for key in kind.life.replacing:
        olds = {**kind.all_inputs(), "adopt": "113800000031"}
        other = {"zone": OTHER_ZONE, "public_key": OTHER_KEY}[key]
        (problem,) = kind.life.check(world.session, olds, {**olds, key: other}).problems
        assert (problem.path, problem.rule) == ("adopt", "adopt-done")
        assert f"a changed {key} needs a new one: remove `adopt`" in problem.message
        assert kind.life.check(world.session, olds, {**olds, "adopt": "", key: other}).problems == []


def test_a_packet_filter_changed_between_read_and_write_is_not_overwritten(world: World) -> None:
    kind = KINDS[3]
    object_id, outputs = kind.created(world)
    world.fault(kind="stale_hash", method="PUT", path="^/packetfilter/", nth=1)
    with pytest.raises(FleetError, match="original_hash_mismatch"):
        kind.life.update(world.session, object_id, outputs, kind.all_inputs(rules=[]))


@every_kind
def test_what_keeps_an_object_from_being_taken_over_has_its_own_code(world: World, kind: Kind) -> None:
    theirs = kind.make(world)
    given = {**kind.all_inputs(), "adopt": theirs.id}
    kind.life.create(world.session, given)
    another = {**given, "owner_tags": FOREIGN.inputs()}
    (problem,) = kind.life.check(world.next_run(), {}, another).problems
    assert (problem.path, problem.rule) == ("adopt", "not-owned")
    assert "belongs to another fleet" in problem.message


@every_kind
def test_an_error_of_the_api_is_no_refusal_to_take_over(
    world: World, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {**kind.all_inputs(), "adopt": kind.make(world).id}
    settings = SessionSettings(api_root="https://127.0.0.1:1/cloud/zone")
    with pytest.raises(CredentialsError, match="no API key"):
        kind.life.check(Session(settings, env={}), {}, given)
    for status, error in ((401, AuthenticationError), (403, PermissionDeniedError)):
        refused = httpx.Response(status, json={})
        monkeypatch.setattr(world.wire, "answer", lambda *_, refused=refused: refused)
        with pytest.raises(error):
            kind.life.check(world.next_run(), {}, given)


def of_state(state: str) -> dict[str, str]:
    """The owner tags as a run hands them to a life cycle."""
    return {**OWNER_TAGS.inputs(), "state": state}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_another_state_has_made_is_not_taken_over(kind: Kind, world: World) -> None:
    made, _ = kind.created(world, owner_tags=of_state("sfs:aaaaaaaaaa"))
    calls = len(world.wire.calls)
    with pytest.raises(OwnershipError, match=r"state of this stack, sfs:aaaaaaaaaa; this one is sfs:bbbbbbbbbb"):
        kind.created(world, owner_tags=of_state("sfs:bbbbbbbbbb"))
    assert [call for call in world.wire.calls[calls:] if not call.startswith("GET")] == []
    again, _ = kind.created(world, owner_tags=of_state("sfs:aaaaaaaaaa"))
    assert again == made, "its own state takes it over"
    unknown, _ = kind.created(world)
    assert unknown == made, "and so does one that keeps no name"


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_no_state_is_named_on_is_taken_over_and_named(kind: Kind, world: World) -> None:
    made, _ = kind.created(world)
    again, _ = kind.created(world, owner_tags=of_state("sfs:aaaaaaaaaa"))
    assert again == made
    (item,) = kind.listed(world)
    owner_tags = kind.life.owner_tags_of(item)
    assert owner_tags
    assert owner_tags.state == "sfs:aaaaaaaaaa"
