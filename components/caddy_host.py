"""`CaddyHost`: a server on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pulumi

from sakura_fleet.model.caddy_host import CaddyHostArgs, host_script
from sakura_fleet.model.serving import PROTOCOLS, Serving
from sakura_fleet.resources import Server, StartupScript
from sakura_fleet.resources.references import Reference, server_reference
from sakura_fleet.tokens import CADDY_HOST

from .network import packet_filters, server_interfaces


class CaddyHost(pulumi.ComponentResource):
    """A server whose first boot installs Caddy, opens 80/tcp, 443/tcp and 443/udp, and starts the sites of the
    Caddyfile.

    A startup script runs once, so another Caddyfile makes another server. Output: `address`.
    """

    args: CaddyHostArgs
    server: Server
    reference: Reference
    serving: Serving

    def __init__(
        self,
        name: str,
        args: CaddyHostArgs,
        *,
        password: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(CADDY_HOST, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.args = args
        script = files("sakura_fleet").joinpath("scripts", "caddy-host.sh").read_text("utf-8")
        content = host_script(script, args.caddyfile)
        startup = StartupScript(f"{name}-startup", name=f"{args.name}-caddy", content=content, opts=child)
        template = args.template
        filters = packet_filters(name, args.name, [args.zone], template.network_interfaces, child)
        self.server = Server(
            name,
            name=args.name,
            zones=[args.zone],
            plan=template.plan,
            disks=template.disks,
            network_interfaces=server_interfaces(template.network_interfaces, filters, slot=0),
            edit_parameter=replace(template.edit_parameter, startup_scripts=()),
            startup_scripts=[startup],
            password=password,
            description=template.description,
            tags=template.tags,
            icon_id=template.icon_id,
            interface_driver=template.interface_driver,
            opts=child,
        )
        self.reference = server_reference(self.server)
        self.serving = Serving(protocols=PROTOCOLS, servers=[self.reference])
        self.register_outputs({"address": self.server.address})
