"""Creating something once, although the answer to the call may be lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar, cast

from sakura_fleet.errors import UnavailableError, UnreachableError

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

FOUND_AGAIN_DEADLINE: Final = 60.0
"""Seconds to search for something whose create call got no answer."""

T = TypeVar("T")


def create_idempotently(session: Session, what: str, make: Callable[[], T], find: Callable[[float], T | None]) -> T:
    """Make something; when no answer comes, find what was made after all, instead of making it again.

    `find` gets the moment that its answer must not be older than; only one that many share needs it. Raises
    `WaitTimeoutError` when the thing does not appear, so that nothing is made twice; the next run finds it, or makes
    it then.
    """
    try:
        return make()
    except (UnreachableError, UnavailableError) as error:
        if not error.maybe_done:
            raise
    found = session.waiter.wait_for_shared(
        f"{what}, whose creation got no answer, to appear",
        find,
        lambda item: item is not None,
        deadline=FOUND_AGAIN_DEADLINE,
        way_out="run `pulumi up` again: it takes the object over if it was made after all, and makes it otherwise",
    )
    return cast("T", found)  # the wait ends with an item only
