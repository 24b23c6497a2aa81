"""One request and its whole answer, within bounds of time and size."""

from __future__ import annotations

import threading
from typing import Final

import httpx

from sakura_fleet.client._envelope import Answer

__all__ = ["LONGEST", "AnswerTooLargeError", "exchange"]

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of an answer, once it is unpacked: a find of 10,000 servers has a third of it."""
LONGEST: Final = 4
"""How many times the time limit of one step (connecting, sending, the next bytes) an exchange may take in all. A server
that sends a byte now and then keeps within every step's."""


class AnswerTooLargeError(httpx.RequestError):
    """The answer is larger than any of the API's."""


def exchange(http: httpx.Client, request: httpx.Request, *, seconds: float) -> Answer:
    """Send a request and read its answer. Raises what httpx raises; `ReadTimeout` when it took `seconds` in all.

    httpx has no limit for a whole exchange, and the head of an answer cannot be interrupted from outside. So it runs in
    a thread of its own, which is left to itself when its time is over.
    """
    sending = _Exchange(http, request)
    sending.start()
    sending.join(seconds)
    outcome = sending.outcome
    if outcome is None:
        sending.abandoned = True
        raise httpx.ReadTimeout(f"the answer was not complete after {seconds:.0f} s", request=request)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


class _Exchange(threading.Thread):
    def __init__(self, http: httpx.Client, request: httpx.Request) -> None:
        super().__init__(daemon=True)
        self.outcome: Answer | BaseException | None = None
        self.abandoned = False
        self._http = http
        self._request = request

    def run(self) -> None:
        try:
            self.outcome = self._answer()
        except BaseException as error:
            self.outcome = error  # raised again in the thread that waits

    def _answer(self) -> Answer:
        response = self._http.send(self._request, stream=True)
        try:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise AnswerTooLargeError(f"the answer is larger than {LARGEST >> 20} MiB", request=self._request)
                if self.abandoned:
                    break
        finally:
            response.close()
        return Answer.of(response, bytes(content))
