"""Rounds of two runs that meet at one ELB, over real HTTP, with the hash enforced and with the hash ignored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from sakura_fleet.ownership import OwnerTags
from tests.unit.resources.elb.support import (
    FOREIGN,
    OTHER_RULE,
    PREFIX,
    Document,
    add_servers,
    join,
    member_inputs,
    places,
)
from tests.unit.resources.elb.writers import LIFE, writers
from tests.unit.world import FLEET, World, world
from tests.waiting import PATIENCE

ROUNDS = 12
"""As many as the turns of the members have, four times over: in each the runs surely meet."""


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["enforce", "ignore"])
def test_two_runs(mood: str, capsys: pytest.CaptureFixture[str]) -> None:
    with world(settings_hash=mood) as made, ExitStack() as stack:
        elb = Document.new(made, servers=FOREIGN, Rules=[OTHER_RULE])
        both = writers(made, stack, elb)
        for writer in both:
            writer.outputs = LIFE.create(writer.session, writer.inputs(0))[1]
        came_back = 0
        log = made.emulator.cloud.log
        mark = log.total
        with ThreadPoolExecutor(2) as pool:
            for number in range(1, ROUNDS + 1):
                for turn in [pool.submit(writer.turn, number) for writer in both]:
                    turn.result(PATIENCE)
                for writer in both:
                    if not writer.is_right(number):
                        came_back += bool(set(elb.places(writer.group)) - set(places(*writer.at(number))))
                        writer.repair(number)
                # An entry that its writer removed, and that the other's write brought back, is nobody's: it has the
                # address of a server that is about to go. Nothing tells it from one that a person made.
                if mood == "ignore":
                    own = {place for writer in both for place in places(*writer.at(number))}
                    kept = [
                        entry
                        for entry in elb.servers
                        if f"{entry['IPAddress']}:{entry['Port']}" in own or entry in FOREIGN
                    ]
                    elb.put(Servers=kept)
                assert len({(entry["IPAddress"], entry["Port"]) for entry in elb.servers}) == len(elb.servers) == 6
                assert elb.servers[:2] == FOREIGN
        refused = sum(entry["status"] == 409 for entry in log.since(mark))
        assert elb.rules == [OTHER_RULE]
        lost = [writer.lost for writer in both]
    with capsys.disabled():
        print(  # noqa: T201
            f"\nhash {mood}: {ROUNDS} rounds, entries lost in {lost[0]} and {lost[1]} of them (all repaired), "
            f"removed ones brought back in {came_back}, writes refused {refused}"
        )
    if mood == "enforce":
        assert (lost, came_back) == ([0, 0], 0)
        assert refused >= ROUNDS, "in each round the second write came too late"


def test_many_groups_of_one_run_share_an_elb(world: World) -> None:
    elb, members = Document.new(world, servers=FOREIGN), add_servers(world, 8)
    session = world.next_run()

    def enter(number: int) -> None:
        owner_tags = OwnerTags.of(FLEET, f"{PREFIX}ElbMembership::{number}").inputs()
        LIFE.create(
            session, member_inputs(elb, [members[number]], server_group_name=f"g{number}", owner_tags=owner_tags)
        )

    before = world.emulator.cloud.log.total
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(8)))
    assert sorted(entry["IPAddress"] for entry in elb.servers[2:]) == sorted(member.address for member in members)
    writes = [entry for entry in world.emulator.cloud.log.since(before) if entry["method"] == "PUT"]
    assert [entry["status"] for entry in writes] == [200] * 8, "the lock saves the retries"
    assert join(world, member_inputs(elb, members[:1], server_group_name="g0"))["entries"][0]["port"] == 80
