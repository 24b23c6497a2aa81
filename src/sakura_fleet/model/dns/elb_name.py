"""The ELB's name in the stack's zone: the record sets that lead there, and whether others leave them room."""

from __future__ import annotations

from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.args import DnsArgs
from sakura_fleet.model.dns.https import elb_record, https_record_of
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.set_rules import check_sets
from sakura_fleet.model.elb import ElbArgs
from sakura_fleet.model.reference import ElbReference

_STAND_IN: Final = ElbReference("elb", "elb")
"""For an ELB of which a stack file says nothing but its settings."""


def check_elb_name(dns: DnsArgs, elb: ElbArgs) -> list[Problem]:
    """What the record sets of `dns.elb` break together with those that are declared; the latter keep the rules by
    themselves. Paths are those of the stack file."""
    own = _record_sets(dns.elb, elb) if dns.elb else []
    declared = [record_set for record_set in dns.record_sets if record_set.values]
    keys = {record_set.key for record_set in own}
    found = [
        Problem(
            f"dns.record_sets[{index}]",
            "duplicate-set",
            f"{record_set} is what dns.elb writes for the ELB already; remove it here, or choose another name there",
        )
        for index, record_set in enumerate(dns.record_sets)
        if record_set.key in keys
    ]
    if found:
        return found
    known: list[Problem] = []
    check_sets(declared, zone=dns.zone, path="dns.record_sets", problems=known, warnings=[])
    together: list[Problem] = []
    check_sets([*declared, *own], zone=dns.zone, path="dns.record_sets", problems=together, warnings=[])
    beyond = {f"dns.record_sets[{len(declared) + index}]": "dns.elb" for index in range(len(own))}
    return [
        Problem(
            beyond.get(problem.path.partition("].")[0].rstrip("]") + "]", problem.path), problem.rule, problem.message
        )
        for problem in together
        if problem not in known
    ]


def _record_sets(name: str, elb: ElbArgs) -> list[RecordSet]:
    sets = [elb_record(name, _STAND_IN, failover=elb.vip_failover), https_record_of(name, elb.serving)]
    return [record_set for record_set in sets if record_set.values]
