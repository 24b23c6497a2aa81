"""What an HTTP answer says: the JSON object of a success, or an error of the tree in `sakura_fleet.errors`."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from typing import Any

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

__all__ = ["code_of", "error_from", "object_from", "required"]

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


def error_from(response: httpx.Response, *, method: str, path: str, hide: Callable[[str], str]) -> ApiError:
    """The error that an answer outside 2xx stands for. `hide` masks secrets that the server may have echoed.

    "Gone" is believed only of the API itself: a 404 without its envelope, or for a path it does not know, is a plain
    `ApiError`, so that a wrong API root never makes resources look deleted.
    """
    body = _json(response)
    envelope = body if isinstance(body, Mapping) else {}
    status = response.status_code
    code = text(envelope.get("error_code"))
    message = text(envelope.get("error_msg"))
    kind = ERRORS.get(status, UnavailableError if status >= 500 else ApiError)
    if kind is NotFoundError and code in ("", "resource_path_not_found"):
        kind = ApiError
        message = f"{message or _quote(response)}; is this the API root? It should end in /cloud/zone"
    return kind(
        status=status,
        error_code=hide(code or "no_error_code"),
        message=hide(html.unescape(message) or _quote(response)),
        serial=hide(text(envelope.get("serial"))),
        method=method,
        path=path,
    )


def code_of(response: httpx.Response) -> str:
    """The API's `error_code` of an answer; empty where it has none."""
    body = _json(response) if response.is_error else None
    return text(body.get("error_code")) if isinstance(body, Mapping) else ""


def object_from(response: httpx.Response, *, method: str, path: str, hide: Callable[[str], str]) -> Json:
    """The JSON object of a 2xx answer; an empty body, which actions may have, is an empty object.

    Raises `ApiError` with code `not_json` for anything else, such as the page of a proxy.
    """
    if not response.content.strip():
        return {}
    body = _json(response)
    if isinstance(body, Mapping):
        return body
    raise _unusable(response.status_code, "not_json", hide(_quote(response)), method=method, path=path)


def required(
    answer: Json, key: str, kind: type[Mapping[str, Any]] | type[list[Any]], *, method: str, path: str
) -> None:
    """Raise `ApiError` with code `bad_answer` unless `answer` holds an object or list under `key`."""
    if not isinstance(answer.get(key), kind):
        raise _unusable(200, "bad_answer", f"the answer has no {key!r}", method=method, path=path)


def _unusable(status: int, error_code: str, message: str, *, method: str, path: str) -> ApiError:
    return ApiError(status=status, error_code=error_code, message=message, serial="", method=method, path=path)


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _quote(response: httpx.Response) -> str:
    kind = response.headers.get("Content-Type", "").partition(";")[0] or "no content type"
    start = " ".join(response.text.split())[:LONGEST_QUOTE]
    return f"the answer is not the API's JSON ({kind}): {start}" if start else "the answer is empty"
