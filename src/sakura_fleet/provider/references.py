"""Finding the server or ELB that a reference means, when a change is applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import NotFoundError, ResourceError
from sakura_fleet.model.reference import ElbReference, ServerReference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.duplicates import choose

if TYPE_CHECKING:
    from sakura_fleet.client import Client
    from sakura_fleet.client import Elb as ElbValue
    from sakura_fleet.client import Server as ServerValue
    from sakura_fleet.provider.session import Session


def find_server(session: Session, fleet: str, reference: ServerReference, *, since: float) -> ServerValue | None:
    """The server that a reference means, from a find that began at or after `since`; None where it is gone."""
    owner_tags = OwnerTags(fleet, reference.key)
    found: list[ServerValue] = []
    for zone in reference.zones:
        found += [server for server in session.servers(zone, fleet, since=since) if owner_tags.are_among(server.tags)]
        if any(server.id == reference.id for server in found):
            break
    return choose(session, "server", found, known=str(reference.id))


def needs_other_elb(key: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether a changed `elb` means another ELB, so that what is in the old one must go first.

    An ELB with the same ID is the same: another stack name or fleet ID gives it another owner tag, and a looked-up one
    may become the stack's own. One that was made again keeps its owner tag under another ID; the old one is gone with
    all in it.
    """
    if key != "elb":
        return False
    old = ElbReference.of(olds["elb"])
    if not isinstance(news["elb"], Mapping):
        # The engine asks what must go before an ELB is replaced: all that is in it, but nothing where it was only
        # looked up, as that one stays.
        return bool(old.key)
    new = ElbReference.of(news["elb"])
    return old.id != new.id and (old.key != new.key or not new.key)


def elb_named(client: Client, wanted: str, *, source: str) -> ElbValue:
    """The account's ELB with this ID or whole name; `source` is the setting that names it.

    Raises `ResourceError` where there is none, or several.
    """
    elbs = client.elbs.find()
    found = [elb for elb in elbs if wanted in (elb.id, elb.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(elb.id for elb in found)
        raise ResourceError(f"{source}: {len(found)} ELBs are called {wanted!r} ({ids}); name it by its ID")
    names = ", ".join(sorted(elb.name for elb in elbs)) or "none"
    raise ResourceError(f"{source}: there is no ELB with the ID or name {wanted!r}; the account has {names}")


def elb_again(session: Session, elb: ElbValue) -> ElbValue | None:
    """The same ELB by another call than the one that read it."""
    return next((found for found in session.client.elbs.find(name=elb.name) if found.id == elb.id), None)


def find_elb(session: Session, reference: ElbReference) -> ElbValue:
    """The ELB that a reference means; by its owner tag where its ID is gone, as a plan change gives it another.

    Raises `NotFoundError`.
    """
    try:
        return session.client.elbs.read(str(reference.id))
    except NotFoundError:
        found = choose(session, "ELB", session.client.elbs.find(tags=[reference.key])) if reference.key else None
        if found is None:
            raise
        return found
