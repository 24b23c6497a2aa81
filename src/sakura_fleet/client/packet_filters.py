"""Packet filters (API path `packetfilter`). They have no tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sakura_fleet.client._api import ZonedApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, text
from sakura_fleet.model.server.packet_filter import PacketFilterRule

__all__ = ["PacketFilter", "PacketFiltersApi"]


def _rule(fields: Fields) -> PacketFilterRule:
    return PacketFilterRule(
        protocol=fields.text("Protocol"),
        source_network=text(fields.get("SourceNetwork")),  # what a protocol does not have is left out
        source_port=text(fields.get("SourcePort")),
        destination_port=text(fields.get("DestinationPort")),
        action=fields.text("Action"),
        description=text(fields.get("Description")),
    )


def _expression(rule: PacketFilterRule) -> Json:
    return {
        "Protocol": rule.protocol,
        "SourceNetwork": rule.source_network,
        "SourcePort": rule.source_port,
        "DestinationPort": rule.destination_port,
        "Action": rule.action,
        "Description": rule.description,
    }


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """One packet filter; `expression_hash` changes with its rules and guards a write against another one."""

    id: str
    name: str
    description: str
    expressions: tuple[PacketFilterRule, ...]
    expression_hash: str
    created_at: datetime | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            **fields.named(),
            description=fields.blank_text("Description"),
            expressions=tuple(_rule(rule) for rule in fields.optional_items("Expression")),
            expression_hash=fields.text("ExpressionHash"),
        )


def _body(name: str, description: str, expressions: Sequence[PacketFilterRule]) -> Json:
    return {"Name": name, "Description": description, "Expression": [_expression(rule) for rule in expressions]}


class PacketFiltersApi(ZonedApi[PacketFilter]):
    """Packet filters of a zone."""

    PATH, SINGULAR, PLURAL = "packetfilter", "PacketFilter", "PacketFilters"
    VALUE = PacketFilter

    def find(
        self, zone: str, *, tags: Sequence[str] = (), name: str | None = None, description: str = ""
    ) -> list[PacketFilter]:
        """As of every kind, and with `description` those alone that have this text in theirs."""
        return self._find(zone, tags=tags, name=name, description=description)

    def create(
        self, zone: str, *, name: str, description: str = "", expressions: Sequence[PacketFilterRule] = ()
    ) -> PacketFilter:
        """Make a packet filter; it does nothing until it is connected to a NIC."""
        return self._create(zone, _body(name, description, expressions))

    def update(
        self,
        zone: str,
        packet_filter_id: str,
        *,
        name: str,
        description: str,
        expressions: Sequence[PacketFilterRule],
        original_hash: str = "",
    ) -> PacketFilter:
        """Replace labels and all rules.

        With `original_hash`, the hash that was read, a write by somebody else in between raises `ConflictError`.
        """
        beside = {"OriginalExpressionHash": original_hash} if original_hash else None
        return self._update(zone, packet_filter_id, _body(name, description, expressions), beside)
