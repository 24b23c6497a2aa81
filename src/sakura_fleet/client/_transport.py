"""One call of the API, from request to JSON object: authentication, rate limit, retry, cancellation and errors."""

from __future__ import annotations

import functools
import random
import ssl
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import httpx
import tenacity

from sakura_fleet.client._envelope import Answer, error_from, object_from
from sakura_fleet.client._exchange import LONGEST, AnswerTooLargeError, exchange
from sakura_fleet.client._fields import Fields, Source
from sakura_fleet.client._outage import Outage
from sakura_fleet.client._query import encode
from sakura_fleet.client._rate import RateLimiter
from sakura_fleet.client._retry import Attempt, RetryPolicy, is_retryable, retry_after
from sakura_fleet.client._root import checked_root
from sakura_fleet.client._secrets import hider, secrets_in, secrets_of
from sakura_fleet.client._values import Json
from sakura_fleet.client.credentials import Credentials
from sakura_fleet.errors import CancelledError, UnavailableError, UnreachableError
from sakura_fleet.model.api_root import is_loopback

__all__ = ["Transport"]

API_PATH = "api/cloud/1.1"
# Pulumi may run 64 operations at once. A connection idle for longer than this is not used again: servers close idle
# ones (uvicorn after 5 s), and a request that meets the closing is lost, which for a POST cannot be mended here.
LIMITS = httpx.Limits(max_connections=128, max_keepalive_connections=64, keepalive_expiry=3.0)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
LOCAL_REFUSAL = 3.0
"""Seconds for which a refused connection to this machine is tried again: nobody listens, and no network heals that."""
LONGEST_NAP = 1.0  # seconds between two checks of `cancelled` during a wait


