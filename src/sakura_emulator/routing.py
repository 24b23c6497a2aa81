"""From a path to its handler. The tail after the API's version decides, so that any prefix works."""

from __future__ import annotations

from collections.abc import Iterable

from sakura_emulator.api.resource import Handler, Route
from sakura_emulator.api.routes import ROUTES
from sakura_emulator.api.unwritten import UNWRITTEN
from sakura_emulator.errors import ApiError

# What comes before a route's path, and the prefix by which the table of routes knows it.
_TAILS = (
    (("api", "cloud", "1.1"), ()),
    (("api", "system", "1.0"), ("system",)),
    (("api", "iam", "1.0"), ("iam",)),
)


class Router:
    """All routes, by method and first segment."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        self._table: dict[str, list[tuple[str, tuple[str, ...], Handler]]] = {}
        self._unwritten = [(method, tuple(path.split("/"))) for method, path in UNWRITTEN]
        for method, path, handler in routes:
            parts = tuple(path.split("/"))
            self._table.setdefault(parts[0], []).append((method, parts, handler))

    def match(self, method: str, segments: list[str]) -> tuple[Handler, dict[str, str]]:
        """The handler and what the path names.

        405 for a method that a written path does not have, 501 for what is known but not written and for every other
        path below a known resource, 404 for the rest.
        """
        asked = f"{method} {'/'.join(segments)}"
        first = segments[0] if segments else ""
        others: set[str] = set()
        for known, parts, handler in self._table.get(first, []):
            args = _args(parts, segments)
            if args is None:
                continue
            if known == method:
                return handler, args
            others.add(known)
        unwritten = any(known == method and _args(parts, segments) is not None for known, parts in self._unwritten)
        if others and not unwritten:
            raise _wrong_method(asked, others)
        if first in self._table:
            raise ApiError(501, "not_implemented", f"not written here: {asked}")
        raise ApiError(404, "resource_path_not_found", asked)


def _wrong_method(asked: str, allowed: set[str]) -> ApiError:
    """405 with what the path has (RFC 9110 section 15.5.6)."""
    error = ApiError(405, "method_not_allowed", f"{asked}; the path has {', '.join(sorted(allowed))}")
    error.headers["Allow"] = ", ".join(sorted(allowed))
    return error


def _args(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(parts) != len(segments):
        return None
    args: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith(":"):
            args[part[1:]] = segment
        elif part != segment:
            return None
    return args


def split(path: str) -> tuple[str, list[str]]:
    """The zone and the segments after `api/cloud/1.1`; repeated slashes and any prefix are let through.

    Billing and IAM have APIs of their own, `api/system/1.0` and `api/iam/1.0`: their segments get the first segment
    `system` and `iam`. IAM's root has no zone.
    """
    segments = [segment for segment in path.split("/") if segment]
    for tail, prefix in _TAILS:
        for at in range(1, len(segments) - len(tail) + 1):
            if tuple(segments[at : at + len(tail)]) == tail:
                return segments[at - 1], [*prefix, *segments[at + len(tail) :]]
    raise ApiError(404, "resource_path_not_found", path)
