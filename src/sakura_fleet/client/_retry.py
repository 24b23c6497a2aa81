"""When a call is repeated, and how long to wait before: plain functions of what happened, without any I/O."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Attempt", "RetryPolicy", "is_overload", "is_retryable", "retry_after"]

REFUSED = frozenset({423, 429, 503})  # the call was turned away: repeating it is always safe
BROKEN = frozenset({500, 502, 504})  # nobody knows whether the call was carried out
BUSY_CODES = frozenset({"busy", "service_unavailable", "service_temporarily_unavailable", "too_many_request"})
"""`error_code` of a 503 that is about the API as a whole. Others, such as `disk_stock_run_out`, are about one call."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call is repeated; all times in seconds.

    The wait after the n-th attempt is `wait_min * 2 ** (n - 1)`, at most `wait_max`, plus up to `jitter` of itself.
    No attempt begins later than `deadline` after the first one.
    """

    attempts: int = 10
    deadline: float = 300.0
    wait_min: float = 1.0
    wait_max: float = 64.0
    jitter: float = 0.25

    def delay(self, attempt: int, share: float = 0.0) -> float:
        """The wait after attempt number `attempt` (from 1); `share` in 0..1 is the part of the jitter to add."""
        doubled = self.wait_min * 2.0 ** min(attempt - 1, 32)
        return min(self.wait_max, doubled) * (1.0 + self.jitter * share)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended.

    `status` is None where there was no HTTP answer; then `sent` tells whether the request may have arrived, and
    `hopeless` that repeating cannot help (an untrusted certificate). `code` is the API's `error_code`.
    """

    status: int | None = None
    code: str = ""
    sent: bool = True
    hopeless: bool = False
    retry_after: float | None = None
    reason: str = ""


def is_retryable(method: str, attempt: Attempt) -> bool:
    """Whether to send the same request again.

    Yes for what never arrived or was turned away (no connection, 423, 429, 503); after a lost answer or a 500, 502
    or 504 only for methods that may run twice: never for POST.
    """
    repeatable = method != "POST"
    if attempt.status is None:
        return not attempt.hopeless and (repeatable or not attempt.sent)
    return attempt.status in REFUSED or (repeatable and attempt.status in BROKEN)


def is_overload(attempt: Attempt) -> bool:
    """Whether every caller is to slow down, and not only the one that got this answer.

    Yes for 429, and for a 503 that gives a time or a code for the API as a whole: it has no code of its own for 429,
    and says `too_many_request` with 503.
    """
    if attempt.status == 503:
        return attempt.retry_after is not None or attempt.code in BUSY_CODES
    return attempt.status == 429


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header (a number or an HTTP date) asks for; None where it is of no use."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
