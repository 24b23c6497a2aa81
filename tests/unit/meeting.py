"""Two writers that meet: neither writes before both have read."""

from __future__ import annotations

import threading

import httpx

from tests.waiting import PATIENCE


class Meeting(httpx.BaseTransport):
    """Real HTTP for one of two writers: the first `PUT path` of a round is held until the other one is about to write.

    So in each round both write what they have read, and the second write comes too late, on a machine of any speed.
    """

    def __init__(self, barrier: threading.Barrier, path: str) -> None:
        self._barrier = barrier
        self._path = path
        self._http = httpx.HTTPTransport(verify=False)
        self._to_meet = False

    def new_round(self) -> None:
        self._to_meet = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._to_meet and request.method == "PUT" and request.url.path.endswith(self._path):
            self._to_meet = False
            self._barrier.wait(PATIENCE)
        return self._http.handle_request(request)

    def close(self) -> None:
        self._http.close()
