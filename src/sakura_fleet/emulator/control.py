"""The control routes under /_emulator/: for tests and people, not part of the cloud."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sakura_fleet.emulator.clock import parse_stamp, stamp
from sakura_fleet.emulator.errors import ApiError, ControlError

if TYPE_CHECKING:
    from sakura_fleet.emulator.cloud import Cloud

_LOADS_MAX = 1000
_WRITES = ("POST", "PUT")

Document = dict[str, Any]
Action = Callable[["Cloud", Request, Document], Any]


def health(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /health."""
    return {
        "ok": True,
        "version": version(),
        "latency": cloud.settings.latency,
        "time_scale": cloud.clock.scale,
        "db": cloud.store.path,
        "pid": os.getpid(),
        "requests": cloud.log.total,
    }


@functools.cache
def version() -> str:
    """The version of the package."""
    try:
        return metadata.version("sakura-fleet")
    except metadata.PackageNotFoundError:
        return "unknown"


def reset(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /reset: an empty cloud."""
    cloud.reset()
    return {"ok": True}


def save(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /snapshot: the whole cloud as one document."""
    return cloud.snapshot()


def load(cloud: Cloud, request: Request, body: Document) -> Document:
    """PUT /snapshot: go back to a document of GET /snapshot."""
    cloud.load(body)
    return {"ok": True, "total": cloud.counts()["total"]}


def faults(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /faults."""
    return {"faults": cloud.faults.state()}


def add_fault(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /faults: one rule, or several under `faults`."""
    documents = body.get("faults", [body])
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise ControlError(400, "faults is a list of objects")
    added = [cloud.faults.add(document).state() for document in documents]
    return {"faults": added, "id": added[0]["id"] if added else None}


def clear_faults(cloud: Cloud, request: Request, body: Document) -> Document:
    """DELETE /faults, or /faults/:id."""
    return {"removed": cloud.faults.clear(request.path_params.get("id"))}


def loads(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /load."""
    return {"loads": cloud.store.meta("loads", [])}


def add_load(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /load: CPU per core, constant or sample by sample, for one server or all whose name has a prefix."""
    unknown = sorted(body.keys() - {"server", "prefix", "value", "samples", "since"})
    if unknown:
        raise ControlError(400, f"unknown key {', '.join(unknown)}; there are server, prefix, value, samples, since")
    if ("server" in body) == ("prefix" in body):
        raise ControlError(400, "give either server (an ID) or prefix (of names)")
    if ("value" in body) == ("samples" in body):
        raise ControlError(400, "give either value (a number per core) or samples (a list of them)")
    samples = body["samples"] if "samples" in body else [body["value"]]
    if not isinstance(samples, list) or not samples or not all(_is_sample(one) for one in samples):
        raise ControlError(400, "a sample is a number from 0 on, or null for a mark without a value")
    rule: Document = {"since": _since(cloud, body.get("since")), "samples": samples}
    if "server" in body:
        if not str(body["server"]).isdigit():
            raise ControlError(400, f"server {body['server']!r} is not an ID")
        rule["server"] = int(body["server"])
    else:
        rule["prefix"] = str(body["prefix"])
    _set_loads(cloud, [*cloud.store.meta("loads", []), rule][-_LOADS_MAX:])
    return {"ok": True, "load": rule}


def _is_sample(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)


def _since(cloud: Cloud, value: Any) -> float:
    """A time, or seconds relative to now; without it, now: a load does not rewrite history unless told so."""
    if value is None:
        return cloud.clock.now()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if value > 10**8 else cloud.clock.now() + value
    moment = parse_stamp(str(value))
    if moment is None:
        raise ControlError(400, f"since {value!r} is neither a time (RFC 3339) nor a number of seconds")
    return moment


def clear_loads(cloud: Cloud, request: Request, body: Document) -> Document:
    """DELETE /load."""
    _set_loads(cloud, [])
    return {"ok": True}


def _set_loads(cloud: Cloud, rules: list[Document]) -> None:
    with cloud.store.transaction():
        cloud.store.set_meta("loads", rules)


def set_unhealthy(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /unhealthy: the servers that run and do not answer the ELBs' health checks; an empty list ends it."""
    servers = body.get("servers")
    if body.keys() != {"servers"} or not isinstance(servers, list) or not all(str(one).isdigit() for one in servers):
        raise ControlError(400, "give servers, a list of IDs")
    with cloud.store.transaction():
        cloud.store.set_meta("unhealthy", [int(one) for one in servers])
    return {"ok": True, "servers": servers}


def clock(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /clock."""
    state = cloud.clock.state()
    return {**state, "time": stamp(state["now"])}


def set_clock(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /clock: advance, freeze, time_scale; any of them."""
    unknown = sorted(body.keys() - {"advance", "freeze", "time_scale"})
    if unknown or not body:
        raise ControlError(400, "give advance (seconds), freeze (true or false) or time_scale (a number)")
    try:
        if "time_scale" in body:
            cloud.clock.rescale(float(body["time_scale"]))
        if "freeze" in body:
            if not isinstance(body["freeze"], bool):
                raise ControlError(400, "freeze is true or false")
            cloud.clock.freeze(body["freeze"])
        if "advance" in body:
            cloud.clock.advance(float(body["advance"]))
    except (TypeError, ValueError) as error:
        raise ControlError(400, str(error)) from error
    cloud.save_clock()
    return clock(cloud, request, body)


def log(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /log?since=N: the requests after number N."""
    text = request.query_params.get("since", "0")
    if not text.isdigit():
        raise ControlError(400, f"since {text!r} is not a number")
    return {"total": cloud.log.total, "requests": cloud.log.since(int(text))}


def state(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /state: what users made, by kind and zone."""
    return cloud.counts()


def control_routes(cloud: Cloud) -> list[Route]:
    """All control routes of one cloud."""
    table: tuple[tuple[str, str, Action], ...] = (
        ("GET", "/health", health),
        ("POST", "/reset", reset),
        ("GET", "/snapshot", save),
        ("PUT", "/snapshot", load),
        ("GET", "/faults", faults),
        ("POST", "/faults", add_fault),
        ("DELETE", "/faults", clear_faults),
        ("DELETE", "/faults/{id:int}", clear_faults),
        ("GET", "/load", loads),
        ("POST", "/load", add_load),
        ("DELETE", "/load", clear_loads),
        ("POST", "/unhealthy", set_unhealthy),
        ("GET", "/clock", clock),
        ("POST", "/clock", set_clock),
        ("GET", "/log", log),
        ("GET", "/state", state),
    )
    actions: dict[str, dict[str, Action]] = {}
    for method, path, action in table:
        actions.setdefault(path, {})[method] = action
    return [Route(path, _endpoint(cloud, by_method), methods=list(by_method)) for path, by_method in actions.items()]


def _endpoint(cloud: Cloud, by_method: dict[str, Action]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            protect(cloud, request)
            body = await _body(request)
            action = by_method.get(request.method) or by_method["GET"]  # HEAD is answered like GET
            return JSONResponse(action(cloud, request, body))
        except ControlError as error:
            return JSONResponse({"ok": False, "error": str(error)}, status_code=error.status)

    return endpoint


def protect(cloud: Cloud, request: Request) -> None:
    """Only this machine, and no web page that a browser on it shows, may control the emulator."""
    if not _is_local(f"//{request.headers.get('host', '')}"):
        raise ControlError(403, "control routes answer only to a loopback Host")
    origin = request.headers.get("origin")
    if origin is not None and not _is_local(origin):
        raise ControlError(403, f"control routes refuse the Origin {origin}")
    if request.method in _WRITES:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise ControlError(415, "control routes take application/json only")
    if not cloud.settings.is_loopback:
        from sakura_fleet.emulator.app import authenticate

        try:
            authenticate(cloud, request.headers.get("authorization", ""))
        except ApiError as error:
            raise ControlError(401, "this emulator is reachable from outside: give its token and secret") from error


def _is_local(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())


async def _body(request: Request) -> Document:
    if request.method not in _WRITES:
        return {}
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise ControlError(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError(400, "the body is not a JSON object")
    return body
