"""The thin adapter under Pulumi's dynamic host, and what of it is stored in every state."""

from __future__ import annotations

import base64
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dill
import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN as PULUMIS_UNKNOWN
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2

from sakura_fleet import resources, tokens
from sakura_fleet.errors import AccountMismatchError, FleetError
from sakura_fleet.provider import adapter, engine_watch, workers
from sakura_fleet.provider import session as session_module
from sakura_fleet.provider.adapter import FleetProvider, FleetResource, init_failed
from sakura_fleet.provider.lifecycle import Checked, Found, Lifecycle, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.caddy.host_probe import HostProbeProvider
from sakura_fleet.resources.caddy.http3_withdrawal import Http3WithdrawalProvider
from sakura_fleet.resources.caddy.ssh_host_key import SshHostKeyProvider
from sakura_fleet.resources.dns.record_sets import DnsRecordSetsProvider
from sakura_fleet.resources.dns.zone import DnsZoneProvider
from sakura_fleet.resources.elb.certificate import ElbCertificateProvider
from sakura_fleet.resources.elb.elb import ElbProvider
from sakura_fleet.resources.elb.membership import ElbMembershipProvider
from sakura_fleet.resources.server.packet_filter import PacketFilterProvider
from sakura_fleet.resources.server.server import ServerProvider
from sakura_fleet.resources.server.ssh_key import SshKeyProvider
from sakura_fleet.resources.server.startup_script import StartupScriptProvider
from sakura_fleet.resources.server.switch import SwitchProvider

SESSION = Session(SessionSettings(), env={})


