"""What an HTTP answer says: the JSON object of a success, or an error of the tree in `sakura_fleet.errors`."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from sakura_fleet.client._values import Json, text
from sakura_fleet.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)

__all__ = ["Answer", "error_from", "object_from"]

ERRORS: Mapping[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    423: UnavailableError,
    429: UnavailableError,
    501: ApiError,  # not a passing state: the emulator names the route it does not have
}
LONGEST_QUOTE = 200  # characters of a foreign body in a message
LONGEST_SEEN = 10_000  # of a foreign text in which secrets are searched for, before it is cut for the message


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `body` is its JSON, None where it has none or none that can be read."""

    status: int
    headers: httpx.Headers
    content: bytes
    body: Any

    @classmethod
    def of(cls, response: httpx.Response, content: bytes) -> Self:
        """The answer whose head is that of `response`."""
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        return cls(response.status_code, response.headers, content, body)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success (2xx)."""
        return 200 <= self.status < 300

    @property
    def is_empty(self) -> bool:
        """Whether there is no body, as actions may have none."""
        return not self.content.strip()

    @property
    def code(self) -> str:
        """The API's `error_code`; empty for a success, and for an error without the API's envelope."""
        return "" if self.is_success or not self.from_api("") else text(self.body["error_code"])

    def from_api(self, method: str) -> bool:
        """Whether it is the API's own: a JSON object (only actions may answer with nothing), or of an error the
        envelope. Anything else comes from a gateway, or was cut on its way."""
        if self.is_success:
            return isinstance(self.body, Mapping) or (self.is_empty and method != "GET")
        return isinstance(self.body, Mapping) and "is_fatal" in self.body and bool(text(self.body.get("error_code")))


def error_from(answer: Answer, *, method: str, path: str, hide: Callable[[str], str]) -> ApiError:
    """The error that an answer outside 2xx stands for. `hide` masks secrets that the server may have echoed.

    "Gone" is believed only of the API itself: a 404 without its envelope, or for a path it does not know, is a plain
    `ApiError`, so that a wrong API root never makes resources look deleted.
    """
    envelope = answer.body if isinstance(answer.body, Mapping) else {}
    code = text(envelope.get("error_code"))
    message = text(envelope.get("error_msg"))
    kind = ERRORS.get(answer.status, UnavailableError if answer.status >= 500 else ApiError)
    # The API names the broken rule on a second line; an error is a line of logs and histories.
    lines = html.unescape(hide(message[:LONGEST_SEEN])).splitlines()
    said = " ".join(line.strip() for line in lines if line.strip()) or _quote(answer, hide)
    if kind is NotFoundError and code in ("", "resource_path_not_found"):
        kind = ApiError
        said = f"{said}; is this the API root? It should end in /cloud/zone"
    return kind(
        status=answer.status,
        error_code=hide(code[:LONGEST_QUOTE] or "no_error_code"),
        message=said,
        serial=hide(text(envelope.get("serial"))[:LONGEST_QUOTE]),
        method=method,
        path=path,
    )


def object_from(answer: Answer, *, method: str, path: str, hide: Callable[[str], str]) -> Json:
    """The JSON object of a 2xx answer; an empty body, which actions may have, is an empty object.

    Raises `UnavailableError` with code `not_json` for anything else, such as the page of a proxy.
    """
    if answer.is_empty:
        return {}
    if isinstance(answer.body, Mapping):
        return answer.body
    raise UnavailableError(
        status=answer.status,
        error_code="not_json",
        message=_quote(answer, hide),
        serial="",
        method=method,
        path=path,
    )


def _quote(answer: Answer, hide: Callable[[str], str]) -> str:
    """What an answer that is not the API's begins with. Secrets are hidden before it is cut: half of one would stay.

    JSON that was cut is not quoted: it is an object of the API's, with whatever secrets it has.
    """
    if answer.is_empty:
        return "the answer is empty"
    kind = answer.headers.get("Content-Type", "").partition(";")[0] or "no content type"
    if answer.body is None and answer.content.lstrip()[:1] in (b"{", b"["):
        return f"the answer is JSON that is cut or broken ({kind}, {len(answer.content)} bytes)"
    start = " ".join(hide(answer.content[:LONGEST_SEEN].decode("utf-8", "replace")).split())[:LONGEST_QUOTE]
    return f"the answer is not the API's JSON ({kind}): {start}"
