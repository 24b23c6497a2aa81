"""A server's power: on until it is up, off until it is down."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sakura_fleet.errors import ConflictError, WaitTimeoutError
from sakura_fleet.resources.server.observation import current_server, listed_server

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.ownership import OwnerTags
    from sakura_fleet.provider.session import Session

BOOT_DEADLINE: Final = 600.0
SHUTDOWN_DEADLINE: Final = 180.0
"""Seconds that a guest gets to shut down by itself before its power is cut."""
FORCED_DEADLINE: Final = 120.0
AGAIN: Final = "run the same command again: it goes on from here"
ORDER_AGAIN: Final = 20.0
"""Seconds after which a server that is still down is ordered to boot once more."""


def power_on(session: Session, server: api.Server, owner_tags: OwnerTags, *, ordered: bool) -> api.Server:
    """Switch the server on and wait until it is up; with `ordered` the cloud was asked to already."""

    def observe(since: float | None) -> api.Server:
        return listed_server(session, server.zone, server.id, owner_tags, since) or server

    first: api.Server | None = None
    if ordered:
        first = observe(None)  # it is hardly up yet, so what others have asked for will do
    elif server.status != "cleaning":
        first = server  # read just now, and nothing happens to it before the first order
    orders = _BootOrders(session, last=session.clock() if ordered else None)
    return session.waiter.wait_for_shared(
        f"server {server.name} to be up",
        observe,
        lambda server: server.is_up,
        first=first,
        meanwhile=orders.give_where_due,
        phase=lambda server: "shutting down" if server.status == "cleaning" else "booting",
        deadline=BOOT_DEADLINE,
        way_out=f"open the console of {server.id} in {server.zone} in the control panel, then run `pulumi up` again: "
        "it goes on from here",
    )


def order_is_due(server: api.Server, since_last_order: float | None) -> bool:
    """Whether a server that is not up is to be ordered to boot, so many seconds after the last order, if any."""
    return server.status == "down" and (since_last_order is None or since_last_order >= ORDER_AGAIN)


@dataclass(slots=True)
class _BootOrders:
    """The orders to one server to boot: the first, and more while it stays down; `last` is the moment of the latest."""

    session: Session
    last: float | None

    def give_where_due(self, server: api.Server) -> None:
        if not order_is_due(server, None if self.last is None else self.session.clock() - self.last):
            return
        with suppress(ConflictError):  # up, on its way, or not ready yet: the next observation tells
            self.session.client.servers.power_on(server.zone, server.id)
        self.last = self.session.clock()


def power_off(session: Session, server: api.Server, owner_tags: OwnerTags, *, force: bool) -> api.Server:
    """Shut the server down and wait until it is down; `force` cuts its power without asking the guest first.

    A guest has `SHUTDOWN_DEADLINE` from the moment that the cloud has taken the order on. The power is cut when that
    is over, or when the cloud has refused the order for as long; the log says which.
    """
    if not force:
        try:
            order_off(session, server, owner_tags, force=False, deadline=SHUTDOWN_DEADLINE)
            return _wait_until_down(session, server, owner_tags, SHUTDOWN_DEADLINE, "its power is cut now")
        except WaitTimeoutError as error:
            session.log.warn(str(error))
    order_off(session, server, owner_tags, force=True, deadline=FORCED_DEADLINE)
    return _wait_until_down(session, server, owner_tags, FORCED_DEADLINE, AGAIN)


def order_off(session: Session, server: api.Server, owner_tags: OwnerTags, *, force: bool, deadline: float) -> None:
    """Tell the cloud to shut the server down, until it takes the order on, or the server is seen to go or to be down.

    A conflict by itself says neither: it may come from a boot, a migration or another order that is under way.
    """

    def taken_on() -> bool:
        try:
            session.client.servers.power_off(server.zone, server.id, force=force)
        except ConflictError:
            now = current_server(session, server.zone, server.id, owner_tags, session.clock())
            return is_down(now) or now.status == "cleaning"
        return True

    session.waiter.attempt(
        f"the cloud to take on that server {server.name} ({server.id} in {server.zone}) is to "
        f"{'lose its power' if force else 'shut down'}",
        taken_on,
        deadline=deadline,
        way_out=AGAIN if force else "its power is cut now",
    )


def cut_power(session: Session, server: api.Server) -> None:
    """Ask for the power to be cut, once: for those who try again by themselves, so that a conflict may pass."""
    with suppress(ConflictError):
        session.client.servers.power_off(server.zone, server.id, force=True)


def is_down(server: api.Server) -> bool:
    """Whether the power is off; not where the answer does not say."""
    return server.status == "down"


def _wait_until_down(
    session: Session, server: api.Server, owner_tags: OwnerTags, deadline: float, way_out: str
) -> api.Server:
    return session.waiter.wait_for_shared(
        f"server {server.name} ({server.id} in {server.zone}) to be down",
        lambda since: current_server(session, server.zone, server.id, owner_tags, since),
        is_down,
        phase=lambda _: "shutting down",
        deadline=deadline,
        way_out=way_out,
    )
