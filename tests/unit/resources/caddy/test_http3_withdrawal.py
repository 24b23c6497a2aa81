"""A protocol that is about to go leaves the records first."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.errors import CancelledError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.caddy.http3_withdrawal_lifecycle import Http3WithdrawalLifecycle
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from tests.unit.resources.dns.zones import FOREIGN, WWW, ZONE, Zone, sets_inputs, wire
from tests.unit.world import FLEET, World, checked

OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:Http3Withdrawal::www-withdrawal")
BOTH = "10 . alpn=h3,h2 ipv4hint=192.0.2.1"


def inputs(*protocols: str, **changes: Any) -> dict[str, Any]:
    given = {
        "zone_name": ZONE,
        "names": ["www"],
        "protocols": list(protocols),
        "ttl": 30,
        "owner_tags": OWNER_TAGS.inputs(),
    }
    return checked(Http3WithdrawalLifecycle(), **{**given, **changes})


def update(world: World, olds: dict[str, Any], news: dict[str, Any]) -> float:
    """What an update returns is what it was given; the seconds that it took."""
    start = world.pace.now
    assert Http3WithdrawalLifecycle().update(world.session, "x", olds, news) == {**news, "withdrawn": 0}
    return world.pace.since(start)


def test_h3_leaves_the_record_and_then_the_caches(world: World) -> None:
    zone = Zone(world, [*FOREIGN, wire("www", "HTTPS", BOTH, 30), wire("app", "HTTPS", BOTH, 30)])
    assert update(world, inputs("h3", "h2"), inputs("h2")) == 30
    assert zone.at("www", "HTTPS") == ["10 . alpn=h2 ipv4hint=192.0.2.1"]
    assert zone.at("app", "HTTPS") == [BOTH], "not a name of this host"
    assert zone.records[: len(FOREIGN)] == FOREIGN


def test_after_a_crash_the_wait_is_made_good(world: World) -> None:
    Zone(world, [wire("www", "HTTPS", "10 . alpn=h2", 30)])
    assert update(world, inputs("h3", "h2"), inputs("h2")) == 30
    assert [call for call in world.changes() if call.startswith("PUT commonserviceitem")] == []


def test_ctrl_c_ends_the_wait_which_the_next_run_makes_good(world: World) -> None:
    zone = Zone(world, [wire("www", "HTTPS", BOTH, 30)])
    olds, news, start = inputs("h3", "h2"), inputs("h2"), world.pace.now
    session = world.next_run()
    session.interrupted = lambda: True
    with pytest.raises(CancelledError, match="for caches to forget it; h3 stays withdrawn, and the host serves as"):
        Http3WithdrawalLifecycle().update(session, "x", olds, news)
    assert (world.pace.now, zone.at("www", "HTTPS")) == (start, ["10 . alpn=h2 ipv4hint=192.0.2.1"])
    assert update(world, olds, news) == 30


def test_what_was_announced_counts(world: World) -> None:
    """The old names and the old TTL: those are in the caches."""
    zone = Zone(world, [wire("www", "HTTPS", BOTH, 60)])
    assert update(world, inputs("h3", "h2", ttl=60), inputs("h2", names=["new"], ttl=10)) == 60
    assert zone.at("www", "HTTPS") == ["10 . alpn=h2 ipv4hint=192.0.2.1"]


def test_nothing_to_withdraw(world: World) -> None:
    zone = Zone(world, [wire("www", "HTTPS", "10 . alpn=h2", 30)])
    calls = len(world.wire.calls)
    assert update(world, inputs("h2"), inputs("h3", "h2")) == 0
    assert update(world, inputs("h3", names=[]), inputs()) == 0
    assert len(world.wire.calls) == calls
    assert update(world, inputs("h3", zone_name="example.net"), inputs("h2", zone_name="example.net")) == 0
    assert zone.at("www", "HTTPS") == ["10 . alpn=h2"]


def test_the_last_protocol_takes_the_key_along(world: World) -> None:
    zone = Zone(world, [wire("www", "HTTPS", "10 . alpn=h3 no-default-alpn port=8443", 30)])
    update(world, inputs("h3"), inputs())
    assert zone.at("www", "HTTPS") == ["10 . port=8443"]


def test_the_record_sets_that_come_later_find_it_done(world: World) -> None:
    zone = Zone(world, [])
    sets = DnsRecordSetsLifecycle()
    https = {"name": "www", "type": "HTTPS", "ttl": 30}
    before = sets_inputs(zone, WWW, {**https, "values": [BOTH]})
    object_id, outputs = sets.create(world.session, before)
    update(world, inputs("h3", "h2"), inputs("h2"))
    after = sets_inputs(zone, WWW, {**https, "values": ["10 . alpn=h2 ipv4hint=192.0.2.1"]})
    sets.update(world.session, object_id, outputs, after)
    assert zone.at("www", "HTTPS") == ["10 . alpn=h2 ipv4hint=192.0.2.1"]


@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("", "b"), ("a", "")])
def test_another_caddyfile_takes_the_whole_record_out_first(world: World, before: str, after: str) -> None:
    """What the new one serves nobody knows before it was asked."""
    alias = wire("@", "HTTPS", "0 www.example.com.", 30)
    zone = Zone(world, [*FOREIGN, wire("www", "HTTPS", BOTH, 30), alias, wire("www", "A", "192.0.2.1", 30)])
    start = world.pace.now
    olds = {**inputs(content=before, names=["www", "@"]), "withdrawn": 3}
    outputs = Http3WithdrawalLifecycle().update(world.session, "x", olds, inputs(content=after, names=["www", "@"]))
    assert outputs["withdrawn"] == 4
    assert world.pace.since(start) == 30
    assert zone.at("www", "HTTPS") == []
    assert zone.at("www", "A") == ["192.0.2.1"]
    assert zone.at("@", "HTTPS") == ["0 www.example.com."], "an alias says nothing of what is served"
    assert zone.records[: len(FOREIGN)] == FOREIGN


def test_the_same_caddyfile_leaves_the_record(world: World) -> None:
    zone = Zone(world, [wire("www", "HTTPS", BOTH, 30)])
    assert update(world, inputs(content="a"), inputs(content="a", ttl=60)) == 0
    assert zone.at("www", "HTTPS") == [BOTH]


def test_a_run_that_failed_in_between_leaves_no_record_and_the_next_writes_it(world: World) -> None:
    """a -> b, whose probe fails, -> a: the set is the same as in the state, and the trigger writes it again."""
    zone = Zone(world, [])
    sets, withdrawal = DnsRecordSetsLifecycle(), Http3WithdrawalLifecycle()
    declared = {"name": "www", "type": "HTTPS", "ttl": 30, "values": [BOTH]}
    _, known = withdrawal.create(world.session, inputs(content="a"))
    first = {**sets_inputs(zone, WWW, declared), "trigger": known["withdrawn"]}
    object_id, written = sets.create(world.session, first)
    known = withdrawal.update(world.session, "x", known, inputs(content="b"))
    assert zone.at("www", "HTTPS") == [], "and so it stays, as the probe fails"
    known = withdrawal.update(world.session, "x", known, inputs(content="a"))
    again = {**sets_inputs(zone, WWW, declared), "trigger": known["withdrawn"]}
    assert sets.diff(written, {**again, "trigger": 0}).changed == (), "without the trigger nobody would write it"
    assert sets.diff(written, again).changed == ("trigger",)
    sets.update(world.session, object_id, written, again)
    assert zone.at("www", "HTTPS") == [BOTH]
