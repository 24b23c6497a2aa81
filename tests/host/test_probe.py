"""The probe against real Caddy: each HTTP version alone, and each way in which one is missing."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.errors import InputError, ProbeError
from sakura_fleet.probe import PROTOCOLS, ProbeResult, Protocol, probe
from tests.host.caddy import VERSIONS, Caddy, new_caddy
from tests.ports import free_port

PROTO = {"h1": "HTTP/1.1", "h2": "HTTP/2.0", "h3": "HTTP/3.0"}


@pytest.fixture
def ask(pages: Caddy) -> Callable[..., ProbeResult]:
    """A probe of the page, with its CA."""

    def asked(protocol: Protocol, url: str = "", **changes: Any) -> ProbeResult:
        url = url or f"https://localhost:{pages.https_port}/a?b=c"
        return probe(url, protocol=protocol, **{"ca_file": str(pages.root_ca), **changes})

    return asked


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_request_over_exactly_one_version(
    pages: Caddy, ask: Callable[..., ProbeResult], protocol: Protocol
) -> None:
    answer = ask(protocol)
    assert (answer.protocol, answer.status, answer.address) == (protocol, 200, "127.0.0.1")
    assert answer.body.decode() == f"over {PROTO[protocol]} localhost /a?b=c"
    assert answer.alt_svc == ("" if protocol == "h3" else f'h3=":{pages.https_port}"; ma=2592000')
    left = answer.certificate_not_after - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(hours=12)
    assert answer.certificate_issuer == "Caddy Local Authority - ECC Intermediate"
    assert "over" not in repr(answer)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_name_at_an_address(pages: Caddy, ask: Callable[..., ProbeResult], protocol: Protocol) -> None:
    answer = ask(protocol, "https://site.test/", address="127.0.0.1", port=pages.https_port)
    assert answer.body.decode() == f"over {PROTO[protocol]} site.test /"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ca_file": None}, "the certificate is not good: unable to get local issuer certificate"),
        ({"url": "https://other.test/", "address": "127.0.0.1"}, "the server has no certificate for this name"),
        ({"port": 1}, "nobody listens there: "),
    ],
    ids=["ca", "name", "port"],
)
def test_what_is_wrong_is_said(
    pages: Caddy, ask: Callable[..., ProbeResult], protocol: Protocol, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ProbeError, match=message) as caught:
        ask(protocol, **{"port": pages.https_port, **changes})
    assert f"over {protocol} at " in str(caught.value)
    assert f"port {changes.get('port', pages.https_port)}/{'udp' if protocol == 'h3' else 'tcp'}: " in str(caught.value)
    assert (caught.value.protocol, caught.value.url[:8]) == (protocol, "https://")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_for_another_name(tmp_path: Path, version: str) -> None:
    caddy = new_caddy(version, tmp_path, options="\tdefault_sni other.test\n\tfallback_sni other.test\n")
    if version == "2.6":
        caddy.options = "\tdefault_sni other.test\n"
    # Asked by its address, Caddy shows the certificate of the name that is its default.
    caddy.write("other.test {\n\ttls internal\n\trespond ok\n}")
    with caddy.running("other.test"):
        for protocol in PROTOCOLS:
            with pytest.raises(ProbeError, match=r"the certificate is not good: .*127\.0\.0\.1"):
                probe(f"https://127.0.0.1:{caddy.https_port}/", protocol=protocol, ca_file=str(caddy.root_ca))


def test_versions_that_are_switched_off(tmp_path: Path) -> None:
    caddy = new_caddy("2.11", tmp_path)
    caddy.write("localhost {\n\ttls internal\n\trespond ok\n}", protocols="h1")
    with caddy.running("localhost"):
        url, ca = f"https://localhost:{caddy.https_port}/", str(caddy.root_ca)
        assert probe(url, protocol="h1", ca_file=ca).alt_svc == ""
        with pytest.raises(ProbeError, match=r"the server chose HTTP/1\.1"):
            probe(url, protocol="h2", ca_file=ca)
        with pytest.raises(ProbeError, match="nobody listens there: port unreachable"):
            probe(url, protocol="h3", ca_file=ca)


@contextmanager
def silent(protocol: Protocol) -> Iterator[int]:
    """A port behind which nobody answers: what a firewall that drops packets looks like."""
    kind = socket.SOCK_DGRAM if protocol == "h3" else socket.SOCK_STREAM
    with socket.socket(type=kind) as deaf:
        deaf.bind(("127.0.0.1", 0))
        if protocol != "h3":
            deaf.listen()
        yield deaf.getsockname()[1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_answer_is_an_error_in_time(protocol: Protocol) -> None:
    with silent(protocol) as port, pytest.raises(ProbeError, match=r"no answer within 0\.2 s") as caught:
        probe(f"https://127.0.0.1:{port}/", protocol=protocol, timeout=0.2)
    assert (f"is {port}/udp open all the way?" in str(caught.value)) == (protocol == "h3")


@pytest.mark.parametrize("protocol", ["h1", "h2"])
def test_a_port_without_tls(pages: Caddy, protocol: Protocol) -> None:
    with pytest.raises(ProbeError, match="what listens there speaks no TLS"):
        probe(f"https://localhost:{pages.http_port}/", protocol=protocol)


def test_all_that_cannot_be_asked_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        probe("http://a.test", protocol="h4", port=0, ca_file=str(tmp_path), timeout=0)  # type: ignore[arg-type]
    rules = [problem.rule for problem in caught.value.problems]
    assert rules == ["probe-url", "probe-protocol", "probe-port", "probe-ca-file", "probe-timeout"]
    for url in ("https://", "https://a.test:port/", "https://user:word@a.test/", "a.test"):
        with pytest.raises(InputError, match="probe-url"):
            probe(url, protocol="h1")


def test_without_aioquic_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aioquic", None)
    with pytest.raises(ProbeError, match=r"pip install 'sakura-fleet\[http3\]'"):
        probe(f"https://localhost:{free_port()}/", protocol="h3")
