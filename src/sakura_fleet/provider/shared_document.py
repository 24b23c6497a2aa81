"""Changing one part of a document that others write too: an ELB's settings, a DNS zone's records.

The API replaces such a document as a whole, so two who read, change and write at the same time lose one of the changes.
`edit` reads fresh, changes only its own part, sends the hash of what it read, and reads back; when somebody came in
between (a conflict, or a write that undid this one), it starts again. The lock only saves retries within this process.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from sakura_fleet.errors import ConflictError, ResourceError

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

ATTEMPTS: Final = 12
LONGEST_PAUSE: Final = 5.0


class Document(Protocol):
    """Settings that are written as a whole."""

    @property
    def settings_hash(self) -> str: ...


T = TypeVar("T", bound=Document)


def edit(
    session: Session,
    what: str,
    *,
    read: Callable[[], T],
    differs: Callable[[T], bool],
    write: Callable[[T], T],
) -> T:
    """Write until the document, freshly read, no longer `differs`; returns it as it is then.

    `write` gets the document that was read, and raises `ConflictError` when another write came first. Raises
    `ResourceError` when others keep coming in between.
    """
    with session.lock(what):
        for attempt in range(ATTEMPTS):
            document = read()
            if not differs(document):
                return document
            before = document.settings_hash
            try:
                write(document)
            except ConflictError:
                if read().settings_hash == before:
                    raise  # nobody came in between: repeating the write cannot help
            else:
                document = read()
                if not differs(document):
                    return document
            session.waiter.pause(random.uniform(0, min(LONGEST_PAUSE, 0.1 * 2**attempt)))  # noqa: S311
    raise ResourceError(
        f"{what} was changed by somebody else {ATTEMPTS} times while it was being written; "
        "find who writes to it at the moment, then run `pulumi up` again"
    )
