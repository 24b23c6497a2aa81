"""An ELB's life, against the emulator over real HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sakura_fleet.client import ElbDocument
from sakura_fleet.errors import ConflictError, FleetError, UnreachableError
from sakura_fleet.model.elb import read_settings
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Inputs, Outputs, Unknown
from tests.unit.resources.elb.support import (
    BY_HAND,
    ELB,
    ELB_OWNER_TAGS,
    FOREIGN,
    Document,
    between,
    checked_elb,
    die,
    elb_inputs,
    somebody,
    watched,
    write_calls,
)
from tests.unit.world import FOREIGN as ANOTHER_FLEET
from tests.unit.world import World, world

POST = "POST commonserviceitem"


def create(world: World, inputs: Inputs) -> tuple[Document, Outputs]:
    object_id, outputs = ELB.create(world.next_run(), inputs)
    assert object_id == outputs["elb_id"]
    return Document(somebody(world.emulator.url), object_id), outputs


def diff_now(world: World, outputs: Outputs, inputs: Inputs) -> Diff:
    """What a preview with a refresh shows."""
    found = ELB.read(world.next_run(), outputs["elb_id"], outputs)
    assert found is not None
    return ELB.diff(found.outputs, inputs)


def test_create_gives_what_read_gives(world: World) -> None:
    inputs = elb_inputs(world, tags=["b", "a"], description="d", vip_failover=True, region="tk1", plan=500)
    elb, outputs = create(world, inputs)
    assert inputs.items() <= outputs.items()
    assert outputs["fqdn"].startswith(f"site-{elb.id}.")
    assert (outputs["vip"], outputs["proxy_networks"]) == ("", ["198.19.255.0/24"])
    found = ELB.read(world.session, elb.id, outputs)
    assert found is not None
    assert (found.id, found.inputs["tags"]) == (elb.id, ["a", "b"])
    assert ELB.diff(found.outputs, inputs) == Diff()
    assert elb.servers == []
    item = elb.api.item(int(elb.id))
    assert item["Tags"] == ELB_OWNER_TAGS.tag(["a", "b"])


def test_without_failover_there_is_an_address(world: World) -> None:
    _, outputs = create(world, elb_inputs(world))
    assert outputs["fqdn"] == ""
    assert re.fullmatch(r"[0-9.]+", outputs["vip"])


def test_an_elb_of_which_nothing_is_said_has_no_drift(world: World) -> None:
    inputs = elb_inputs(world, settings={})
    _, outputs = create(world, inputs)
    assert diff_now(world, outputs, inputs) == Diff()
    with watched(world) as seen:
        ELB.update(world.session, outputs["elb_id"], outputs, inputs)
    assert seen.writes == 0


def test_creating_twice_makes_one(world: World) -> None:
    inputs = elb_inputs(world)
    assert create(world, inputs)[1] == create(world, inputs)[1]
    assert world.calls(POST) == 1
    elb, outputs = create(world, elb_inputs(world, name="renamed", settings={"gzip": True}))
    assert (elb.id, world.calls(POST)) == (outputs["elb_id"], 1)
    assert elb.settings["Gzip"] == {"Enabled": True}


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_lost_answer_makes_nothing_twice(world: World, fault: str) -> None:
    world.fault(kind=fault, method="POST", nth=1)
    create(world, elb_inputs(world))
    create(world, elb_inputs(world))
    assert len(world.client.elbs.find()) == 1


CHANGES: list[tuple[str, Any, Any]] = [
    ("bind_ports", [{"proxy_mode": "https", "port": 443, "http2": True, "ssl_policy": "TLS-1-3-2021-06"}], None),
    ("bind_ports", [{"proxy_mode": "http", "port": 80, "response_headers": [{"header": "A", "value": "b"}]}], None),
    ("health_check", {"protocol": "tcp", "delay_loop": 30}, None),
    ("health_check", {"path": "/live", "host": "example.com"}, None),
    ("sorry_server", {"ip_address": "192.0.2.90", "port": 8080}, None),
    ("rules", [{"path": "/a", "action": "fixed", "fixed_status_code": "503"}], None),
    ("sticky_session", True, None),
    ("gzip", True, None),
    ("proxy_protocol", True, None),
    ("backend_keep_alive", "aggressive", None),
    ("timeout", 600, None),
    ("syslog", {"server": "192.0.2.91"}, None),
]
every_change = pytest.mark.parametrize(("key", "value"), [(key, value) for key, value, _ in CHANGES], ids=str)


@every_change
def test_a_setting_changes_in_place_with_one_write_and_back(world: World, key: str, value: Any) -> None:
    plain, changed = elb_inputs(world), elb_inputs(world, settings={key: value})
    elb, outputs = create(world, plain)
    elb.put(Servers=FOREIGN, OriginGuard={"Token": "kept"}, LetsEncrypt={"Enabled": False, "New": 1})
    for olds, news in ((plain, changed), (changed, plain)):
        assert ELB.diff({**outputs, **olds}, news) == Diff(changed=("settings",))
        with watched(world) as seen:
            outputs = ELB.update(world.next_run(), elb.id, outputs, news)
        assert seen.writes == 1
        assert [call for call in seen.calls if not call.startswith(("GET", "PUT"))] == []
        assert diff_now(world, outputs, news) == Diff()
        assert news.items() <= outputs.items()
        assert elb.servers == FOREIGN
        assert elb.settings["OriginGuard"] == {"Token": "kept"}
        assert elb.settings["LetsEncrypt"] == {"Enabled": False, "New": 1}
    assert "BackendHttpKeepAlive" not in elb.settings


@every_change
def test_drift_of_a_setting_is_seen_and_undone(world: World, key: str, value: Any) -> None:
    inputs = elb_inputs(world)
    elb, outputs = create(world, inputs)
    settings = read_settings(Reader({key: value}, "settings", []))
    by_hand = {key: value for key, value in ElbDocument.new(settings).wire.items() if key != "Servers"}
    elb.put_all({**elb.settings, **by_hand})
    assert diff_now(world, outputs, inputs) == Diff(changed=("settings",))
    ELB.update(world.next_run(), elb.id, outputs, inputs)
    assert diff_now(world, outputs, inputs) == Diff()


def test_keys_inside_of_a_setting_that_are_not_known_are_kept(world: World) -> None:
    elb, outputs = create(world, elb_inputs(world))
    port = {**elb.settings["BindPorts"][0], "Http3": True}
    elb.put(BindPorts=[port], HealthCheck={**elb.settings["HealthCheck"], "Body": "OK"})
    assert diff_now(world, outputs, elb_inputs(world)) == Diff()
    ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world, settings={"gzip": True}))
    assert elb.settings["BindPorts"] == [port]
    assert elb.settings["HealthCheck"]["Body"] == "OK"


@pytest.mark.parametrize(("key", "value"), [("name", "other"), ("description", "d"), ("tags", ["b", "a"])])
def test_labels_change_in_place_and_drift(world: World, key: str, value: Any) -> None:
    plain, changed = elb_inputs(world), elb_inputs(world, **{key: value})
    elb, outputs = create(world, plain)
    with watched(world) as seen:
        after = ELB.update(world.next_run(), elb.id, outputs, changed)
    assert seen.writes == 1
    assert diff_now(world, after, changed) == Diff()
    assert diff_now(world, outputs, plain) == Diff(changed=(key,)), "now it is drift"


def test_an_icon_comes_and_goes(world: World) -> None:
    icon = world.client.icons.find()[0].id
    elb, outputs = create(world, elb_inputs(world, icon_id=icon))
    assert world.client.elbs.read(elb.id).icon_id == icon
    ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world))
    assert world.client.elbs.read(elb.id).icon_id is None


def test_an_elb_without_its_fleet_tag_is_not_made_a_second_time(world: World) -> None:
    inputs = elb_inputs(world)
    elb, outputs = create(world, inputs)
    resource = outputs["owner_tags"]["resource"]
    elb.api.put_item(int(elb.id), Tags=[resource])
    again, _ = create(world, inputs)
    assert (again.id, world.calls(POST)) == (elb.id, 1)
    found = ELB.read(world.next_run(), again.id, outputs)
    assert found is not None
    assert found.inputs["owner_tags"] == outputs["owner_tags"]


def test_owner_tags_that_a_person_removed_is_drift_and_written_again(world: World) -> None:
    inputs = elb_inputs(world, tags=["a"])
    elb, outputs = create(world, inputs)
    elb.api.put_item(int(elb.id), Tags=["a"])
    found = ELB.read(world.next_run(), elb.id, outputs)
    assert found is not None
    assert ELB.diff(found.outputs, inputs) == Diff(changed=("owner_tags",))
    ELB.update(world.next_run(), elb.id, found.outputs, inputs)
    assert create(world, inputs)[0].id == elb.id


def test_region_and_failover_need_a_new_elb(world: World) -> None:
    plain = elb_inputs(world)
    assert ELB.diff(plain, elb_inputs(world, region="tk1")) == Diff(("region",), ("region",))
    assert ELB.diff(plain, elb_inputs(world, vip_failover=True)) == Diff(("vip_failover",), ("vip_failover",))
    looked_up = elb_inputs(world, name="", lookup="theirs")
    assert ELB.diff(plain, looked_up).replaces == ("lookup",)
    assert ELB.diff(plain, elb_inputs(world, plan=500)) == Diff(changed=("plan",))


# Another plan


@pytest.mark.parametrize("answer", ["new-id", "same-id"])
def test_another_plan_is_followed(answer: str) -> None:
    with world(elb_plan_change=answer) as made:
        elb, outputs = create(made, elb_inputs(made))
        elb.put(Servers=FOREIGN)
        news = elb_inputs(made, plan=500, settings={"gzip": True})
        after = ELB.update(made.next_run(), elb.id, outputs, news)
        assert (after["elb_id"] != elb.id) == (answer == "new-id")
        now = Document(elb.api, after["elb_id"])
        assert (now.servers, now.settings["Gzip"]) == (FOREIGN, {"Enabled": True})
        assert len(made.client.elbs.find()) == 1
        # The ID that Pulumi keeps is the first one for ever.
        found = ELB.read(made.next_run(), elb.id, after)
        assert found is not None
        assert (found.id, ELB.diff(found.outputs, news)) == (elb.id, Diff())
        with pytest.raises(FleetError, match=r"still sends requests to 192\.0\.2\.10:80"):
            ELB.delete(made.next_run(), elb.id, after)
        now.put(Servers=[])
        ELB.delete(made.next_run(), elb.id, after)
        assert made.client.elbs.find() == []


def test_a_crash_anywhere_in_a_change_is_made_good(world: World) -> None:
    for at in range(1, 30):
        world.emulator.cloud.reset()
        world.emulator.cloud.clock.freeze()
        elb, outputs = create(world, elb_inputs(world))
        elb.put(Servers=FOREIGN)
        news = elb_inputs(world, plan=500, name="other", settings={"gzip": True})
        died = die(world, at, ELB.update, world.next_run(), elb.id, outputs, news)
        found = ELB.read(world.next_run(), elb.id, outputs)
        assert found is not None, "a refresh in between follows it, too"
        after = ELB.update(world.next_run(), elb.id, outputs, news)
        assert diff_now(world, after, news) == Diff()
        assert [item.id for item in world.client.elbs.find()] == [after["elb_id"]]
        assert Document(elb.api, after["elb_id"]).servers == FOREIGN
        if not died:
            assert at > 3
            return
    raise AssertionError("it never came to its end")


def test_a_lost_answer_to_another_plan(world: World) -> None:
    elb, outputs = create(world, elb_inputs(world))
    world.fault(kind="cut_after", method="PUT", path="/plan$", nth=1)
    after = ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world, plan=500))
    assert [(item.id, item.plan) for item in world.client.elbs.find()] == [(after["elb_id"], 500)]


# Made elsewhere


def test_lookup_by_id_and_by_name_changes_nothing(world: World) -> None:
    elb = Document.new(world, servers=[BY_HAND])
    before = elb.api.item(int(elb.id))
    for wanted in (elb.id, "theirs"):
        with watched(world) as seen:
            inputs = elb_inputs(world, name="", lookup=wanted)
            found, outputs = create(world, inputs)
            assert (found.id, outputs["vip"]) == (elb.id, before["Status"]["VirtualIPAddress"])
            assert diff_now(world, outputs, inputs) == Diff()
            ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world, name="", lookup=wanted, vip_failover=True))
            ELB.delete(world.next_run(), elb.id, outputs)
        assert all(call.startswith("GET") for call in seen.calls)
    assert elb.api.item(int(elb.id)) == before


def test_lookup_of_a_name_that_is_not_there_or_there_twice(world: World) -> None:
    with pytest.raises(FleetError, match="no ELB with the ID or name 'theirs'; the account has none"):
        create(world, elb_inputs(world, name="", lookup="theirs"))
    first, second = Document.new(world), Document.new(world)
    with pytest.raises(FleetError, match=rf"2 ELBs are called 'theirs' \({first.id}, {second.id}\); name it by its ID"):
        create(world, elb_inputs(world, name="", lookup="theirs"))
    assert create(world, elb_inputs(world, name="", lookup=second.id))[0].id == second.id
    with pytest.raises(FleetError, match="the account has theirs, theirs"):
        create(world, elb_inputs(world, name="", lookup="their"))


def test_adopting_takes_over_settings_and_keeps_entries(world: World) -> None:
    theirs = Document.new(world, servers=[BY_HAND], OriginGuard={"Token": "kept"})
    inputs = elb_inputs(world, adopt=theirs.id, settings={"timeout": 60})
    elb, outputs = create(world, inputs)
    assert (elb.id, world.calls(POST)) == (theirs.id, 0)
    assert diff_now(world, outputs, inputs) == Diff()
    assert (elb.servers, elb.settings["OriginGuard"]) == ([BY_HAND], {"Token": "kept"})
    assert create(world, inputs)[0].id == theirs.id


def test_adopting_with_another_plan_survives_a_crash(world: World) -> None:
    for at in range(1, 30):
        world.emulator.cloud.reset()
        world.emulator.cloud.clock.freeze()
        theirs = Document.new(world)
        inputs = elb_inputs(world, adopt=theirs.id, plan=1_000)
        died = die(world, at, create, world, inputs)
        _, outputs = create(world, inputs)
        (there,) = world.client.elbs.find()
        assert (there.id, there.plan, there.name) == (outputs["elb_id"], 1_000, "web")
        if not died:
            return


def refused(world: World, olds: Inputs | None = None, **changes: Any) -> str:
    """The one problem with an ELB's inputs that a preview shows."""
    given = {"name": "web", "owner_tags": ELB_OWNER_TAGS.inputs(), **changes}
    (problem,) = ELB.check(world.session, olds or {}, given).problems
    return str(problem)


