"""`Elb`: a managed HTTP load balancer (enhanced load balancer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from sakura_fleet.model.elb import ElbSettings, Rule
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class ElbProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.elb.elb_lifecycle import ElbLifecycle

        return ElbLifecycle()


class Elb(FleetResource, module="sakura", name="Elb"):
    """Everything of an ELB but its entries, which `ElbMembership` manages, and its certificates (`ElbCertificate`).

    `settings` holds bind ports, health check, sorry server, rules, sticky session, gzip, PROXY protocol, backend
    keep-alive, timeout and syslog, in the words of docs/configuration.md; each changes in place with one write, and
    what the cloud has beyond these is kept. `plan` (connections per second) changes in place too: the
    ELB may then get a new ID, which is followed. `region` and `vip_failover` are fixed at creation.

    With `lookup` (an ID or a name) it is an ELB that was made elsewhere: it is never changed or deleted, and
    only this stack's entries in it are managed.

    Outputs: `elb_id`, `fqdn` (with VIP failover) or `vip`, `proxy_networks` (let them in at the servers' firewall).
    """

    name: pulumi.Output[str]
    elb_id: pulumi.Output[str]
    fqdn: pulumi.Output[str]
    vip: pulumi.Output[str]
    proxy_networks: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str = "",
        lookup: str = "",
        plan: int = 100,
        region: str = "is1",
        vip_failover: bool = False,
        settings: ElbSettings | None = None,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str = "",
        adopt: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.is_lookup = bool(lookup)
        self.has_failover = vip_failover
        self._rules = settings.rules if settings else ()
        props: dict[str, Any] = {
            "name": name,
            "lookup": lookup,
            "plan": plan,
            "region": region,
            "vip_failover": vip_failover,
            "settings": settings.inputs() if settings else {},
            "description": description,
            "tags": list(tags),
            "icon_id": icon_id,
            "adopt": adopt,
            "elb_id": None,
            "fqdn": None,
            "vip": None,
            "proxy_networks": None,
        }
        super().__init__(ElbProvider(), resource_name, props, opts)

    @property
    def reference(self) -> ElbReference:
        """How other resources name this ELB: by its owner tag, or by its ID where it was made elsewhere."""
        return ElbReference("" if self.is_lookup else self.key, self.id)

    def rules_to(self, server_group_name: str) -> list[tuple[int, Rule]]:
        """The rules that name a server group, each behind its place among all rules."""
        return [(at, rule) for at, rule in enumerate(self._rules) if rule.server_group == server_group_name]
