"""However a server writes a secret back, it is in no message."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from sakura_fleet.client import DiskConfig, ElbCertificate, ElbCertificates, NoteRef, RetryPolicy
from sakura_fleet.client._secrets import LEFT_OUT, hider
from sakura_fleet.errors import ApiError
from tests.unit.client.wire import Wire, envelope

LINES = [base64.b64encode(bytes(range(number, number + 48))).decode() for number in range(0, 200, 40)]
PEM = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *LINES, "qbQ=", "-----END RSA PRIVATE KEY-----", ""])
PASSWORD = 'hunter2"<\\&%\u3042 \U0001f600/x'

Echo = Callable[[str], str]
ECHOES: dict[str, Echo] = {
    "as it came": str,
    "JSON": json.dumps,
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON twice": lambda secret: json.dumps(json.dumps(secret)),
    "HTML": html.escape,
    "HTML twice": lambda secret: html.escape(html.escape(secret)),
    "HTML numbers": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "HTML hex numbers": lambda secret: "".join(f"&#x{ord(letter):X};" for letter in secret),
    "HTML in JSON": lambda secret: json.dumps(html.escape(secret)),
    "JSON in HTML": lambda secret: html.escape(json.dumps(secret)),
    "percent": quote,
    "percent, all of it": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "percent, lower case": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "percent twice": lambda secret: quote(quote(secret)),
    "percent in JSON": lambda secret: json.dumps(quote(secret)),
    "unicode escapes": lambda secret: "".join(
        rf"\u{unit:04x}" for unit in memoryview(secret.encode("utf-16-le")).cast("H")
    ),
    "byte escapes": lambda secret: "".join(rf"\x{byte:02X}" for byte in secret.encode()),
    "Python": repr,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64, one on": lambda secret: base64.b64encode(b"x" + secret.encode() + b"yz").decode(),
    "base64, two on": lambda secret: base64.b64encode(b"xy" + secret.encode() + b"z").decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 in lines": lambda secret: base64.encodebytes(secret.encode()).decode(),
    "hex": lambda secret: secret.encode().hex(),
    "hex, upper case": lambda secret: secret.encode().hex().upper(),
    "other line ends": lambda secret: secret.replace("\n", "\r\n"),
    "in one line": lambda secret: " ".join(secret.split("\n")),
    "without line ends": lambda secret: secret.replace("\n", ""),
    "upper case": str.upper,
}


def leaked(told: str, echo: Echo) -> list[str]:
    """What a message tells of a line of the key: eight characters of it, in the server's encoding."""
    found = []
    for line in LINES:
        echoed = echo(line)
        size = 8 * len(echoed) // len(line)
        found += [echoed[at : at + size] for at in range(len(echoed) - size + 1)]
    return [piece for piece in found if piece.lower() in told.lower()]


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
def test_a_secret_is_hidden_in_every_encoding(echo: Echo) -> None:
    hide = hider(PEM, PASSWORD)
    told = hide(f"the key <{echo(PEM)}> and the password <{echo(PASSWORD)}> are refused")
    assert told.startswith("the key <")
    assert told.endswith("> are refused")
    assert "> and the password <" in told
    assert told.count("***") >= 2
    assert leaked(told, echo) == []
    left = told.partition("the password <")[2].removesuffix("> are refused").replace("***", "")
    assert len(left.replace("\\", "").strip("\"'=&quotamp;")) <= 6, left


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
def test_what_is_not_hidden_is_what_the_server_said(echo: Echo) -> None:
    said = f"<{echo('nothing of it is a secret: 100%, &c.')}>"
    assert hider(PEM, PASSWORD)(said) == said


def test_every_line_of_a_key_is_hidden_by_itself_and_what_is_around_it_stays() -> None:
    hide = hider(PEM)
    for number, line in enumerate(LINES, 1):
        assert hide(f"line {number} is bad: {line}.") == f"line {number} is bad: ***."
    kept = "a key begins with -----BEGIN RSA PRIVATE KEY----- in a line of its own"
    assert hide(kept) == kept


@pytest.mark.parametrize("end", ["", "...", "\u2026", '"', '..."'])
@pytest.mark.parametrize("length", [4, 5, 7, 8, 20])
def test_a_secret_that_was_cut_is_hidden(end: str, length: int) -> None:
    secret = "correct-horse-battery-staple"
    assert hider(secret)(f"not allowed: {secret[:length]}{end}") == f"not allowed: ***{end}"
    assert hider(secret)(f"{secret[-length:]} is not allowed").startswith("*** is" if length >= 8 else secret[-length:])


def test_a_secret_of_four_characters_is_hidden() -> None:
    assert hider("1234")("the PIN 1234 is too short (%31%32%33%34)") == "the PIN *** is too short (***)"


@pytest.mark.parametrize("secret", ["a", "7", "abc", "\u00e9"])
def test_of_a_shorter_one_the_words_around_it_are_left_out(secret: str) -> None:
    hide = hider(secret)
    assert hide(f"the password {secret} is too short") == LEFT_OUT
    assert hide(f"the password &quot;{quote(secret)}&quot; is too short") == LEFT_OUT
    assert hide("nothing of the kind") == "nothing of the kind"


def test_a_private_key_that_nobody_here_knows_is_hidden() -> None:
    assert hider()(json.dumps({"PrivateKey": PEM})).startswith('{"PrivateKey": "***')
    assert not any(line in hider()(html.escape(PEM)) for line in LINES)


# Through the client


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
@pytest.mark.parametrize("status", [200, 400, 503])
def test_no_error_holds_the_private_key_of_a_request(echo: Echo, status: int) -> None:
    for reply in (
        httpx.Response(400, json=envelope("bad_request", f"no good: {echo(PEM)}")),
        httpx.Response(status, text=f"<html>{echo(PEM)}</html>"),
        httpx.Response(status, content=json.dumps({"PrivateKey": echo(PEM)}).encode()[:-1]),
    ):
        client = Wire(reply).client(retry=RetryPolicy(attempts=1))
        certificate = ElbCertificate(server_certificate="c", intermediate_certificate="", private_key=PEM)
        with pytest.raises(ApiError) as caught:
            client.elbs.set_certificates("1", ElbCertificates(certificate))
        assert leaked(str(caught.value), echo) == []


def test_a_page_is_cut_for_the_message_after_its_secrets_are_hidden() -> None:
    config = DiskConfig(password=PASSWORD, notes=(NoteRef("5", {"api_key": "correct-horse-battery-staple"}),))
    page = "x" * 188 + " correct-horse-battery-staple and so on"
    with pytest.raises(ApiError) as caught:
        Wire(httpx.Response(400, text=page)).client().disks.configure("is1a", "1", config)
    assert "correct" not in str(caught.value)
    assert "***" in str(caught.value)


def test_json_of_the_api_that_was_cut_is_not_quoted() -> None:
    cut = httpx.Response(200, content=b'{"ProxyLB": {"PrimaryCert": {"PrivateKey": "c2VjcmV0')
    with pytest.raises(
        ApiError, match=r"not_json: the answer is JSON that is cut or broken \(.*, 52 bytes\)"
    ) as caught:
        Wire(cut).client(retry=RetryPolicy(attempts=2)).elbs.read("1")
    assert "c2VjcmV0" not in str(caught.value)
