"""Who joins an ELB and who leaves it, in which order and with how many writes, and what is never touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sakura_fleet.errors import CancelledError, FleetError, WaitTimeoutError
from sakura_fleet.provider.lifecycle import Diff, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from tests.unit.resources.elb.support import (
    BY_HAND,
    DECLARED_RULE,
    ELB_OWNER_TAGS,
    FOREIGN,
    MEMBERSHIP,
    MEMBERSHIP_OWNER_TAGS,
    OTHER_RULE,
    RULE,
    Document,
    Member,
    Watched,
    add_servers,
    die,
    join,
    member_inputs,
    no_more_than_forty,
    places,
    refreshed,
    update,
    watched,
)
from tests.unit.world import World, world


@pytest.fixture
def slow() -> Iterator[World]:
    """A cloud in which an entry is UP after 10 seconds, and its connections end 30 seconds after it was disabled."""
    with world(health_delay=10.0, drain=30.0) as made:
        yield made


def writes(seen: Watched) -> list[dict[str, bool]]:
    return [entries for kind, entries in seen.events if kind == "write"]


# Joining and leaving


def test_joining_is_one_write(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 3)
    with watched(world) as seen:
        outputs = join(world, member_inputs(elb, members))
    assert seen.writes == 1
    assert elb.places() == places(*members)
    assert elb.servers[0] == {
        "IPAddress": members[0].address,
        "Port": 80,
        "ServerGroup": "web",
        "Enabled": True,
        "ProxySSL": False,
    }
    assert [f"{entry['address']}:{entry['port']}" for entry in outputs["entries"]] == places(*members)
    assert [entry["key"] for entry in outputs["entries"]] == [member.reference["key"] for member in members]
    with watched(world) as seen:
        update(world, outputs, member_inputs(elb, members))
    assert seen.writes == 0


@pytest.mark.parametrize("group", ["web", ""])
def test_entries_that_are_there_already_are_ours_without_a_write(world: World, group: str) -> None:
    members = add_servers(world, 2)
    short = [{"IPAddress": member.address, "Port": 80, "ServerGroup": group} for member in members]
    if not group:
        short = [{"IPAddress": member.address, "Port": 80} for member in members]
    elb = Document.new(world, servers=[BY_HAND, *short])
    before = elb.servers
    with watched(world) as seen:
        outputs = join(world, member_inputs(elb, members, server_group_name=group))
    assert (seen.writes, elb.servers) == (0, before)
    assert [f"{entry['address']}:{entry['port']}" for entry in outputs["entries"]] == places(*members)


def test_leaving_is_two_writes_and_one_without_draining(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 4)
    outputs = join(world, member_inputs(elb, members))
    with watched(world) as seen:
        outputs = update(world, outputs, member_inputs(elb, members[:2]))
    assert (seen.writes, elb.places()) == (2, places(*members[:2]))
    with watched(world) as seen:
        update(world, outputs, member_inputs(elb, members[:1], drain_timeout=0))
    assert (seen.writes, elb.places()) == (1, places(members[0]))


def test_several_ports_are_an_entry_each(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 2)
    outputs = join(world, member_inputs(elb, members, ports=[80, 8080]))
    assert elb.places() == places(*members, ports=[80, 8080])
    with watched(world) as seen:
        update(world, outputs, member_inputs(elb, members, ports=[8080.0]))
    assert (seen.writes, elb.places()) == (2, places(*members, ports=[8080]))


def test_old_members_leave_after_the_new_ones_are_up(slow: World) -> None:
    elb, (old, new) = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, [old]))
    with watched(slow) as seen:
        update(slow, outputs, member_inputs(elb, [new]))
    (old_place,), (new_place,) = places(old), places(new)
    steps: list[str] = []
    for kind, state in seen.events:
        if kind == "write":
            steps.append(f"write {[state.get(old_place), state.get(new_place)]}")
        else:
            step = f"look {[state.get(old_place, ('', 0))[1] > 0, state.get(new_place, ('', 0))[0]]}"
            if step != steps[-1]:
                steps.append(step)
    assert steps == [
        "write [True, True]",
        "look [True, 'DOWN']",
        "look [True, 'UP']",
        "write [False, True]",
        "look [True, 'UP']",
        "look [False, 'UP']",
        "write [None, True]",
    ]


def test_the_waits_say_who_is_down_and_how_many_connections_are_left(slow: World) -> None:
    elb, (old, new) = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, [old]))
    said: list[str] = []
    session = slow.next_run()
    with session.waiter.within(0.0, said.append):
        MEMBERSHIP.update(session, MEMBERSHIP_OWNER_TAGS.resource, outputs, member_inputs(elb, [new]))
    (place,) = places(new)
    assert said[0] == f"ELB DOWN: {place}, GET /"
    assert said[-2].startswith("draining, ")
    assert said[-2].endswith(" left")
    assert said[-1] == ""


def test_draining_ends_with_its_time(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, members))
    start = slow.pace.now
    with watched(slow) as seen:
        update(slow, outputs, member_inputs(elb, members[:1], drain_timeout=20))
    assert 20 <= slow.pace.since(start) < 25, "connections would take 30 seconds"
    assert seen.writes == 2
    assert elb.places() == places(members[0])


def test_draining_ends_with_the_connections(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, members))
    start = slow.pace.now
    update(slow, outputs, member_inputs(elb, members[:1], drain_timeout=3_600))
    assert 30 <= slow.pace.since(start) < 40


def test_new_members_must_stay_up(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 1)
    start = slow.pace.now
    join(slow, member_inputs(elb, members, min_healthy_time=60))
    assert 70 <= slow.pace.since(start) < 80


def test_going_down_begins_the_healthy_time_anew(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 1)
    start = slow.pace.now
    advance = slow.pace.on_sleep
    server = members[0].reference["id"]

    def flap(seconds: float) -> None:
        advance(seconds)
        if slow.pace.since(start) > 30 and slow.pace.on_sleep is flap:
            slow.pace.on_sleep = advance
            slow.client.servers.power_off("is1b", server, force=True)
            slow.client.servers.power_on("is1b", server)

    slow.pace.on_sleep = flap
    join(slow, member_inputs(elb, members, min_healthy_time=60))
    assert slow.pace.since(start) > 100


def test_no_deadline_does_not_wait(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 1)
    start = slow.pace.now
    with watched(slow) as seen:
        join(slow, member_inputs(elb, members, up_deadline=0))
    assert (slow.pace.now, [kind for kind, _ in seen.events]) == (start, ["write"])


def test_what_never_comes_up_leaves_the_old_ones_serving() -> None:
    with world(health_delay=100_000.0) as made:
        elb, (old, new) = Document.new(made), add_servers(made, 2)
        outputs = join(made, member_inputs(elb, [old], up_deadline=0))
        with pytest.raises(WaitTimeoutError) as caught:
            update(made, outputs, member_inputs(elb, [new], up_deadline=30, min_healthy_time=5))
        message = str(caught.value)
        assert (
            f"timed out after 35 s waiting for the ELB theirs ({elb.id}) to call {places(new)[0]} UP; it says DOWN: "
            f"{places(new)[0]}, and no reason; it asks GET / every 10 s: check" in message
        )
        assert "check the health check's path and port" in message
        assert elb.places() == places(old, new)
        assert caught.value.left is not None
        _, left = caught.value.left
        assert [f"{entry['address']}:{entry['port']}" for entry in left["joining"]] == places(new)
        # The next run waits again, rather than let the old one go for an entry that was never UP.
        with pytest.raises(WaitTimeoutError):
            update(made, outputs, member_inputs(elb, [new], up_deadline=30))
        assert elb.places() == places(old, new)


def test_a_wait_ends_at_once_when_the_run_is_cancelled(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 1)
    settings = SessionSettings(api_root=slow.emulator.api_root)
    session = Session(
        settings, env={}, client=slow.client, clock=slow.pace.clock, sleep=slow.pace.sleep, cancelled=lambda: True
    )
    start = slow.pace.now
    with pytest.raises(CancelledError):
        MEMBERSHIP.create(session, member_inputs(elb, members))
    assert slow.pace.now == start


def test_ctrl_c_ends_the_wait_for_up_with_the_old_ones_serving_and_the_next_run_goes_on(slow: World) -> None:
    elb, (old, new) = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, [old]))
    news, start = member_inputs(elb, [new]), slow.pace.now
    session = slow.next_run()
    session.interrupted = lambda: True
    with pytest.raises(CancelledError, match=r"interrupted while .* to call .* UP; they stay in the ELB") as caught:
        MEMBERSHIP.update(session, MEMBERSHIP_OWNER_TAGS.resource, outputs, news)
    assert (slow.pace.now, elb.places()) == (start, places(old, new))
    assert caught.value.left is not None
    _, left = caught.value.left
    assert [f"{entry['address']}:{entry['port']}" for entry in left["joining"]] == places(new)
    update(slow, left, news)
    assert elb.places() == places(new)


def test_ctrl_c_lets_those_who_leave_end_their_connections(slow: World) -> None:
    elb, members = Document.new(slow), add_servers(slow, 2)
    outputs = join(slow, member_inputs(elb, members))
    session, start = slow.next_run(), slow.pace.now
    session.interrupted = lambda: True
    MEMBERSHIP.update(session, MEMBERSHIP_OWNER_TAGS.resource, outputs, member_inputs(elb, members[:1]))
    assert slow.pace.now - start >= 30
    assert elb.places() == places(members[0])


# What belongs to others


def test_foreign_entries_and_other_groups_stay_as_they_are(world: World) -> None:
    theirs = [BY_HAND, *FOREIGN[1:], {"IPAddress": "192.0.2.12", "Port": 80, "ServerGroup": "web", "Note": "by hand"}]
    elb, members = Document.new(world, servers=theirs, OriginGuard={"Token": "t"}), add_servers(world, 3)
    before = elb.settings
    outputs = join(world, member_inputs(elb, members[:2]))
    assert elb.servers[:3] == theirs
    outputs = update(world, outputs, member_inputs(elb, members[1:]))
    assert elb.servers[:3] == theirs
    MEMBERSHIP.delete(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert elb.settings == before


def test_two_groups_in_one_elb(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 4)
    web = join(world, member_inputs(elb, members[:2]))
    api = join(world, member_inputs(elb, members[2:], server_group_name="api"))
    update(world, web, member_inputs(elb, members[1:2]))
    assert (elb.places("web"), elb.places("api")) == (places(members[1]), places(*members[2:]))
    MEMBERSHIP.delete(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, api)
    assert (elb.places("web"), elb.places("api")) == (places(members[1]), [])


def test_an_identical_entry_is_ours_from_then_on(world: World) -> None:
    (member,) = add_servers(world, 1)
    by_hand = {"IPAddress": member.address, "Port": 80, "ServerGroup": "web", "Enabled": True, "ProxySSL": True}
    elb = Document.new(world, servers=[by_hand])
    with watched(world) as seen:
        outputs = join(world, member_inputs(elb, [member]))
    assert (seen.writes, elb.servers) == (0, [by_hand])
    MEMBERSHIP.delete(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert elb.servers == []


def test_a_group_without_a_name(world: World) -> None:
    elb, members = Document.new(world, servers=FOREIGN), add_servers(world, 2)
    inputs = member_inputs(elb, members, server_group_name="")
    outputs = join(world, inputs)
    assert [entry["ServerGroup"] for entry in elb.servers[2:]] == ["", ""]
    assert MEMBERSHIP.diff(refreshed(world, outputs), inputs) == Diff()
    update(world, outputs, member_inputs(elb, [], server_group_name=""))
    assert elb.servers == FOREIGN


def test_a_new_group_name_is_one_write(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 2)
    outputs = join(world, member_inputs(elb, members))
    news = member_inputs(elb, members, server_group_name="blue")
    with watched(world) as seen:
        outputs = update(world, outputs, news)
    assert (seen.writes, elb.places("blue"), len(elb.servers)) == (1, places(*members), 2)
    assert MEMBERSHIP.diff(refreshed(world, outputs), news) == Diff()


# Drift


def by_hand(elb: Document, address: str, **changes: object) -> None:
    elb.put(Servers=[{**entry, **changes} if entry["IPAddress"] == address else entry for entry in elb.servers])


def removed(elb: Document, address: str) -> None:
    elb.put(Servers=[entry for entry in elb.servers if entry["IPAddress"] != address])


@pytest.mark.parametrize("how", ["disabled", "removed", "moved"])
def test_what_a_person_did_to_an_entry_is_seen_and_repaired(slow: World, how: str) -> None:
    elb, members = Document.new(slow), add_servers(slow, 3)
    inputs = member_inputs(elb, members)
    outputs = join(slow, inputs)
    match how:
        case "disabled":
            by_hand(elb, members[1].address, Enabled=False)
        case "removed":
            removed(elb, members[1].address)
        case _:
            by_hand(elb, members[1].address, ServerGroup="other")
    state = refreshed(slow, outputs)
    assert MEMBERSHIP.diff(state, inputs) == Diff(changed=("members",))
    with watched(slow) as seen:
        outputs = update(slow, state, inputs)
    assert (seen.writes, sorted(elb.places())) == (1, sorted(places(*members)))
    assert MEMBERSHIP.diff(refreshed(slow, outputs), inputs) == Diff()
    assert elb.api.get(f"commonserviceitem/{elb.id}/health")["ProxyLB"]["Servers"][1]["Status"] == "UP", "waited for"


def test_one_port_disabled_by_hand_shows_its_member(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 2)
    inputs = member_inputs(elb, members, ports=[80, 8080])
    outputs = join(world, inputs)
    elb.put(Servers=[{**entry, "Enabled": entry["Port"] == 80} for entry in elb.servers])
    found = MEMBERSHIP.read(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert found is not None
    assert found.inputs["members"] == []
    assert len(found.outputs["entries"]) == 2
    update(world, found.outputs, inputs)
    assert elb.places() == places(*members, ports=[80, 8080])


def test_a_disabled_entry_is_enabled_by_any_update_also_without_a_refresh(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 3)
    outputs = join(world, member_inputs(elb, members[:2]))
    by_hand(elb, members[0].address, Enabled=False)
    with watched(world) as seen:
        update(world, outputs, member_inputs(elb, members))
    assert (seen.writes, elb.places()) == (1, places(*members))


# A dead run


def crashes(made: World, count: int, leaving: int, *, ruled: bool) -> None:
    """Kill an exchange of members after each of its calls, then run it again."""
    for at in range(1, 200):
        made.emulator.cloud.reset()
        made.emulator.cloud.clock.freeze()
        elb = Document.new(made, servers=FOREIGN, Rules=[RULE] if ruled else [])
        members = add_servers(made, count)
        outputs = join(made, member_inputs(elb, members[:leaving]))
        news = member_inputs(elb, members[leaving:])
        died = die(made, at, update, made, outputs, news)
        assert elb.places(), "somebody serves all the time"
        with watched(made) as seen:
            outputs = update(made, outputs, news)
        assert elb.places() == places(*members[leaving:])
        assert (elb.servers[:2], len(elb.servers)) == (FOREIGN, 2 + count - leaving)
        assert elb.rules == ([RULE] if ruled else [])
        assert MEMBERSHIP.diff(refreshed(made, outputs), news) == Diff()
        assert all(any(entries.values()) for entries in writes(seen))
        if not died:
            assert at > 10
            return
    raise AssertionError("it never came to its end")


@pytest.mark.slow
@pytest.mark.parametrize("ruled", [False, True], ids=["plain", "ruled"])
def test_a_crash_anywhere_is_made_good_by_the_next_run(ruled: bool) -> None:
    with world(health_delay=1.0, drain=1.0) as made:
        crashes(made, 4, 2, ruled=ruled)


@pytest.mark.slow
def test_a_crash_anywhere_in_the_first_join(slow: World) -> None:
    for at in range(1, 100):
        slow.emulator.cloud.reset()
        slow.emulator.cloud.clock.freeze()
        elb, members = Document.new(slow, servers=FOREIGN), add_servers(slow, 2)
        inputs = member_inputs(elb, members)
        died = die(slow, at, join, slow, inputs)
        with watched(slow) as seen:
            join(slow, inputs)
        assert seen.events[-1][0] == "health", "also an entry of a dead run is waited for"
        assert (elb.places(), len(elb.servers)) == (places(*members), 4)
        if not died:
            return


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_lost_answer_to_a_write(world: World, nth: int) -> None:
    elb, members = Document.new(world, servers=FOREIGN, Rules=[RULE]), add_servers(world, 4)
    outputs = join(world, member_inputs(elb, members[:2]))
    world.fault(kind="cut_after", method="PUT", nth=nth)
    update(world, outputs, member_inputs(elb, members[2:]))
    assert (elb.places(), len(elb.servers), elb.rules) == (places(*members[2:]), 4, [RULE])


# The limit


@pytest.mark.slow
@pytest.mark.parametrize(("count", "theirs"), [(21, 0), (30, 2), (39, 0), (40, 0), (10, 30)])
def test_a_whole_group_changes_where_the_elb_has_no_room_for_both(world: World, count: int, theirs: int) -> None:
    foreign = [{"IPAddress": f"192.0.2.{n}", "Port": 80} for n in range(theirs)]
    elb = Document.new(world, servers=foreign, Rules=[RULE])
    old, new = add_servers(world, count, "old"), add_servers(world, count, "new")
    outputs = join(world, member_inputs(elb, old))
    with watched(world) as seen:
        outputs = update(world, outputs, member_inputs(elb, new))
    no_more_than_forty(seen)
    group = set(places(*old, *new))
    serving = [sum(up for place, up in entries.items() if place in group) for entries in writes(seen)]
    assert min(serving) >= count * 3 // 4, "most of the group serves all the time"
    assert (elb.places(), elb.servers[:theirs], elb.rules) == (places(*new), foreign, [RULE])
    assert outputs["parked_rules"] == []


@pytest.mark.slow
def test_a_dead_change_without_room_goes_on(world: World) -> None:
    old, new = 24, 24
    for at in (6, 12, 18, 24, 30):
        world.emulator.cloud.reset()
        world.emulator.cloud.clock.freeze()
        elb = Document.new(world, Rules=[RULE])
        members = add_servers(world, old + new)
        outputs = join(world, member_inputs(elb, members[:old]))
        news = member_inputs(elb, members[old:])
        die(world, at, update, world, outputs, news)
        check = MEMBERSHIP.check(world.next_run(), member_inputs(elb, members[:old]), news)
        assert check.problems == [], "what the dead run entered is no reason to refuse the next"
        with watched(world) as seen:
            update(world, outputs, news)
        no_more_than_forty(seen)
        assert (elb.places(), len(elb.servers)) == (places(*members[old:]), new)


def test_a_dead_first_join_is_no_reason_to_refuse_the_next(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 25)
    inputs = member_inputs(elb, members)
    assert die(world, 6, join, world, inputs)
    assert len(elb.servers) == 25
    assert MEMBERSHIP.check(world.next_run(), {}, inputs).problems == []


def test_more_than_forty_are_refused_before_anything_changes(world: World) -> None:
    foreign = [{"IPAddress": f"192.0.2.{n}", "Port": 80} for n in range(35)]
    elb, members = Document.new(world, servers=foreign), add_servers(world, 6)
    five = member_inputs(elb, members[:5])
    assert MEMBERSHIP.check(world.session, {}, five).problems == []
    outputs = join(world, five)
    for olds in ({}, five):
        (problem,) = MEMBERSHIP.check(world.session, olds, member_inputs(elb, members)).problems
        assert (problem.path, problem.rule) == ("members", "too-many-entries")
        assert "6 entries of this group and 35 of others are 41; an ELB takes 40" in problem.message
    with watched(world) as seen:
        assert MEMBERSHIP.check(world.session, five, {**five, "drain_timeout": 1}).problems == []
    assert seen.calls == [], "nothing joins, nothing is asked"
    assert update(world, outputs, five)["entries"] == outputs["entries"]


# Rules that name the group


def test_the_rule_of_an_empty_group_comes_back_at_its_place(world: World) -> None:
    by_header = {"RequestHeaderName": "A", "RequestHeaderValue": "b", "Action": "forward", "ServerGroup": "web"}
    for_others = {"Host": "api.example.com", "ServerGroup": "theirs"}
    rules = [OTHER_RULE, RULE, for_others, by_header]
    elb, members = Document.new(world, servers=[BY_HAND], Rules=rules), add_servers(world, 2)
    inputs = member_inputs(elb, members)
    outputs = join(world, inputs)
    with watched(world) as seen:
        outputs = update(world, outputs, member_inputs(elb, []))
    assert (seen.writes, elb.servers, elb.rules) == (2, [BY_HAND], [OTHER_RULE, for_others])
    header = {"request_header_name": "A", "request_header_value": "b", "action": "forward", "server_group": "web"}
    assert outputs["parked_rules"] == [{"at": 1, "rule": DECLARED_RULE}, {"at": 3, "rule": header}]
    outputs = refreshed(world, outputs)
    with watched(world) as seen:
        outputs = update(world, outputs, inputs)
    assert (seen.writes, elb.rules, outputs["parked_rules"]) == (1, rules, [])


def test_a_rule_comes_back_with_what_only_the_cloud_knows_of_it(world: World) -> None:
    commented = {**RULE, "Comment": "by hand"}
    elb, members = Document.new(world, Rules=[commented]), add_servers(world, 1)
    inputs = member_inputs(elb, members)
    outputs = update(world, join(world, inputs), member_inputs(elb, []))
    assert outputs["parked_rules"] == [{"at": 0, "rule": DECLARED_RULE, "unknown": {"Comment": "by hand"}}]
    update(world, outputs, inputs)
    assert elb.rules == [commented]


def test_a_new_membership_brings_back_the_rules_that_an_earlier_one_took_with_it(world: World) -> None:
    elb, members = Document.new(world, Rules=[OTHER_RULE, RULE]), add_servers(world, 1)
    inputs = member_inputs(elb, members, rules=[{"at": 1, "rule": DECLARED_RULE}])
    MEMBERSHIP.delete(world.session, MEMBERSHIP_OWNER_TAGS.resource, join(world, inputs))
    assert elb.rules == [OTHER_RULE]
    for _ in range(2):  # the second finds nothing to do
        outputs = join(world, inputs)
        assert (elb.rules, outputs["parked_rules"]) == ([OTHER_RULE, RULE], [])


def test_the_rule_stays_where_somebody_else_is_in_the_group(world: World) -> None:
    theirs = {**BY_HAND, "ServerGroup": "web"}
    elb, members = Document.new(world, servers=[theirs], Rules=[RULE]), add_servers(world, 1)
    outputs = update(world, join(world, member_inputs(elb, members)), member_inputs(elb, []))
    assert (elb.rules, elb.servers, outputs["parked_rules"]) == ([RULE], [theirs], [])


@pytest.mark.parametrize("status", [409, 400])
def test_delete_of_a_ruled_group(status: int) -> None:
    with world(last_entry_status=status) as made:
        elb, members = Document.new(made, servers=FOREIGN, Rules=[RULE, OTHER_RULE]), add_servers(made, 2)
        outputs = join(made, member_inputs(elb, members))
        for _ in range(2):
            MEMBERSHIP.delete(made.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
        assert (elb.servers, elb.rules) == (FOREIGN, [OTHER_RULE])


@pytest.mark.parametrize("drain", [0, 60])
def test_a_lost_answer_loses_no_rule(world: World, drain: int) -> None:
    elb, members = Document.new(world, Rules=[OTHER_RULE, RULE]), add_servers(world, 1)
    inputs = member_inputs(elb, members, drain_timeout=drain)
    outputs = join(world, inputs)
    world.fault(kind="cut_after", method="PUT", nth=1)
    outputs = update(world, outputs, member_inputs(elb, [], drain_timeout=drain))
    assert outputs["parked_rules"] == [{"at": 1, "rule": DECLARED_RULE}]
    update(world, outputs, inputs)
    assert elb.rules == [OTHER_RULE, RULE]


def test_a_rule_that_a_person_wrote_again_is_not_there_twice(world: World) -> None:
    elb, members = Document.new(world, Rules=[RULE]), add_servers(world, 1)
    inputs = member_inputs(elb, members)
    outputs = update(world, join(world, inputs), member_inputs(elb, []))
    again = {key: value for key, value in RULE.items() if key != "Action"}  # forward is what no action means
    elb.put(Rules=[again])
    outputs = update(world, outputs, inputs)
    assert (elb.rules, outputs["parked_rules"]) == ([again], [])


# Which ELB


def test_an_elb_that_was_made_anew_is_joined_in_place(world: World) -> None:
    first, second = Document.new(world), Document.new(world, servers=FOREIGN)
    members = add_servers(world, 3)
    key = ELB_OWNER_TAGS.resource
    olds = member_inputs(first, members[:2], key=key)
    outputs = join(world, olds)
    first.api.call("DELETE", f"commonserviceitem/{first.id}")
    news = member_inputs(second, members[1:], key=key)
    assert MEMBERSHIP.diff(outputs, news) == Diff(changed=("elb", "members"))
    assert MEMBERSHIP.diff(outputs, member_inputs(second, members[:2], key=key)) == Diff(changed=("elb",))
    with watched(world) as seen:
        update(world, outputs, news)
    assert (seen.writes, second.places()) == (1, places(*members[1:]))
    assert seen.events[-1][0] == "health", "all are new there"


def test_another_elb_made_elsewhere_is_left_and_joined(world: World) -> None:
    first, second, members = Document.new(world), Document.new(world), add_servers(world, 1)
    outputs = join(world, member_inputs(first, members))
    assert MEMBERSHIP.diff(outputs, member_inputs(second, members)) == Diff(("elb",), ("elb",))
    owned = member_inputs(second, members, key=ELB_OWNER_TAGS.resource)
    assert MEMBERSHIP.diff(outputs, owned).replaces == ("elb",)


def test_what_stands_in_an_elb_goes_before_it_is_replaced(world: World) -> None:
    for key in ("", ELB_OWNER_TAGS.resource):
        olds = member_inputs(Document.new(world), [], key=key)
        assert MEMBERSHIP.diff(olds, {**olds, "elb": Unknown()}) == Diff(("elb",), ("elb",) if key else ())
        later = {**olds, "elb": {"key": key, "id": Unknown()}}
        assert MEMBERSHIP.diff(olds, later) == Diff(("elb",), () if key else ("elb",))


def test_an_elb_that_is_gone(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 1)
    inputs = member_inputs(elb, members)
    outputs = join(world, inputs)
    elb.api.call("DELETE", f"commonserviceitem/{elb.id}")
    assert MEMBERSHIP.read(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs) is None
    MEMBERSHIP.delete(world.next_run(), MEMBERSHIP_OWNER_TAGS.resource, outputs)
    with pytest.raises(FleetError, match=f"the ELB {elb.id} that servers are to join is gone; run `pulumi up"):
        update(world, outputs, inputs)
    assert MEMBERSHIP.check(world.session, {}, inputs).problems == []


def test_a_server_that_is_gone_is_named_by_its_key(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 2)
    outputs = join(world, member_inputs(elb, members[:1]))
    gone = members[1]
    world.client.servers.power_off("is1b", gone.reference["id"], force=True)
    world.client.servers.delete("is1b", gone.reference["id"])
    with watched(world) as seen, pytest.raises(FleetError) as caught:
        update(world, outputs, member_inputs(elb, members))
    assert f"the server {gone.reference['key']} that is to join the ELB is not in is1b" in str(caught.value)
    assert seen.writes == 0


def test_a_server_that_was_made_anew_joins_under_its_new_address(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 2)
    outputs = join(world, member_inputs(elb, members))
    old = members[0]
    world.client.servers.power_off("is1b", old.reference["id"], force=True)
    world.client.servers.delete("is1b", old.reference["id"])
    (new,) = add_servers(world, 1)
    assert (new.reference["key"], new.address != old.address) == (old.reference["key"], True)
    news = member_inputs(elb, [new, members[1]])
    assert MEMBERSHIP.diff(outputs, news) == Diff(changed=("members",))
    update(world, outputs, news)
    assert sorted(elb.places()) == sorted(places(new, members[1]))


def test_check_says_everything_at_once(world: World) -> None:
    members: list[Member] = []
    given = member_inputs(Document("", "1"), members, ports=[0, 65_536, 80], server_group_name="too long a name")  # type: ignore[arg-type]
    given |= {"up_deadline": -1, "min_healthy_time": 601, "drain_timeout": 3_601}
    assert [(problem.path, problem.rule) for problem in MEMBERSHIP.check(world.session, {}, given).problems] == [
        ("ports[0]", "port-range"),
        ("ports[1]", "port-range"),
        ("server_group_name", "shape"),
        ("up_deadline", "range"),
        ("min_healthy_time", "range"),
        ("drain_timeout", "range"),
    ]
    none = {**given, "ports": [], "server_group_name": "", "up_deadline": 0, "min_healthy_time": 0, "drain_timeout": 0}
    assert [(problem.path, problem.rule) for problem in MEMBERSHIP.check(world.session, {}, none).problems] == [
        ("ports", "no-port")
    ]


def test_times_are_no_difference(world: World) -> None:
    elb = Document.new(world)
    olds = member_inputs(elb, [])
    news = member_inputs(elb, [], up_deadline=1, min_healthy_time=1, drain_timeout=1)
    assert MEMBERSHIP.diff(olds, news) == Diff()


# A membership that moves, and rules that the program does not declare any more


def declared(*rules: dict[str, object]) -> list[dict[str, object]]:
    return [{"at": at, "rule": rule} for at, rule in enumerate(rules)]


def test_a_parked_rule_that_the_program_took_out_does_not_come_back(world: World) -> None:
    elb, members = Document.new(world, Rules=[RULE]), add_servers(world, 1)
    rules = declared(DECLARED_RULE)
    outputs = update(world, join(world, member_inputs(elb, members, rules=rules)), member_inputs(elb, [], rules=rules))
    assert (elb.rules, len(outputs["parked_rules"])) == ([], 1)
    outputs = update(world, outputs, member_inputs(elb, members, rules=[]))
    assert (elb.places(), elb.rules, outputs["parked_rules"]) == (places(*members), [], [])


def test_a_parked_rule_that_the_program_changed_does_not_come_back_and_one_by_hand_does(world: World) -> None:
    by_hand: dict[str, object] = {"Path": "/by-hand", "Action": "forward", "ServerGroup": "web"}
    elb, members = Document.new(world, Rules=[RULE, by_hand]), add_servers(world, 1)
    rules = declared(DECLARED_RULE)
    outputs = update(world, join(world, member_inputs(elb, members, rules=rules)), member_inputs(elb, [], rules=rules))
    changed = declared({**DECLARED_RULE, "host": "new.example.com"})
    outputs = update(world, outputs, member_inputs(elb, [], rules=changed))
    update(world, outputs, member_inputs(elb, members, rules=changed))
    assert elb.rules == [by_hand]


def test_a_parked_rule_that_is_still_declared_comes_back(world: World) -> None:
    elb, members = Document.new(world, Rules=[RULE]), add_servers(world, 1)
    rules = declared(DECLARED_RULE)
    outputs = update(world, join(world, member_inputs(elb, members, rules=rules)), member_inputs(elb, [], rules=rules))
    update(world, outputs, member_inputs(elb, members, rules=rules))
    assert elb.rules == [RULE]


def test_another_resource_of_the_program_takes_the_entries_over(world: World) -> None:
    """As with a renamed stack, or an ELB looked up by another word: one resource goes, another comes."""
    elb, members = Document.new(world), add_servers(world, 2)
    inputs = member_inputs(elb, members)
    outputs = join(world, inputs)
    run = world.next_run()
    other = {**member_inputs(elb, members[:1]), "owner_tags": ELB_OWNER_TAGS.inputs()}
    assert MEMBERSHIP.check(run, {}, other).problems == []
    with watched(world) as seen:
        MEMBERSHIP.delete(run, MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert elb.places() == places(members[0]), "what nobody wants any more leaves"
    assert all(places(members[0])[0] in entries for entries in writes(seen))


def test_a_membership_that_is_wanted_by_nobody_else_takes_its_entries_along(world: World) -> None:
    elb, members = Document.new(world), add_servers(world, 1)
    inputs = member_inputs(elb, members)
    outputs = join(world, inputs)
    run = world.next_run()
    MEMBERSHIP.check(run, outputs, inputs)  # its own claim, as of a run that replaces it
    MEMBERSHIP.delete(run, MEMBERSHIP_OWNER_TAGS.resource, outputs)
    assert elb.places() == []


def test_another_stack_name_or_fleet_moves_the_entries_in_place(world: World) -> None:
    """Another owner tag of the ELB with the same ID is the same ELB: an update, and no write."""
    elb, members = Document.new(world), add_servers(world, 1)
    outputs = join(world, member_inputs(elb, members, key="sfr:old"))
    news = member_inputs(elb, members, key="sfr:new")
    assert MEMBERSHIP.diff(outputs, news).replaces == ()
    assert MEMBERSHIP.diff(outputs, {**news, "elb": {"key": "sfr:new", "id": "1"}}).replaces == ("elb",)
