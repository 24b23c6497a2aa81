"""What an answer says: the error tree in text and fields, and successes that are none."""

from __future__ import annotations

import traceback
from typing import Any

import httpx
import pytest

from sakura_fleet.client import DiskConfig, NoteRef, RetryPolicy
from sakura_fleet.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    UnusableAnswerError,
)
from tests.unit.client.wire import SECRET, TOKEN, Wire, envelope, failed, ok

ONCE = RetryPolicy(attempts=1)
PATH = "/is1a/api/cloud/1.1/server/113"


def error_of(reply: httpx.Response) -> ApiError:
    with pytest.raises(ApiError) as caught:
        Wire(reply).client(retry=ONCE).servers.read("is1a", "113")
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad_request", ApiError),
        (401, "unauthorized", AuthenticationError),
        (402, "payment_unpayment", ApiError),
        (403, "forbidden", PermissionDeniedError),
        (404, "not_found", NotFoundError),
        (404, "resource_path_not_found", ApiError),
        (405, "method_not_allowed", ApiError),
        (409, "still_creating", ConflictError),
        (423, "locked", UnavailableError),
        (429, "too_many_request", UnavailableError),
        (500, "unknown", UnavailableError),
        (501, "not_implemented", ApiError),
        (502, "unknown", UnavailableError),
        (503, "busy", UnavailableError),
        (504, "apiproxy_timeout", UnavailableError),
        (302, "moved", ApiError),
    ],
)
def test_the_tree(status: int, code: str, kind: type[ApiError]) -> None:
    error = error_of(failed(status, code))
    assert type(error) is kind
    assert (error.status, error.error_code, error.serial) == (status, code, "5e71a1")
    assert (error.method, error.path) == ("GET", PATH)
    assert str(error).startswith(f"GET {PATH} was answered {status} {code}: だめです。")
    assert str(error).endswith(", serial 5e71a1")


def test_the_message_is_unescaped() -> None:
    error = error_of(httpx.Response(400, json=envelope("bad_request", "&quot;Name&quot; &lt; 64 &amp; more")))
    assert error.message == '"Name" < 64 & more'


def test_a_message_of_several_lines_is_one() -> None:
    """The API answers a 400 so: its text, and the broken rule on a second line."""
    error = error_of(
        httpx.Response(400, json=envelope("bad_request", "不適切な要求です。\nDisk.SizeMB must be 20480\n"))
    )
    assert error.message == "不適切な要求です。 Disk.SizeMB must be 20480"


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"<html><title>502 Bad Gateway</title></html>", "text/html", "(text/html): <html><title>502 Bad Gateway"),
        (b"", "text/plain", "the answer is empty"),
        (b"[1]", "application/json", "(application/json): [1]"),
        (b"\xff\xfe{", "", "not the API's JSON"),
        (b'{"unknown": 1}', "application/json", '{"unknown": 1}'),
    ],
)
def test_other_bodies_are_quoted(content: bytes, kind: str, words: str) -> None:
    error = error_of(httpx.Response(502, content=content, headers={"Content-Type": kind}))
    assert type(error) is UnavailableError
    assert error.error_code == "no_error_code"
    assert words in error.message
    assert len(error.message) < 300


def test_gone_is_believed_only_of_the_api_itself() -> None:
    error = error_of(httpx.Response(404, text="<h1>Not Found</h1>"))
    assert not isinstance(error, NotFoundError)
    assert "is this the API root?" in error.message


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ok(), "Server is missing"),
        (ok(Server=None), "Server is no object"),
        (ok(Server=[]), "Server is no object"),
        (httpx.Response(200, content=b""), "Server is missing"),
    ],
)
def test_a_success_without_its_object(reply: httpx.Response, words: str) -> None:
    error = error_of(reply)
    assert isinstance(error, UnusableAnswerError)
    assert (error.status, error.path) == (200, PATH)
    assert words in error.message
    assert not error.maybe_done
    assert "it was not used, and changed nothing" in str(error)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (httpx.Response(200, text="<html>Sign in to the hotel WLAN</html>"), "<html>Sign in to the hotel WLAN</html>"),
        (httpx.Response(200, json=["x"]), "the answer is not the API's JSON"),
    ],
)
def test_a_success_that_is_not_of_the_api(reply: httpx.Response, words: str) -> None:
    error = error_of(reply)
    assert isinstance(error, UnavailableError)
    assert (error.status, error.path) == (200, PATH)
    assert words in error.message


def test_a_find_without_its_list() -> None:
    with pytest.raises(UnusableAnswerError, match="Servers is missing"):
        Wire(ok(Count=0)).client().servers.find("is1a")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("content", [b"", b'{"Success":"Accepted","is_ok":true}'])
def test_any_2xx_is_success_for_an_action(status: int, content: bytes) -> None:
    Wire(httpx.Response(status, content=content)).client().servers.power_on("is1a", "113")


def test_a_foreign_page_is_no_success_for_an_action() -> None:
    with pytest.raises(UnavailableError, match="not_json") as caught:
        Wire(httpx.Response(200, text="<html>")).client().servers.delete("is1a", "113")
    assert caught.value.maybe_done


def test_a_write_whose_answer_lacks_something_may_have_been_carried_out() -> None:
    with pytest.raises(UnusableAnswerError, match="the call itself was accepted") as caught:
        Wire(ok()).client().ssh_keys.create(name="k", public_key="ssh-ed25519 AAAA")
    assert caught.value.maybe_done


def spoken(error: BaseException) -> str:
    """All that an error can show."""
    return "".join([str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)])


def test_no_error_holds_the_api_key() -> None:
    wire = Wire(ok())
    wire.client().servers.power_on("is1a", "1")
    authorization = wire.last.headers["Authorization"].removeprefix("Basic ")
    echo = f"you sent {TOKEN} {SECRET} Basic {authorization}"
    replies: list[httpx.Response | Exception] = [
        httpx.Response(401, json=envelope(f"code_{TOKEN}", echo, serial=SECRET)),
        httpx.Response(500, text=echo),
        httpx.Response(200, text=echo),
        httpx.ConnectError(echo),
    ]
    for reply in replies:
        with pytest.raises(Exception, match=r"\*\*\*") as caught:
            Wire(reply).client(retry=ONCE).servers.read("is1a", "1")
        for secret in (TOKEN, SECRET, authorization):
            assert secret not in spoken(caught.value)


def test_no_error_holds_what_a_request_must_keep_secret() -> None:
    config = DiskConfig(password="hunter2-password", notes=(NoteRef("5", {"api_key": "variable-value"}),))
    message = "bad: hunter2-password, variable-value"
    with pytest.raises(ApiError) as caught:
        Wire(httpx.Response(400, json=envelope("bad_request", message))).client().disks.configure("is1a", "1", config)
    assert caught.value.message == "bad: ***, ***"
    assert "hunter2" not in repr(config)
    assert "variable-value" not in repr(config)


def test_short_secrets_do_not_garble_messages() -> None:
    body: dict[str, Any] = envelope("bad_request", "passwords have 8 characters")
    with pytest.raises(ApiError, match="passwords have 8 characters"):
        Wire(httpx.Response(400, json=body)).client().disks.configure("is1a", "1", DiskConfig(password="a"))
