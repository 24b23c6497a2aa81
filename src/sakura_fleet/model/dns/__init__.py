"""Record sets of a DNS zone: what a person may write, when two values are the same, and how sets get into a zone.

Pure functions over typed values: texts and mappings are read once, where they come in (a stack file, a program, a
resource's inputs, the API, a zone file), and are written again where they go out. Names are relative to the zone ("@"
is the zone itself).
"""

from sakura_fleet.model.dns.lint import check_merged, lint
from sakura_fleet.model.dns.merge import (
    Record,
    check_takeover,
    differing_sets,
    lost_ech,
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
from sakura_fleet.model.dns.rdata import TYPES, read_rdata
from sakura_fleet.model.dns.record_set import RecordSet, RecordSetArgs
from sakura_fleet.model.dns.record_sets import read_record_sets, typed_sets
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
    "RecordSetArgs",
    "check_merged",
    "check_takeover",
    "differing_sets",
    "is_zone_name",
    "lint",
    "lost_ech",
    "merge",
    "read_rdata",
    "read_record_sets",
    "record_name",
    "severity_of",
    "typed_sets",
    "without",
    "zone_name",
]
