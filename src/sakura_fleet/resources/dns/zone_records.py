"""Writing a zone's records: one list for everybody, so one careful way to change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sakura_fleet.client import DnsRecord, DnsZone
from sakura_fleet.model.dns import Record
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import edit


def zone_named(session: Session, name: str) -> DnsZone | None:
    """The account's zone of this name, as `zone_name` gives it."""
    found = session.client.dns_zones.find(name=name)
    return next((zone for zone in found if zone.name.casefold() == name), None)


def records_in(zone: DnsZone) -> list[Record]:
    """The zone's records, each with the client's own as its source."""
    return [Record(found.name, found.type, found.rdata, found.ttl, found) for found in zone.records]


def rewrite(
    session: Session,
    zone_id: str,
    change: Callable[[Sequence[Record]], list[Record]],
    *,
    wrote: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Write until `change` finds nothing to change; returns the records as they are then.

    `change` gets the zone's records as they are and gives them as they are to be; it is called anew for every read, and
    what it raises ends the attempt before anything is written. `wrote` is told of each accepted write. Settings beside
    the records go back as they came.
    """

    def differs(zone: DnsZone) -> bool:
        before = records_in(zone)
        after = change(before)
        return len(before) != len(after) or any(one is not other for one, other in zip(before, after, strict=True))

    def write(zone: DnsZone) -> DnsZone:
        records = [_written(record) for record in change(records_in(zone))]
        written = session.client.dns_zones.update_records(zone, records)
        wrote()
        return written

    zone = edit(
        session,
        f"the DNS zone {zone_id}",
        read=lambda: session.client.dns_zones.read(zone_id),
        differs=differs,
        write=write,
    )
    return records_in(zone)


def _written(record: Record) -> DnsRecord:
    """The record for the client: as it was read, where it was."""
    if isinstance(record.source, DnsRecord):
        return record.source
    return DnsRecord(record.name, record.type, record.rdata, record.ttl)
