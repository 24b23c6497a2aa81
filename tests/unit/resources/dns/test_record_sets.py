"""Record sets in a zone that others write to as well."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
import pytest

from sakura_fleet.errors import ConflictError, FleetError, InputError
from sakura_fleet.provider.lifecycle import Diff, Unknown
from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from tests.unit.resources.dns.zones import FOREIGN, HTTPS, LOGGING, WWW, Zone, sets_inputs, wire, zone_calls
from tests.unit.world import OWNER_TAGS, World, server_inputs, world

LIFE = DnsRecordSetsLifecycle()
JSON = dict[str, Any]


def put(session_world: World, zone: Zone, *record_sets: JSON, **changes: Any) -> JSON:
    object_id, outputs = LIFE.create(session_world.session, sets_inputs(zone, *record_sets, **changes))
    assert object_id == zone.id
    return outputs


def update(session_world: World, zone: Zone, olds: JSON, *record_sets: JSON, **changes: Any) -> JSON:
    return LIFE.update(session_world.session, zone.id, olds, sets_inputs(zone, *record_sets, **changes))


def writes(session_world: World) -> int:
    return Counter(zone_calls(session_world))["PUT"]


def read(session_world: World, zone: Zone, outputs: JSON) -> JSON:
    found = LIFE.read(session_world.session, zone.id, outputs)
    assert found is not None
    assert found.inputs.items() <= found.outputs.items()
    return found.outputs


ECH = "AAX+DQABAA=="


def test_ech_of_others_is_not_lost_without_a_word(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    zone.put([*zone.records[:-1], wire("www", "HTTPS", f"10 . alpn=h3,h2 ech={ECH}", 30)])
    outputs = update(world, zone, outputs, WWW, {**HTTPS, "ttl": 60})
    assert f"example.com: www HTTPS: ech={ECH}, which was not written here, is no longer" in capsys.readouterr().err
    own = {**HTTPS, "values": [f"10 . alpn=h3,h2 ech={ECH}"]}
    outputs = update(world, zone, outputs, WWW, own)
    assert zone.at("www", "HTTPS") == [f"10 . alpn=h3,h2 ech={ECH}"], "what the program says is kept"
    update(world, zone, outputs, WWW, HTTPS)
    assert "ech" not in capsys.readouterr().err, "what was written here may go"


# The life of a few sets


def test_create_change_delete_beside_records_of_others(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    own = [wire("www", "A", "192.0.2.1", 300), wire("www", "HTTPS", "10 . alpn=h3,h2", 30)]
    assert zone.records == [*FOREIGN, *own]
    assert zone.settings["MonitoringSuiteLog"] == LOGGING
    assert outputs["records"] == [WWW, HTTPS]
    assert list(zone_calls(world)) == ["GET", "GET", "PUT", "GET"]

    world.wire.calls.clear()
    two = {**WWW, "values": ["192.0.2.1", "192.0.2.2"]}
    aaaa = {**WWW, "type": "AAAA", "values": ["2001:DB8::1"]}
    outputs = update(world, zone, outputs, two, {**HTTPS, "ttl": 60}, aaaa)
    assert zone.records == [
        *FOREIGN,
        own[0],
        wire("www", "A", "192.0.2.2", 300),
        {**own[1], "TTL": 60},
        wire("www", "AAAA", "2001:db8::1", 300),
    ]
    assert writes(world) == 1, "one write for any number of changed sets"

    outputs = update(world, zone, outputs, aaaa)
    assert zone.records == [*FOREIGN, wire("www", "AAAA", "2001:db8::1", 300)]
    LIFE.delete(world.session, zone.id, outputs)
    assert zone.records == FOREIGN
    assert zone.settings["MonitoringSuiteLog"] == LOGGING


def test_nothing_to_do_is_no_write(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    zone.put([{**record, "RData": record["RData"].replace("alpn=h3,h2", 'alpn="h3,h2"')} for record in zone.records])
    before = zone.records
    world.wire.calls.clear()
    update(world, zone, outputs, WWW, HTTPS)
    assert list(zone_calls(world)) == ["GET"]
    assert zone.records == before, "another spelling is no difference"
    put(world, zone)
    LIFE.delete(world.session, zone.id, {**outputs, "records": []})
    assert writes(world) == 0


def test_a_zone_that_is_gone(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    zone.api.call("DELETE", f"commonserviceitem/{zone.id}")
    assert LIFE.read(world.session, zone.id, outputs) is None
    LIFE.delete(world.session, zone.id, outputs)


@pytest.mark.slow
def test_2000_records_and_one_changed(world: World) -> None:
    sets = [{**WWW, "name": f"h{number}"} for number in range(1998)]
    zone = Zone(world)
    outputs = put(world, zone, *sets)
    assert len(zone.records) == 2000
    world.wire.calls.clear()
    sets[999] = {**sets[999], "values": ["192.0.2.9"]}
    outputs = update(world, zone, outputs, *sets)
    assert list(zone_calls(world)) == ["GET", "GET", "PUT", "GET"]
    assert zone.at("h999", "A") == ["192.0.2.9"]
    with pytest.raises(InputError, match="2001 records"):
        update(world, zone, outputs, *sets, {**WWW, "name": "more"})


def test_500_new_records_are_one_write(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    sets = [WWW, *({**WWW, "name": f"h{number}"} for number in range(500))]
    world.wire.calls.clear()
    news = sets_inputs(zone, *sets)
    assert LIFE.check(world.session, outputs, news).problems == []
    LIFE.update(world.session, zone.id, outputs, news)
    assert Counter(zone_calls(world)) == {"GET": 4, "PUT": 1}, "a look for the preview; two reads, a write, a read back"
    assert len(zone.records) == len(FOREIGN) + 501


def test_a_preview_of_known_sets_asks_nothing(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    world.wire.calls.clear()
    news = sets_inputs(zone, {**WWW, "values": ["192.0.2.9"]}, HTTPS)
    assert LIFE.check(world.session, outputs, news).problems == []
    assert LIFE.diff(outputs, news) == Diff(("record_sets",))
    assert list(zone_calls(world)) == []


# Whose is it


def test_an_equal_set_is_taken_over_and_another_is_not(world: World) -> None:
    zone = Zone(world)
    zone.add({"Name": "www", "Type": "A", "RData": "192.0.2.1"}, wire("www", "HTTPS", '10 . alpn="h3,h2"', 30))
    before = zone.records
    with pytest.raises(InputError, match=r"www A: it exists already with other values \(192\.0\.2\.1\).*`adopt: true`"):
        put(world, zone, {**WWW, "values": ["192.0.2.7"]}, HTTPS)
    assert zone.records == before
    assert writes(world) == 0
    put(world, zone, {**WWW, "ttl": 3600}, HTTPS)
    assert zone.records == before
    assert writes(world) == 0, "equal sets are the resource's from now on, without a write"
    put(world, zone, {**WWW, "values": ["192.0.2.7"]}, adopt=True)
    assert zone.at("www", "A") == ["192.0.2.7"]


def test_a_set_that_joins_later_is_not_taken_over_either(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    zone.add(wire("www", "HTTPS", "1 . alpn=h2", 30))
    with pytest.raises(InputError, match=r"(?s)nothing in it was changed:.*www HTTPS: it exists already"):
        update(world, zone, outputs, WWW, HTTPS)
    update(world, zone, outputs, WWW, HTTPS, adopt=True)
    assert zone.at("www", "HTTPS") == ["10 . alpn=h3,h2"]


def test_a_cname_never_comes_beside_a_record_of_others(world: World) -> None:
    zone = Zone(world)
    cname = {"name": "_acme-challenge", "type": "CNAME", "ttl": 60, "values": ["acme.example.net."]}
    with pytest.raises(InputError, match=r"_acme-challenge TXT token.*cname-beside-others"):
        put(world, zone, cname, adopt=True)
    assert zone.records == FOREIGN


def test_what_is_odd_beside_the_records_of_others_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(world)
    zone.add(wire("target", "A", "192.0.2.8", 300))
    hint = {**HTTPS, "values": ["10 target.example.com. alpn=h2 ipv4hint=192.0.2.9"]}
    put(world, zone, WWW, hint)
    warned = capsys.readouterr().err
    assert "www HTTPS: the hint 192.0.2.9 is none of the addresses of target.example.com" in warned
    assert "[svcb-stale-hint]" in warned


def test_deleting_leaves_what_others_added_or_changed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW, HTTPS)
    zone.remove("www", "HTTPS")
    zone.add(wire("www", "A", "192.0.2.8", 300), wire("www", "HTTPS", "1 . alpn=h2", 30))
    LIFE.delete(world.session, zone.id, outputs)
    assert zone.records == [*FOREIGN, wire("www", "A", "192.0.2.8", 300), wire("www", "HTTPS", "1 . alpn=h2", 30)]
    warned = capsys.readouterr().err
    assert "example.com: left in the zone" in warned
    assert "www A 192.0.2.8; www HTTPS 1 . alpn=h2" in warned


def test_deleting_after_a_refresh_leaves_it_too(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    zone.add(wire("www", "A", "192.0.2.8", 300))
    LIFE.delete(world.session, zone.id, read(world, zone, outputs))
    assert zone.records == [*FOREIGN, wire("www", "A", "192.0.2.8", 300)]


# Drift


def test_drift_is_shown_by_set_and_repaired(world: World) -> None:
    zone = Zone(world)
    txt = {"name": "@", "type": "TXT", "ttl": 300, "values": ["v=spf1 -all"]}
    outputs = put(world, zone, WWW, HTTPS, txt)
    assert read(world, zone, outputs) == outputs
    zone.remove("www", "A")
    zone.remove("@", "TXT")
    zone.add(wire("www", "A", "192.0.2.8", 60))
    drifted = read(world, zone, outputs)
    assert drifted["record_sets"] == [{**WWW, "ttl": 60, "values": ["192.0.2.8"]}, HTTPS]
    assert drifted["records"] == outputs["records"], "the resource's are what was written"
    news = sets_inputs(zone, WWW, HTTPS, txt)
    assert LIFE.diff(drifted, news) == Diff(changed=("record_sets",))
    outputs = LIFE.update(world.session, zone.id, drifted, news)
    assert zone.at("www", "A") == ["192.0.2.1"]
    assert LIFE.diff(read(world, zone, outputs), news) == Diff()


def test_drift_that_went_away_by_itself(world: World) -> None:
    zone = Zone(world)
    outputs = put(world, zone, WWW)
    before = zone.records
    zone.remove("www", "A")
    drifted = read(world, zone, outputs)
    assert drifted["record_sets"] == []
    zone.put(before)
    assert LIFE.diff(read(world, zone, drifted), sets_inputs(zone, WWW)) == Diff()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"values": ["192.0.2.1"]}, Diff()),
        ({"name": "WWW"}, Diff()),
        ({"ttl": 300.0}, Diff()),
        ({"ttl": 301}, Diff(("record_sets",))),
        ({"values": ["192.0.2.1", "192.0.2.2"]}, Diff(("record_sets",))),
        ({"allow": ["svcb-owner"]}, Diff()),
        ({"allow": [{"svcb-owner": "until the old probe is gone"}]}, Diff()),
    ],
)
def test_diff(change: JSON, expected: Diff) -> None:
    olds = {"zone_id": "1", "zone_name": "example.com", "adopt": False, "owner_tags": {}, "record_sets": [WWW, HTTPS]}
    assert LIFE.diff(olds, {**olds, "record_sets": [HTTPS, {**WWW, **change}]}) == expected


def test_diff_of_references_and_zones() -> None:
    server = {"key": "sfr:1", "id": "1", "zones": ["is1b"]}
    elb = {"key": "sfr:2", "id": "2"}

    def with_values(*values: Any, kind: str = "A", **more: Any) -> JSON:
        sets = [{**WWW, "type": kind, "values": list(values)}]
        return {
            "zone_id": "1",
            "zone_name": "example.com",
            "owner_tags": {},
            "record_sets": sets,
            "adopt": False,
            **more,
        }

    def differs(before: Any, after: Any, kind: str = "A") -> bool:
        changed = LIFE.diff(with_values(before, kind=kind), with_values(after, kind=kind)).changed
        return changed == ("record_sets",)

    assert not differs({"server": server}, {"server": {**server, "zones": ["is1b", "tk1b"]}})
    assert differs({"server": server}, {"server": {**server, "id": "3"}})
    assert differs({"elb": elb}, {"elb": {**elb, "id": "3"}}), (
        "made again, it has the same owner tag and another address"
    )
    assert differs({"elb": elb}, {"elb": {"key": "", "id": "2"}})
    https = {**HTTPS, "values": ['10 . alpn="h3,h2" ipv4hint=192.0.2.1']}
    mapping = {"priority": 10, "alpn": ["h3", "h2"], "ipv4hint": ["192.0.2.1"]}
    assert (
        LIFE.diff(
            {**with_values("x"), "record_sets": [https]},
            {**with_values("x"), "record_sets": [{**https, "values": [mapping]}]},
        )
        == Diff()
    ), "a mapping that says what the text says"
    hint = {"priority": 1, "ipv4hint": [{"server": server}]}
    assert not differs(hint, {**hint, "ipv4hint": [{"server": {**server, "zones": ["is1b", "tk1b"]}}]}, "HTTPS")
    assert differs(hint, {**hint, "ipv4hint": [{"server": {**server, "id": "3"}}]}, "HTTPS")
    assert LIFE.diff(with_values("x"), with_values("x", zone_id="2")) == Diff(("zone_id",), ("zone_id",))
    assert LIFE.diff(with_values("x"), with_values("x", adopt=True)) == Diff()


def test_check_reports_everything_and_puts_names_in_order(world: World) -> None:
    zone = Zone(world)
    sets = [{**WWW, "name": "WWW"}, {**HTTPS, "values": ["1 . alpn=h3-29 ipv4hint=192.0.2.1"]}]
    fine = LIFE.check(world.session, {}, sets_inputs(zone, *sets))
    assert fine.problems == [], "warnings refuse nothing"
    assert [declared["name"] for declared in fine.inputs["record_sets"]] == ["www", "www"]
    world.wire.calls.clear()
    bad = LIFE.check(world.session, {}, sets_inputs(zone, {**WWW, "ttl": 9}, {**HTTPS, "values": ["x"]}))
    assert [(p.path, p.rule) for p in bad.problems] == [
        ("record_sets[0].ttl", "range"),
        ("record_sets[1].values[0]", "svcb-syntax"),
    ]
    assert list(zone_calls(world)) == []


def test_what_the_zone_holds_against_new_sets_shows_in_the_preview(world: World) -> None:
    zone = Zone(world)
    zone.add(wire("www", "A", "192.0.2.66", 60))
    olds = sets_inputs(zone, {**HTTPS, "name": "old", "values": ["1 svc.example.net."]})
    cname = {"name": "_acme-challenge", "type": "CNAME", "ttl": 60, "values": ["acme.example.net."]}
    lonely = {**HTTPS, "name": "lonely"}

    def rules(*record_sets: JSON, **changes: Any) -> list[str]:
        world.wire.calls.clear()
        checked = LIFE.check(world.session, olds, sets_inputs(zone, *record_sets, **changes))
        return [problem.rule for problem in checked.problems]

    assert rules(*olds["record_sets"]) == []
    assert rules({**olds["record_sets"][0], "ttl": 60}) == []
    assert world.wire.calls == [], "sets that were there before ask nothing"
    assert rules(WWW, cname, lonely) == ["foreign-set", "cname-beside-others", "svcb-target-without-address"]
    assert list(zone_calls(world)) == ["GET"]
    assert rules(WWW, HTTPS, adopt=True) == []
    assert rules({**WWW, "values": [{"server": {"key": "sfr:1", "id": "1", "zones": ["is1b"]}}]}) == []
    unknown: Any = object.__new__(Unknown)
    assert rules({**WWW, "name": "new", "values": [unknown]}, {**HTTPS, "name": "new"}) == []
    assert rules(WWW, zone_id=unknown) == []
    assert rules(WWW, zone_id="113800999999") == []


# References


def test_addresses_follow_the_servers(world: World) -> None:
    zone = Zone(world)
    server_id, server = ServerLifecycle().create(world.session, server_inputs())
    reference = {"key": OWNER_TAGS.resource, "id": server_id, "zones": ["is1b", "is1c"]}
    https = {"priority": 10, "target": ".", "alpn": ["h3", "h2"], "ipv4hint": [{"server": reference}]}
    sets = [{**WWW, "values": [{"server": reference}]}, {**HTTPS, "values": [https]}]
    world.wire.calls.clear()
    _, outputs = LIFE.create(world.next_run(), sets_inputs(zone, *sets))
    assert outputs["record_sets"] == sets
    assert zone.at("www", "A") == [server["address"]]
    assert zone.at("www", "HTTPS") == [f"10 . alpn=h3,h2 ipv4hint={server['address']}"]
    assert world.calls("GET server") == 1, "one look for all references of a zone"
    assert read(world, zone, outputs) == outputs

    ServerLifecycle().delete(world.session, server_id, server)
    with pytest.raises(
        FleetError, match=rf"the server {OWNER_TAGS.resource}, .* is not in is1b, is1c; run `pulumi up --ref"
    ):
        LIFE.update(world.next_run(), zone.id, outputs, sets_inputs(zone, *sets))


def test_addresses_of_elbs(world: World) -> None:
    zone = Zone(world)
    plain = zone.api.make_elb("plain", failover=False)
    named = zone.api.make_elb("named", failover=True)

    def at(elb: JSON, kind: str) -> JSON:
        return {"name": "elb", "type": kind, "ttl": 60, "values": [{"elb": {"key": "", "id": str(elb["ID"])}}]}

    outputs = put(world, zone, at(plain, "A"))
    assert zone.at("elb", "A") == [plain["Status"]["VirtualIPAddress"]]
    outputs = update(world, zone, outputs, at(named, "ALIAS"))
    assert zone.at("elb", "ALIAS") == [f"{named['Status']['FQDN']}."]
    assert zone.at("elb", "A") == []
    with pytest.raises(FleetError, match=r"named has VIP failover.*use ALIAS, not A"):
        update(world, zone, outputs, at(named, "A"))
    with pytest.raises(FleetError, match=r"plain has no VIP failover.*use A, not CNAME"):
        update(world, zone, outputs, at(plain, "CNAME"))
    zone.api.call("DELETE", f"commonserviceitem/{plain['ID']}")
    with pytest.raises(FleetError, match=r"the ELB .* is gone"):
        update(world, zone, outputs, at(plain, "A"))


# Somebody else at the same time


class Interference:
    """Lets somebody act right after one of the session's calls was answered, for the first `times` of them."""

    def __init__(self, session_world: World, zone: Zone, call: str, times: int = 1) -> None:
        self.call, self.left, self.zone = f"{call} commonserviceitem/{zone.id}", times, zone
        session_world.wire.answer = self.answered
        self.records: list[JSON] = []

    def answered(self, call: str, response: httpx.Response) -> httpx.Response:
        response.read()
        if call == self.call and self.left:
            self.left -= 1
            self.act()
        return response

    def act(self) -> None:
        self.zone.add(wire(f"new{self.left}", "A", "192.0.2.99", 60))


