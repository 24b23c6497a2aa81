"""`SshKey`: a public key in the account, for people to choose in the control panel and for servers."""

from __future__ import annotations

import pulumi

from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class SshKeyProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.server.ssh_key_lifecycle import SshKeyLifecycle

        return SshKeyLifecycle()


class SshKey(FleetResource, module="sakura", name="SshKey"):
    """A public key, `authorized_keys` form. Another `public_key` needs a new object. Output: `fingerprint` (MD5).

    SSH keys have no tags on the wire: the owner tags are the last line of the description. API: `sshkey`.
    """

    name: pulumi.Output[str]
    public_key: pulumi.Output[str]
    description: pulumi.Output[str]
    fingerprint: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        public_key: pulumi.Input[str],
        description: pulumi.Input[str] = "",
        adopt: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "public_key": public_key,
            "description": description,
            "adopt": adopt,
            "fingerprint": None,
        }
        super().__init__(SshKeyProvider(), resource_name, props, opts)
