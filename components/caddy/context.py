"""What every part of a Caddy host needs to know of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import pulumi

from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.model.caddy.script import host_script

if TYPE_CHECKING:
    from ..dns import DnsRecords

Resources = list[pulumi.Resource]
"""What the next part depends on."""


@dataclass(frozen=True)
class HostContext:
    """The component of the parts, its name and settings, and its zone; `apex` gives it the zone's own name, too."""

    component: pulumi.ComponentResource
    name: str
    args: CaddyHostArgs
    dns: DnsRecords | None
    apex: bool

    def options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.component, depends_on=list(after) or None)

    @cached_property
    def full_names(self) -> list[str]:
        """The names of its records, whole; none without a zone."""
        if not self.dns:
            return []
        from sakura_fleet.model.dns.names import full_name

        return [full_name(name, self.dns.zone_name) for name in self.args.all_records]

    @cached_property
    def script(self) -> str:
        """The host script, with the host's settings in it."""
        return host_script(self.args, names=self.full_names)

    @cached_property
    def content(self) -> str:
        """What changes whenever the host is to serve something else."""
        return sha256(self.script.encode()).hexdigest()

    @cached_property
    def urls(self) -> list[str]:
        """What is served over HTTPS, as far as it is known: a raw Caddyfile is known by the host's records only."""
        if not self.args.ends_tls:
            return []
        names = [site.name for site in self.args.sites] or self.full_names
        return [f"https://{name}/" for name in names]
