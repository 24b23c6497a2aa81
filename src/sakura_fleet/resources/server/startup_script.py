"""`StartupScript`: a shell script in the cloud (a note on the wire) that servers run at their first boot."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.server.startup_script import check_startup_script, uses_name
from sakura_fleet.provider.adapter import FleetProvider, FleetResource, refuse
from sakura_fleet.provider.lifecycle import Lifecycle


class StartupScriptProvider(FleetProvider):
    def lifecycle(self) -> Lifecycle:
        from sakura_fleet.resources.server.startup_script_lifecycle import StartupScriptLifecycle

        return StartupScriptLifecycle()


class StartupScript(FleetResource, module="sakura", name="StartupScript"):
    """A startup script; `{{ .Name }}` in it is the name of the server that runs it.

    A change of `content` is written in place and reaches servers made later: a script runs at the first boot only.
    Notes are stored in plain text, so the content must not hold a secret; `content` is a plain text for that reason,
    and a Pulumi secret is refused. API: `note`.
    """

    name: pulumi.Output[str]
    content: pulumi.Output[str]
    tags: pulumi.Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        content: str | pulumi.Output[str],
        tags: Sequence[str] = (),
        adopt: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse(_problems(content), resource_name)
        text = str(content)
        self.digest = sha256(text.encode()).hexdigest()
        self.uses_name = uses_name(text)
        props: dict[str, Any] = {"name": name, "content": content, "tags": list(tags), "adopt": adopt}
        super().__init__(StartupScriptProvider(), resource_name, props, opts)


def _problems(content: str | pulumi.Output[str]) -> list[Problem]:
    if isinstance(content, str):
        return check_startup_script(content, "content")
    message = (
        "a startup script must be a plain text: the cloud stores it unencrypted. Keep secrets out of it, "
        "for example in a file that the script fetches"
    )
    return [Problem("content", "startup-script-secret", message)]
