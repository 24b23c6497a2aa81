"""Zones: the locations where servers, disks and switches live.

"Zone" alone always means a location such as `is1b`; the one of the DNS is a `DnsZone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DEFAULT_ZONE", "SANDBOX", "ZONES", "Zone"]


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone. `sandbox` is the free test zone: its servers run nothing, and some resources cannot be made there."""

    name: str
    id: str
    description: str
    region_id: str
    region: str
    sandbox: bool = False


ZONES: Mapping[str, Zone] = {
    zone.name: zone
    for zone in (
        Zone("is1a", "31001", "石狩第1ゾーン", "310", "石狩"),
        Zone("is1b", "31002", "石狩第2ゾーン", "310", "石狩"),
        Zone("is1c", "31003", "石狩第3ゾーン", "310", "石狩"),
        Zone("tk1a", "21001", "東京第1ゾーン", "210", "東京"),
        Zone("tk1b", "21002", "東京第2ゾーン", "210", "東京"),
        Zone("tk1v", "29001", "Sandbox", "290", "Sandbox", sandbox=True),
    )
}
"""The zones that the vendor's own client knows, by name. `Client.zones.find()` asks the API for today's."""

SANDBOX = "tk1v"

DEFAULT_ZONE = "is1a"
"""The zone in the path of calls for global resources, which live in no zone."""
