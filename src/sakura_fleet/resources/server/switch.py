"""`Switch`: a private network in one zone."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class SwitchProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.server.switch_lifecycle import SwitchLifecycle

        return SwitchLifecycle()


class Switch(FleetResource, module="sakura", name="Switch"):
    """A switch. Another zone needs a new one, and the cloud removes a switch only when nothing is connected. API:
    `switch`."""

    name: pulumi.Output[str]
    zone: pulumi.Output[str]
    description: pulumi.Output[str]
    tags: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        zone: pulumi.Input[str],
        description: pulumi.Input[str] = "",
        tags: pulumi.Input[Sequence[str]] = (),
        adopt: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "zone": zone,
            "description": description,
            "tags": list(tags) if isinstance(tags, tuple) else tags,
            "adopt": adopt,
        }
        super().__init__(SwitchProvider(), resource_name, props, opts)