def test_adopting_what_cannot_become_ours_is_refused_by_a_preview(world: World) -> None:
    assert "adopt: there is no ELB 113899999999; check the ID" in refused(world, adopt="113899999999")
    theirs = Document.new(world)
    before = theirs.api.item(int(theirs.id))
    wrong: dict[str, Any] = {"region": "tk1", "vip_failover": True}
    for key, value in wrong.items():
        message = f"ELB {theirs.id} has another {key} than declared"
        assert message in refused(world, adopt=theirs.id, **{key: value})
        with pytest.raises(FleetError, match=message):
            create(world, {**elb_inputs(world, adopt=theirs.id), key: value})
    assert theirs.api.item(int(theirs.id)) == before
    inputs = elb_inputs(world, adopt=theirs.id)
    for tags, message in {
        (*ANOTHER_FLEET.tag(["web"]),): "belongs to another fleet",
        (
            *OwnerTags(ELB_OWNER_TAGS.fleet, ANOTHER_FLEET.resource).tag(()),
        ): "is another resource of this fleet already",
    }.items():
        theirs.api.put_item(int(theirs.id), Tags=list(tags))
        assert message in refused(world, adopt=theirs.id)
        with pytest.raises(FleetError, match=message):
            create(world, inputs)


def test_a_preview_says_what_adopting_will_do_to_an_elb(world: World) -> None:
    theirs = Document.new(world)
    name = theirs.api.item(int(theirs.id))["Name"]
    checked = checked_elb(world, adopt=theirs.id, plan=500, settings={"timeout": 60})
    (said,) = checked.notices
    assert f"the ELB {name} ({theirs.id}) is taken over, not made: name {name} -> web" in said
    assert f"tag +{ELB_OWNER_TAGS.fleet}, tag +{ELB_OWNER_TAGS.resource}, plan 100 -> 500" in said
    assert "timeout" in said.partition("plan 100")[2]
    create(world, {**checked.inputs, "plan": 100})
    (said,) = checked_elb(world, adopt=theirs.id, settings={"timeout": 60}).notices
    assert "nothing changes" in said


