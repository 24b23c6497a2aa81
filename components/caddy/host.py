"""`CaddyHost`: a host on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.model.caddy.host_rules import host_problems
from sakura_fleet.model.serving import Serving
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.resources.caddy.local_check import local_problems, read_private_key
from sakura_fleet.tokens import CADDY_HOST

from .access import host_access
from .context import HostContext, Resources
from .place import place_host
from .proof import prove
from .records import announce, https_text, record_address, seen, withdraw

if TYPE_CHECKING:
    from sakura_fleet.model.reference import ServerReference
    from sakura_fleet.resources import HostProbe, Server

    from ..dns import DnsRecords


class CaddyHost(pulumi.ComponentResource):
    """A server of the stack, or a host that is there already, made to serve the sites of `args`.

    By a startup script, which runs at the first boot, so that other sites make another server; or over SSH, where they
    are changed while the old ones are served, and where Caddy's refusal fails the run and leaves the old ones serving.

    With `dns` the host's records come in this order: A, then the host, then a probe of each site over each protocol,
    then HTTPS. A host that does not serve is never announced. A protocol that is taken away leaves the HTTPS record
    first. A server named in `args.adopt` is taken over as it is, instead of one being made: a startup script is not run
    on it. `apex` gives the zone's own name to this host, too.

    A whole Caddyfile decides what is served: the HTTPS record leaves before each change of it, and then says what was
    answered, or `args.protocols` where those are set, all of which must be answered.

    Outputs: `address`, `urls`, `https_record`, `verified_protocols`, `certificates` (when each ends, by URL), and over
    SSH `host_key`.
    """

    args: CaddyHostArgs
    address: pulumi.Output[str]
    urls: list[str]
    https_record: pulumi.Output[str]
    serving: Serving
    """What an HTTPS record has to say of it, as declared: nothing for a Caddyfile without `protocols`. Hints follow a
    server; a literal address is in A alone."""

    def __init__(
        self,
        name: str,
        args: CaddyHostArgs,
        *,
        dns: DnsRecords | None = None,
        apex: bool = False,
        password: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse([*host_problems(args), *local_problems(args)], f"host {name}")
        private_key = read_private_key(args)
        super().__init__(CADDY_HOST, name, {}, opts)
        host = HostContext(self, name, args, dns, apex)
        access = host_access(host, private_key)

        withdrawals = withdraw(host)
        chain: Resources = [*withdrawals]
        place = place_host(host, access.startup_scripts, password, after=chain)
        chain = [*chain, *record_address(host, place)]
        applied = access.apply(place, after=chain)
        chain = [*chain, *applied.resources]
        probe = prove(host, place, applied, after=chain)
        chain = [*chain, probe] if probe else chain
        serving = Serving(protocols=args.alpn_ids, servers=[place.reference] if place.reference else [])
        announce(host, serving, probe=probe, withdrawals=withdrawals, after=chain)

        self.args = args
        # Pulumi evaluates the annotations of the class, so what is there for some hosts only has them here.
        self.server: Server | None = place.server
        self.reference: ServerReference | None = place.reference
        self.host_key: pulumi.Output[str] | None = applied.host_key
        self.probe: HostProbe | None = probe
        self.address = place.address
        self.urls = host.urls
        self.serving = serving
        if args.answers_decide and probe:
            self.https_record = pulumi.Output.all(place.address, probe.verified).apply(
                lambda found: https_text(seen(serving, found[1]), found[0])
            )
        else:
            self.https_record = place.address.apply(lambda address: https_text(serving, address))
        self.register_outputs(self.output())

    def output(self) -> dict[str, pulumi.Input[Any]]:
        """The host as a stack output."""
        found: dict[str, pulumi.Input[Any]] = {
            "name": self.args.name,
            "address": self.address,
            "urls": self.urls,
            "https_record": self.https_record,
        }
        if self.probe:
            found |= {"verified_protocols": self.probe.verified, "certificates": self.probe.certificates}
        return {**found, "host_key": self.host_key} if self.host_key is not None else found