def test_a_write_in_between_is_refused_by_the_hash_and_ours_repeated(world: World) -> None:
    zone = Zone(world)
    Interference(world, zone, "GET").call = "GET commonserviceitem"  # the second read, by a find
    put(world, zone, WWW)
    assert zone.at("new0", "A") == ["192.0.2.99"], "theirs is not lost"
    assert zone.at("www", "A") == ["192.0.2.1"]
    assert writes(world) == 2


def test_a_write_between_the_two_reads_is_seen_before_anything_is_written(world: World) -> None:
    zone = Zone(world)
    Interference(world, zone, "GET", times=2)
    put(world, zone, WWW)
    assert zone.at("new1", "A") == zone.at("new0", "A") == ["192.0.2.99"], "theirs is not lost"
    assert zone.at("www", "A") == ["192.0.2.1"]
    assert writes(world) == 1


def test_without_an_enforced_hash_ours_still_gets_there() -> None:
    with world(settings_hash="ignore") as loose:
        zone = Zone(loose)
        kept = zone.records

        class Overwriting(Interference):
            def act(self) -> None:
                self.zone.put(kept)  # somebody who had read before this write

        Overwriting(loose, zone, "PUT", times=3)
        outputs = put(loose, zone, WWW)
        assert zone.at("www", "A") == ["192.0.2.1"]
        assert writes(loose) == 4
        assert read(loose, zone, outputs) == outputs


