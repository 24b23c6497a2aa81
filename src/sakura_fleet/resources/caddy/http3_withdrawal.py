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

    The records themselves belong to a `DnsRecordSets` that comes after the host, and says the same in the end. The zone
    is found by its name; where there is none, there is nothing to withdraw.
    """

    protocols: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        zone_name: str,
        names: Sequence[str],
        protocols: Sequence[str],
        ttl: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"zone_name": zone_name, "names": list(names), "protocols": list(protocols), "ttl": ttl}
        super().__init__(Http3WithdrawalProvider(), resource_name, props, opts)
