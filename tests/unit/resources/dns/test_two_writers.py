"""Rounds of two writers that meet at one zone, over real HTTP, with the hash enforced and with the hash ignored."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from sakura_fleet.client import Client, Credentials
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.unit.meeting import Meeting
from tests.unit.resources.dns.zones import WWW, Zone, sets_inputs, wire
from tests.unit.world import World, world
from tests.waiting import PATIENCE

ROUNDS = 12
"""In each the writers surely meet."""
LIFE = DnsRecordSetsLifecycle()


def real_session(session_world: World, client: Client) -> Session:
    """A session whose waits are real, as the other writer's are."""
    return Session(SessionSettings(api_root=session_world.emulator.api_root), env={}, client=client)


class Other:
    """Another client: it adds its record with read, change and write, and repeats what the hash refuses."""

    def __init__(self, zone: Zone) -> None:
        self.api, self.zone = zone.api, zone

    def add(self, number: int, barrier: threading.Barrier) -> None:
        to_meet = True
        while True:
            item = self.api.item(int(self.zone.id))
            if to_meet:
                barrier.wait(PATIENCE)
                to_meet = False
            settings = item["Settings"]["DNS"]
            records = [*settings["ResourceRecordSets"], wire(f"other{number}", "A", "192.0.2.77", 60)]
            body = {
                "Settings": {"DNS": {**settings, "ResourceRecordSets": records}},
                "SettingsHash": item["SettingsHash"],
            }
            answer = self.api.send("PUT", f"commonserviceitem/{self.zone.id}", {"CommonServiceItem": body})
            if answer.status_code != 409:
                assert answer.is_success, answer.text
                return


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["enforce", "ignore"])
def test_two_writers(mood: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as stack:
        made = stack.enter_context(world(settings_hash=mood))
        zone = Zone(made)
        barrier = threading.Barrier(2)
        meeting = Meeting(barrier, f"/commonserviceitem/{zone.id}")
        credentials = Credentials("token", "secret")
        client = stack.enter_context(Client(made.emulator.api_root, credentials, rate_limit=0, transport=meeting))
        session = real_session(made, client)
        other = Other(zone)
        outputs: dict[str, Any] = LIFE.create(session, sets_inputs(zone, WWW))[1]
        lost_own = lost_theirs = 0
        log = made.emulator.cloud.log
        before = log.total
        with ThreadPoolExecutor(2) as pool:
            for number in range(ROUNDS):
                news = sets_inputs(zone, {**WWW, "values": [f"192.0.2.{number + 2}"]})

                def own(news: dict[str, Any] = news, olds: dict[str, Any] = outputs) -> dict[str, Any]:
                    meeting.new_round()
                    return LIFE.update(session, zone.id, olds, news)

                def theirs(number: int = number) -> None:
                    other.add(number, barrier)

                update, addition = pool.submit(own), pool.submit(theirs)
                outputs = update.result(PATIENCE)
                addition.result(PATIENCE)
                if zone.at("www", "A") != news["record_sets"][0]["values"]:
                    lost_own += 1
                    found = LIFE.read(session, zone.id, outputs)
                    assert found is not None
                    assert LIFE.diff(found.outputs, news) == Diff(changed=("record_sets",)), "a refresh shows the loss"
                    outputs = LIFE.update(session, zone.id, found.outputs, news)
                    assert zone.at("www", "A") == news["record_sets"][0]["values"], "and the next up repairs it"
                lost_theirs += not zone.at(f"other{number}", "A")
    with capsys.disabled():
        print(f"\nhash {mood}: {ROUNDS} rounds, own lost {lost_own} (all repaired), theirs {lost_theirs}")  # noqa: T201
    if mood == "enforce":
        assert (lost_own, lost_theirs) == (0, 0)
        refused = sum(entry["status"] == 409 for entry in log.since(before))
        assert refused >= ROUNDS, "in each round the second write came too late"


def test_many_resources_of_one_run_share_a_zone() -> None:
    with world() as made, Client(made.emulator.api_root, Credentials("token", "secret"), rate_limit=0) as client:
        session = real_session(made, client)
        zone = Zone(made)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: LIFE.create(session, sets_inputs(zone, {**WWW, "name": f"h{n}"})), range(8)))
        assert sorted(record["Name"] for record in zone.records if record["Type"] == "A") == [f"h{n}" for n in range(8)]
        log = [entry for entry in made.emulator.cloud.log.since(0) if entry["method"] == "PUT"]
        assert len(log) == 1 + 8, "the lock saves the retries"
