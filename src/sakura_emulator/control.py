"""The control routes under /_emulator/: for tests and people, not part of the cloud."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sakura_emulator import load as load_rules
from sakura_emulator.authentication import authenticate
from sakura_emulator.clock import stamp
from sakura_emulator.cloud import Cloud
from sakura_emulator.due import Due, coming
from sakura_emulator.errors import ApiError, ControlError
from sakura_emulator.origin import refusal
from sakura_emulator.values import number

_WRITES = ("POST", "PUT")

Document = dict[str, Any]
Action = Callable[[Cloud, Request, Document], Any]


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
        "token": bool(cloud.settings.token),
        "settings": cloud.settings.public(),
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
    if not isinstance(documents, list) or not all(isinstance(document, dict) for document in documents):
        raise ControlError(400, "faults is a list of objects")
    added = [cloud.faults.add(document).state() for document in documents]
    return {"faults": added, "id": added[0]["id"] if added else None}


def clear_faults(cloud: Cloud, request: Request, body: Document) -> Document:
    """DELETE /faults, or /faults/:id."""
    return {"removed": cloud.faults.clear(request.path_params.get("id"))}


def loads(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /load."""
    return {"loads": load_rules.rules(cloud)}


def add_load(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /load: offer load to one server, to all whose name has a prefix, or to an ELB."""
    return {"ok": True, "load": load_rules.add(cloud, body)}


def clear_loads(cloud: Cloud, request: Request, body: Document) -> Document:
    """DELETE /load."""
    load_rules.clear(cloud)
    return {"ok": True}


def set_unhealthy(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /unhealthy: the servers that run and do not answer the ELBs' health checks; an empty list ends it."""
    servers = body.get("servers")
    if body.keys() != {"servers"} or not isinstance(servers, list) or not all(number(server) for server in servers):
        raise ControlError(400, "give servers, a list of IDs")
    load_rules.set_unhealthy(cloud, [number(server) for server in servers])
    return {"ok": True, "servers": servers}


def clock(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /clock."""
    state = cloud.clock.state()
    return {**state, "time": stamp(state["now"])}


def set_clock(cloud: Cloud, request: Request, body: Document) -> Document:
    """POST /clock: advance, freeze, time_scale, any of them; or step, to the next change that is due."""
    if body == {"step": True}:
        return _step(cloud, request)
    unknown = sorted(body.keys() - {"advance", "freeze", "time_scale"})
    if unknown or not body:
        raise ControlError(
            400, "give advance (seconds), freeze (true or false) or time_scale (a number), or only step (true)"
        )
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


def _step(cloud: Cloud, request: Request) -> Document:
    """Move to the next change, with everything that happens at the same moment."""
    due = coming(cloud)
    happened = [change for change in due if change.at == due[0].at]
    if happened:
        cloud.clock.move_to(happened[0].at)
        cloud.save_clock()
    return {**clock(cloud, request, {}), "happened": [_shown(change) for change in happened]}


def due(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /due: what will change by itself, the next change first."""
    return {"due": [_shown(change) for change in coming(cloud)]}


def _shown(change: Due) -> Document:
    return {"at": change.at, "time": stamp(change.at), "kind": change.kind, "id": change.id, "becomes": change.becomes}


def log(cloud: Cloud, request: Request, body: Document) -> Document:
    """GET /log?since=N: the requests after number N."""
    text = request.query_params.get("since", "0")
    if not number(text) and text != "0":
        raise ControlError(400, f"since {text!r} is not a number")
    return {"total": cloud.log.total, "requests": cloud.log.since(number(text))}


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
        ("GET", "/due", due),
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
    refused = refusal(request.headers, any_host=False)
    if refused:
        raise ControlError(403, f"control routes: {refused}")
    if request.method in _WRITES:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise ControlError(415, "control routes take application/json only")
    if not cloud.settings.is_loopback:
        try:
            authenticate(cloud.settings, request.headers.get("authorization", ""))
        except ApiError as error:
            raise ControlError(401, "this emulator is reachable from outside: give its token and secret") from error


async def _body(request: Request) -> Document:
    if request.method not in _WRITES:
        return {}
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError(400, "the body is not a JSON object")
    return body
