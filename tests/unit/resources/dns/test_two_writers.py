"""Fifty rounds of two writers at one zone, over real HTTP, with the hash enforced and with the hash ignored."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sakura_fleet.client import Client, Credentials
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.provider.session import Session, SessionSettings
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.unit.resources.dns.zones import WWW, Zone, sets_inputs, wire
from tests.unit.world import World, world

ROUNDS = 50
LIFE = DnsRecordSetsLifecycle()


def real_session(session_world: World, client: Client) -> Session:
    """A session whose waits are real, as the other writer's are."""
    return Session(SessionSettings(api_root=session_world.emulator.api_root), env={}, client=client)


class Other:
    """Another client: it adds its record with read, change and write, and repeats what the hash refuses."""

    def __init__(self, zone: Zone) -> None:
        self.api, self.zone = zone.api, zone

    def add(self, number: int) -> None:
        while True:
            item = self.api.item(int(self.zone.id))
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


@pytest.mark.parametrize("mood", ["enforce", "ignore"])
def test_two_writers(mood: str, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        world(settings_hash=mood) as made,
        Client(made.emulator.api_root, Credentials("token", "secret"), rate_limit=0) as client,
    ):
        session = real_session(made, client)
        zone = Zone(made)
        other = Other(zone)
        outputs: dict[str, Any] = LIFE.create(session, sets_inputs(zone, WWW))[1]
        lost_ours = lost_theirs = 0
        barrier = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            for number in range(ROUNDS):
                news = sets_inputs(zone, {**WWW, "values": [f"192.0.2.{number + 1}"]})

                def ours(news: dict[str, Any] = news, olds: dict[str, Any] = outputs) -> dict[str, Any]:
                    barrier.wait(20)
                    return LIFE.update(session, zone.id, olds, news)

                def theirs(number: int = number) -> None:
                    barrier.wait(20)
                    other.add(number)

                update, addition = pool.submit(ours), pool.submit(theirs)
                outputs = update.result(60)
                addition.result(60)
                if zone.at("www", "A") != news["record_sets"][0]["values"]:
                    lost_ours += 1
                    found = LIFE.read(session, zone.id, outputs)
                    assert found is not None
                    assert LIFE.diff(found.outputs, news) == Diff(changed=("record_sets",)), "a refresh shows the loss"
                    outputs = LIFE.update(session, zone.id, found.outputs, news)
                    assert zone.at("www", "A") == news["record_sets"][0]["values"], "and the next up repairs it"
                lost_theirs += not zone.at(f"other{number}", "A")
    with capsys.disabled():
        print(f"\nhash {mood}: {ROUNDS} rounds, ours lost {lost_ours} (all repaired), theirs {lost_theirs}")  # noqa: T201
    if mood == "enforce":
        assert (lost_ours, lost_theirs) == (0, 0)


def test_many_resources_of_one_run_share_a_zone() -> None:
    with world() as made, Client(made.emulator.api_root, Credentials("token", "secret"), rate_limit=0) as client:
        session = real_session(made, client)
        zone = Zone(made)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: LIFE.create(session, sets_inputs(zone, {**WWW, "name": f"h{n}"})), range(8)))
        assert sorted(one["Name"] for one in zone.records if one["Type"] == "A") == [f"h{n}" for n in range(8)]
        log = [entry for entry in made.emulator.cloud.log.since(0) if entry["method"] == "PUT"]
        assert len(log) == 1 + 8, "the lock saves the retries"
