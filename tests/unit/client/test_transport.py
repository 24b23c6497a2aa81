"""Roots, headers, credentials, connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest

from sakura_fleet.client import Client, Credentials, RetryPolicy
from sakura_fleet.errors import CredentialsError, InputError, UnreachableError
from sakura_fleet.model.api_root import is_loopback
from tests.unit.client import samples
from tests.unit.client.wire import ROOT, SECRET, TOKEN, Wire, ok
from tests.waiting import PATIENCE

KEY = Credentials(TOKEN, SECRET)


@pytest.mark.parametrize(
    "root",
    [
        "https://secure.sakura.ad.jp/cloud/zone",
        "https://secure.sakura.ad.jp/cloud/zone/",
        "http://127.0.0.1:8080/cloud/zone",
        "http://127.9.9.9/x",
        "http://[::1]:8080/cloud/zone",
        "http://localhost:8080/cloud/zone",
    ],
)
def test_accepted_roots(root: str) -> None:
    with Client(root, KEY) as client:
        assert client.api_root == root.rstrip("/")


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ("http://secure.sakura.ad.jp/cloud/zone", "unencrypted"),
        ("http://192.168.0.1/cloud/zone", "unencrypted"),
        ("http://127.0.0.1.example.com/", "unencrypted"),
        ("http://localhost.example.com/", "unencrypted"),
        ("ftp://127.0.0.1/", "is not a URL"),
        ("", "is not a URL"),
        ("secure.sakura.ad.jp", "is not a URL"),
        ("https:///cloud/zone", "is not a URL"),
        ("https://host:nan/", "not a URL"),
        ("https://token-0123456789:secret-9876543210@host/", "only scheme, host and path"),
        ("https://host/?a=b", "only scheme, host and path"),
    ],
)
def test_refused_roots(root: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Client(root, KEY)
    assert [problem.rule for problem in caught.value.problems] == ["api-root"]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False), ("a", False)]
)
def test_is_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_headers() -> None:
    wire = Wire(ok(Note=samples.NOTE))
    client = wire.client()
    client.notes.read("1")
    assert wire.last.headers["X-Sakura-Bigint-As-Int"] == "1"
    assert wire.last.headers["User-Agent"].startswith("sakura-fleet/")
    assert wire.last.headers["Accept-Encoding"] == "gzip"
    assert wire.last.headers["Authorization"] == httpx.BasicAuth(TOKEN, SECRET)._auth_header
    assert "Content-Type" not in wire.last.headers
    client.notes.create(name="n", content="#!/bin/sh\n")
    assert wire.last.headers["Content-Type"] == "application/json"


def test_secrets_are_in_no_repr() -> None:
    client = Wire(ok()).client()
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr(client), repr(client.servers)):
        assert TOKEN not in shown
        assert SECRET not in shown


@pytest.mark.parametrize("bad", ["", "a/b", "../1", "12x", "1?x", "１２"])
def test_ids_that_would_change_the_path_are_refused(bad: str) -> None:
    client = Wire(ok()).client()
    for call in (client.servers.power_on, client.servers.delete, client.disks.disconnect):
        with pytest.raises(InputError, match="not a resource ID"):
            call("is1a", bad)
    with pytest.raises(InputError, match="not a resource ID"):
        client.disks.connect("is1a", "1", bad)
    with pytest.raises(InputError, match="not a resource ID"):
        client.interfaces.connect_packet_filter("is1a", "1", bad)


@pytest.mark.parametrize("bad", ["", "IS1A", "is1a/../tk1a", "is1a?"])
def test_zones_that_would_change_the_path_are_refused(bad: str) -> None:
    with pytest.raises(InputError, match="not a zone"):
        Wire(ok()).client().servers.power_on(bad, "1")


PAIR = {"SAKURA_ACCESS_TOKEN": "t", "SAKURA_ACCESS_TOKEN_SECRET": "s"}
OLD_PAIR = {"SAKURACLOUD_ACCESS_TOKEN": "ot", "SAKURACLOUD_ACCESS_TOKEN_SECRET": "os"}


@pytest.mark.parametrize(
    ("env", "pair"),
    [
        (PAIR, ("t", "s")),
        (OLD_PAIR, ("ot", "os")),
        ({**OLD_PAIR, **PAIR}, ("t", "s")),
        ({**OLD_PAIR, "SAKURA_ACCESS_TOKEN": " ", "SAKURA_ACCESS_TOKEN_SECRET": ""}, ("ot", "os")),
        ({"SAKURA_ACCESS_TOKEN": "t\n", "SAKURA_ACCESS_TOKEN_SECRET": " s"}, ("t", "s")),
    ],
)
def test_credentials_from_env(env: dict[str, str], pair: tuple[str, str]) -> None:
    found = Credentials.from_env(env)
    assert (found.token, found.secret) == pair


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "no API key: SAKURA_ACCESS_TOKEN and SAKURA_ACCESS_TOKEN_SECRET are not set"),
        ({"SAKURA_ACCESS_TOKEN": "t"}, "SAKURA_ACCESS_TOKEN_SECRET is not set, though SAKURA_ACCESS_TOKEN is"),
        ({"SAKURACLOUD_ACCESS_TOKEN_SECRET": "s"}, "SAKURACLOUD_ACCESS_TOKEN is not set"),
        ({**OLD_PAIR, "SAKURA_ACCESS_TOKEN": "t"}, "SAKURA_ACCESS_TOKEN_SECRET is not set"),
    ],
)
def test_missing_credentials_are_named(env: dict[str, str], words: str) -> None:
    with pytest.raises(CredentialsError, match=words):
        Credentials.from_env(env)


@pytest.fixture
def cutting_port() -> Iterator[int]:
    """A port that reads one request and closes the connection without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE)


def test_a_real_connection_cut_after_sending(cutting_port: int) -> None:
    root = f"http://127.0.0.1:{cutting_port}/cloud/zone"
    with Client(root, KEY, rate_limit=0) as client, pytest.raises(UnreachableError) as caught:
        client.ssh_keys.create(name="k", public_key="ssh-ed25519 AAAA")
    assert caught.value.maybe_done


def test_a_real_port_with_nobody_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    root = f"http://127.0.0.1:{port}/cloud/zone"
    quick = RetryPolicy(attempts=3, wait_min=0.01)
    with Client(root, KEY, retry=quick) as client, pytest.raises(UnreachableError, match="in 3 attempts") as caught:
        client.ssh_keys.create(name="k", public_key="ssh-ed25519 AAAA")
    assert not caught.value.maybe_done


def test_an_untrusted_certificate_is_not_retried() -> None:
    failure = httpx.ConnectError("certificate verify failed")
    failure.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    wire = Wire(failure)
    with pytest.raises(UnreachableError, match="certificates this machine trusts"):
        wire.client(ROOT).notes.read("1")
    assert len(wire.requests) == 1


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Client("http://127.0.0.1:8080/cloud/zone", KEY) as client:
        assert not client._transport._http._mounts
