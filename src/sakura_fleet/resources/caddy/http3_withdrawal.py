"""`Http3Withdrawal`: nobody is sent to a protocol that is about to go."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class Http3WithdrawalProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.caddy.http3_withdrawal_lifecycle import Http3WithdrawalLifecycle

        return Http3WithdrawalLifecycle()


class Http3Withdrawal(FleetResource, module="sakura", name="Http3Withdrawal"):
    """Comes before a host's own resources, and acts when `protocols` loses one: takes it out of the HTTPS records at
    `names` and waits until no cache can hold them any more (`ttl` seconds, as it was). Then the host changes.

    `content` is for a host whose Caddyfile decides what it serves: whenever that changes, the whole records are taken
    out, as nobody knows what the new one serves before it was asked.

    The records themselves belong to a `DnsRecordSets` that comes after the host, and says the same in the end. Where
    whole records were taken out it writes them again by its `trigger`, which is the output `withdrawn`: how often they
    were. The zone is found by its name; where there is none, there is nothing to withdraw.
    """

    protocols: pulumi.Output[Sequence[str]]
    withdrawn: pulumi.Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        zone_name: str,
        names: Sequence[str],
        protocols: Sequence[str],
        ttl: int,
        content: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "zone_name": zone_name,
            "names": list(names),
            "protocols": list(protocols),
            "ttl": ttl,
            "content": content,
            "withdrawn": None,
        }
        super().__init__(Http3WithdrawalProvider(), resource_name, props, opts)
