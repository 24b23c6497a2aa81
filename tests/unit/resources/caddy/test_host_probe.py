"""The proof that a host serves: asked until it is given, or the deadline passes."""

from __future__ import annotations

import importlib.util
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.errors import CancelledError, FileError, FleetError, ProbeError, WaitTimeoutError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.probe import ProbeResult
from sakura_fleet.resources.caddy.host_probe_lifecycle import HostProbeLifecycle
from tests.unit.full_disk import full_disk
from tests.unit.world import FLEET, World, checked

OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:HostProbe::www-probe")
END = datetime(2030, 1, 2, tzinfo=UTC)
URL = "https://www.example.com/"
PEM = "-----BEGIN CERTIFICATE-----\n"


class Host:
    """Answers the probe: `answers` are statuses or words of an error, the last one for ever."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers) or [200]
        self.asked: list[tuple[str, str, str]] = []
        self.trusted: list[str] = []

    def __call__(self, url: str, *, protocol: Any, address: str, ca_file: str | None) -> ProbeResult:
        self.asked.append((url, protocol, address))
        self.trusted.append(Path(ca_file).read_text() if ca_file else "")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise ProbeError(answer, url=url, protocol=protocol)
        return ProbeResult(protocol, address, answer, "", END, "CA", 0.1, b"")


def inputs(**changes: Any) -> dict[str, Any]:
    given = {
        "name": "www",
        "address": "192.0.2.1",
        "targets": [{"url": URL, "ca": ""}],
        "protocols": ["h1", "h2", "h3"],
        "owner_tags": OWNER_TAGS.inputs(),
    }
    return checked(HostProbeLifecycle(), **{**given, **changes})


def test_every_target_is_asked_over_every_protocol(world: World) -> None:
    host = Host()
    own = "https://own.example.com/"
    targets = [{"url": URL, "ca": ""}, {"url": own, "ca": PEM}]
    found, outputs = HostProbeLifecycle(host).create(world.session, inputs(targets=targets))
    assert found == OWNER_TAGS.resource
    assert host.asked == [(url, protocol, "192.0.2.1") for url in (URL, own) for protocol in ("h1", "h2", "h3")]
    assert host.trusted == [""] * 3 + [PEM] * 3
    assert outputs["verified"] == ["h1", "h2", "h3"]
    assert outputs["certificates"] == {URL: END.isoformat(), own: END.isoformat()}


def test_it_waits_until_the_host_serves(world: World) -> None:
    host = Host("nobody listens", "no certificate yet", 502, 200)
    HostProbeLifecycle(host).create(world.session, inputs(protocols=["h3"]))
    assert len(host.asked) == 4


def test_a_wait_says_question_and_answer(world: World) -> None:
    said: list[str] = []
    with world.session.waiter.within(0.0, said.append):
        HostProbeLifecycle(Host("nobody listens", 502, 200)).create(world.session, inputs(protocols=["h3"]))
    assert said == [f"h3 {URL}: nobody listens", f"h3 {URL}: it answers 502", ""]


def test_ctrl_c_ends_the_wait_and_says_what_remains(world: World) -> None:
    world.session.interrupted = lambda: True
    start = world.pace.now
    with pytest.raises(CancelledError) as caught:
        HostProbeLifecycle(Host("nobody listens")).create(world.session, inputs())
    assert world.pace.now == start
    assert str(caught.value) == (
        f"the run was interrupted while it was waiting for the host www (192.0.2.1) to serve {URL} over h1; the host "
        "is as it was made, and no HTTPS record of it is written; run `pulumi up` again to go on"
    )


def test_without_room_for_its_certificate_authority_the_error_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    host = Host()
    with pytest.raises(FileError) as caught:
        HostProbeLifecycle(host).create(world.session, inputs(targets=[{"url": URL, "ca": PEM}]))
    assert caught.value.coded() == (
        "the certificate authorities of the host www cannot be written to a temporary folder (No such file or "
        "directory): make room there, or name another folder with TMPDIR, then run the same command again [file]"
    )
    assert host.asked == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with full_disk(), pytest.raises(FileError, match="temporary folder"):
        HostProbeLifecycle(host).create(world.session, inputs(targets=[{"url": URL, "ca": PEM}]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [200, 204, 301, 404])
def test_what_counts_as_an_answer(world: World, status: int) -> None:
    assert HostProbeLifecycle(Host(status)).create(world.session, inputs(protocols=["h2"]))[1]["verified"] == ["h2"]


@pytest.mark.parametrize(("answer", "words"), [("UDP is closed", "UDP is closed"), (503, "it answers 503")])
def test_a_host_that_does_not_serve(world: World, answer: int | str, words: str) -> None:
    start = world.pace.now
    with pytest.raises(WaitTimeoutError) as caught:
        HostProbeLifecycle(Host(answer)).create(world.session, inputs(deadline=60))
    assert f"timed out after 60 s waiting for the host www (192.0.2.1) to serve {URL} over h1; no HTTPS record" in str(
        caught.value
    )
    assert str(caught.value).endswith(words)
    assert world.pace.since(start) == 60


def test_one_deadline_for_all(world: World) -> None:
    host = Host(200, "UDP is closed")
    start = world.pace.now
    with pytest.raises(FleetError, match=r"timed out .* over h2;"):
        HostProbeLifecycle(host).create(world.session, inputs(deadline=30))
    assert world.pace.since(start) == 30


def test_it_is_asked_anew_when_something_has_changed(world: World) -> None:
    host = Host()
    lifecycle = HostProbeLifecycle(host)
    object_id, outputs = lifecycle.create(world.session, inputs(content="a"))
    assert lifecycle.diff(outputs, inputs(content="a")).changed == ()
    assert lifecycle.diff(outputs, inputs(content="a", deadline=5)).changed == ()
    assert lifecycle.diff(outputs, inputs(content="b")).changed == ("content",)
    host.asked.clear()
    outputs = lifecycle.update(world.session, object_id, outputs, inputs(content="b", protocols=["h1"]))
    assert (len(host.asked), outputs["verified"]) == (1, ["h1"])


def test_a_renewed_certificate_is_no_drift(world: World) -> None:
    lifecycle = HostProbeLifecycle(Host("gone"))
    outputs = {**inputs(), "verified": ["h1"], "certificates": {URL: "2020"}}
    found = lifecycle.read(world.session, "x", outputs)
    assert found
    assert found.outputs == outputs
    assert lifecycle.diff(found.outputs, inputs()).changed == ()


class Speaker:
    """A host that answers some protocols, each from the `after`-th attempt at any on; an answer promises `alt_svc`."""

    def __init__(self, *protocols: str, alt_svc: str = "", after: int = 0, statuses: int = 200) -> None:
        self.protocols, self.alt_svc, self.after, self.status = protocols, alt_svc, after, statuses
        self.asked: list[str] = []

    def __call__(self, url: str, *, protocol: Any, address: str, ca_file: str | None) -> ProbeResult:
        self.asked.append(protocol)
        if protocol not in self.protocols or len(self.asked) <= self.after:
            raise ProbeError(f"{protocol}: connection refused", url=url, protocol=protocol)
        return ProbeResult(protocol, address, self.status, self.alt_svc, END, "CA", 0.1, b"")


H3 = 'h3=":443"; ma=2592000'


@pytest.mark.parametrize(
    ("speaker", "verified"),
    [
        (Speaker("h1", "h2", "h3", alt_svc=H3), ["h1", "h2", "h3"]),
        (Speaker("h1", "h2", "h3", alt_svc=H3, after=9), ["h1", "h2", "h3"]),
        (Speaker("h1", "h2"), ["h1", "h2"]),
        (Speaker("h1"), ["h1"]),
        (Speaker("h2"), ["h2"]),
        (Speaker("h1", "h2", "h3"), ["h1", "h2"]),
        (Speaker("h1", "h2", "h3", alt_svc='h3=":8443"'), ["h1", "h2"]),
        (Speaker("h1", "h2", "h3", alt_svc='h3="other.example.com:443"'), ["h1", "h2"]),
    ],
)
def test_what_a_caddyfile_serves_is_what_is_answered(world: World, speaker: Speaker, verified: list[str]) -> None:
    """`protocols h1 h2` in a Caddyfile and the like: no wait for what nobody promises."""
    _, outputs = HostProbeLifecycle(speaker).create(world.session, inputs(required=False))
    assert outputs["verified"] == verified
    assert outputs["certificates"] == {URL: END.isoformat()}


def test_a_protocol_counts_only_where_every_name_has_it(world: World) -> None:
    targets = [{"url": URL, "ca": ""}, {"url": "https://own.example.com/", "ca": ""}]

    def ask(url: str, *, protocol: Any, address: str, ca_file: str | None) -> ProbeResult:
        return Speaker(*(("h1", "h2") if url == URL else ("h1",)))(
            url, protocol=protocol, address=address, ca_file=None
        )

    _, outputs = HostProbeLifecycle(ask).create(world.session, inputs(required=False, targets=targets))
    assert outputs["verified"] == ["h1"]


@pytest.mark.parametrize("speaker", [Speaker(), Speaker("h1", "h2", statuses=502), Speaker("h3", alt_svc=H3)])
def test_a_host_without_tls_is_an_error_that_says_why(world: World, speaker: Speaker) -> None:
    """`:80`, `http://` and `auto_https off`: whatever is asked over TLS is refused."""
    with pytest.raises(WaitTimeoutError) as caught:
        HostProbeLifecycle(speaker).create(world.session, inputs(required=False, deadline=60))
    message = str(caught.value)
    assert f"to serve {URL} over TLS; no HTTPS record of it is written; with `http://`, a port such as `:80`" in message
    assert "The last attempt: " in message


def test_a_promise_of_h3_that_is_not_kept_is_an_error(world: World) -> None:
    with pytest.raises(WaitTimeoutError, match=r"over h3; no HTTPS .* promise h3 \(Alt-Svc\): open 443/udp"):
        HostProbeLifecycle(Speaker("h1", "h2", alt_svc=H3)).create(world.session, inputs(required=False))


def test_what_is_declared_must_be_answered(world: World) -> None:
    """The control: the same host, where `protocols` names h3."""
    with pytest.raises(WaitTimeoutError, match="over h3"):
        HostProbeLifecycle(Speaker("h1", "h2")).create(world.session, inputs())


def test_without_the_extra(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    news = inputs(protocols=["h1"])
    assert HostProbeLifecycle().check(world.session, {}, news).problems == []
    (problem,) = HostProbeLifecycle().check(world.session, {}, {**news, "protocols": ["h1", "h3"]}).problems
    assert problem.rule == "http3-extra-missing"
    assert "pip install 'sakura-fleet[http3]'" in problem.message
