"""`DnsZone`: a zone on the DNS appliance."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class DnsZoneProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.dns.zone_lifecycle import DnsZoneLifecycle

        return DnsZoneLifecycle()


class DnsZone(FleetResource, module="sakura", name="DnsZone"):
    """A DNS zone, without its records: those are `DnsRecordSets`.

    With `lookup` it is the zone of that name that is in the account already: nothing is written to it, and
    destroy leaves it. Without, the zone is made and owned. An owned zone in which others have made records is never
    deleted; `protect=True` in `opts` keeps it from any deletion. Turning `lookup` off takes a zone over, turning it on
    gives it back; both in place.

    Output: `name_servers`, to be entered at the registrar.
    """

    name: pulumi.Output[str]
    description: pulumi.Output[str]
    tags: pulumi.Output[Sequence[str]]
    name_servers: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        description: pulumi.Input[str] = "",
        tags: Sequence[str] = (),
        lookup: bool = False,
        adopt: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "description": description,
            "tags": list(tags),
            "lookup": lookup,
            "adopt": adopt,
            "name_servers": None,
        }
        super().__init__(DnsZoneProvider(), resource_name, props, opts)
