"""Changing one part of a document that others write too: an ELB's settings, a DNS zone's records.

The API replaces such a document as a whole, so two who read, change and write at the same time lose one of the changes.
`edit` reads fresh, changes only its own part, sends the hash of what it read, and reads back; when somebody came in
between (a conflict, or a write that undid this one), it starts again. The lock only saves retries within this process.

An answer that has lost a setting, or a list, would wipe what everybody has in it with the next write. So a document is
read again by another call before it is written, and nothing is written where the two contradict each other, or where
the list that the state has written into is empty.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sakura_fleet.errors import ConflictError, ResourceError

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session

ATTEMPTS: Final = 12
LONGEST_PAUSE: Final = 5.0
SHOWN: Final = 5
"""How much of what the state has written an error names."""


class Document(Protocol):
    """Settings that are written as a whole."""

    @property
    def settings_hash(self) -> str: ...

    @property
    def wire(self) -> Mapping[str, Any]:
        """All that a write replaces, as the API sent it."""

    @property
    def items(self) -> Sequence[object]:
        """The list in it that a state writes into: an ELB's entries, a zone's records."""


T = TypeVar("T", bound=Document)


def confirm(what: str, document: T, again: Callable[[T], T | None]) -> bool:
    """Read a document by another call, `again`, before anybody acts on it; False where it was changed meanwhile.

    Raises `ResourceError` where the two answers contradict each other.
    """
    second = again(document)
    if second is None:
        return True  # a find does not list what is new yet
    if second.settings_hash != document.settings_hash:
        return False
    if second.wire != document.wire:
        raise ResourceError(
            f"{what}: two answers of the API have the same settings hash, {document.settings_hash}, but one lacks what "
            "the other has; neither was used, and nothing in it was changed. Run the same command again"
        )
    return True


def _refuse_emptied(what: str, wrote: Sequence[object]) -> None:
    shown = ", ".join(map(str, wrote[:SHOWN])) + (f" and {len(wrote) - SHOWN} more" if len(wrote) > SHOWN else "")
    raise ResourceError(
        f"{what} is empty, says the API, though the state has written {shown}; nothing was written, as an answer that "
        "lacks what is there would wipe it for everybody. Look at it in the control panel; where it was really "
        "emptied, run `pulumi refresh`, which tells the state, then `pulumi up`, which writes it again"
    )


def edit(
    session: Session,
    what: str,
    *,
    read: Callable[[], T],
    again: Callable[[T], T | None],
    differs: Callable[[T], bool],
    write: Callable[[T], object],
    wrote: Sequence[object] = (),
) -> T:
    """Write until the document, freshly read, no longer `differs`; returns it as it is then.

    `write` gets the document that was read, and raises `ConflictError` when another write came first. `again` is what
    `confirm` takes. `wrote` is what the state has written into its `items`. Raises `ResourceError` when others keep
    coming in between, and for an answer that cannot be true.
    """
    with session.lock(what):
        for attempt in range(ATTEMPTS):
            document = read()
            if not differs(document):
                return document
            if confirm(what, document, again):
                if wrote and not document.items:
                    _refuse_emptied(what, wrote)
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