def test_a_set_that_another_writer_takes_over_meanwhile_is_written_again() -> None:
    with world(settings_hash="ignore") as loose:
        zone = Zone(loose)

        class Changing(Interference):
            def act(self) -> None:
                self.zone.remove("www", "A")
                self.zone.add(wire("www", "A", "192.0.2.66", 60))

        Changing(loose, zone, "PUT")
        put(loose, zone, WWW)
        assert zone.at("www", "A") == ["192.0.2.1"]


def test_somebody_who_never_stops_is_named(world: World) -> None:
    zone = Zone(world)
    Interference(world, zone, "GET", times=1000)
    with pytest.raises(FleetError, match=rf"DNS zone {zone.id} was changed by somebody else .* find who writes"):
        put(world, zone, WWW)


def test_a_lost_answer_is_not_a_conflict_for_long(world: World) -> None:
    zone = Zone(world)
    world.fault(method="PUT", path="^/commonserviceitem/", nth=[1], kind="cut_after")
    put(world, zone, WWW, HTTPS)
    assert len(zone.records) == len(FOREIGN) + 2


def test_a_refusal_that_is_not_about_the_hash_is_passed_on(world: World) -> None:
    zone = Zone(world)
    world.fault(method="PUT", path="^/commonserviceitem/", kind="status", status=409, code="other")
    with pytest.raises(ConflictError, match="409 other"):
        put(world, zone, WWW)
    assert json.dumps(zone.records) == json.dumps(FOREIGN)
