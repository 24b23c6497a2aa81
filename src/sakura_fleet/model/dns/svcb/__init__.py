"""SVCB and HTTPS record data (RFC 9460): text in, wire bytes out, and every rule with an id.

`read_svcb` parses zone-file text, `read_structure` the mapping that a program writes; both note problems instead of
raising. Two values are the same when `Svcb.identity` is: programs quote, reorder and re-spell, so texts are never
compared.
"""

from sakura_fleet.model.dns.svcb.rdata import Svcb, check_svcb, read_structure, read_svcb
from sakura_fleet.model.dns.svcb.record_set import check_svcb_set
from sakura_fleet.model.dns.svcb.rules import RULES, Severity

__all__ = [
    "RULES",
    "Severity",
    "Svcb",
    "check_svcb",
    "check_svcb_set",
    "read_structure",
    "read_svcb",
]
