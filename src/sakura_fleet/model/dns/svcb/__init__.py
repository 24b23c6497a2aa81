"""SVCB and HTTPS record data (RFC 9460): text in, wire bytes out, and every rule with an id.

`read_svcb` parses zone-file text, `read_structure` the mapping that a program writes (`structure_of` gives it back),
`build_svcb` takes the parts; all note problems instead of raising. Two values are the same when `Svcb.identity` is:
programs quote, reorder and re-spell, so texts are never compared.
"""

from sakura_fleet.model.dns.svcb.rdata import Svcb, build_svcb, check_svcb, read_svcb
from sakura_fleet.model.dns.svcb.record_set import check_svcb_set
from sakura_fleet.model.dns.svcb.rules import RULES, Severity
from sakura_fleet.model.dns.svcb.structure import read_structure, structure_of

__all__ = [
    "RULES",
    "Severity",
    "Svcb",
    "build_svcb",
    "check_svcb",
    "check_svcb_set",
    "read_structure",
    "read_svcb",
    "structure_of",
]
