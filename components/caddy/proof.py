"""The probe between a host and its announcement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from sakura_fleet.resources import HostProbe

    from .access import Applied
    from .context import HostContext
    from .place import Placed


def prove(host: HostContext, place: Placed, applied: Applied, *, after: Sequence[pulumi.Resource]) -> HostProbe | None:
    """A request for each URL over each protocol, sent to the host itself; None where nothing is to be asked.

    What is declared must be answered. Where a Caddyfile decides, what is answered is what is announced.
    """
    args = host.args
    if not host.urls or not args.ready_deadline:
        return None
    from sakura_fleet.resources import HostProbe

    ca = pulumi.Output.from_input(args.trusted_ca or args.acme_ca_root)
    internal = {f"https://{name}/" for name in args.internal_names}
    return HostProbe(
        f"{host.name}-probe",
        name=args.name,
        targets=[{"url": url, "ca": applied.internal_ca if url in internal else ca} for url in host.urls],
        protocols=args.serves,
        required=not args.answers_decide,
        server=place.reference,
        address=place.literal,
        content=host.content,
        deadline=args.ready_deadline,
        opts=host.options(*after),
    )
