"""Several objects with the owner tag of one resource: which of them is the resource, and what is said of the others.

They come of a create call whose answer was lost, and of a result that the finds did not show for longer than anybody
waits. Whoever finds by an owner tag chooses here, so that all of a run, and every command, mean the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

from sakura_fleet import client as api

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session


class Candidate(Protocol):
    """Any object of the API."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Candidate)

Rank = tuple[bool, int, int]


def rank(object_id: str, completeness: int, known: bool) -> Rank:
    """How much an object is the resource, compared with others that carry its owner tag: the one that the state knows
    comes first, then the most complete, then the oldest."""
    return known, completeness, -int(object_id)


def completeness(item: object) -> int:
    """More for what is further on its way to be used: a server that runs or has disks, a disk that is connected or
    copied, an ELB with entries."""
    match item:
        case api.Server():
            return 100 * item.is_up + len(item.disks)
        case api.Disk():
            return 2 * (item.server_id is not None) + (item.availability == "available")
        case api.Elb():
            return len(item.entries)
    return 0


def ordered(found: Iterable[T], *, known: str = "") -> list[T]:
    """Objects that all carry one resource's owner tag, the one that is the resource first; `known` is its ID in the
    state."""
    return sorted(found, key=lambda item: rank(item.id, completeness(item), item.id == known), reverse=True)


def choose(session: Session, kind: str, found: Iterable[T], *, known: str = "") -> T | None:
    """The one of `found`, which all carry one resource's owner tag, that is the resource; None where there is none.

    `known` is the ID in the state. The log warns of each other one, once a run.
    """
    items = ordered(found, known=known)
    for other in items[1:]:
        session.warn_once(
            f"the {kind} {other.name} ({other.id}) carries the owner tag of the {kind} {items[0].name} "
            f"({items[0].id}), too, and nothing uses it: a create call made it and got no answer. "
            "`sakura-fleet repair` shows it, and `sakura-fleet repair --remove` removes it"
        )
    return items[0] if items else None
