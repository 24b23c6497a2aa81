"""The record sets that a stack's state knows as its own, by zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sakura_fleet import tokens
from sakura_fleet.model.dns import RecordSet
from sakura_fleet.model.dns.names import relative_name, wildcards


@dataclass(frozen=True, slots=True)
class ZoneState:
    """A zone with all sets that resources of the stack have written to it. Without a zone of the stack's own,
    `name_servers` is empty."""

    zone_id: str
    zone_name: str
    name_servers: tuple[str, ...]
    sets: tuple[RecordSet, ...]

    def sets_for(self, name: str) -> list[RecordSet]:
        """The sets that answer for a name without final dot: those at it, else those of the closest wildcard."""
        owner = relative_name(name, self.zone_name) or "@"
        for covering in (owner, *wildcards(owner)):
            found = [written for written in self.sets if written.name == covering]
            if found:
                return found
        return []


def zones_in(resources: Iterable[Mapping[str, Any]]) -> list[ZoneState]:
    """The zones of a stack from the resources of its state, those that are about to be deleted aside."""
    present = [resource for resource in resources if not resource.get("delete")]
    servers = {
        str(resource["id"]): tuple(resource["outputs"]["name_servers"])
        for resource in present
        if resource["type"] == tokens.DNS_ZONE
    }
    found: dict[str, ZoneState] = {}
    for resource in present:
        if resource["type"] != tokens.DNS_RECORD_SETS:
            continue
        outputs = resource["outputs"]
        zone_id = str(outputs["zone_id"])
        sets = tuple(RecordSet.from_inputs(written) for written in outputs["records"])
        before = found[zone_id].sets if zone_id in found else ()
        zone_name = str(outputs.get("zone_name") or "")
        found[zone_id] = ZoneState(zone_id, zone_name, servers.get(zone_id, ()), (*before, *sets))
    return list(found.values())


def zone_of(zones: Sequence[ZoneState], name: str) -> ZoneState | None:
    """The zone that a name is in: of several the one with the longest name."""
    inside = [zone for zone in zones if relative_name(name, zone.zone_name) is not None]
    return max(inside, key=lambda zone: len(zone.zone_name), default=None)
