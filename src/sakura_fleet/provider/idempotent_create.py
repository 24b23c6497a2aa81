"""Creating something once, although the answer to the call may be lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from sakura_fleet.errors import UnavailableError, UnreachableError

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

FOUND_AGAIN_DEADLINE: Final = 60.0
"""Seconds to look for something whose create call got no answer."""

T = TypeVar("T")


def create_idempotently(session: Session, what: str, make: Callable[[], T], look: Callable[[float], T | None]) -> T:
    """Make something; when no answer comes, look whether it was made after all, instead of making it again.

    `look` gets the moment that what it looks at must not be older than. Raises `WaitTimeoutError` when the thing does
    not appear, so that nothing is made twice; the next run looks first, and makes it then.
    """
    try:
        return make()
    except (UnreachableError, UnavailableError) as error:
        if not error.maybe_done:
            raise
    found: list[T] = []

    def visible(since: float) -> bool:
        item = look(since)
        found.extend([item] if item is not None else [])
        return bool(found)

    session.wait(
        f"{what}, whose creation got no answer, to appear",
        visible,
        deadline=FOUND_AGAIN_DEADLINE,
        way_out="run `pulumi up` again: it takes the object over if it was made after all, and makes it otherwise",
    )
    return found[0]
