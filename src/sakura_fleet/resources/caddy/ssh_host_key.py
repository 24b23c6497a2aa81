"""`SshHostKey`: the key by which an SSH host is known again."""

from __future__ import annotations

import pulumi

from sakura_fleet.model.reference import ServerReference
from sakura_fleet.provider.adapter import FleetProvider, FleetResource
from sakura_fleet.provider.lifecycle import Lifecycle


class SshHostKeyProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.caddy.ssh_host_key_lifecycle import SshHostKeyLifecycle

        return SshHostKeyLifecycle()


class SshHostKey(FleetResource, module="sakura", name="SshHostKey"):
    """The public SSH key of a host, taken when it first answers, and the same from then on.

    `server` refers to a server of the stack, `address` is that of a host that is there already. It waits `deadline`
    seconds until the host answers at `port`. With every change of `content` the host is asked again before anything is
    sent to it: another key than before fails, unless it is another server. `pinned` is the key to expect from the
    start.

    Output: `host_key`, as in an `authorized_keys` file. Nothing is made in the cloud.
    """

    host_key: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        server: ServerReference | None = None,
        address: str = "",
        port: int = 22,
        pinned: str = "",
        content: str = "",
        deadline: int = 600,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "name": name,
            "server": server.inputs() if server else None,
            "address": address,
            "port": port,
            "pinned": pinned,
            "content": content,
            "deadline": deadline,
            "host_key": None,
        }
        super().__init__(SshHostKeyProvider(), resource_name, props, opts)
