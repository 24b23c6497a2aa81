"""How long something takes on a machine that does nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx

from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.unit.resources.dns.zones import WWW, Zone, sets_inputs
from tests.unit.world import EMULATORS, world
from tests.waiting import PATIENCE


def test_the_emulator_answers_within_a_second_of_its_start() -> None:
    def first_answer() -> float:
        begun = time.monotonic()
        command = [sys.executable, "-m", "sakura_emulator", "serve", "--port", "0", "--db", ":memory:"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[3]
            assert httpx.get(f"{url}/_emulator/health", trust_env=False).json()["ok"]
            seconds = time.monotonic() - begun
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
        return seconds

    assert min(first_answer() for _ in range(3)) < 1


def test_one_of_2000_records_is_changed_within_10_seconds() -> None:
    life = DnsRecordSetsLifecycle()
    sets = [{**WWW, "name": f"h{number}"} for number in range(1998)]
    with EMULATORS, world() as made:
        zone = Zone(made)
        zone_id, outputs = life.create(made.session, sets_inputs(zone, *sets))
        sets[999] = {**sets[999], "values": ["192.0.2.9"]}
        begun = time.monotonic()
        life.update(made.session, zone_id, outputs, sets_inputs(zone, *sets))
        assert time.monotonic() - begun < 10
        assert zone.at("h999", "A") == ["192.0.2.9"]
