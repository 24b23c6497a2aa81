"""DNS zones and their records (API path `commonserviceitem`, provider class `dns`, global)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sakura_fleet.client._fields import Fields
from sakura_fleet.client._service_items import ServiceItemsApi, settings_in
from sakura_fleet.client._values import Json, labels, wire_ref

__all__ = ["DnsRecord", "DnsZone", "DnsZonesApi"]


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One value of one record set. `name` is relative ("@" = the zone itself); `ttl` in seconds, None = 3600."""

    name: str
    type: str
    rdata: str
    ttl: int | None = None
    sent: Json | None = field(default=None, repr=False, compare=False)
    """What the API sent for it; unchanged it goes back as it came."""

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            name=fields.text("Name"),
            type=fields.text("Type"),
            rdata=fields.text("RData"),
            ttl=None if fields.get("TTL") is None else fields.number("TTL"),
            sent=fields.body,
        )

    def to_api(self) -> Json:
        if self.sent is not None and self == DnsRecord.from_api(self.sent):
            return self.sent
        body: dict[str, Any] = {"Name": self.name, "Type": self.type, "RData": self.rdata}
        return body if self.ttl is None else {**body, "TTL": self.ttl}


@dataclass(frozen=True, slots=True)
class DnsZone:
    """One DNS zone; `name` without final dot.

    `settings` is what the API sent, unknown keys included; `records` are the records in it, typed.
    """

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    icon_id: str | None
    availability: str
    name_servers: tuple[str, ...]
    records: tuple[DnsRecord, ...]
    settings: Mapping[str, Any] = field(repr=False)
    settings_hash: str
    created_at: datetime | None

    @property
    def items(self) -> tuple[DnsRecord, ...]:
        """The list in `wire` that a state writes into: the records."""
        return self.records

    @property
    def wire(self) -> Json:
        """All that a write of the records replaces, as the API sent it."""
        return self.settings

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        status = fields.child("Status")
        settings = settings_in(fields, "DNS")
        return cls(
            **(fields.described() | {"name": status.text("Zone")}),
            icon_id=fields.reference("Icon"),
            availability=fields.text("Availability"),
            name_servers=status.texts("NS"),
            records=tuple(DnsRecord.from_api(record) for record in settings.items("ResourceRecordSets")),
            settings=settings.body,
            settings_hash=fields.text("SettingsHash"),
        )


def _has_null_settings(fields: Fields) -> bool:
    settings = fields.optional_child("Settings")
    return settings is None or settings.optional_child(DnsZonesApi.SETTINGS) is None


class DnsZonesApi(ServiceItemsApi[DnsZone]):
    """DNS zones of the account."""

    VALUE = DnsZone
    SETTINGS, CLASS = "DNS", "dns"
    FILTERS = {"Provider.Class": [CLASS]}

    def create(
        self,
        name: str,
        *,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str | None = None,
        records: Sequence[DnsRecord] = (),
    ) -> DnsZone:
        """Make a zone. Its name can never be changed. Raises `ConflictError` if somebody holds it already.

        Where it is made without records, null settings in the answer are those of a zone without records.
        """
        settings = {"ResourceRecordSets": [record.to_api() for record in records]}
        body = self._new({**labels(name, description, tags, icon_id), "Status": {"Zone": name}}, settings)
        made = self._call("POST", self._zone, self.PATH, body=body).child(self.SINGULAR)
        if not records and _has_null_settings(made):
            made = made.replaced("Settings", {self.SETTINGS: settings})
        return self._parse(self._zone, made)

    def update_records(self, zone: DnsZone, records: Sequence[DnsRecord]) -> None:
        """Replace the records of a zone; all else in it stays. Raises `ConflictError` if it was changed since.

        The answer is not read: of a zone that was emptied it has no settings.
        """
        settings = {**zone.settings, "ResourceRecordSets": [record.to_api() for record in records]}
        self._call("PUT", self._zone, self._at(zone.id), body=self._body({}, settings, zone.settings_hash))

    def update(self, zone_id: str, *, description: str, tags: Sequence[str], icon_id: str | None) -> DnsZone:
        """Replace description, tags and icon; the records stay."""
        body = {"Description": description, "Tags": sorted(tags), "Icon": wire_ref(icon_id)}
        return self._update(self._zone, zone_id, body)
