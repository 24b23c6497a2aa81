"""How a host is reached: by a startup script at the first boot, or over SSH at every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pulumi

from sakura_fleet.model.caddy.host import SshAccess
from sakura_fleet.model.caddy.script import local_ca
from sakura_fleet.resources import StartupScript

if TYPE_CHECKING:
    from .context import HostContext, Resources
    from .place import Placed

DIAL_ERRORS = 30
"""How often the command provider tries to connect, in 111 s. The host has answered by then; it may restart sshd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What put the sites on the host; `internal_ca` is the certificate (PEM) of the host's own CA, empty if unknown."""

    internal_ca: pulumi.Output[str]
    resources: Resources = field(default_factory=list)
    host_key: pulumi.Output[str] | None = None


class HostAccess(Protocol):
    """Puts the host script on the host: with the server that it is given to, or once the host is there."""

    @property
    def startup_scripts(self) -> Sequence[StartupScript]: ...

    def apply(self, place: Placed, *, after: Sequence[pulumi.Resource]) -> Applied: ...


def host_access(host: HostContext, private_key: str) -> HostAccess:
    """The way to this host."""
    access = host.args.access
    return OverSsh(host, access, private_key) if isinstance(access, SshAccess) else ByStartupScript(host)


class ByStartupScript:
    """The script runs at the first boot, so another script is another server."""

    def __init__(self, host: HostContext) -> None:
        self._trusted_ca = host.args.trusted_ca
        self.startup_scripts = [
            StartupScript(
                f"{host.name}-startup", name=f"{host.args.name}-caddy", content=host.script, opts=host.options()
            )
        ]

    def apply(self, place: Placed, *, after: Sequence[pulumi.Resource]) -> Applied:
        return Applied(internal_ca=pulumi.Output.from_input(self._trusted_ca))


class OverSsh:
    """The script runs over SSH: again whenever it, or the settings in it, change."""

    startup_scripts: Sequence[StartupScript] = ()

    def __init__(self, host: HostContext, ssh: SshAccess, private_key: str) -> None:
        self._host = host
        self._ssh = ssh
        self._private_key = private_key

    def apply(self, place: Placed, *, after: Sequence[pulumi.Resource]) -> Applied:
        from pulumi_command import remote  # only for those who use it: it takes a while to load

        from sakura_fleet.resources import SshHostKey

        host, ssh = self._host, self._ssh
        key = SshHostKey(
            f"{host.name}-host-key",
            name=host.args.name,
            server=place.reference,
            address=place.literal,
            port=ssh.port,
            pinned=ssh.host_key,
            content=host.content,
            opts=host.options(*after),
        )
        command = remote.Command(
            f"{host.name}-sites",
            connection=remote.ConnectionArgs(
                host=place.address,
                port=float(ssh.port),
                user=ssh.user,
                private_key=pulumi.Output.secret(self._private_key) if self._private_key else None,
                host_key=key.host_key,
                dial_error_limit=DIAL_ERRORS,
            ),
            # The old sites are served until the new ones are: there is nothing to undo when this goes, so no `delete`.
            create="bash -s" if ssh.user == "root" else "sudo -n bash -s",
            stdin=host.script,
            triggers=[place.identity],
            add_previous_output_in_env=False,
            opts=host.options(*after, key),
        )
        trusted_ca = host.args.trusted_ca
        return Applied(
            internal_ca=command.stdout.apply(lambda printed: local_ca(printed or "") or trusted_ca),
            resources=[command],
            host_key=key.host_key,
        )
