"""What a person should know of a fleet in the cloud: each finding with its reason and the way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sakura_fleet.inventory.owned import Kind, Owned

if TYPE_CHECKING:
    from sakura_fleet.client import Client


@dataclass(frozen=True, slots=True)
class Finding:
    """`label` is one word, `what` names the object, `why` says what is wrong with it; `command` is the way out, empty
    where another line names it for many."""

    label: str
    what: str
    why: str
    command: str = ""

    def __str__(self) -> str:
        way_out = f"; `{self.command}`" if self.command else ""
        return f"{self.label:<8} {self.what}: {self.why}{way_out}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An object of the fleet that the state does not know. `wanted` by the program, it is taken over by the next
    `pulumi up`; else it is an orphan, also as a second one beside the resource, `duplicate_of`. `doubt` says why it may
    not be this stack's to remove; empty for none. It is `foreign` where that is as another state has made it."""

    item: Owned
    wanted: bool
    doubt: str = ""
    duplicate_of: Owned | None = None
    foreign: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether it may be removed without being named."""
        return not (self.wanted or self.doubt)

    def finding(self) -> Finding:
        """It in words."""
        if self.foreign:
            return Finding("foreign", str(self.item), f"{self.doubt}, so no `pulumi up` here takes it over")
        if self.wanted:
            return Finding("pending", str(self.item), "the next `pulumi up` takes it over and finishes it")
        doubt = f"; {self.doubt}" if self.doubt else ""
        why = "neither the state nor the program knows it"
        if self.duplicate_of:
            why = f"carries the owner tag of {self.duplicate_of}, too, and nothing uses it"
        return Finding("orphan", str(self.item), why + doubt)


def unknown_objects(
    client: Client,
    items: Iterable[Owned],
    *,
    wanted: Collection[str],
    duplicates: Mapping[Owned, Owned],
    state: str,
    state_is_empty: bool,
) -> list[Unknown]:
    """Judge objects that the state does not know; `wanted` are the resource owner tags in the program, `duplicates` the
    resources of second objects, `state` the owner tag of the state.

    An object is doubtful where another state has made it. So is an orphan where the state is empty, as somebody else's
    state may know it then, and where it serves.
    """
    items = list(items)
    orphans = [item for item in items if item in duplicates or item.owner_tags.resource not in wanted]
    serving = dict(serving_in(client, {item.address for item in orphans if item.kind is Kind.SERVER and item.address}))

    def is_foreign(item: Owned) -> bool:
        return item.owner_tags.is_of_another_state(state)

    def doubt(item: Owned) -> str:
        if is_foreign(item):
            return f"another state of this stack has made it, {item.owner_tags.state}"
        if item in orphans and item.address in serving:
            return f"it serves in the ELB {serving[item.address]}"
        if item in duplicates and item.kind is Kind.DISK:
            return "a person may have put data on it"
        if item in orphans and state_is_empty:
            return "the state is empty, so another one may know it"
        return ""

    return [Unknown(item, item not in orphans, doubt(item), duplicates.get(item), is_foreign(item)) for item in items]


def serving_in(client: Client, addresses: set[str]) -> Iterator[tuple[str, str]]:
    """Those of the addresses that an ELB of the account has as enabled and UP, with the ELB's name."""
    for elb in client.elbs.find() if addresses else ():
        enabled = {entry.ip_address for entry in elb.entries if entry.enabled} & addresses
        if enabled:
            health = client.elbs.health(elb.id)
            for server in health.servers:
                if server.up and server.ip_address in enabled:
                    yield server.ip_address, elb.name
