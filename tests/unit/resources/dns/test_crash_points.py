"""A DNS change that is cut off at any of its API calls, and done again: nothing is lost and nothing is there twice.

A run is killed before a call leaves or after the cloud has carried it out; the next run has the state from before, as
the engine never heard of the end. Calls are real HTTP to the emulator.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sakura_fleet.errors import InputError, UnavailableError
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.unit.resources.dns.zones import FOREIGN, HTTPS, LOGGING, WWW, Zone, sets_inputs, wire
from tests.unit.world import World

JSON = dict[str, Any]
LIFE = DnsRecordSetsLifecycle()
CALLS = 3
"""How many calls a change takes: read, write, read back."""
AAAA: JSON = {"name": "www", "type": "AAAA", "ttl": 300, "values": ["2001:db8::1"]}
MAIL: JSON = {"name": "mail", "type": "A", "ttl": 300, "values": ["192.0.2.25", "192.0.2.26"]}
OTHERS: JSON = {"Name": "other", "Type": "A", "RData": "192.0.2.99", "TTL": 60}


class KilledError(BaseException):
    """The process is gone: nothing that runs in it may catch this."""


class Kill:
    """Ends the process at the n-th call about the zone, before it leaves or once it was carried out."""

    def __init__(self, world: World, zone: Zone, number: int, *, after: bool) -> None:
        self.left, self.after = number, after
        self.path = f"commonserviceitem/{zone.id}"
        self.send = world.wire.handle_request
        self.happened = False
        world.wire.handle_request = self.handle_request  # type: ignore[method-assign]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        here = request.url.path.endswith(self.path)
        self.left -= here
        if here and self.left == 0 and not self.after:
            self.happened = True
            raise KilledError
        response = self.send(request)
        if here and self.left == 0:
            response.read()
            self.happened = True
            raise KilledError
        return response


@dataclass(frozen=True)
class Change:
    """One change of a stack's records: the sets before and after."""

    before: tuple[JSON, ...]
    after: tuple[JSON, ...]

    def prepare(self, world: World, zone: Zone) -> JSON | None:
        """Bring the zone to where it was; the state then."""
        if not self.before:
            return None
        return LIFE.create(world.next_run(), sets_inputs(zone, *self.before))[1]

    def run(self, world: World, zone: Zone, state: JSON | None, after: tuple[JSON, ...] | None = None) -> JSON | None:
        """What the engine does with that state: create, update or delete."""
        wanted = self.after if after is None else after
        session = world.next_run()
        if state is None:
            return LIFE.create(session, sets_inputs(zone, *wanted))[1] if wanted else None
        if not wanted:
            LIFE.delete(session, zone.id, state)
            return None
        return LIFE.update(session, zone.id, state, sets_inputs(zone, *wanted))


CHANGES = {
    "create": Change((), (WWW, HTTPS, MAIL)),
    "change": Change((WWW, HTTPS, MAIL), ({**WWW, "values": ["192.0.2.2"]}, {**HTTPS, "ttl": 60}, MAIL)),
    "add": Change((WWW,), (WWW, AAAA, MAIL)),
    "remove": Change((WWW, HTTPS, MAIL), (WWW,)),
    "all at once": Change((WWW, HTTPS), ({**WWW, "values": ["192.0.2.2", "192.0.2.3"]}, AAAA, MAIL)),
    "delete": Change((WWW, HTTPS, MAIL), ()),
}
POINTS = [(number, after) for number in range(1, CALLS + 1) for after in (False, True)]


def contents(records: list[JSON]) -> Counter[tuple[str, str, str, int]]:
    """What a zone holds, with how often it is there."""
    return Counter((record["Name"], record["Type"], record["RData"], record.get("TTL", 3600)) for record in records)


def wanted(*sets: JSON) -> Counter[tuple[str, str, str, int]]:
    return contents(
        [
            wire(declared["name"], declared["type"], value, declared["ttl"])
            for declared in sets
            for value in declared["values"]
        ]
    )


def check_zone(zone: Zone, *sets: JSON, others: tuple[JSON, ...] = ()) -> None:
    """The zone has these sets, each value once, and the records of others as they were."""
    assert contents(zone.records) == contents([*FOREIGN, *others]) + wanted(*sets)
    assert [record for record in zone.records if record in FOREIGN] == FOREIGN, "byte for byte, in their order"
    assert zone.settings["MonitoringSuiteLog"] == LOGGING


def kill(world: World, zone: Zone, change: Change, state: JSON | None, number: int, *, after: bool) -> None:
    """Run the change into its death."""
    death = Kill(world, zone, number, after=after)
    try:
        with pytest.raises(KilledError):
            change.run(world, zone, state)
    finally:
        world.wire.handle_request = death.send  # type: ignore[method-assign]
    assert death.happened


