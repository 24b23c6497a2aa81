"""Record sets of a DNS zone: what a person may write, when two values are the same, and how sets get into a zone.

Pure functions over plain values. Names are relative to the zone ("@" is the zone itself), record data is text as the
DNS appliance takes it.
"""

from sakura_fleet.model.dns.lint import check_merged, lint
from sakura_fleet.model.dns.merge import (
    Record,
    check_takeover,
    differing_sets,
    merge,
    without,
)
from sakura_fleet.model.dns.names import (
    DEFAULT_TTL,
    MAX_RECORDS,
    MAX_TTL,
    MIN_TTL,
    is_zone_name,
    record_name,
    zone_name,
)
from sakura_fleet.model.dns.rdata import TYPES, identity, same_rdata, written_identity
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.record_sets import read_record_sets
from sakura_fleet.model.dns.rules import ALLOWABLE, RULES, severity_of

__all__ = [
    "ALLOWABLE",
    "DEFAULT_TTL",
    "MAX_RECORDS",
    "MAX_TTL",
    "MIN_TTL",
    "RULES",
    "TYPES",
    "Record",
    "RecordSet",
    "check_merged",
    "check_takeover",
    "differing_sets",
    "identity",
    "is_zone_name",
    "lint",
    "merge",
    "read_record_sets",
    "record_name",
    "same_rdata",
    "severity_of",
    "without",
    "written_identity",
    "zone_name",
]
