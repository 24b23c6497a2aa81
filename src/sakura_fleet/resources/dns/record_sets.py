"""`DnsRecordSets`: record sets in one DNS zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from sakura_fleet.model.dns import RecordSet
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class DnsRecordSetsProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.dns.record_sets_lifecycle import DnsRecordSetsLifecycle

        return DnsRecordSetsLifecycle()


class DnsRecordSets(FleetResource, module="sakura", name="DnsRecordSets"):
    """The record sets (name and type) that it names; everything else in the zone stays as it is, byte for byte.

    All of them are changed in one write. A value is a text, `{"server": reference}` (that server's address),
    `{"elb": reference}` (that ELB's address, or its name for ALIAS and CNAME), or for HTTPS and SVCB a mapping such as
    `{"priority": 1, "target": ".", "alpn": ["h3", "h2"], "ipv4hint": [{"server": reference}]}`. References are looked
    up when the change is applied.

    A set that is in the zone already with other values is refused, unless `adopt`; equal values are taken over. In a
    zone that is not this stack's (`shared`) equal values are refused, too, and what is written is claimed in a TXT
    record at `_sakura-fleet`: what another fleet has claimed is always refused. Delete removes the values that were
    written here and leaves what others added.

    Another `trigger` writes the sets again, though they are the same: for what may have taken them out meanwhile.

    Output: `records`, the sets with their texts.
    """

    zone_id: pulumi.Output[str]
    record_sets: pulumi.Output[Sequence[Mapping[str, Any]]]
    records: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init__(
        self,
        resource_name: str,
        *,
        zone_id: pulumi.Input[str],
        zone_name: str,
        record_sets: Sequence[RecordSet],
        adopt: bool = False,
        shared: bool = False,
        trigger: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "zone_id": zone_id,
            "zone_name": zone_name,
            "record_sets": [declared.inputs() for declared in record_sets],
            "adopt": adopt,
            "shared": shared,
            "trigger": trigger,
            "records": None,
        }
        super().__init__(DnsRecordSetsProvider(), resource_name, props, opts)
