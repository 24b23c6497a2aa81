"""An ELB's certificates: uploaded ones and those of Let's Encrypt, and that no private key is ever shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sakura_fleet.errors import CancelledError, FleetError, WaitTimeoutError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Inputs, Outputs, Unknown
from sakura_fleet.resources.elb.certificate_lifecycle import ElbCertificateLifecycle
from tests.emulator.support import JSON
from tests.unit.resources.elb.support import ELB_OWNER_TAGS, FOREIGN, PREFIX, Document, die, watched
from tests.unit.world import FLEET, World, checked, world

LIFE = ElbCertificateLifecycle(lambda: datetime.now(UTC))
OWNER_TAGS = OwnerTags.of(FLEET, f"{PREFIX}ElbCertificate::web")
SECRET = "c2VjcmV0LWtleS1ib2R5"
NAMES = ["www.example.com", "example.com"]


def pem(what: str, kind: str = "CERTIFICATE") -> str:
    return f"-----BEGIN {kind}-----\n{what}\n-----END {kind}-----\n"


def certificate(name: str, **more: str) -> dict[str, str]:
    return {"server_certificate": pem(name), "private_key": pem(SECRET + name, "EC PRIVATE KEY"), **more}


FIRST = certificate("one", intermediate_certificate=pem("between"))
SECOND, THIRD = certificate("two"), certificate("three")


def inputs_of(elb: Document, *certificates: dict[str, str], names: list[str] | None = None, key: str = "") -> Inputs:
    return checked(
        LIFE,
        elb={"key": key, "id": elb.id},
        certificates=list(certificates),
        lets_encrypt_names=names or [],
        owner_tags=OWNER_TAGS.inputs(),
    )


def create(world: World, inputs: Inputs) -> Outputs:
    object_id, outputs = LIFE.create(world.next_run(), inputs)
    assert object_id == OWNER_TAGS.resource
    return outputs


def update(world: World, olds: Outputs, news: Inputs) -> Outputs:
    return LIFE.update(world.next_run(), OWNER_TAGS.resource, olds, news)


def diff_now(world: World, outputs: Outputs, inputs: Inputs) -> Diff:
    found = LIFE.read(world.next_run(), OWNER_TAGS.resource, outputs)
    assert found is not None
    return LIFE.diff(found.outputs, inputs)


def shown(elb: Document) -> list[str]:
    """The server certificates that the ELB has, the primary one first."""
    there = elb.api.get(f"commonserviceitem/{elb.id}/proxylb/sslcertificate")["ProxyLB"]
    return [certificate["ServerCertificate"] for certificate in (there["PrimaryCert"], *there["AdditionalCerts"])]


def put(elb: Document, *certificates: dict[str, str]) -> None:
    """Somebody uploads other ones."""
    wire = [
        {
            "ServerCertificate": certificate["server_certificate"],
            "IntermediateCertificate": certificate.get("intermediate_certificate", ""),
            "PrivateKey": certificate["private_key"],
        }
        for certificate in certificates
    ]
    body = {"PrimaryCert": wire[0], "AdditionalCerts": wire[1:]}
    elb.api.call("PUT", f"commonserviceitem/{elb.id}/proxylb/sslcertificate", {"ProxyLB": body})


def lets_encrypt(elb: Document) -> JSON:
    found: JSON = elb.settings["LetsEncrypt"]
    return found


# Uploaded


def test_upload_with_additional_ones_and_change_and_delete(world: World) -> None:
    elb = Document.new(world, servers=FOREIGN)
    inputs = inputs_of(elb, FIRST, SECOND, THIRD)
    outputs = create(world, inputs)
    assert shown(elb) == [pem("one"), pem("two"), pem("three")]
    assert create(world, inputs) == outputs
    assert diff_now(world, outputs, inputs) == Diff()
    news = inputs_of(elb, SECOND)
    assert LIFE.diff(outputs, news) == Diff(changed=("certificates",))
    outputs = update(world, outputs, news)
    assert shown(elb) == [pem("two")]
    for _ in range(2):
        LIFE.delete(world.next_run(), OWNER_TAGS.resource, outputs)
    assert shown(elb) == [""]
    assert elb.servers == FOREIGN


@pytest.mark.parametrize(
    "by_hand",
    [
        (SECOND,),
        (FIRST, SECOND, THIRD),
        (SECOND, FIRST),
        (certificate("one", intermediate_certificate=pem("another")), SECOND),
        (certificate("one"), SECOND),
    ],
)
def test_drift_by_the_public_part(world: World, by_hand: tuple[dict[str, str], ...]) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, FIRST, SECOND)
    outputs = create(world, inputs)
    put(elb, *by_hand)
    assert diff_now(world, outputs, inputs) == Diff(changed=("certificates",))
    update(world, outputs, inputs)
    assert diff_now(world, outputs, inputs) == Diff()


def test_line_ends_and_a_key_that_is_not_given_back_are_no_drift(world: World) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, {**FIRST, "server_certificate": pem("one").strip()})
    outputs = create(world, inputs)
    put(elb, {**FIRST, "private_key": pem("somebody-hides-it", "PRIVATE KEY")})
    assert diff_now(world, outputs, inputs) == Diff()


def test_certificates_that_a_person_removed_are_uploaded_again(world: World) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, FIRST)
    outputs = create(world, inputs)
    elb.api.call("DELETE", f"commonserviceitem/{elb.id}/proxylb/sslcertificate")
    assert diff_now(world, outputs, inputs) == Diff(changed=("certificates",))
    update(world, outputs, inputs)
    assert shown(elb) == [pem("one")]


# Secrets


@pytest.mark.parametrize(
    "broken",
    [
        {"private_key": SECRET},
        {"private_key": f"  {SECRET}"},
        {"private_key": ["-----BEGIN PRIVATE KEY-----", SECRET]},
        {"server_certificate": pem(SECRET, "PRIVATE KEY")},
        {"intermediate_certificate": pem(SECRET, "PRIVATE KEY")},
        {"private_key": None},
        {"privatekey": pem(SECRET, "PRIVATE KEY")},
    ],
)
def test_no_problem_shows_a_key(world: World, broken: dict[str, Any]) -> None:
    given = {key: value for key, value in {**SECOND, **broken}.items() if value is not None}
    problems = LIFE.check(world.session, {}, inputs_of(Document(None, "1"), FIRST, given)).problems  # type: ignore[arg-type]
    (key,) = broken
    assert [problem.path for problem in problems] == [f"certificates[1].{key}"]
    assert all(SECRET not in str(problem) and SECRET not in repr(problem) for problem in problems)


def test_no_problem_shows_a_key_that_stands_alone(world: World) -> None:
    given = {
        "elb": {"key": "", "id": "1"},
        "certificates": [pem(SECRET, "PRIVATE KEY")],
        "owner_tags": OWNER_TAGS.inputs(),
    }
    (problem,) = LIFE.check(world.session, {}, given).problems
    assert (problem.path, problem.rule) == ("certificates[0]", "type")
    assert SECRET not in str(problem)


def test_no_error_shows_a_key(world: World) -> None:
    elb = Document.new(world)
    for fault in ({"kind": "status", "status": 400}, {"kind": "cut_before"}):
        world.fault(method="PUT", path="sslcertificate", **fault)
        with pytest.raises(FleetError) as caught:
            create(world, inputs_of(elb, FIRST))
        chain: list[BaseException | None] = [caught.value, caught.value.__cause__, caught.value.__context__]
        assert all(SECRET not in f"{error} {error!r}" for error in chain)
        world.emulator.cloud.faults.clear()
    create(world, inputs_of(elb, FIRST, SECOND))
    assert SECRET not in repr(world.client.elbs.get_certificates(elb.id))


def test_a_read_puts_no_key_of_the_cloud_into_the_state(world: World) -> None:
    elb = Document.new(world)
    outputs = create(world, inputs_of(elb, FIRST))
    put(elb, {**SECOND, "private_key": pem("key-of-somebody", "PRIVATE KEY")})
    found = LIFE.read(world.next_run(), OWNER_TAGS.resource, outputs)
    assert "key-of-somebody" not in repr(found)


# Let's Encrypt


def test_a_certificate_is_issued_and_waited_for() -> None:
    with world(latency="baseline") as made:
        elb = Document.new(made, servers=FOREIGN)
        inputs = inputs_of(elb, names=NAMES)
        start = made.pace.now
        outputs = create(made, inputs)
        assert made.pace.since(start) >= 20, "the emulated authority takes its time"
        assert lets_encrypt(elb) == {"Enabled": True, "CommonName": NAMES[0], "SubjectAltNames": NAMES[1]}
        assert outputs["common_name"] == NAMES[0]
        assert datetime.fromisoformat(outputs["expires"]).tzinfo is not None
        assert diff_now(made, outputs, inputs) == Diff()
        with watched(made) as seen:
            assert create(made, inputs) == outputs
        assert [call for call in seen.calls if not call.startswith("GET")] == [], "it is not issued twice"
        LIFE.delete(made.next_run(), OWNER_TAGS.resource, outputs)
        assert (lets_encrypt(elb)["Enabled"], shown(elb), elb.servers) == (False, [""], FOREIGN)


def test_a_certificate_is_renewed_in_its_last_month(world: World) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, names=NAMES)
    outputs = create(world, inputs)
    ends = datetime.fromisoformat(outputs["expires"])

    def at(moment: datetime) -> ElbCertificateLifecycle:
        return ElbCertificateLifecycle(lambda: moment)

    assert at(ends - timedelta(days=30, seconds=1)).diff(outputs, inputs) == Diff()
    last_month = at(ends - timedelta(days=29, hours=23))
    assert last_month.diff(outputs, inputs) == Diff(changed=("lets_encrypt_names",))
    world.emulator.cloud.clock.advance(60 * 86_400)
    renewed = last_month.update(world.next_run(), OWNER_TAGS.resource, outputs, inputs)
    assert datetime.fromisoformat(renewed["expires"]) == ends + timedelta(days=60)
    assert last_month.diff(renewed, inputs) == Diff()


@pytest.mark.parametrize("days", [6, 45, 398])
def test_a_certificate_is_renewed_in_the_last_third_of_its_own_lifetime(world: World, days: int) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, names=NAMES)
    begins = datetime(2026, 12, 1, tzinfo=UTC)
    ends = begins + timedelta(days=days)
    outputs = {**create(world, inputs), "begins": begins.isoformat(), "expires": ends.isoformat()}

    def due(moment: datetime) -> bool:
        return ElbCertificateLifecycle(lambda: moment).diff(outputs, inputs) != Diff()

    last_third = begins + timedelta(days=days) * 2 / 3
    assert (due(last_third - timedelta(minutes=1)), due(last_third + timedelta(minutes=1))) == (False, True)


def test_other_names_are_another_certificate(world: World) -> None:
    elb = Document.new(world)
    outputs = create(world, inputs_of(elb, names=NAMES[:1]))
    news = inputs_of(elb, names=NAMES)
    assert LIFE.diff(outputs, news) == Diff(changed=("lets_encrypt_names",))
    outputs = update(world, outputs, news)
    there = world.client.elbs.get_certificates(elb.id).primary
    assert there is not None
    assert there.alt_names == ", ".join(NAMES)
    fewer = inputs_of(elb, names=NAMES[:1])
    with watched(world) as seen:
        outputs = update(world, outputs, fewer)
    assert not [call for call in seen.calls if call.endswith("letsencryptrenew")], "the one that is there will do"
    assert diff_now(world, outputs, fewer) == Diff()


def test_names_changed_by_hand_are_drift(world: World) -> None:
    elb = Document.new(world)
    inputs = inputs_of(elb, names=NAMES)
    outputs = create(world, inputs)
    elb.put(LetsEncrypt={"Enabled": True, "CommonName": "other.example.com", "SubjectAltNames": ""})
    assert diff_now(world, outputs, inputs) == Diff(changed=("lets_encrypt_names",))
    elb.put(LetsEncrypt={"Enabled": False})
    assert diff_now(world, outputs, inputs) == Diff(changed=("lets_encrypt_names",))
    update(world, outputs, inputs)
    assert diff_now(world, outputs, inputs) == Diff()


def test_an_upload_takes_the_place_of_lets_encrypt_for_good_and_back(world: World) -> None:
    elb = Document.new(world)
    issued = inputs_of(elb, names=NAMES)
    outputs = create(world, issued)
    uploaded = inputs_of(elb, FIRST)
    outputs = update(world, outputs, uploaded)
    assert lets_encrypt(elb)["Enabled"] is False, "or it would be replaced by a renewal"
    assert shown(elb) == [pem("one")]
    assert diff_now(world, outputs, uploaded) == Diff()
    outputs = update(world, outputs, issued)
    assert outputs["common_name"] == NAMES[0]
    assert diff_now(world, outputs, issued) == Diff()


def test_no_certificate_in_time_says_what_is_needed(world: World) -> None:
    elb = Document.new(world)
    world.fault(kind="status", status=400, method="PUT", path="letsencryptrenew", nth=1)
    with pytest.raises(FleetError):
        create(world, inputs_of(elb, names=NAMES))
    # As if the authority never answered: the request is swallowed.
    renew = world.client.elbs.renew_lets_encrypt
    try:
        object.__setattr__(world.client.elbs, "renew_lets_encrypt", lambda _: None)
        with pytest.raises(WaitTimeoutError) as caught:
            create(world, inputs_of(elb, names=NAMES))
    finally:
        object.__setattr__(world.client.elbs, "renew_lets_encrypt", renew)
    assert (
        "timed out after 600 s waiting for a certificate from Let's Encrypt for www.example.com, example.com; each"
        in str(caught.value)
    )
    assert "must point at the ELB" in str(caught.value)


def test_ctrl_c_ends_the_wait_for_a_certificate_which_the_next_run_finds() -> None:
    with world(latency="baseline") as made:
        elb = Document.new(made)
        session, start = made.next_run(), made.pace.now
        session.interrupted = lambda: True
        with pytest.raises(CancelledError, match="it was asked for, and the ELB gets it once it is issued"):
            LIFE.create(session, inputs_of(elb, names=NAMES))
        assert made.pace.now == start
        made.pace.sleep(600)
        create(made, inputs_of(elb, names=NAMES))
        assert made.calls(f"PUT commonserviceitem/{elb.id}/proxylb/letsencryptrenew") == 1


@pytest.mark.slow
def test_a_crash_anywhere_while_it_is_issued_is_made_good() -> None:
    with world(latency="baseline") as made:
        for at in range(1, 100):
            made.emulator.cloud.reset()
            made.emulator.cloud.clock.freeze()
            elb = Document.new(made)
            inputs = inputs_of(elb, names=NAMES)
            died = die(made, at, create, made, inputs)
            outputs = create(made, inputs)
            assert outputs["common_name"] == NAMES[0]
            assert diff_now(made, outputs, inputs) == Diff()
            if not died:
                return


# Which ELB


def test_an_elb_that_was_made_anew_gets_its_certificate(world: World) -> None:
    first, second = Document.new(world), Document.new(world)
    key = ELB_OWNER_TAGS.resource
    outputs = create(world, inputs_of(first, FIRST, key=key))
    news = inputs_of(second, FIRST, key=key)
    assert LIFE.diff(outputs, news) == Diff(changed=("elb",))
    update(world, outputs, news)
    assert shown(second) == [pem("one")]
    elsewhere = create(world, inputs_of(first, FIRST))
    assert LIFE.diff(elsewhere, inputs_of(second, FIRST)) == Diff(("elb",), ("elb",))


def test_what_stands_in_an_elb_goes_before_it_is_replaced(world: World) -> None:
    for key in ("", ELB_OWNER_TAGS.resource):
        olds = inputs_of(Document.new(world), FIRST, key=key)
        assert LIFE.diff(olds, {**olds, "elb": Unknown()}) == Diff(("elb",), ("elb",) if key else ())
        later = {**olds, "elb": {"key": key, "id": Unknown()}}
        assert LIFE.diff(olds, later) == Diff(("elb",), () if key else ("elb",))


def test_an_elb_that_is_gone(world: World) -> None:
    elb = Document.new(world)
    outputs = create(world, inputs_of(elb, FIRST))
    elb.api.call("DELETE", f"commonserviceitem/{elb.id}")
    assert LIFE.read(world.next_run(), OWNER_TAGS.resource, outputs) is None
    LIFE.delete(world.next_run(), OWNER_TAGS.resource, outputs)


def test_check_says_everything_at_once(world: World) -> None:
    def problems(*certificates: dict[str, str], names: list[str] | None = None) -> list[tuple[str, str]]:
        given = inputs_of(Document(None, "1"), *certificates, names=names)  # type: ignore[arg-type]
        return [(problem.path, problem.rule) for problem in LIFE.check(world.session, {}, given).problems]

    assert problems() == [("certificates", "one-kind")]
    assert problems(FIRST, names=NAMES) == [("certificates", "one-kind")]
    assert problems(*[SECOND] * 20) == []
    assert problems(*[SECOND] * 21) == [("certificates", "too-many-certificates")]
    assert problems(names=["*.example.com", "Example.com", "example", "a_b.example.com"]) == [
        (f"lets_encrypt_names[{number}]", "host-name") for number in (1, 2, 3)
    ]
    for kind in ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"):
        assert problems({**SECOND, "private_key": pem(SECRET, kind)}) == []


def test_what_a_preview_cannot_know_passes(world: World) -> None:
    base = inputs_of(Document(None, "1"), FIRST)  # type: ignore[arg-type]
    for unknown in (Unknown(), [Unknown()], [{**SECOND, "private_key": Unknown()}]):
        assert LIFE.check(world.session, {}, {**base, "certificates": unknown}).problems == []
    assert re.fullmatch(r"sfr:[0-9a-f]{16}", base["owner_tags"]["resource"])
