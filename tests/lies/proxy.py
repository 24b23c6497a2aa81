"""A proxy on loopback sockets: passes calls on to an emulator, and lies about those that a rule names.

    with lying(emulator.url) as proxy:
        proxy.tell(Rule("GET", "/commonserviceitem/*", Lie.MISSING, field="CommonServiceItem.Settings.DNS"))
        ...                # a client or a stack whose API root is `proxy.api_root`
        assert proxy.told  # the lies that came to be told

What is stale is told without waiting: by a second emulator, which is as the first one was before the last write of that
kind of object.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sakura_emulator.server import API_PREFIX, running
from tests.calls import Call, shape
from tests.lies.lie import BUSY, PAGE, Lie, Rule, falsified, made_by, paths, without_objects
from tests.waiting import PATIENCE

VERSION = "/api/cloud/1.1"
SNAPSHOT = "/_emulator/snapshot"
JSON_TYPE = "application/json"


class Answer(NamedTuple):
    """An answer on its way to the client."""

    status: int
    content: bytes
    kind: str = JSON_TYPE
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Request(NamedTuple):
    """A call on its way to the emulator; `path` is below the API's version, empty where it is no call of the API."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    path: str

    @property
    def kind(self) -> str:
        """Which kind of objects it is about, such as `server`."""
        return self.path.split("/")[1] if self.path else ""


class LyingProxy:
    """The proxy's rules and its memory. Everything here may be called from many threads.

    Since the last `tell` or `stop`: `record` are all calls, `told` those that were lied about, `fields` what answers to
    finds and reads had in them, noted only while there is no rule.
    """

    def __init__(self, upstream: str, servers: ExitStack) -> None:
        self.url = ""
        self._upstream = urlsplit(upstream).netloc
        self._servers = servers
        self._lock = threading.Lock()
        self._past: str | None = None
        self._rules: tuple[Rule, ...] = ()
        self.stop()

    @property
    def api_root(self) -> str:
        """The API root for those that are to be lied to."""
        return f"{self.url}{API_PREFIX}"

    def tell(self, *rules: Rule) -> None:
        """Count calls from now on, and lie as the rules say."""
        self.stop()
        self._rules = rules
        if self._past is None and any(rule.lie is Lie.STALE for rule in rules):
            self._past = urlsplit(self._servers.enter_context(running(latency="instant")).url).netloc

    def stop(self) -> None:
        """Tell the truth, and count calls from now on."""
        with self._lock:
            self.record: list[Call] = []
            self.told: list[Call] = []
            self.fields: dict[Call, frozenset[str]] = {}
            self._rules = ()
            self._seen: Counter[tuple[str, str]] = Counter()
            self._hidden: dict[str, int] = {}
            self._before: dict[str, bytes] = {}

    def handle(self, request: Request) -> Answer | None:
        """What the client gets; None for a connection that is cut."""
        if not request.path:
            return self._ask(self._upstream, request)
        call = self._counted(request)
        rules = [rule for rule in self._rules if _is_about(rule, call)]
        if call.is_write and any(rule.lie is Lie.STALE for rule in self._rules):
            self._remember(request.kind)
        answer = self._ask(self._upstream, request)
        if not call.is_write:
            answer = self._hide(answer)
            if not self._rules and answer.is_success:
                self.fields[call] = paths(answer.content)
        for rule in rules:
            lied = self._lie(request, answer, rule)
            if lied != answer or rule.lie in (Lie.TWICE, Lie.DELAY, Lie.HIDDEN):
                self.told.append(call)
            if lied is None:
                return None
            answer = lied
        return answer

    def _counted(self, request: Request) -> Call:
        with self._lock:
            key = (request.method, shape(request.path))
            self._seen[key] += 1
            call = Call(*key, self._seen[key])
            self.record.append(call)
            return call

    def _lie(self, request: Request, answer: Answer, rule: Rule) -> Answer | None:
        match rule.lie:
            case Lie.STALE:
                return self._stale(request) or answer
            case Lie.GATEWAY_503:
                return Answer(503, PAGE, "text/html")
            case Lie.API_503:
                return Answer(503, json.dumps(BUSY).encode())
            case Lie.CUT_AFTER:
                return None
            case Lie.TWICE:
                self._ask(self._upstream, request)
            case Lie.HIDDEN:
                with self._lock:
                    self._hidden[made_by(answer.content)] = rule.looks
            case Lie.DELAY:
                threading.Event().wait(rule.seconds)
            case Lie.HTML:
                return Answer(answer.status, PAGE, "text/html")
            case _ if answer.is_success:
                return answer._replace(content=falsified(answer.content, rule))
        return answer

    def _hide(self, answer: Answer) -> Answer:
        with self._lock:
            hidden = {object_id for object_id, left in self._hidden.items() if left > 0}
            if not hidden or not answer.is_success or b'"Total"' not in answer.content:
                return answer
            for object_id in hidden:
                self._hidden[object_id] -= object_id.encode() in answer.content
        return answer._replace(content=without_objects(answer.content, hidden))

    def _remember(self, kind: str) -> None:
        """Keep the cloud as it is before a write to one kind of objects."""
        snapshot = self._ask(self._upstream, Request("GET", SNAPSHOT, {}, None, "")).content
        with self._lock:
            self._before[kind] = snapshot

    def _stale(self, request: Request) -> Answer | None:
        """The answer of before the last write to such objects; None where there was none."""
        snapshot = self._before.get(request.kind)
        if snapshot is None or self._past is None:
            return None
        loaded = {"Content-Type": JSON_TYPE}
        self._ask(self._past, Request("PUT", SNAPSHOT, loaded, snapshot, ""))
        return self._ask(self._past, request)

    def _ask(self, where: str, request: Request) -> Answer:
        connection = http.client.HTTPConnection(where, timeout=PATIENCE)
        try:
            connection.request(request.method, request.target, request.body, request.headers)
            response = connection.getresponse()
            kind, after = response.getheader("Content-Type", JSON_TYPE), response.getheader("Retry-After")
            return Answer(response.status, response.read(), kind, after)
        finally:
            connection.close()


def _is_about(rule: Rule, call: Call) -> bool:
    is_counted = rule.nth <= call.nth < rule.nth + rule.times
    return is_counted and (rule.method, rule.path) == (call.method, call.path)


@contextmanager
def lying(upstream: str) -> Iterator[LyingProxy]:
    """A proxy before the emulator at the URL `upstream`, truthful until it is told otherwise."""
    with ExitStack() as servers:
        proxy = LyingProxy(upstream, servers)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="lies", daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(proxy: LyingProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            kept = ("Authorization", "Content-Type", "X-Sakura-Bigint-As-Int", "X-Sakura-HTTP-Method")
            headers = {name: value for name in kept if (value := self.headers.get(name)) is not None}
            target = self.path.partition("?")[0]
            path = target.partition(VERSION)[2] if target.startswith(API_PREFIX) else ""
            try:
                answer = proxy.handle(Request(self.command, self.path, headers, body, path))
            except (OSError, http.client.HTTPException):  # the emulator has cut the connection by a fault of its own
                answer = None
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.content)))
            if answer.retry_after is not None:
                self.send_header("Retry-After", answer.retry_after)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
