"""Writing a zone's records: one list for everybody, so one careful way to change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sakura_fleet.client import DnsRecord, DnsZone
from sakura_fleet.model.dns import Record, RecordSet
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import edit


def zone_named(session: Session, name: str) -> DnsZone | None:
    """The account's zone of this name, as `zone_name` gives it."""
    found = session.client.dns_zones.find(name=name)
    return next((zone for zone in found if zone.name.casefold() == name), None)


def zone_again(session: Session, zone: DnsZone) -> DnsZone | None:
    """The same zone by another call than the one that read it."""
    return next((found for found in session.client.dns_zones.find(name=zone.name) if found.id == zone.id), None)


def records_in(zone: DnsZone) -> list[Record]:
    """The zone's records, each with what the API sent for it."""
    return [Record(found.name, found.type, found.rdata, found.ttl, found) for found in zone.records]


def rewrite(
    session: Session,
    zone_id: str,
    change: Callable[[Sequence[Record]], list[Record]],
    *,
    before: Sequence[RecordSet] = (),
    wrote: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Write until `change` finds nothing to change; returns the records as they are then.

    `change` gets the zone's records as they are and gives them as they are to be; it is called again for every read,
    and what it raises ends the attempt before anything is written. `before` is what the state has written, `wrote` is
    told of each accepted write. Settings beside the records go back as they came.
    """

    def differs(zone: DnsZone) -> bool:
        before = records_in(zone)
        after = change(before)
        return len(before) != len(after) or any(old is not new for old, new in zip(before, after, strict=True))

    def write(zone: DnsZone) -> None:
        session.client.dns_zones.update_records(zone, [_for_api(record) for record in change(records_in(zone))])
        wrote()

    zone = edit(
        session,
        f"the DNS zone {zone_id}",
        read=lambda: session.client.dns_zones.read(zone_id),
        again=lambda zone: zone_again(session, zone),
        differs=differs,
        write=write,
        wrote=before,
    )
    return records_in(zone)


def _for_api(record: Record) -> DnsRecord:
    if isinstance(record.source, DnsRecord):
        return record.source
    return DnsRecord(record.name, record.type, record.text, record.ttl)