def test_an_adopted_elb_is_not_replaced_while_adopt_stands_there(world: World) -> None:
    inputs = elb_inputs(world, adopt=Document.new(world).id)
    create(world, inputs)
    assert "a changed region needs a new one: remove `adopt`" in refused(
        world, inputs, adopt=inputs["adopt"], region="tk1"
    )
    assert ELB.check(world.session, inputs, {**inputs, "timeout": 20}).problems == []


def test_an_elb_of_the_same_name_is_not_touched(world: World) -> None:
    theirs = somebody(world.emulator.url).make_elb("web", Tags=ANOTHER_FLEET.tag(()))
    elb, _ = create(world, elb_inputs(world))
    assert elb.id != str(theirs["ID"])
    assert elb.api.item(theirs["ID"]) == theirs


# Gone, refused, busy


def test_delete_and_delete_again(world: World) -> None:
    elb, outputs = create(world, elb_inputs(world))
    for _ in range(2):
        ELB.delete(world.next_run(), elb.id, outputs)
    assert world.client.elbs.find() == []
    assert ELB.read(world.next_run(), elb.id, outputs) is None


def test_somebody_in_between_is_not_overwritten(world: World) -> None:
    elb, outputs = create(world, elb_inputs(world))
    between(world, elb, times=2)
    ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world, settings={"gzip": True}))
    assert (elb.settings["Gzip"], elb.settings["Theirs"]) == ({"Enabled": True}, 2)
    between(world, elb, times=1_000)
    with pytest.raises(FleetError, match=f"the ELB web \\({elb.id}\\) was changed by somebody else 12 times"):
        ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world))


