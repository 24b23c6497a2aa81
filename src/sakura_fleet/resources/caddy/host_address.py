"""Where a host is: a server of the stack, by reference, or the address of one that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import ResourceError
from sakura_fleet.model.reference import ServerReference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.references import find_server

if TYPE_CHECKING:
    from sakura_fleet.provider.session import Session


def address_of(session: Session, inputs: Mapping[str, Any]) -> str:
    """The address that `inputs` mean by `server` (a reference) or `address`; `ResourceError` where it is gone."""
    if inputs["address"]:
        return str(inputs["address"])
    fleet = OwnerTags.from_inputs(inputs["owner_tags"]).fleet
    reference = ServerReference.of(inputs["server"])
    server = find_server(session, fleet, reference, since=session.clock())
    if server is None or not server.ip_address:
        raise ResourceError(
            f"the server {reference.key} is not in {', '.join(reference.zones)}; run "
            "`pulumi up --refresh`, which makes it again"
        )
    return server.ip_address


def comparable_host(key: str, value: Any) -> Any:
    """A reference counts by its ID: that is the same as long as the server is."""
    return value.get("id") if key == "server" and isinstance(value, Mapping) else value
