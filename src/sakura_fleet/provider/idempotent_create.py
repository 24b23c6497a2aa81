"""Creating something once, although the answer to the call may be lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar, cast

from sakura_fleet.errors import ApiError, ConflictError, UnreachableError, WaitTimeoutError

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

FOUND_AGAIN_DEADLINE: Final = 60.0
"""Seconds to search for something whose create call got no answer."""

T = TypeVar("T")


def create_idempotently(session: Session, what: str, make: Callable[[], T], find: Callable[[float], T | None]) -> T:
    """Make something; when no answer comes, find what was made after all, and make it again where it does not appear.

    `find` gets the moment that its answer must not be older than; only one that many share needs it. Raises
    `WaitTimeoutError` when the second call got no answer either, and the thing does not appear.
    """
    try:
        return make()
    except ConflictError:  # perhaps with what an attempt before has made, which the API said it had turned away
        if (found := find(session.clock())) is None:
            raise
        return found
    except (UnreachableError, ApiError) as error:
        if not error.maybe_done:
            raise
    try:
        return _appeared(session, what, find)
    except WaitTimeoutError:
        # The next run would make it after a single find. After all of this time another call is safer than that, and
        # spares the user the run; should the first one come to light later, it is reported as a second one.
        session.log.warn(
            f"{what} has not appeared in the {FOUND_AGAIN_DEADLINE:.0f} s since a create call that got no answer; it "
            "is made again now"
        )
    try:
        made = make()
    except (UnreachableError, ApiError) as error:
        if not error.maybe_done:
            raise
        return _appeared(session, what, find)
    return find(session.clock()) or made  # the same of the two, should there be two, that any other find chooses


def _appeared(session: Session, what: str, find: Callable[[float], T | None]) -> T:
    found = session.waiter.wait_for_shared(
        f"{what}, whose creation got no answer, to appear",
        find,
        lambda item: item is not None,
        deadline=FOUND_AGAIN_DEADLINE,
        way_out="run `pulumi up` again: it takes the object over if it was made after all, and makes it otherwise",
    )
    return cast("T", found)  # the wait ends with an item only
