"""When a call is repeated, and how long to wait before: plain functions of what happened, without any I/O."""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Attempt", "RetryPolicy", "is_retryable", "retry_after"]

REFUSED = frozenset({423, 429, 503})  # of the API itself: the call was turned away, and repeating it is always safe
BROKEN = frozenset({500, 502, 504})  # nobody knows whether the call was carried out
BEGUN_CODES = frozenset(
    {"host_operation_failure", "operation_failure", "operation_timeout", "storage_operation_failure"}
)
"""`error_code` of a 503 whose call was not turned away: it was begun, and may have left something behind."""
BUSY_CODES = frozenset({"busy", "service_unavailable", "service_temporarily_unavailable", "too_many_request"})
"""`error_code` of a 503 that is about the API as a whole. Others, such as `disk_stock_run_out`, are about one call."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call is repeated; all times in seconds.

    The wait after the n-th attempt is `wait_min * 2 ** (n - 1)`, at most `wait_max`, plus up to `jitter` of itself; as
    long as the API asks for, if that is longer, but `wait_max` at most. No attempt begins later than `deadline` after
    the first one, nor later than that after an outage of the API began, whichever call has met it first.
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

    def wait(self, attempt: int, asked: float | None, share: float = 0.0) -> float:
        """The wait after attempt number `attempt`, where the answer asked for `asked` seconds.

        Never shorter than without that: 0, or a moment that has passed, would make callers ask without a break. Longer
        than `wait_max` is a gateway's wrong clock more often than a plan, and one more call in a minute harms nobody.
        """
        own = self.delay(attempt, share)
        return own if asked is None else max(own, min(asked, self.wait_max))


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended.

    `status` is None where there was no HTTP answer; then `sent` tells whether the request may have arrived, `hopeless`
    that repeating cannot help (an untrusted certificate), and `refused` that nobody listens there. `code` is the API's
    `error_code`. `from_api` is False for an answer that is not the API's own, but a gateway's, or was cut: of a success
    the JSON object is missing, of an error the envelope.
    """

    status: int | None = None
    code: str = ""
    sent: bool = True
    hopeless: bool = False
    refused: bool = False
    from_api: bool = True
    retry_after: float | None = None
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the call was carried out, and the answer says so in the API's own words."""
        return self.status is not None and 200 <= self.status < 300 and self.from_api

    @property
    def is_turned_away(self) -> bool:
        """Whether the API says that it has not carried out the call. A gateway cannot know that: it may have lost the
        answer to a call that was."""
        return self.status in REFUSED and self.from_api and self.code not in BEGUN_CODES

    @property
    def is_broken(self) -> bool:
        """Whether the answer leaves open if the call was carried out."""
        if self.status is None or self.is_turned_away:
            return False
        return self.status in BROKEN | REFUSED or (200 <= self.status < 300 and not self.from_api)

    @property
    def is_outage(self) -> bool:
        """Whether the API as a whole gives no answers, which every other call would find as well."""
        if self.status is None:
            return not self.hopeless
        return self.is_overload or (self.is_broken and not self.from_api)

    @property
    def is_overload(self) -> bool:
        """Whether every caller is to slow down, and not only the one that got this answer.

        Yes for 429, and for a 503 that gives a time or a code for the API as a whole: it has no code of its own for
        429, and says `too_many_request` with 503.
        """
        if self.status == 503:
            return self.retry_after is not None or self.code in BUSY_CODES
        return self.status == 429


def is_retryable(method: str, attempt: Attempt) -> bool:
    """Whether to send the same request again.

    Yes for what never arrived or was turned away by the API (no connection, 423, 429, 503); after a lost, cut or
    foreign answer or a 500, 502 or 504 only for methods that may run twice: never for POST.
    """
    repeatable = method != "POST"
    if attempt.status is None:
        return not attempt.hopeless and (repeatable or not attempt.sent)
    return attempt.is_turned_away or (repeatable and attempt.is_broken)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header (a number or an HTTP date) asks for; None where it is of no use."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+", value.strip()):  # `isdigit` takes "\u00b2", too, which is no number
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
