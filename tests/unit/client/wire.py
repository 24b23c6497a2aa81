"""A scripted server behind `httpx.MockTransport`, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from sakura_fleet.client import Client, Credentials, RetryPolicy

ROOT = "https://api.example/cloud/zone"
LOCAL_ROOT = "http://127.0.0.1:8080/cloud/zone"
TOKEN = "token-0123456789"
SECRET = "secret-9876543210"

Reply = httpx.Response | Exception


def envelope(code: str, message: str = "だめです。", serial: str = "5e71a1") -> dict[str, Any]:
    """The API's error body."""
    return {"is_fatal": True, "serial": serial, "status": "4xx", "error_code": code, "error_msg": message}


class FakeTime:
    """A clock at 1000 s; `sleep` moves it on and notes how long."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds
        self.on_sleep()

    @property
    def total(self) -> float:
        return sum(self.slept)


class Wire:
    """Answers requests with `replies` in order, the last one again and again, and keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.asked_at: list[float] = []
        self.time = FakeTime()
        self.cancelled = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked_at.append(self.time.now)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def client(
        self,
        root: str = ROOT,
        *,
        retry: RetryPolicy | None = None,
        rate_limit: float | None = 0,
        default_zone: str = "is1a",
    ) -> Client:
        return Client(
            root,
            Credentials(TOKEN, SECRET),
            default_zone=default_zone,
            rate_limit=rate_limit,
            retry=retry or RetryPolicy(jitter=0.0),
            transport=httpx.MockTransport(self.handle),
            sleep=self.time.sleep,
            clock=self.time.clock,
            now=lambda: datetime.fromtimestamp(self.time.now, UTC),
            cancelled=lambda: self.cancelled,
        )

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]

    @property
    def call(self) -> str:
        """The last request as `METHOD tail`, without root, zone and condition."""
        path = self.last.url.path
        return f"{self.last.method} {path.partition('/cloud/zone/')[2]}".replace("/api/cloud/1.1/", " ")

    @property
    def body(self) -> Any:
        """The last request's JSON body, None if it had none."""
        return json.loads(self.last.content) if self.last.content else None

    @property
    def query(self) -> Any:
        """The last request's condition."""
        return json.loads(unquote(self.last.url.query.decode()))


def ok(**body: Any) -> httpx.Response:
    """A success that holds `body`."""
    return httpx.Response(200, json={**body, "is_ok": True})


def found(key: str, *bodies: dict[str, Any], total: int | None = None) -> httpx.Response:
    """One page of a find."""
    return ok(**{key: list(bodies), "From": 0, "Count": len(bodies), "Total": len(bodies) if total is None else total})


def failed(status: int, code: str = "some_code", **headers: str) -> httpx.Response:
    """An error of the API."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=envelope(code), headers=named)
