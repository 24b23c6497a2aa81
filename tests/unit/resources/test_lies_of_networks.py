"""Lies about packet filters, switches and certificates: nothing is lost, replaced, or there twice and not named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from sakura_fleet.errors import FleetError
from sakura_fleet.inventory.owned import duplicates, everything
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.resources.elb.certificate_lifecycle import ElbCertificateLifecycle
from sakura_fleet.resources.server.packet_filter_lifecycle import PacketFilterLifecycle
from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle
from tests.lies.lie import FIELD_LIES, LIST_LIES, READ_LIES, WRITE_LIES, Lie, Rule
from tests.unit.resources.elb.support import FOREIGN, Document
from tests.unit.resources.lying import lied_to
from tests.unit.world import FLEET, World, checked

OWNER_TAGS = OwnerTags.of(FLEET, "urn:network")
WEB = PacketFilterRule(protocol="tcp", destination_port="80").inputs()


@dataclass(frozen=True)
class Kind:
    """One kind of object, with the words for it on the wire and the fields that are read."""

    life: OwnerTaggedLifecycle[Any]
    path: str
    one: str
    fields: tuple[str, ...]
    own: dict[str, Any]

    @property
    def inputs(self) -> dict[str, Any]:
        return checked(self.life, **self.own, owner_tags=dict(OWNER_TAGS.inputs()))


FILTER_FIELDS = (
    "ID",
    "Name",
    "Description",
    "Expression",
    "Expression.Protocol",
    "Expression.Action",
    "ExpressionHash",
)
SWITCH_FIELDS = ("ID", "Name", "Description", "Tags", "Icon", "Scope", "ServerCount", "UserSubnet")
KINDS = (
    Kind(
        PacketFilterLifecycle(),
        "packetfilter",
        "PacketFilter",
        FILTER_FIELDS,
        {"name": "web", "zone": "is1b", "rules": [WEB]},
    ),
    Kind(SwitchLifecycle(), "switch", "Switch", SWITCH_FIELDS, {"name": "back", "zone": "is1b", "tags": ["a"]}),
)


def lies(kind: Kind) -> list[Rule]:
    found, path = f"{kind.one}s" if kind.one == "PacketFilter" else "Switches", f"/{kind.path}"
    places = [(path, found), (path, "Total"), (f"{path}/*", kind.one)]
    places += [(path, f"{found}.{field}") for field in kind.fields]
    places += [(f"{path}/*", f"{kind.one}.{field}") for field in kind.fields]
    rules = [Rule("GET", where, lie, field=field) for where, field in places for lie in FIELD_LIES]
    whole = [lie for lie in READ_LIES if lie not in FIELD_LIES and lie is not Lie.STALE]
    rules += [Rule("GET", where, lie) for where in (path, f"{path}/*") for lie in whole]
    return rules + [Rule("GET", path, lie) for lie in LIST_LIES]


GRID = [pytest.param(kind, rule, id=f"{rule.path} {rule.lie} {rule.field}") for kind in KINDS for rule in lies(kind)]


@pytest.mark.parametrize(("kind", "rule"), GRID)
def test_a_refresh(world: World, kind: Kind, rule: Rule) -> None:
    object_id, outputs = kind.life.create(world.next_run(), kind.inputs)
    with lied_to(world, rule):
        try:
            found = kind.life.read(world.next_run(), object_id, outputs)
        except FleetError:
            found = kind.life.read(world.next_run(), object_id, outputs)
    assert found is not None, "it would be made again"
    assert kind.life.diff(found.outputs, kind.inputs).replaces == ()
    kind.life.update(world.next_run(), object_id, found.outputs, kind.inputs)
    found = kind.life.read(world.next_run(), object_id, outputs)
    assert found is not None
    assert kind.life.diff(found.outputs, kind.inputs) == Diff()


@pytest.mark.parametrize(("kind", "rule"), GRID)
def test_a_run_after_one_that_was_killed(world: World, kind: Kind, rule: Rule) -> None:
    first, _ = kind.life.create(world.next_run(), kind.inputs)
    with lied_to(world, rule):
        try:
            object_id, _ = kind.life.create(world.next_run(), kind.inputs)
        except FleetError:
            object_id, _ = kind.life.create(world.next_run(), kind.inputs)
    there = [item for item in everything(world.client, OWNER_TAGS.fleet) if item.owner_tags == OWNER_TAGS]
    named = duplicates(there, {object_id})
    assert {item.id for item in there} - {item.id for item in named} == {object_id}
    assert first in {item.id for item in there}


@pytest.mark.parametrize("lie", WRITE_LIES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)
@pytest.mark.parametrize("call", ["create", "update", "delete"])
def test_a_write(world: World, kind: Kind, call: str, lie: Lie) -> None:
    api: Any = {"switch": world.client.switches, "packetfilter": world.client.packet_filters}[kind.path]
    theirs = api.create("is1b", name=kind.own["name"], description="theirs")
    changed = {**kind.inputs, "name": "other"}
    method = {"create": "POST", "update": "PUT", "delete": "DELETE"}[call]
    rule = Rule(method, f"/{kind.path}" + ("" if call == "create" else "/*"), lie)
    object_id, outputs = ("", {}) if call == "create" else kind.life.create(world.next_run(), kind.inputs)

    def write() -> str:
        match call:
            case "create":
                return kind.life.create(world.next_run(), kind.inputs)[0]
            case "update":
                kind.life.update(world.next_run(), object_id, outputs, changed)
            case "delete":
                kind.life.delete(world.next_run(), object_id, outputs)
        return object_id

    with lied_to(world, rule) as told:
        try:
            object_id = write()
        except FleetError:
            object_id = write()
    assert told
    there = [item for item in everything(world.client, OWNER_TAGS.fleet) if item.owner_tags == OWNER_TAGS]
    named = {item.id for item in duplicates(there, {object_id})}
    assert {item.id for item in there} - named == (set() if call == "delete" else {object_id})
    twice = call == "create" and lie in (Lie.TWICE, Lie.API_503)  # of which the second says that nothing was done
    assert bool(named) == twice
    if call == "update":
        found = kind.life.read(world.next_run(), object_id, outputs)
        assert found is not None
        assert kind.life.diff(found.outputs, changed) == Diff()
    assert api.read("is1b", theirs.id) == theirs, "of the same name, and somebody else's"


def pem(what: str, kind: str = "CERTIFICATE") -> str:
    return f"-----BEGIN {kind}-----\n{what}\n-----END {kind}-----\n"


CERTIFICATE_FIELDS = ["ProxyLB", "ProxyLB.PrimaryCert", "ProxyLB.AdditionalCerts"]
CERTIFICATE_FIELDS += [f"ProxyLB.PrimaryCert.{key}" for key in ("ServerCertificate", "IntermediateCertificate")]


@pytest.mark.parametrize("field", CERTIFICATE_FIELDS)
@pytest.mark.parametrize("lie", FIELD_LIES)
def test_a_refresh_of_certificates(world: World, lie: Lie, field: str) -> None:
    life, elb = ElbCertificateLifecycle(lambda: datetime.now(UTC)), Document.new(world, servers=FOREIGN)
    inputs = checked(
        life,
        elb={"key": "", "id": elb.id},
        certificates=[
            {
                "server_certificate": pem(name),
                "private_key": pem(name, "EC PRIVATE KEY"),
                "intermediate_certificate": pem("i"),
            }
            for name in ("one", "two")
        ],
        lets_encrypt_names=[],
        owner_tags=OWNER_TAGS.inputs(),
    )
    object_id, outputs = life.create(world.next_run(), inputs)
    with lied_to(world, Rule("GET", "/commonserviceitem/*/proxylb/sslcertificate", lie, field=field)) as told:
        try:
            found = life.read(world.next_run(), object_id, outputs)
        except FleetError:
            found = life.read(world.next_run(), object_id, outputs)
    assert told
    assert found is not None
    assert life.diff(found.outputs, inputs).replaces == ()
    outputs = life.update(world.next_run(), object_id, found.outputs, inputs)
    found = life.read(world.next_run(), object_id, outputs)
    assert found is not None
    assert (life.diff(found.outputs, inputs), elb.servers) == (Diff(), FOREIGN)
