"""Switches: private networks of a zone (API path `switch`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sakura_fleet.client._api import ZonedApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, labels, mapping, number, optional_text

__all__ = ["Switch", "SwitchesApi"]


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch; `default_route` and `network_mask_len` are notes for its users, None where nothing is set."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    icon_id: str | None
    scope: str
    server_count: int
    default_route: str | None
    network_mask_len: int | None
    created_at: datetime | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        subnet = mapping(fields.get("UserSubnet"))
        return cls(
            **fields.described(),
            icon_id=fields.reference("Icon"),
            scope=fields.text("Scope"),
            server_count=fields.number("ServerCount"),
            default_route=optional_text(subnet.get("DefaultRoute")),
            network_mask_len=number(subnet.get("NetworkMaskLen")) or None,
        )


def _body(labelled: dict[str, Any], default_route: str | None, network_mask_len: int | None) -> Json:
    return {
        **labelled,
        "UserSubnet": {"DefaultRoute": default_route or "", "NetworkMaskLen": network_mask_len or 0},
    }


class SwitchesApi(ZonedApi[Switch]):
    """Switches of a zone. The shared segment is none of them."""

    PATH, SINGULAR, PLURAL = "switch", "Switch", "Switches"
    VALUE = Switch

    def create(
        self,
        zone: str,
        *,
        name: str,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str | None = None,
        default_route: str | None = None,
        network_mask_len: int | None = None,
    ) -> Switch:
        """Make a switch."""
        return self._create(zone, _body(labels(name, description, tags, icon_id), default_route, network_mask_len))

    def update(
        self,
        zone: str,
        switch_id: str,
        *,
        name: str,
        description: str,
        tags: Sequence[str],
        icon_id: str | None,
        default_route: str | None = None,
        network_mask_len: int | None = None,
    ) -> Switch:
        """Replace labels and subnet notes; what is left out of the subnet is cleared."""
        labelled = labels(name, description, tags, icon_id)
        return self._update(zone, switch_id, _body(labelled, default_route, network_mask_len))