def _user_agent() -> str:
    try:
        return f"sakura-fleet/{version('sakura-fleet')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "sakura-fleet/0"


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts (or SSL_CERT_FILE); read once, as that takes a while."""
    return httpx.create_ssl_context()


class Transport:
    """Sends calls below one API root with one API key. Safe to share between threads.

    Every call checks `cancelled` before each attempt and at least once a second while it waits, takes a slot of the
    rate limiter for each attempt, and is repeated as `is_retryable` and the `RetryPolicy` say. When the API is
    overloaded, all calls wait as long as the one that was told so; an outage of the API they wait out together. Only
    an emulator that is not running is not waited for (`LOCAL_REFUSAL`).
    """

    def __init__(
        self,
        api_root: str,
        credentials: Credentials,
        *,
        rate_limit: float | None,
        retry: RetryPolicy,
        timeout: float,
        transport: httpx.BaseTransport | None,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        now: Callable[[], datetime],
        cancelled: Callable[[], bool],
    ) -> None:
        url = checked_root(api_root)
        self.api_root = str(url)
        self.policy = retry
        self.clock = clock
        self.now = now
        self.outage = Outage()
        self._longest = LONGEST * timeout
        self.is_local = is_loopback(url.host)
        self._sleep = sleep
        self._cancelled = cancelled
        self._limiter = RateLimiter(rate_limit or 0.0, clock=clock, pause=self.pause)
        self._secrets = secrets_of(credentials)
        self._http = httpx.Client(
            auth=httpx.BasicAuth(credentials.token, credentials.secret),
            headers={
                "User-Agent": _user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "X-Requested-With": "XMLHttpRequest",
                "X-Sakura-Bigint-As-Int": "1",
            },
            timeout=timeout,
            limits=LIMITS,
            transport=transport,
            verify=_trusted() if url.scheme == "https" else False,
            # A proxy of the environment must not come before an emulator on this machine.
            trust_env=not self.is_local,
        )

    def close(self) -> None:
        """Close the connections. The transport cannot be used afterwards."""
        self._http.close()

    def request(
        self,
        method: str,
        zone: str,
        path: str,
        *,
        query: Json | None = None,
        body: Json | None = None,
    ) -> Fields:
        """Send one call and return its JSON object.

        `path` is relative to the API version (`server/123/power`). Raises `ApiError` and its kinds, `UnreachableError`
        and `CancelledError`.
        """
        where = f"/{zone}/{API_PATH}/{path}"
        url = httpx.URL(self.api_root + where)
        if query:
            url = url.copy_with(query=encode(query))
        call = _Call(self, self._http.build_request(method, url, json=body))
        hide = hider(*self._secrets, *secrets_in(body))
        answer = call.send()
        if answer is None:
            raise self._unreachable(f"{method} {self.api_root}{where}", call, hide)
        if answer.is_success:
            return Fields(object_from(answer, method=method, path=where, hide=hide), Source(method, where))
        error = error_from(answer, method=method, path=where, hide=hide)
        if isinstance(error, UnavailableError):
            error.turned_away = call.last.is_turned_away and not call.maybe_done
        raise error

    def take_slot(self) -> None:
        """Wait for the next slot of the rate limiter; `CancelledError` if the run is cancelled."""
        self._check_cancelled()
        self._limiter.wait()
        self._check_cancelled()

    def queue(self) -> float:
        """Seconds until the rate limiter has a free slot."""
        return self._limiter.queue()

    def hold(self, seconds: float) -> None:
        """Send nothing for that long, whoever calls; not for longer than one call would go on trying."""
        self._limiter.hold(min(seconds, self.policy.deadline))

    def send(self, request: httpx.Request) -> Answer:
        """One attempt: send and read the whole answer. Raises what httpx raises."""
        return exchange(self._http, request, seconds=self._longest)

    def pause(self, seconds: float) -> None:
        """Sleep in short naps; `CancelledError` as soon as the run is cancelled."""
        left = seconds
        while left > 0:
            self._check_cancelled()
            nap = min(left, LONGEST_NAP)
            self._sleep(nap)
            left -= nap

    def _check_cancelled(self) -> None:
        if self._cancelled():
            raise CancelledError("the run was cancelled; nothing more was sent to the API")

    def _unreachable(self, what: str, call: _Call, hide: Callable[[str], str]) -> UnreachableError:
        tried = "1 attempt" if call.count == 1 else f"{call.count} attempts"
        lost = ""
        if call.maybe_done:
            lost = "; the request had left, so it may have been carried out: find its result before repeating it"
        since = ""
        if (lasted := self.outage.lasted(self.clock())) >= call.elapsed + 1.0:
            since = f"; other calls have had none for {lasted:.0f} s, so it was not waited for again"
        if call.last.hopeless:
            way_out = f"check the API root, {self.api_root}, and the certificates this machine trusts (SSL_CERT_FILE)"
        elif self.is_local:
            way_out = (
                "is the emulator running? Start it with `sakura-emulator start`, or `make up` in this project's "
                f"folder; the API root is {self.api_root}"
            )
        else:
            way_out = f"check the network and the API root, {self.api_root}"
        reason = hide(call.last.reason)
        return UnreachableError(
            f"no answer to {what} in {tried} over {call.elapsed:.1f} s ({reason}){lost}{since}; {way_out}",
            maybe_done=call.maybe_done,
        )


class _Call:
    """The attempts of one request."""

    def __init__(self, transport: Transport, request: httpx.Request) -> None:
        self.count = 0
        self.elapsed = 0.0  # seconds from the first attempt's start to the last one's end
        self.maybe_done = False  # whether a changing attempt without an answer may have arrived
        self.last = Attempt()
        self._transport = transport
        self._request = request
        self._started = 0.0

    def send(self) -> Answer | None:
        """The first answer that is final, or that of the last attempt; None if the last attempt had no answer."""
        retrying = tenacity.Retrying(
            retry=self._again,
            wait=self._wait,
            stop=self._is_over,
            sleep=self._transport.pause,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        return retrying(self._attempt)

    def _attempt(self) -> Answer | None:
        transport = self._transport
        transport.take_slot()
        began = transport.clock()
        if not self.count:  # a queue before the first attempt is no fault of the API
            self._started = began
        self.count += 1
        answer: Answer | None = None
        try:
            answer = transport.send(self._request)
        except httpx.RequestError as error:
            sent = not isinstance(error, NEVER_SENT)
            hopeless = isinstance(error, AnswerTooLargeError) or _has_cause(error, ssl.SSLCertVerificationError)
            refused = _has_cause(error, ConnectionRefusedError)
            self.last = Attempt(sent=sent, hopeless=hopeless, refused=refused, reason=_reason(error))
        else:
            self.last = Attempt(
                answer.status,
                answer.code,
                from_api=answer.from_api(self._request.method),
                retry_after=retry_after(answer.headers.get("Retry-After"), now=transport.now()),
            )
        finally:
            self.elapsed = transport.clock() - self._started
        unknown = self.last.is_broken if answer else self.last.sent
        self.maybe_done = self.maybe_done or (unknown and self._request.method != "GET")
        transport.outage.note(self.last, began)
        return answer

    def _again(self, state: tenacity.RetryCallState) -> bool:
        raised = state.outcome is not None and state.outcome.failed  # cancelled, or a mistake in this package
        return not raised and is_retryable(self._request.method, self.last)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        share = random.SystemRandom().random()
        seconds = self._transport.policy.wait(state.attempt_number, self.last.retry_after, share)
        if self.last.is_overload:
            self._transport.hold(seconds)
        return seconds

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        policy, outage = self._transport.policy, self._transport.outage
        waited = max(self.elapsed, outage.lasted(self._transport.clock()))
        deadline = min(policy.deadline, LOCAL_REFUSAL) if self._is_refused_here else policy.deadline
        return state.attempt_number >= policy.attempts or waited + state.upcoming_sleep > deadline

    @property
    def _is_refused_here(self) -> bool:
        return self._transport.is_local and self.last.refused


def _reason(error: httpx.RequestError) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error of that kind is behind this one: `ssl.SSLCertVerificationError` is a certificate that is not
    trusted, where repeating cannot help."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, kind):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
