"""The ASGI application: who may call, which failure is due, and the handler in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sakura_emulator.authentication import authenticate
from sakura_emulator.call import Answer, Call
from sakura_emulator.catalogue.places import DEFAULT_ZONE
from sakura_emulator.cloud import KINDS, Cloud
from sakura_emulator.control import control_routes
from sakura_emulator.errors import ApiError, ControlError, bad_request
from sakura_emulator.faults import CHANGE_KINDS, Fault
from sakura_emulator.origin import refusal
from sakura_emulator.page import page_routes
from sakura_emulator.routing import Router, split
from sakura_emulator.wire import dump_body, load_body

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LOGGER = logging.getLogger("sakura_emulator")
ABORT = "sakura_emulator.abort"  # the key of the scope under which the server puts a function that cuts the line
_FOREVER = 3600.0  # emulated seconds that a timeout lasts unless it says otherwise


class Cut(Exception):  # noqa: N818 - not an error of the emulator
    """Close the connection without an answer."""


def create_app(cloud: Cloud) -> Starlette:
    """The application of one cloud."""
    cloud.read_all = read_all
    return Starlette(
        routes=[
            *page_routes(cloud),
            Mount("/_emulator", routes=control_routes(cloud)),
            Route("/{path:path}", endpoint=Api(cloud)),
        ]
    )


def read_all(cloud: Cloud) -> None:
    """Read every object that users made. Raises `ControlError` for one that cannot be read."""
    router = Router()
    for kind in KINDS:
        for record in [record for record in cloud.store.all(kind) if not record.shared]:
            segments = ["commonserviceitem" if kind == "item" else kind, str(record.id)]
            handler, args = router.match("GET", segments)
            call = Call(
                cloud=cloud,
                zone=record.zone or DEFAULT_ZONE,
                method="GET",
                path="/" + "/".join(segments),
                query=b"",
                body={},
                now=cloud.clock.now(),
                args=args,
            )
            try:
                dump_body(handler(call).body, id_as_int=True)
            except Exception as error:
                message = f"the snapshot is damaged, nothing was changed: {kind} {record.id} cannot be read: {error!r}"
                raise ControlError(400, message) from error


class Api:
    """Everything outside the control routes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._router = Router()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        began = time.perf_counter()
        entry: dict[str, Any] = {"method": _method(request), "path": request.url.path, "zone": ""}
        response: Response | None = None
        is_cut = False
        try:
            response = _response(request, await self._answer(request, entry))
        except ClientDisconnect:
            pass
        except Cut:
            is_cut = True
        # Before the answer goes out, so that who has it finds its request in the log.
        body = entry.pop("body", b"")
        status = response.status_code if response else 0
        entry |= {"status": status, "ms": round((time.perf_counter() - began) * 1000, 2)}
        self._cloud.log.add(entry, request.scope["query_string"], body)
        if response:
            await response(scope, receive, send)
        if is_cut:
            await _cut(scope)

    async def _answer(self, request: Request, entry: dict[str, Any]) -> Answer:
        try:
            return await self._handle(request, entry)
        except ApiError as error:
            entry["error"] = error.code
            return Answer(error.body(), error.status, headers=error.headers)
        except (ClientDisconnect, Cut):
            raise
        except RecursionError:
            failure = bad_request("invalid_format", "the request is nested too deeply")
            return Answer(failure.body(), failure.status)
        except Exception:
            LOGGER.exception("%s %s", entry["method"], request.url.path)
            failure = ApiError(500, "unknown", "the emulator failed; its log has the traceback")
            return Answer(failure.body(), failure.status)

    async def _handle(self, request: Request, entry: dict[str, Any]) -> Answer:
        cloud = self._cloud
        method = entry["method"]
        raw = await request.body()
        entry["body"] = raw
        zone, segments = split(request.scope["path"])
        path = "/" + "/".join(segments)
        entry |= {"zone": zone, "path": path}
        refused = refusal(request.headers, any_host=not cloud.settings.is_loopback)
        if refused:
            raise ApiError(403, "forbidden", refused)
        authenticate(cloud.settings, request.headers.get("authorization", ""))
        fault = cloud.faults.pick(method, path)
        if fault:
            entry["fault"] = fault.kind
            await self._before(fault, request)
        handler, args = self._router.match(method, segments)
        call = Call(
            cloud=cloud,
            zone=zone,
            method=method,
            path=path,
            query=request.scope["query_string"],
            body=load_body(raw),
            now=cloud.clock.now(),
            args=args,
            fault=fault.kind if fault and fault.kind in CHANGE_KINDS else "",
        )
        with cloud.store.transaction():
            answer = handler(call)
        cloud.save_clock_sometimes()
        if fault and fault.kind == "cut_after":
            raise Cut
        if answer.delay:
            await asyncio.sleep(cloud.clock.real_seconds(answer.delay))
        return answer

    async def _before(self, fault: Fault, request: Request) -> None:
        """What a failure does before the request is handled."""
        if fault.kind == "status":
            error = ApiError(fault.status, fault.code, f"fault {fault.id}")
            if fault.retry_after is not None:
                error.headers["Retry-After"] = str(fault.retry_after)
            raise error
        if fault.kind == "cut_before":
            raise Cut
        # These waits pass with a frozen clock, too: they are about the connection, not about the cloud.
        if fault.kind == "slow":
            await asyncio.sleep((1.0 if fault.seconds is None else fault.seconds) / self._cloud.clock.scale)
        if fault.kind == "timeout":
            seconds = (_FOREVER if fault.seconds is None else fault.seconds) / self._cloud.clock.scale
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_gone(request), seconds)
            raise Cut


def _method(request: Request) -> str:
    """What is asked for: a client that can only GET and POST names the method in a header of its POST."""
    named = request.headers.get("x-sakura-http-method", "") if request.method == "POST" else ""
    return named.strip().upper() or request.method


async def _gone(request: Request) -> None:
    """Wait until the client closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _response(request: Request, answer: Answer) -> Response:
    headers = request.headers
    body = dump_body(
        answer.body,
        id_as_int=headers.get("x-sakura-bigint-as-int") == "1",
        beautify=headers.get("x-sakura-api-beautify") == "1",
    )
    return Response(body, answer.status, answer.headers, media_type="application/json; charset=UTF-8")


async def _cut(scope: Scope) -> None:
    """Close the connection for real, then let the server notice, or it would answer 500 by itself."""
    abort = scope.get(ABORT)
    if abort is None:
        raise RuntimeError("this server cannot cut connections: use sakura_emulator.server")
    abort()
    await asyncio.sleep(0.01)
