"""The stack's DNS zone, as the stack file says it: its own record sets, and the names of what else the stack serves."""

from __future__ import annotations

from dataclasses import dataclass

from sakura_fleet.model.dns import RecordSet, is_zone_name, read_record_sets, zone_name
from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.names import RELATIVE_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsArgs:
    """One zone. `elb` is the name under which the ELB is reached; `apex` the host behind the zone's own name.

    `adopt_zone` is the ID of a zone that is there and taken over; `adopt` takes over record sets with other values.
    """

    zone: str
    lookup: bool = False
    adopt_zone: str = ""
    adopt: bool = False
    elb: str = ""
    apex: str = ""
    record_sets: tuple[RecordSet, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()


def read_dns(reader: Reader) -> DnsArgs:
    """The stack's zone from configuration; problems go to the reader."""
    written = reader.text("zone")
    try:
        zone = zone_name(written)
    except ValueError:
        zone = ""
    if written and not is_zone_name(zone):
        reader.problem("zone", "zone-name", f"{written!r} is not a zone's name such as example.com")
    shape = "a name in the zone, such as www, or @ for the zone itself"
    dns = DnsArgs(
        zone=zone,
        lookup=reader.flag("lookup", default=False),
        adopt_zone=reader.text("adopt_zone", "", pattern=RESOURCE_ID, shape="the 12 digits of a zone's ID, in quotes"),
        adopt=reader.flag("adopt", default=False),
        elb=reader.text("elb", "", pattern=RELATIVE_NAME, shape=shape),
        apex=reader.text("apex", "", pattern=RELATIVE_NAME, shape=shape),
        record_sets=tuple(read_record_sets(reader, "record_sets", zone=zone)),
        description=read_description(reader),
        tags=read_tags(reader),
    )
    own = [key for key in ("adopt_zone", "description", "tags") if reader.has(key)]
    if dns.lookup and own:
        reader.problem("lookup", "lookup", f"a zone that is looked up is not changed; remove {', '.join(own)}")
    reader.close()
    return dns
