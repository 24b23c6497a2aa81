"""DNS zones and their records (API path `commonserviceitem`, provider class `dns`, global)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sakura_fleet.client._service_items import ServiceItemsApi, settings_in
from sakura_fleet.client._values import (
    Json,
    described,
    items,
    labels,
    mapping,
    number,
    ref_id,
    text,
    texts,
    wire_ref,
)

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
    def from_api(cls, body: Json) -> Self:
        return cls(
            name=text(body.get("Name")),
            type=text(body.get("Type")),
            rdata=text(body.get("RData")),
            ttl=None if body.get("TTL") is None else number(body["TTL"]),
            sent=body,
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

    @classmethod
    def from_api(cls, body: Json) -> Self:
        status = mapping(body.get("Status"))
        settings = settings_in(body, "DNS")
        settings["ResourceRecordSets"] = items(settings.get("ResourceRecordSets"))  # may be null when it is empty
        return cls(
            **(described(body) | {"name": text(status.get("Zone")) or text(body.get("Name"))}),
            icon_id=ref_id(body, "Icon"),
            availability=text(body.get("Availability")),
            name_servers=texts(status.get("NS")),
            records=tuple(DnsRecord.from_api(record) for record in settings["ResourceRecordSets"]),
            settings=settings,
            settings_hash=text(body.get("SettingsHash")),
        )


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
        """Make a zone. Its name can never be changed. Raises `ConflictError` if somebody holds it already."""
        settings = {"ResourceRecordSets": [record.to_api() for record in records]}
        return self._make({**labels(name, description, tags, icon_id), "Status": {"Zone": name}}, settings)

    def update_records(self, zone: DnsZone, records: Sequence[DnsRecord]) -> DnsZone:
        """Replace the records of a zone; all else in it stays. Raises `ConflictError` if it was changed since."""
        settings = {**zone.settings, "ResourceRecordSets": [record.to_api() for record in records]}
        return self._put(zone.id, {}, settings, zone.settings_hash)

    def update(self, zone_id: str, *, description: str, tags: Sequence[str], icon_id: str | None) -> DnsZone:
        """Replace description, tags and icon; the records stay."""
        body = {"Description": description, "Tags": sorted(tags), "Icon": wire_ref(icon_id)}
        return self._update(self._zone, zone_id, body)
