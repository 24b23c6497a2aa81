"""A zone by name and type, for the rules that go beyond one set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sakura_fleet.model.dns.merge import Key, Record
from sakura_fleet.model.dns.names import relative_name, wildcards
from sakura_fleet.model.dns.svcb import Svcb
from sakura_fleet.model.dns.values import svcb_of

Broken = Iterator[tuple[str, str]]
"""Rules that a set breaks: the rule's id and the message."""


class ZoneView:
    """A zone by name and type."""

    def __init__(self, records: Iterable[Record], zone: str, complete: bool) -> None:
        self.zone = zone
        self.complete = complete
        self.sets: dict[Key, list[Record]] = {}
        self.types: dict[str, list[str]] = {}
        for record in records:
            name, kind = record.key
            self.sets.setdefault((name, kind), []).append(record)
            if kind not in self.types.setdefault(name, []):
                self.types[name].append(kind)

    def relative(self, target: str) -> str | None:
        """The relative name of a target inside the zone."""
        return relative_name(target, self.zone) if self.zone and target != "." else None

    def has(self, name: str, kinds: Collection[str]) -> bool:
        """Whether one of the types is at the name, or a wildcard above it, or somebody else answers for it."""
        if any(kind in kinds for kind in self.types.get(name, ())):
            return True
        labels = name.split(".")
        above = [".".join(labels[index:]) for index in range(1, len(labels))]
        if any("NS" in self.types.get(at, ()) for at in (name, *above)):
            return True
        wild = [kind for covering in wildcards(name) for kind in self.types.get(covering, ())]
        return name not in self.types and any(kind in kinds for kind in wild)

    def svcb(self, key: Key) -> list[Svcb]:
        """The data of an HTTPS or SVCB set, as far as it can be read and is known."""
        return [svcb for svcb in (svcb_of(record.data) for record in self.sets[key]) if svcb is not None]
