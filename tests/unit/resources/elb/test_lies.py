"""An ELB's answer that lacks entries or rules is no empty ELB: nothing is written, and nothing of others is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from sakura_fleet.errors import FleetError, ResourceError, UnusableAnswerError
from sakura_fleet.provider import shared_document
from sakura_fleet.resources.elb import elb_lifecycle, membership_lifecycle
from tests.lies.lie import FIELD_LIES, Lie, Rule
from tests.unit.resources.elb.support import (
    BY_HAND,
    ELB,
    FOREIGN,
    MEMBERSHIP,
    MEMBERSHIP_OWNER_TAGS,
    OTHER_RULE,
    Document,
    Member,
    add_servers,
    elb_inputs,
    join,
    member_inputs,
    places,
    refreshed,
    somebody,
    update,
    write_calls,
)
from tests.unit.resources.lying import ALWAYS, lied_to
from tests.unit.world import World

SERVERS, RULES = "Settings.ProxyLB.Servers", "Settings.ProxyLB.Rules"


def in_a_read(lie: Lie, field: str, **changes: Any) -> Rule:
    return Rule("GET", "/commonserviceitem/*", lie, field=f"CommonServiceItem.{field}", **changes)


def always(lie: Lie, field: str) -> list[Rule]:
    found = Rule("GET", "/commonserviceitem", lie, field=f"CommonServiceItems.{field}", times=ALWAYS)
    return [in_a_read(lie, field, times=ALWAYS), found]


def joined(world: World) -> tuple[Document, list[Member], dict[str, Any]]:
    """Two servers, the first of which has joined an ELB with entries and a rule of others."""
    elb = Document.new(world, servers=FOREIGN, Rules=[OTHER_RULE])
    members = add_servers(world, 2)
    outputs = join(world, member_inputs(elb, members[:1]))
    world.wire.calls.clear()
    return elb, members, outputs


@pytest.mark.parametrize("field", ["Settings", "Settings.ProxyLB", SERVERS, RULES, "Settings.ProxyLB.BindPorts"])
@pytest.mark.parametrize("lie", FIELD_LIES)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_one_answer_without_a_list(world: World, lie: Lie, field: str, nth: int) -> None:
    elb, members, outputs = joined(world)
    with lied_to(world, in_a_read(lie, field, nth=nth)), suppress(UnusableAnswerError, ResourceError):
        update(world, outputs, member_inputs(elb, members))
    assert [entry for entry in elb.servers if entry in FOREIGN] == FOREIGN
    assert elb.rules == [OTHER_RULE]
    update(world, outputs, member_inputs(elb, members))
    assert elb.places() == places(*members)
    assert [entry for entry in elb.servers if entry in FOREIGN] == FOREIGN
    assert elb.rules == [OTHER_RULE]


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("field", [SERVERS, RULES])
def test_one_answer_without_one_item_of_somebody_else(world: World, field: str, nth: int) -> None:
    elb, members, outputs = joined(world)
    with lied_to(world, in_a_read(Lie.ITEM, field, nth=nth)), suppress(ResourceError):
        update(world, outputs, member_inputs(elb, members))
    assert [entry for entry in elb.servers if entry in FOREIGN] == FOREIGN
    assert elb.rules == [OTHER_RULE]
    update(world, outputs, member_inputs(elb, members))
    assert elb.places() == places(*members)
    assert [entry for entry in elb.servers if entry in FOREIGN] == FOREIGN
    assert elb.rules == [OTHER_RULE]


BY_A_PERSON = {
    "LetsEncrypt": {"Enabled": True, "CommonName": "www.example.com", "SubjectAltNames": ""},
    "SorryServer": {"IPAddress": "192.0.2.90", "Port": 80},
    "StickySession": {"Enabled": True, "Method": "cookie"},
    "OriginGuard": {"Token": "abcdefgh1"},
}
DISABLED = {**BY_HAND, "IPAddress": "192.0.2.91", "Enabled": False, "ServerGroup": "theirs"}


def with_all_settings(world: World) -> tuple[Document, list[Member], dict[str, Any]]:
    elb, members, outputs = joined(world)
    elb.put(**BY_A_PERSON, Servers=[*elb.servers, DISABLED])
    world.wire.calls.clear()
    return elb, members, outputs


@pytest.mark.parametrize(
    "field",
    [
        *BY_A_PERSON,
        "BindPorts.RedirectToHttps",
        "BindPorts.SupportHttp2",
        "Servers.ServerGroup",
        "Servers.Enabled",
        "HealthCheck.Path",
    ],
)
@pytest.mark.parametrize("lie", [Lie.MISSING, Lie.NULL])
@pytest.mark.parametrize("nth", [1, 2])
def test_one_answer_without_a_setting(world: World, lie: Lie, field: str, nth: int) -> None:
    elb, members, outputs = with_all_settings(world)
    before = elb.settings
    with lied_to(world, in_a_read(lie, f"Settings.ProxyLB.{field}", nth=nth)) as told, suppress(ResourceError):
        update(world, outputs, member_inputs(elb, members))
    assert len(told) == 1
    update(world, outputs, member_inputs(elb, members))
    assert elb.places() == places(*members)
    assert {**elb.settings, "Servers": []} == {**before, "Servers": []}
    assert [entry for entry in elb.servers if entry in before["Servers"]] == before["Servers"]


def test_without_the_second_read_a_setting_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    elb, members, outputs = with_all_settings(world)
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.MISSING, "Settings.ProxyLB.LetsEncrypt", nth=2)):
        update(world, outputs, member_inputs(elb, members))
    assert not elb.settings.get("LetsEncrypt", {}).get("Enabled")


def test_an_elb_that_changes_between_the_two_reads_is_read_again(world: World) -> None:
    elb, members, outputs = joined(world)
    sorry = {"IPAddress": "192.0.2.90", "Port": 80}
    between: list[str] = []

    def answer(call: str, response: httpx.Response) -> httpx.Response:
        if call.startswith("GET commonserviceitem/") and not between:
            between.append(call)
            elb.put(SorryServer=sorry)
        return response

    world.wire.answer = answer
    update(world, outputs, member_inputs(elb, members))
    assert between
    assert elb.settings["SorryServer"] == sorry
    assert elb.places() == places(*members)
    assert write_calls(world.wire.calls) == 1, "nothing is written that would come too late"


def test_an_elb_of_a_client_that_knows_no_rules_is_joined(world: World) -> None:
    elb, members = Document.new(world, servers=FOREIGN), add_servers(world, 1)
    elb.put_all({key: value for key, value in elb.settings.items() if key != "Rules"})
    assert "Rules" not in elb.settings
    join(world, member_inputs(elb, members))
    assert elb.places() == places(*members)
    assert elb.servers[: len(FOREIGN)] == FOREIGN


def test_an_elb_whose_rules_are_null_is_joined(world: World) -> None:
    elb, members = Document.new(world, servers=FOREIGN, Rules=[]), add_servers(world, 1)
    with lied_to(world, *always(Lie.NULL, RULES)):
        join(world, member_inputs(elb, members))
    assert elb.places() == places(*members)


def test_answers_without_entries_that_agree(world: World) -> None:
    elb, members, outputs = joined(world)
    with (
        lied_to(world, *always(Lie.EMPTY, SERVERS)),
        pytest.raises(ResourceError, match=rf"though the state has written {members[0].address}:80; nothing was"),
    ):
        update(world, outputs, member_inputs(elb, members))
    assert write_calls(world.wire.calls) == 0


def test_without_the_guards_the_entries_of_others_are_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    monkeypatch.setattr(shared_document, "_refuse_emptied", lambda *_: None)
    elb, members, outputs = joined(world)
    with lied_to(world, *always(Lie.EMPTY, SERVERS)), pytest.raises(FleetError):
        update(world, outputs, member_inputs(elb, members))
    assert BY_HAND not in elb.servers


def test_an_elb_that_a_person_has_emptied_is_written_after_a_refresh(world: World) -> None:
    elb, members, outputs = joined(world)
    elb.put(Servers=[])
    with pytest.raises(ResourceError, match="is empty"):
        update(world, outputs, member_inputs(elb, members))
    update(world, refreshed(world, outputs), member_inputs(elb, members))
    assert elb.places() == places(*members)


def test_a_refresh_does_not_believe_one_empty_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, outputs = joined(world)
    with lied_to(world, in_a_read(Lie.EMPTY, SERVERS)), pytest.raises(ResourceError, match="same settings hash"):
        refreshed(world, outputs)
    monkeypatch.setattr(membership_lifecycle, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.EMPTY, SERVERS)):
        assert refreshed(world, outputs)["entries"] == []


def test_a_health_without_entries_ends_no_drain(world: World) -> None:
    elb, members, outputs = joined(world)
    health = Rule("GET", "/commonserviceitem/*/health", Lie.MISSING, field="ProxyLB.Servers.ActiveConn")
    with lied_to(world, health), pytest.raises(UnusableAnswerError, match="ActiveConn is missing"):
        MEMBERSHIP.delete(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert members[0].address in {entry["IPAddress"] for entry in elb.servers}


def own_elb(world: World) -> tuple[str, dict[str, Any], Document]:
    object_id, outputs = ELB.create(world.session, elb_inputs(world))
    elb = Document(somebody(world.emulator.url), object_id)
    elb.put(Servers=FOREIGN)
    return object_id, outputs, elb


def test_a_change_of_settings_keeps_the_entries(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    object_id, outputs, elb = own_elb(world)
    change: Callable[[], object] = lambda: ELB.update(  # noqa: E731
        world.next_run(), object_id, outputs, elb_inputs(world, description="new")
    )
    lie = in_a_read(Lie.EMPTY, SERVERS, nth=2)  # the first read finds the ELB
    with lied_to(world, lie), pytest.raises(ResourceError, match="same settings hash"):
        change()
    assert elb.servers == FOREIGN
    monkeypatch.setattr(shared_document, "confirm", lambda *_: True)
    with lied_to(world, lie):
        change()
    assert elb.servers == []


def test_an_elb_with_entries_of_others_is_not_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    object_id, outputs, elb = own_elb(world)
    with lied_to(world, in_a_read(Lie.EMPTY, SERVERS)), pytest.raises(ResourceError, match="same settings hash"):
        ELB.delete(world.session, object_id, outputs)
    assert elb.servers == FOREIGN
    monkeypatch.setattr(elb_lifecycle, "confirm", lambda *_: True)
    with lied_to(world, in_a_read(Lie.EMPTY, SERVERS)):
        ELB.delete(world.session, object_id, outputs)
    assert world.client.elbs.find() == []
