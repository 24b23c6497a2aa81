"""`HostProbe`: the proof that a host serves what is about to be announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from sakura_fleet.model.reference import ServerReference
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class HostProbeProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.caddy.host_probe_lifecycle import HostProbeLifecycle

        return HostProbeLifecycle()


class HostProbe(FleetResource, module="sakura", name="HostProbe"):
    """Waits until each target is answered over each protocol, with a certificate that is good.

    Without `required` it waits until each target is answered over TLS at all, and finds out which of the protocols are
    served there; HTTP/3 is waited for where an answer promises it (`Alt-Svc`).

    A target is `{"url": …, "ca": …}`; `ca` is a PEM text of the CAs to trust, empty for the public ones. The host is a
    server of the stack (`server`, a reference) or has an `address`; names are not resolved. Asked again whenever
    `content` changes. After `deadline` seconds the run fails with what was answered last, and whoever depends on this
    is not made.

    Outputs: `verified` (the protocols that every target was answered over) and `certificates` (the moment each target's
    certificate ends, by URL), as they were found then. Needs the extra `http3` for h3. Nothing is made in the cloud.
    """

    verified: pulumi.Output[Sequence[str]]
    certificates: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        targets: Sequence[Mapping[str, pulumi.Input[str]]],
        protocols: Sequence[str],
        server: ServerReference | None = None,
        address: str = "",
        content: str = "",
        deadline: int = 600,
        required: bool = True,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "targets": [dict(target) for target in targets],
            "protocols": list(protocols),
            "server": server.inputs() if server else None,
            "address": address,
            "content": content,
            "deadline": deadline,
            "required": required,
            "verified": None,
            "certificates": None,
        }
        super().__init__(HostProbeProvider(), resource_name, props, opts)