class Echo(Lifecycle):
    """Keeps what it was given, and answers as told."""

    defaults = {"size": 0, "zone": ""}
    replacing = frozenset({"zone"})
    failure: FleetError | None = None
    gone = False

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.notices: list[str] = []

    def check(self, session: Session, olds: dict[str, Any], news: dict[str, Any]) -> Checked:
        self.given = [olds, news]
        if self.failure:
            raise self.failure
        return super().check(session, olds, news)

    def problems(self, session: Session, olds: dict[str, Any], inputs: dict[str, Any]) -> list[Any]:
        from sakura_fleet.errors import Problem

        return [Problem("size", "range", "too large")] if inputs["size"] > 5 else []

    def adoptable(self, session: Session, olds: Any, inputs: Any) -> tuple[list[Any], list[str]]:
        return [], self.notices

    def create(self, session: Session, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.given = [inputs]
        return "1", dict(inputs)

    def read(self, session: Session, object_id: str, outputs: dict[str, Any]) -> Found | None:
        self.given = [object_id, outputs]
        return None if self.gone else Found(object_id, {"size": 3}, {"size": 3, "address": "a"})

    def update(self, session: Session, object_id: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        self.given = [object_id, olds, news]
        return dict(news)

    def delete(self, session: Session, object_id: str, outputs: dict[str, Any]) -> None:
        self.given = [object_id, outputs]


class EchoProvider(FleetProvider):
    life = Echo()

    def lifecycle(self) -> Lifecycle:
        return self.life

    def _session(self) -> Session:
        return SESSION


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Echo:
    made = Echo()
    monkeypatch.setattr(EchoProvider, "life", made)
    return made


SENT = {"size": 2.0, "list": [1.0, {"n": 2.5, "none": None}], "__provider": "pickle"}
GIVEN = {"size": 2, "list": [1, {"n": 2.5}]}


def test_values_arrive_as_whole_numbers_and_without_the_hosts_own_key(life: Echo) -> None:
    provider = EchoProvider()
    provider.check(dict(SENT), dict(SENT))
    assert life.given == [GIVEN, GIVEN]
    provider.create(dict(SENT))
    assert life.given == [GIVEN]
    provider.read("1", dict(SENT))
    assert life.given == ["1", GIVEN]
    provider.update("1", dict(SENT), dict(SENT))
    assert life.given == ["1", GIVEN, GIVEN]
    provider.delete("1", dict(SENT))
    assert life.given == ["1", GIVEN]


def test_unknown_values_are_pulumis_outside_and_the_lifecycles_inside(life: Echo) -> None:
    result = EchoProvider().check({}, {"address": PULUMIS_UNKNOWN, "list": [{"id": PULUMIS_UNKNOWN}]})
    given = life.given[1]
    assert isinstance(given["address"], Unknown)
    assert isinstance(given["list"][0]["id"], Unknown)
    assert result.inputs["address"] is PULUMIS_UNKNOWN
    assert result.inputs["list"] == [{"id": PULUMIS_UNKNOWN}]


def test_notices_of_a_check_are_said(life: Echo, capsys: pytest.CaptureFixture[str]) -> None:
    life.notices = ["the disk old is taken over"]
    EchoProvider().check({}, {"size": 1.0})
    assert capsys.readouterr().err.strip() == "info: the disk old is taken over"


def test_check_names_property_and_rule_and_lets_the_engine_dump_no_value(life: Echo) -> None:
    result = EchoProvider().check({}, {"size": 9.0})
    assert result.inputs == {"size": 9, "zone": ""}
    assert [(failure.property, failure.reason) for failure in result.failures] == [
        ("", "size: too large [range] [input]")
    ]


def test_an_error_while_checking_is_a_failure_without_a_traceback(life: Echo) -> None:
    life.failure = AccountMismatchError("the API key belongs to another account")
    result = EchoProvider().check({}, {"size": 1.0, "__provider": "pickle"})
    assert [failure.reason for failure in result.failures] == ["the API key belongs to another account [wrong-account]"]


@pytest.mark.parametrize(
    ("news", "changes", "replaces"),
    [
        ({"size": 2.0, "zone": "a"}, False, []),
        ({"size": 3.0, "zone": "a"}, True, []),
        ({"size": 3.0, "zone": "b"}, True, ["zone"]),
    ],
)
def test_diff(life: Echo, news: dict[str, Any], changes: bool, replaces: list[str]) -> None:
    result = EchoProvider().diff("1", {"size": 2.0, "zone": "a", "__provider": "p"}, {**news, "__provider": "q"})
    assert (result.changes, result.replaces) == (changes, replaces)
    # Old and new would carry the same owner tag, so the new one would be taken for the old one.
    assert result.delete_before_replace is bool(replaces)


class StatusColumn(engine_pb2_grpc.EngineServicer):
    """An engine that keeps what it is told to show."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str, bool]] = []

    def Log(self, request: engine_pb2.LogRequest, _context: grpc.ServicerContext) -> Empty:  # noqa: N802 - gRPC's name
        self.shown.append((request.urn, request.message, request.ephemeral))
        return Empty()


def test_what_a_wait_sees_goes_to_the_engine_that_has_started_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, request = StatusColumn(), provider_pb2.CreateRequest(urn="urn:web")
    server = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setattr(sys, "argv", ["host", f"127.0.0.1:{port}"])
    adapter._engine.cache_clear()
    try:
        say = adapter._status_of(request)
        assert say is not None
        say("booting")
        assert engine.shown == [("urn:web", "booting", True)]
        assert adapter._status_of(provider_pb2.CheckRequest()) is None, "of which resource is not known"
        server.stop(None).wait()
        say("an engine that has gone is no failure")
        monkeypatch.setattr(sys, "argv", ["pytest"])
        adapter._engine.cache_clear()
        assert adapter._status_of(request) is None, "no engine has started this process"
    finally:
        server.stop(None)
        adapter._engine.cache_clear()


def test_what_a_failed_call_has_left_goes_to_the_engine() -> None:
    key, data = init_failed("too slow [timeout]", "1", {"size": 2, "__provider": "pickle"})
    status = status_pb2.Status.FromString(data)
    left = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(left)
    assert (key, status.code, status.message) == ("grpc-status-details-bin", 2, "too slow [timeout]")
    assert (left.id, dict(left.properties), list(left.reasons)) == (
        "1",
        {"size": 2.0, "__provider": "pickle"},
        ["too slow [timeout]"],
    )


def test_read_returns_inputs_too_and_gone_as_no_id(life: Echo) -> None:
    result = EchoProvider().read("1", {"size": 2.0})
    assert (result.id, result.inputs, result.outs) == ("1", {"size": 3}, {"size": 3, "address": "a"})
    life.gone = True
    result = EchoProvider().read("1", {"size": 2.0})
    assert (result.id, result.outs) == ("", {})


def test_configuring_widens_the_host_and_watches_the_engine_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(workers, "widen", lambda: done.append("widen"))
    monkeypatch.setattr(engine_watch, "end_with_engine", lambda: done.append("watch"))
    monkeypatch.setattr(engine_watch, "end_quickly", lambda: done.append("end"))
    monkeypatch.setattr(FleetProvider, "_raw_config", None)
    config = Config({"sakura-fleet:api_root": "http://127.0.0.1:1/cloud/zone"}, "p")
    for provider in (ServerProvider(), SwitchProvider()):
        provider.configure(ConfigureRequest(config))
    assert done == ["widen", "watch", "end"]


def test_all_providers_share_one_session_made_from_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_sessions", {})
    root = "http://127.0.0.1:1/cloud/zone"
    config = Config({"sakura-fleet:api_root": root, "sakura-fleet:rate_limit": "100"}, "another-project")
    monkeypatch.setattr(FleetProvider, "_raw_config", config)
    session = ServerProvider()._session()
    assert session is SwitchProvider()._session()
    assert session.settings == SessionSettings(api_root=root, rate_limit=100.0)
    assert session.cancelled is engine_watch.engine_gone


# What is stored in every state: none of this may change from one release to the next.

STORED = {
    ServerProvider: (
        "gASVPgAAAAAAAACMJHNha3VyYV9mbGVldC5yZXNvdXJjZXMuc2VydmVyLnNlcnZlcpSMDlNlcnZlclByb3ZpZGVylJOUKYGULg=="
    ),
    SwitchProvider: (
        "gASVPgAAAAAAAACMJHNha3VyYV9mbGVldC5yZXNvdXJjZXMuc2VydmVyLnN3aXRjaJSMDlN3aXRjaFByb3ZpZGVylJOUKYGULg=="
    ),
    StartupScriptProvider: (
        "gASVTQAAAAAAAACMLHNha3VyYV9mbGVldC5yZXNvdXJjZXMuc2VydmVyLnN0YXJ0dXBfc2NyaXB0lIwVU3RhcnR1cF"
        "NjcmlwdFByb3ZpZGVylJOUKYGULg=="
    ),
    SshKeyProvider: (
        "gASVPwAAAAAAAACMJXNha3VyYV9mbGVldC5yZXNvdXJjZXMuc2VydmVyLnNzaF9rZXmUjA5Tc2hLZXlQcm92aWRlcpSTlCmBlC4="
    ),
    PacketFilterProvider: (
        "gASVSwAAAAAAAACMK3Nha3VyYV9mbGVldC5yZXNvdXJjZXMuc2VydmVyLnBhY2tldF9maWx0ZXKUjBRQYWNrZXRGaW"
        "x0ZXJQcm92aWRlcpSTlCmBlC4="
    ),
    HostProbeProvider: (
        "gASVRAAAAAAAAACMJ3Nha3VyYV9mbGVldC5yZXNvdXJjZXMuY2FkZHkuaG9zdF9wcm9iZZSMEUhvc3RQcm9iZVByb3ZpZGVylJOUKYGULg=="
    ),
    Http3WithdrawalProvider: (
        "gASVUAAAAAAAAACMLXNha3VyYV9mbGVldC5yZXNvdXJjZXMuY2FkZHkuaHR0cDNfd2l0aGRyYXdhbJSMF0h0dHAzV2"
        "l0aGRyYXdhbFByb3ZpZGVylJOUKYGULg=="
    ),
    SshHostKeyProvider: (
        "gASVRwAAAAAAAACMKXNha3VyYV9mbGVldC5yZXNvdXJjZXMuY2FkZHkuc3NoX2hvc3Rfa2V5lIwSU3NoSG9zdEtleV"
        "Byb3ZpZGVylJOUKYGULg=="
    ),
    DnsRecordSetsProvider: (
        "gASVRwAAAAAAAACMJnNha3VyYV9mbGVldC5yZXNvdXJjZXMuZG5zLnJlY29yZF9zZXRzlIwVRG5zUmVjb3JkU2V0c1"
        "Byb3ZpZGVylJOUKYGULg=="
    ),
    DnsZoneProvider: ("gASVOgAAAAAAAACMH3Nha3VyYV9mbGVldC5yZXNvdXJjZXMuZG5zLnpvbmWUjA9EbnNab25lUHJvdmlkZXKUk5QpgZQu"),
    ElbCertificateProvider: (
        "gASVSAAAAAAAAACMJnNha3VyYV9mbGVldC5yZXNvdXJjZXMuZWxiLmNlcnRpZmljYXRllIwWRWxiQ2VydGlmaWNhdG"
        "VQcm92aWRlcpSTlCmBlC4="
    ),
    ElbProvider: ("gASVNQAAAAAAAACMHnNha3VyYV9mbGVldC5yZXNvdXJjZXMuZWxiLmVsYpSMC0VsYlByb3ZpZGVylJOUKYGULg=="),
    ElbMembershipProvider: (
        "gASVRgAAAAAAAACMJXNha3VyYV9mbGVldC5yZXNvdXJjZXMuZWxiLm1lbWJlcnNoaXCUjBVFbGJNZW1iZXJzaGlwUHJvdmlkZXKUk5QpgZQu"
    ),
}


def test_the_stored_form_of_every_provider_is_known() -> None:
    assert {kind.__name__ for kind in STORED} == {f"{name}Provider" for name in resources.__all__}


@pytest.mark.parametrize("kind", STORED)
def test_a_stored_provider_can_still_be_loaded_and_is_stored_the_same(kind: type[FleetProvider]) -> None:
    assert type(dill.loads(base64.b64decode(STORED[kind]))) is kind
    assert base64.b64encode(dill.dumps(kind(), recurse=True)).decode() == STORED[kind]
    assert vars(kind()) == {}
    assert kind.serialize_as_secret_always is False


@pytest.mark.parametrize("name", resources.__all__)
def test_type_tokens(name: str) -> None:
    kind: type[FleetResource] = getattr(resources, name)
    token = f"pulumi-python:dynamic/sakura:{name}"
    assert f"pulumi-python:{kind._resource_type_name}" == token
    assert token in vars(tokens).values()