@pytest.mark.parametrize(("number", "after"), POINTS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_killed_run_is_finished_by_the_next(world: World, name: str, number: int, after: bool) -> None:
    change, zone = CHANGES[name], Zone(world)
    state = change.prepare(world, zone)
    kill(world, zone, change, state, number, after=after)
    done = number == 3 or (number == 2 and after)
    check_zone(zone, *(change.after if done else change.before))
    outputs = change.run(world, zone, state)
    check_zone(zone, *change.after)
    if outputs is not None:
        found = LIFE.read(world.next_run(), zone.id, outputs)
        assert found is not None
        assert LIFE.diff(found.outputs, sets_inputs(zone, *change.after)) == Diff(), "and a refresh finds nothing"


@pytest.mark.parametrize("point", [(2, False), (2, True)])
@pytest.mark.parametrize("name", CHANGES)
def test_somebody_writes_between_the_death_and_the_next_run(world: World, name: str, point: tuple[int, bool]) -> None:
    change, zone = CHANGES[name], Zone(world)
    state = change.prepare(world, zone)
    kill(world, zone, change, state, point[0], after=point[1])
    zone.add(OTHERS)
    change.run(world, zone, state)
    check_zone(zone, *change.after, others=(OTHERS,))


TROUBLE: dict[str, JSON] = {
    "503": {"kind": "status", "status": 503},
    "423": {"kind": "status", "status": 423, "code": "locked"},
    "429": {"kind": "status", "status": 429, "retry_after": 3},
    "500 before the effect": {"kind": "status", "status": 500, "code": "internal"},
    "cut before the effect": {"kind": "cut_before"},
    "cut after the effect": {"kind": "cut_after"},
}


@pytest.mark.parametrize("number", range(1, CALLS + 1))
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("name", CHANGES)
def test_one_run_gets_over_trouble_at_any_call(world: World, name: str, trouble: str, number: int) -> None:
    change, zone = CHANGES[name], Zone(world)
    state = change.prepare(world, zone)
    world.fault(path=f"^/commonserviceitem/{zone.id}$", nth=[number], **TROUBLE[trouble])
    change.run(world, zone, state)
    check_zone(zone, *change.after)


@pytest.mark.parametrize("name", CHANGES)
def test_a_cloud_that_stays_broken_ends_the_run_and_the_next_one_finishes_it(world: World, name: str) -> None:
    change, zone = CHANGES[name], Zone(world)
    state = change.prepare(world, zone)
    world.fault(method="PUT", path=f"^/commonserviceitem/{zone.id}$", kind="status", status=503)
    with pytest.raises(UnavailableError, match=r"PUT .* was answered 503"):
        change.run(world, zone, state)
    world.emulator.cloud.faults.clear()
    change.run(world, zone, state)
    check_zone(zone, *change.after)


# The program changes between the death and the next run


def crashed(world: World, name: str) -> tuple[Change, Zone, JSON | None]:
    """A change whose write arrived, and of which the state knows nothing."""
    change, zone = CHANGES[name], Zone(world)
    state = change.prepare(world, zone)
    kill(world, zone, change, state, 2, after=True)
    return change, zone, state


def test_a_set_of_the_state_takes_any_value(world: World) -> None:
    change, zone, state = crashed(world, "change")
    third = {**WWW, "values": ["192.0.2.3"]}
    change.run(world, zone, state, (third, HTTPS, MAIL))
    check_zone(zone, third, HTTPS, MAIL)


def test_a_set_of_the_state_that_is_wanted_no_more_goes_but_for_values_that_the_state_does_not_know(
    world: World,
) -> None:
    change, zone, state = crashed(world, "change")
    change.run(world, zone, state, (MAIL,))
    strange = {**WWW, "values": ["192.0.2.2"]}
    check_zone(zone, strange, MAIL)


def test_a_new_set_with_the_same_values_is_taken_over(world: World) -> None:
    change, zone, state = crashed(world, "add")
    change.run(world, zone, state)
    check_zone(zone, WWW, AAAA, MAIL)


def test_a_new_set_with_other_values_is_refused_until_it_may_be_adopted(world: World) -> None:
    change, zone, state = crashed(world, "add")
    other = {**MAIL, "values": ["192.0.2.27"]}
    with pytest.raises(
        InputError, match=r"mail A: it exists already with other values .* an interrupted run .* `adopt: true`"
    ):
        change.run(world, zone, state, (WWW, AAAA, other))
    check_zone(zone, WWW, AAAA, MAIL)
    assert state is not None
    LIFE.update(world.next_run(), zone.id, state, sets_inputs(zone, WWW, AAAA, other, adopt=True))
    check_zone(zone, WWW, AAAA, other)


def test_a_new_set_that_is_wanted_no_more_stays_and_nobody_owns_it(world: World) -> None:
    change, zone, state = crashed(world, "add")
    outputs = change.run(world, zone, state, (WWW,))
    check_zone(zone, WWW, AAAA, MAIL)
    assert outputs is not None
    LIFE.delete(world.next_run(), zone.id, outputs)
    check_zone(zone, AAAA, MAIL)


def test_a_removed_set_that_is_wanted_again_comes_back(world: World) -> None:
    change, zone, state = crashed(world, "remove")
    check_zone(zone, WWW)
    change.run(world, zone, state, (WWW, HTTPS, MAIL))
    check_zone(zone, WWW, HTTPS, MAIL)


def test_a_deleted_resource_that_is_wanted_again_comes_back(world: World) -> None:
    change, zone, state = crashed(world, "delete")
    check_zone(zone)
    change.run(world, zone, state, (WWW, HTTPS, MAIL))
    check_zone(zone, WWW, HTTPS, MAIL)