def test_a_refusal_of_the_cloud_is_not_tried_again(world: World) -> None:
    elb, outputs = create(world, elb_inputs(world))
    world.fault(kind="status", status=409, code="limit_count_in_account", method="PUT")
    with watched(world) as seen, pytest.raises(ConflictError, match="limit_count_in_account"):
        ELB.update(world.next_run(), elb.id, outputs, elb_inputs(world, settings={"gzip": True}))
    assert write_calls(seen.calls) == 1


def test_a_create_that_never_left_is_not_looked_for(world: World) -> None:
    world.fault(kind="status", status=503, method="POST", nth=[1, 2])
    create(world, elb_inputs(world))
    world.fault(kind="cut_before", method="GET")
    with pytest.raises(UnreachableError):
        create(world, elb_inputs(world))


def test_check_says_everything_at_once(world: World) -> None:
    given = {
        "name": "",
        "plan": 150,
        "region": "is2",
        "icon_id": "x",
        "settings": {"timeout": 5, "gzipp": True},
        "owner_tags": ELB_OWNER_TAGS.inputs(),
    }
    found = [(problem.path, problem.rule) for problem in ELB.check(world.session, {}, given).problems]
    assert found == [
        ("name", "shape"),
        ("plan", "elb-plan"),
        ("region", "unknown-value"),
        ("icon_id", "shape"),
        ("settings.timeout", "range"),
        ("settings.gzipp", "unknown-key"),
    ]
    both = ELB.check(world.session, {}, {"name": "a", "lookup": "b", "owner_tags": {}}).problems
    assert [(problem.path, problem.rule) for problem in both] == [("lookup", "lookup")]


def test_what_a_preview_cannot_know_passes(world: World) -> None:
    for unknown in (
        {"name": Unknown()},
        {"settings": Unknown()},
        {"settings": {"gzip": Unknown()}},
        {"tags": Unknown()},
    ):
        given = {"name": "web", "owner_tags": ELB_OWNER_TAGS.inputs(), **unknown}
        done = ELB.check(world.session, {}, given)
        assert done.problems == []
        assert ELB.diff(elb_inputs(world), done.inputs).replaces == ()


def test_numbers_from_the_engine_are_floats(world: World) -> None:
    inputs = elb_inputs(world, plan=500.0, settings={"timeout": 60.0})
    _, outputs = create(world, inputs)
    assert diff_now(world, outputs, inputs) == Diff()
    assert OwnerTags.from_inputs(outputs["owner_tags"]) == ELB_OWNER_TAGS
